// yoneda relations: is a relation between words the same difference for all its pairs, and is it
// still so in what an SAE makes of them?
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "command.hpp"
#include "description.hpp"
#include "terminal.hpp"
#include "yoneda/io/hash.hpp"
#include "yoneda/study/quads.hpp"
#include "yoneda/study/relations_file.hpp"
#include "yoneda/study/representations.hpp"

namespace tool {
namespace {

using yoneda::Index;
using yoneda::PairResult;
using yoneda::RelationTest;

struct RelationsOptions {
  SourceFlags sources;
  yoneda::RelationOptions test;
  std::string input, activations, tensor, output;
  std::vector<std::string> quads, in;
  Index most = 3;
};

/// What the input is: a study, or a file of arrows.
struct RelationsInput {
  std::optional<study::ArrowsFile> arrows;
  study::Record record;
  std::string output;  ///< where results go unless told; empty: nowhere
  std::unique_ptr<study::StudyLock> lock;
};

RelationsInput open_input(const RelationsOptions& options) {
  const auto study = study_named(options.input);
  if (!study) {
    RelationsInput input{study::read_arrows(options.input), {}, options.output, {}};
    input.record = input.arrows->record;
    return input;
  }
  RelationsInput input{std::nullopt,
                       study->record,
                       options.output.empty() ? study->relations() : options.output,
                       {}};
  input.lock = lock_for(study, input.output);
  if (std::filesystem::exists(study->arrows())) input.arrows = study::read_arrows(study->arrows());
  return input;
}

/// The representations asked for, or all that are possible, each with why another is not.
std::vector<yoneda::Representation> representations(const RelationsOptions& options,
                                                    const study::Sources& sources,
                                                    const study::ArrowsFile* arrows,
                                                    study::Relations& found) {
  study::RepresentationOptions how;
  if (!options.activations.empty()) {
    how.activations = read_activations(options.activations, options.tensor);
    how.activations_name = options.activations;
  }
  const bool all = options.in.empty();
  std::vector<std::string> names = options.in;
  if (all) names.assign(study::representation_names.begin(), study::representation_names.end());
  std::vector<yoneda::Representation> made;
  std::optional<study::TokenCodes> codes;
  std::string refusal;  // of the codes
  if (std::ranges::any_of(names, [](const auto& each) { return study::needs_codes(each); })) {
    try {
      codes = study::token_codes(sources, how, terminal_progress());
      found.fve = codes->fve;
      study::require_explained(*codes, how);
    } catch (const yoneda::Error& error) {
      if (!all || error.kind == yoneda::ErrorKind::cancelled) throw;
      refusal = error.what();
      found.notes.push_back("without reconstructions, codes and top-rows: " + refusal);
    }
  }
  for (const std::string& name : names) {
    if (all && study::needs_codes(name) && !refusal.empty()) continue;
    if (all && name == "profiles" && !arrows) {
      found.notes.push_back("without profiles: this study has no arrows yet");
      continue;
    }
    made.push_back(study::representation(sources, arrows, name, how, codes ? &*codes : nullptr));
  }
  return made;
}

void print_row(const std::string& relation, const RelationTest& test) {
  fmt::print("  {} {:>5} {} {:>6.3f} {:>6} {:>6.3f} {:>9} {:>7.2g} {:>7.2g}  {} {}\n",
             padded(relation, 24), test.pairs.size(), padded(test.representation, 15),
             test.q.observed(), percent(test.hit.observed()), test.mrr.observed(),
             percent(test.hit.re_pair.null_mean), test.q.swap.p_upper, test.q.re_pair.p_upper,
             padded(std::string(name(test.q.verdict)), 12), name(test.hit.verdict));
}

std::string failure_text(const PairResult& pair, const yoneda::Vocabulary& vocabulary) {
  return fmt::format("{} → {}: {}, rank {}", safe_token(vocabulary.text(pair.pair.a), 24),
                     safe_token(vocabulary.text(pair.pair.b), 24),
                     safe_token(vocabulary.text(pair.rival), 24), grouped(pair.rank));
}

/// The worst failures in codes, or in the first representation where there are none.
void print_failures(const study::RelationTests& of, const yoneda::Vocabulary& vocabulary,
                    Index most) {
  const RelationTest* codes = of.in("codes");
  const RelationTest& test = codes ? *codes : of.tests.front();
  if (test.failures.empty()) return;
  fmt::print("  {} {}", padded(of.relation.name, 24), padded(test.representation, 15));
  const auto shown = std::min<Index>(most, static_cast<Index>(test.failures.size()));
  for (Index i = 0; i < shown; ++i)
    fmt::print("{} {}", i == 0 ? "" : ";", failure_text(test.pairs[test.failures[i]], vocabulary));
  fmt::print("\n");
}

void print_summary(const study::Relations& found, const yoneda::Vocabulary& vocabulary,
                   Index most) {
  if (found.fve) fmt::print("variance explained by the codes: {:.4g}\n\n", *found.fve);
  fmt::print("  {} {:>5} {} {:>6} {:>6} {:>6} {:>9} {:>7} {:>7}  {} {}\n", padded("relation", 24),
             "pairs", padded("representation", 15), "Q", "hit@1", "MRR", "re-paired", "p swap",
             "p pair", padded("verdict on Q", 12), "on hit@1");
  for (const study::RelationTests& of : found.relations)
    for (const RelationTest& test : of.tests)
      print_row(&test == &of.tests.front() ? of.relation.name : "", test);
  if (std::ranges::any_of(found.relations,
                          [](const auto& of) { return of.code_over_vector().has_value(); })) {
    fmt::print("\nQ of codes over Q of words:");
    for (const study::RelationTests& of : found.relations)
      if (const auto ratio = of.code_over_vector())
        fmt::print(" {} {:.2f}", safe_text(of.relation.name, 40), *ratio);
    fmt::print("\n");
  }
  fmt::print("\nfurthest from commuting (the word that came instead, the right one's rank)\n");
  for (const study::RelationTests& of : found.relations) print_failures(of, vocabulary, most);
  const RelationTest& first = found.relations.front().tests.front();
  fmt::print("\nnulls: {} draws each, seed {}\n  swap     {}\n  re-pair  {}\n",
             grouped(found.options.samples), found.options.seed, first.q.swap.keeps,
             first.q.re_pair.keeps);
}

Json statistic_json(const yoneda::RelationStatistic& statistic) {
  return {{"observed", statistic.observed()},
          {"swap_mean", statistic.swap.null_mean},
          {"re_paired_mean", statistic.re_pair.null_mean},
          {"p_swap", statistic.swap.p_upper},
          {"p_re_pair", statistic.re_pair.p_upper},
          {"verdict", name(statistic.verdict)},
          {"reason", statistic.reason}};
}

Json summary_json(const study::Relations& found) {
  Json rows = Json::array();
  for (const study::RelationTests& of : found.relations)
    for (const RelationTest& test : of.tests)
      rows.push_back({{"relation", of.relation.name},
                      {"pairs", test.pairs.size()},
                      {"groups", test.units},
                      {"representation", test.representation},
                      {"q", statistic_json(test.q)},
                      {"hit_at_1", statistic_json(test.hit)},
                      {"mean_reciprocal_rank", statistic_json(test.mrr)}});
  return {{"variance_explained", found.fve ? Json(*found.fve) : Json(nullptr)},
          {"samples", found.options.samples},
          {"seed", found.options.seed},
          {"tests", rows}};
}

study::Record record_of(const RelationsInput& input, const study::Sources& sources,
                        const std::vector<study::QuadsFile>& files, const RelationsOptions& options,
                        const Session& session) {
  study::Record record = input.record;
  record.command = session.command;
  record.sources = sources.recorded;
  for (std::size_t i = 0; i < files.size(); ++i)
    record.sources[files.size() == 1 ? "quads" : fmt::format("quads {}", i + 1)] = files[i].source;
  if (!options.activations.empty())
    record.sources["activations"] = {std::filesystem::absolute(options.activations),
                                     yoneda::io::hash_path(options.activations),
                                     {},
                                     "tensors",
                                     {}};
  record.options["samples"] = std::to_string(options.test.samples);
  record.options["seed"] = std::to_string(options.test.seed);
  return record;
}

void run(const RelationsOptions& options, const Session& session) {
  for (const std::string& name : options.in) study::needs_codes(name);  // refuses other names
  const RelationsInput input = open_input(options);
  const auto sources = open_or_reopen(options.sources, input.record);
  if (!sources)
    throw yoneda::Error(yoneda::ErrorKind::value,
                        "relations are tested on the weights: name them with --sae and --model");
  const yoneda::Vocabulary& vocabulary =
      sources->vocabulary.empty() && input.arrows ? input.arrows->vocabulary : sources->vocabulary;
  const Index V = sources->model.V();
  const auto excluded = study::excluded_tokens(input.record, V);
  std::vector<study::QuadsFile> files;
  for (const std::string& path : options.quads)
    files.push_back(study::read_quads(path, vocabulary, V, excluded));

  study::Relations found;
  found.options = options.test;
  for (const study::QuadsFile& file : files)
    found.notes.insert(found.notes.end(), file.notes.begin(), file.notes.end());
  const auto made =
      representations(options, *sources, input.arrows ? &*input.arrows : nullptr, found);
  for (const study::QuadsFile& file : files)
    for (const study::WordRelation& relation : file.relations) {
      found.relations.push_back({relation, {}});
      for (const yoneda::Representation& in : made)
        found.relations.back().tests.push_back(
            relation_test(in, relation.pairs, options.test, terminal_progress()));
    }
  if (!input.output.empty())
    study::write_relations(input.output, found, vocabulary,
                           record_of(input, *sources, files, options, session));
  for (const std::string& note : found.notes) print_note(note);
  if (session.json) return print_json(summary_json(found));
  print_summary(found, vocabulary, options.most);
  if (!input.output.empty()) fmt::print("wrote {}\n", input.output);
}

}  // namespace

void add_relations(CLI::App& app, Session& session) {
  auto options = std::make_shared<RelationsOptions>();
  CLI::App* command = app.add_subcommand(
      "relations", "Is a relation between words one difference, in vectors and in codes?");
  command->add_option("input", options->input, "a study, or a file written by yoneda arrows")
      ->required();
  command
      ->add_option("--quads", options->quads,
                   "relations: a line ': name' begins one, then lines 'a b c d' (a is to b as c is "
                   "to d) or pairs 'a b'; without names, the file's")
      ->required();
  command
      ->add_option("--in", options->in,
                   "representations, with commas between: words, reconstructions, codes, profiles, "
                   "top-rows (default: all that are possible)")
      ->delimiter(',');
  command->add_option("--samples", options->test.samples, "draws of each null")
      ->check(at_least(1))
      ->capture_default_str();
  command->add_option("--seed", options->test.seed, "seed of everything random")
      ->check(at_least(0))
      ->capture_default_str();
  auto* activations = command->add_option(
      "--activations", options->activations,
      "what the SAE reads for each token, [V, d] (default: the unembedding's rows)");
  command->add_option("--tensor", options->tensor, "the tensor, where that file has several")
      ->needs(activations);
  command->add_option("--most", options->most, "failures shown per relation")
      ->check(at_least(1))
      ->capture_default_str();
  add_source_flags(*command, options->sources, false);
  command->add_option("-o,--output", options->output, "file to write (default: into the study)")
      ->type_name("PATH");
  add_json_flag(*command, session);
  set_examples(*command,
               {{"yoneda relations yoneda-demo --quads quads.txt --samples 100",
                 "with quads.txt like: a line `: capital`, then `france paris italy rome`, ..."}},
               "yoneda-demo is the study that `yoneda demo` writes.");
  command->callback([options, &session] { run(*options, session); });
}

}  // namespace tool
