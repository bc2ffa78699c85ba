// yoneda enrich: which features raise or lower the tokens of a set, more than random directions do?
#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "description.hpp"
#include "summary.hpp"
#include "terminal.hpp"
#include "yoneda/study/enrichment_file.hpp"
#include "yoneda/study/token_sets.hpp"

namespace tool {
namespace {

using yoneda::Enrichment;
using yoneda::Id;
using yoneda::Index;
using yoneda::SetEnrichment;

struct EnrichOptions {
  SourceFlags sources;
  study::EnrichmentStep step;
  std::string input, sets, output;
  Index most = 8;
};

void print_row(const SetEnrichment& set, Id f, double rate, const study::ArrowsFile& arrows) {
  fmt::print("  {} {:>7} {:>7.2f} {:>8.2g} {:>8.2g}  {} {}\n",
             set.q[f] > rate ? " "
             : set.z[f] > 0  ? "+"
                             : "−",
             fmt::format("#{}", f), set.z[f], set.p[f], set.q[f],
             padded(words(arrows.arrows.positive(f), arrows.vocabulary, 6), 34),
             safe_text(words(arrows.arrows.negative(f), arrows.vocabulary, 6), 24));
}

void print_set(const SetEnrichment& set, const EnrichOptions& options,
               const study::ArrowsFile& arrows) {
  fmt::print("\n{}: {}\n  {}\n", safe_text(set.name, 60), name(set.verdict), set.reason);
  fmt::print("  {} tokens: {}\n", set.tokens.size(),
             safe_text(words(set.tokens, arrows.vocabulary, 12), 84));
  fmt::print("  z of random directions: ± {:.2f}, {:.1f} times as wide as shuffled tokens say\n\n",
             set.null_sd, set.coherence);
  fmt::print("  {:>9} {:>7} {:>8} {:>8}  {} {}\n", "feature", "z", "p", "q",
             padded(raises_heading(arrows.vocabulary), 34), "lowers");
  const auto strongest = study::strongest_features(set, 0, options.most);
  for (const Id f : strongest) print_row(set, f, options.step.rate, arrows);
}

void print_summary(const Enrichment& found, const EnrichOptions& options,
                   const study::ArrowsFile& arrows) {
  fmt::print("{} features against {} token sets\n", grouped(found.n), found.sets.size());
  for (const SetEnrichment& set : found.sets) print_set(set, options, arrows);
  fmt::print("\nnull: {}, {} directions, seed {}. {}\n", found.null_kind, grouped(found.samples),
             found.seed, found.keeps);
}

Json summary_json(const Enrichment& found, const EnrichOptions& options) {
  Json sets = Json::array();
  for (const SetEnrichment& set : found.sets) {
    Json features = Json::array();
    for (const Id f : study::strongest_features(set, 0, options.most))
      features.push_back({{"feature", f}, {"z", set.z[f]}, {"p", set.p[f]}, {"q", set.q[f]}});
    sets.push_back({{"name", set.name},
                    {"tokens", set.tokens},
                    {"null_mean", set.null_mean},
                    {"null_sd", set.null_sd},
                    {"coherence", set.coherence},
                    {"raised_by", set.raised_by},
                    {"lowered_by", set.lowered_by},
                    {"verdict", name(set.verdict)},
                    {"reason", set.reason},
                    {"features", features}});
  }
  return {{"features", found.n}, {"null", found.null_kind}, {"samples", found.samples},
          {"seed", found.seed},  {"rate", found.rate},      {"sets", sets}};
}

study::Record record_of(const study::ArrowsFile& arrows, const study::Sources& sources,
                        const study::TokenSetsFile& sets, const EnrichOptions& options,
                        const Session& session) {
  study::Record record = arrows.record;
  record.command = session.command;
  record.sources = sources.recorded;
  record.sources["sets"] = sets.source;
  record.options["samples"] = std::to_string(options.step.samples);
  record.options["seed"] = std::to_string(options.step.seed);
  record.options["rate"] = fmt::format("{}", options.step.rate);
  return record;
}

void run(const EnrichOptions& options, const Session& session) {
  const auto study = study_named(options.input);
  const std::string output = options.output.empty() && study ? study->enrichment() : options.output;
  const auto lock = lock_for(study, output);
  study::ArrowsFile arrows = study::read_arrows(study ? study->arrows() : options.input);
  const auto sources = open_or_reopen(options.sources, arrows.record);
  if (!sources)
    throw yoneda::Error(yoneda::ErrorKind::value,
                        "the null draws directions like the SAE's own: name it and the model with "
                        "--sae and --model");
  if (arrows.vocabulary.empty()) arrows.vocabulary = sources->vocabulary;
  const auto excluded = study::excluded_tokens(arrows.record, arrows.arrows.V);
  const auto sets =
      study::read_token_sets(options.sets, arrows.vocabulary, arrows.arrows.V, excluded);
  const Enrichment found =
      study::make_enrichment(*sources, arrows, sets.sets, options.step, terminal_progress());
  if (!output.empty())
    study::write_enrichment(output, found, arrows,
                            record_of(arrows, *sources, sets, options, session), sets.notes);
  for (const auto* notes : {&sets.notes, &found.notes})
    for (const std::string& note : *notes) print_note(note);
  if (session.json) return print_json(summary_json(found, options));
  print_summary(found, options, arrows);
  if (!output.empty()) fmt::print("wrote {}\n", output);
}

}  // namespace

void add_enrich(CLI::App& app, Session& session) {
  auto options = std::make_shared<EnrichOptions>();
  CLI::App* command = app.add_subcommand(
      "enrich", "Which features raise or lower the tokens of a set, beyond chance?");
  command->add_option("input", options->input, "a study, or a file written by yoneda arrows")
      ->required();
  command
      ->add_option("--sets", options->sets,
                   "the token sets: a line ': name' begins one, then one word a line")
      ->required();
  command->add_option("--samples", options->step.samples, "random directions drawn from the null")
      ->check(at_least(1))
      ->capture_default_str();
  command->add_option("--seed", options->step.seed, "seed of everything random")
      ->check(at_least(0))
      ->capture_default_str();
  command
      ->add_option("--rate", options->step.rate,
                   "false discoveries among what is called significant, over all features and sets")
      ->capture_default_str();
  command->add_option("--most", options->most, "features shown per set")
      ->check(at_least(1))
      ->capture_default_str();
  add_source_flags(*command, options->sources, false);
  command->add_option("-o,--output", options->output, "file to write (default: into the study)")
      ->type_name("PATH");
  add_json_flag(*command, session);
  set_examples(*command,
               {{"yoneda enrich yoneda-demo --sets sets.txt --samples 1000",
                 "with sets.txt like: a line `: family`, then mother, father, son, a line each"}},
               "yoneda-demo is the study that `yoneda demo` writes; more sets are in "
               "examples/sets.txt in the sources.");
  command->callback([options, &session] { run(*options, session); });
}

}  // namespace tool
