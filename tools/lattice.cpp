// yoneda lattice: which features raise the same tokens, as concepts in their order, and what
// follows from what.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "command.hpp"
#include "description.hpp"
#include "summary.hpp"
#include "terminal.hpp"
#include "yoneda/category/lattice_tests.hpp"
#include "yoneda/report/lattice_graphml.hpp"
#include "yoneda/study/lattice_file.hpp"

namespace tool {
namespace {

using study::LatticeOfEnd;
using study::Lattices;
using yoneda::ArrowEnd;
using yoneda::Concept;
using yoneda::Error;
using yoneda::ErrorKind;
using yoneda::Id;
using yoneda::Implication;
using yoneda::Index;
using yoneda::LatticeFigures;
using yoneda::NullTest;

constexpr std::array<std::string_view, 3> end_choices{"positive", "negative", "both"};
constexpr std::array<std::string_view, 4> null_choices{"margins", "gaussian", "both", "none"};
constexpr std::array<std::string_view, 2> formats{"json", "graphml"};

struct LatticeOptions {
  SourceFlags sources;
  study::LatticeStep step;
  std::string input, output, to;
  std::string end = "both", null = "both";
  Index most = 10;
};

const char* raises(ArrowEnd end) {
  return end == ArrowEnd::positive ? "raises" : "lowers";
}

std::vector<Id> common(const std::vector<Id>& a, const std::vector<Id>& b) {
  std::vector<Id> made;
  std::ranges::set_intersection(a, b, std::back_inserter(made));
  return made;
}

Index area(const Concept& each) {
  return each.support() * std::ssize(each.tokens);
}

/// Half of its features and tokens are another's, too.
bool repeats(const Concept& one, const Concept& other) {
  return 2 * std::ssize(common(one.features, other.features)) *
             std::ssize(common(one.tokens, other.tokens)) >=
         area(one);
}

/// The largest blocks, of features times tokens, that do not repeat each other.
std::vector<const Concept*> largest_blocks(const yoneda::ConceptLattice& lattice, Index most) {
  std::vector<const Concept*> order, shown;
  for (Index c = 0; c < lattice.frequent(); ++c)
    if (lattice.concepts[c].tokens.size() >= 2) order.push_back(&lattice.concepts[c]);
  std::ranges::stable_sort(order, std::greater{}, [](const Concept* c) { return area(*c); });
  for (const Concept* each : order) {
    if (std::ssize(shown) >= most) break;
    if (std::ranges::none_of(shown, [&](const Concept* c) { return repeats(*each, *c); }))
      shown.push_back(each);
  }
  return shown;
}

std::vector<Id> tokens_of(const Implication& rule) {
  std::vector<Id> made;
  std::ranges::set_union(rule.premise, rule.conclusion, std::back_inserter(made));
  return made;
}

/// The first ones, in their order, that are not of the same tokens, for the most part, as one
/// before.
std::vector<const Implication*> different(const std::vector<Implication>& rules, Index most) {
  std::vector<const Implication*> shown;
  std::vector<std::vector<Id>> seen;
  for (const Implication& rule : rules) {
    if (std::ssize(shown) >= most) break;
    const std::vector<Id> tokens = tokens_of(rule);
    if (std::ranges::any_of(seen, [&](const auto& other) {
          return 2 * common(tokens, other).size() >= tokens.size();
        }))
      continue;
    shown.push_back(&rule);
    seen.push_back(tokens);
  }
  return shown;
}

std::string feature_list(const std::vector<Id>& features, std::size_t most) {
  std::string list;
  for (std::size_t i = 0; i < std::min(most, features.size()); ++i)
    list += fmt::format("{}#{}", i == 0 ? "" : " ", features[i]);
  return list + (features.size() > most ? " …" : "");
}

std::string token_list(const std::vector<Id>& tokens, const yoneda::Vocabulary& vocabulary,
                       std::size_t most) {
  return words(tokens, vocabulary, most) + (tokens.size() > most ? ", …" : "");
}

void print_blocks(const LatticeOfEnd& found, const LatticeOptions& options,
                  const yoneda::Vocabulary& vocabulary) {
  const auto blocks = largest_blocks(found.lattice, options.most);
  if (blocks.empty()) return;
  fmt::print("\n  {:>8}  {} who\n", "features",
             padded(found.end == ArrowEnd::positive ? "all raise" : "all lower", 48));
  for (const Concept* each : blocks)
    fmt::print("  {:>8}  {} {}\n", grouped(each->support()),
               padded(token_list(each->tokens, vocabulary, 8), 48),
               feature_list(each->features, 5));
}

std::string rule_text(const Implication& rule, ArrowEnd end, const yoneda::Vocabulary& vocabulary) {
  constexpr std::size_t most = 8;
  const std::string then = token_list(rule.conclusion, vocabulary, most);
  const std::string count =
      rule.exact() ? fmt::format("all {}", grouped(rule.support))
                   : fmt::format("{} of {}", grouped(rule.support), grouped(rule.premise_support));
  if (rule.premise.empty()) return fmt::format("any feature {} {} ({})", raises(end), then, count);
  return fmt::format("if a feature {} {}, it {} {} ({})", raises(end),
                     token_list(rule.premise, vocabulary, most), raises(end), then, count);
}

void print_rules(const LatticeOfEnd& found, const LatticeOptions& options,
                 const yoneda::Vocabulary& vocabulary) {
  for (const auto* rules : {&found.exact, &found.partial}) {
    const auto shown = different(*rules, (options.most + 1) / 2);
    if (!shown.empty()) fmt::print("\n");
    for (const Implication* rule : shown)
      fmt::print("  {}\n", wrapped(safe_text(rule_text(*rule, found.end, vocabulary), 400), 4, 96));
  }
}

/// The test of figure i, where there was one.
const NullTest* at(const std::vector<NullTest>& tests, std::size_t i) {
  return tests.empty() ? nullptr : &tests[i];
}

std::string null_text(const NullTest* test) {
  return test ? fmt::format("{:.4g} ± {:.2g}", test->null_mean, test->null_sd) : "";
}

/// fmt counts the bytes of "±".
std::string flush_right(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, yoneda::columns(text)), ' ') + text;
}

/// p of what the reading says: of more, or of less.
std::string p_text(const NullTest& test) {
  return fmt::format("p = {:.2g}", std::min(test.p_upper, test.p_lower));
}

void print_figures(const LatticeOfEnd& found) {
  const auto values = found.figures.values();
  fmt::print("\n  {:<40} {:>9} {:>15} {:>18}\n", "", "observed",
             found.margins.empty() ? "" : "swaps",
             found.directions.empty() ? "" : "random directions");
  for (std::size_t i = 0; i < values.size(); ++i) {
    const NullTest *margins = at(found.margins, i), *directions = at(found.directions, i);
    fmt::print("  {:<40} {:>9} {} {}\n", LatticeFigures::names[i], grouped(values[i]),
               flush_right(null_text(margins), 15), flush_right(null_text(directions), 18));
    if (const NullTest* decides = directions ? directions : margins)
      fmt::print("    {} ({})\n", yoneda::reading_of(margins, directions), p_text(*decides));
  }
}

void print_end(const Lattices& all, const LatticeOfEnd& found, const LatticeOptions& options,
               const study::ArrowsFile& arrows) {
  fmt::print("\n{}\n", heading(fmt::format("What features {}",
                                           found.end == ArrowEnd::positive ? "raise" : "lower")));
  fmt::print("  {} tokens; {} concepts of at least {} features: {} of two tokens or more\n",
             grouped(found.tokens), grouped(found.lattice.frequent()), grouped(all.min_support),
             grouped(found.figures.concepts));
  print_blocks(found, options, arrows.vocabulary);
  print_rules(found, options, arrows.vocabulary);
  print_figures(found);
}

void print_null(const std::vector<NullTest>& tests, const char* called) {
  if (tests.empty()) return;
  const NullTest& test = tests.front();
  fmt::print("\n{}\n", wrapped(fmt::format("{}: null {}, {} draws, seed {}. {}", called,
                                           test.null_kind, test.samples, test.seed, test.keeps),
                               0, 96));
}

void print_summary(const Lattices& all, const LatticeOptions& options,
                   const study::ArrowsFile& arrows) {
  fmt::print("{} features with their {} first tokens at each end\n", grouped(all.n),
             grouped(all.k));
  for (const LatticeOfEnd& found : all.ends) print_end(all, found, options, arrows);
  print_null(all.ends.front().margins, "swaps");
  print_null(all.ends.front().directions, "random directions");
}

Json summary_json(const Lattices& all) {
  Json ends = Json::array();
  for (const LatticeOfEnd& found : all.ends) {
    const auto values = found.figures.values();
    Json figures = Json::array();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const NullTest *margins = at(found.margins, i), *directions = at(found.directions, i);
      Json figure{{"name", LatticeFigures::names[i]},
                  {"value", values[i]},
                  {"reading", yoneda::reading_of(margins, directions)}};
      for (const NullTest* test : {margins, directions})
        if (test) figure[test->null_kind] = test_summary(*test);
      figures.push_back(figure);
    }
    ends.push_back({{"end", name(found.end)},
                    {"concepts", found.lattice.frequent()},
                    {"covers", found.lattice.cover_count()},
                    {"figures", figures}});
  }
  return {{"features", all.n}, {"k", all.k}, {"min_support", all.min_support}, {"ends", ends}};
}

study::Record record_of(const study::ArrowsFile& arrows, const study::Sources* sources,
                        const Lattices& found, const LatticeOptions& options,
                        const Session& session) {
  study::Record record = arrows.record;
  record.command = session.command;
  if (sources) record.sources = sources->recorded;
  record.options["k"] = std::to_string(found.k);
  record.options["min_support"] = std::to_string(found.min_support);
  record.options["confidence"] = fmt::format("{}", found.confidence);
  record.options["null"] = options.null;
  record.options["samples"] = std::to_string(options.step.samples);
  record.options["seed"] = std::to_string(options.step.seed);
  return record;
}

/// Of --to, else of the file's ending.
bool as_graphml(const LatticeOptions& options, const std::string& output) {
  return options.to.empty() ? output.ends_with(".graphml") : options.to == "graphml";
}

study::LatticeStep step_of(const LatticeOptions& options) {
  study::LatticeStep step = options.step;
  if (options.end == "positive") step.ends = {ArrowEnd::positive};
  if (options.end == "negative") step.ends = {ArrowEnd::negative};
  step.margins = options.null == "margins" || options.null == "both";
  step.directions = options.null == "gaussian" || options.null == "both";
  return step;
}

std::string output_of(const LatticeOptions& options) {
  const auto study = study_named(options.input);
  if (!options.output.empty() || !study) return options.output;
  return options.to == "graphml" ? study->folder + "/lattice.graphml" : study->lattice();
}

void run(const LatticeOptions& options, const Session& session) {
  const auto study = study_named(options.input);
  const study::LatticeStep step = step_of(options);
  const std::string output = output_of(options);
  const auto lock = lock_for(study, output);
  study::ArrowsFile arrows = study::read_arrows(study ? study->arrows() : options.input);
  std::optional<study::Sources> sources;
  if (step.directions) sources = open_or_reopen(options.sources, arrows.record);
  if (options.null == "gaussian" && !sources)
    throw Error(ErrorKind::value,
                "the null draws directions like the SAE's own: name it and the model with --sae "
                "and --model");
  if (arrows.vocabulary.empty() && sources) arrows.vocabulary = sources->vocabulary;
  const auto* opened = sources ? &*sources : nullptr;
  const Lattices found = study::make_lattices(arrows, opened, step, terminal_progress());
  if (!output.empty()) {
    const study::Record record = record_of(arrows, opened, found, options, session);
    if (as_graphml(options, output))
      yoneda::report::write_lattice_graphml(output, found, arrows, record);
    else
      study::write_lattices(output, found, arrows, record);
  }
  for (const std::string& note : found.notes) print_note(note);
  if (session.json) return print_json(summary_json(found));
  print_summary(found, options, arrows);
  if (!output.empty()) fmt::print("wrote {}\n", output);
}

void add_null_flags(CLI::App& command, LatticeOptions& options) {
  command
      .add_option("--null", options.null,
                  "what counts are compared with: swaps that keep how many tokens a feature and "
                  "how many features a token has, random directions in the model, which take the "
                  "SAE")
      ->check(one_of(null_choices))
      ->capture_default_str();
  command.add_option("--samples", options.step.samples, "draws of each null")
      ->check(at_least(1))
      ->capture_default_str();
  command.add_option("--seed", options.step.seed, "seed of everything random")
      ->check(at_least(0))
      ->capture_default_str();
  command
      .add_option("--features", options.step.features,
                  "features that random directions are compared on, at most: a random sample")
      ->check(at_least(1))
      ->capture_default_str();
  command
      .add_option("--tokens", options.step.tokens,
                  "tokens that random directions are compared on, at most: a random sample")
      ->check(at_least(1))
      ->capture_default_str();
}

}  // namespace

void add_lattice(CLI::App& app, Session& session) {
  auto options = std::make_shared<LatticeOptions>();
  CLI::App* command = app.add_subcommand(
      "lattice", "Which features raise or lower the same tokens, and what follows from what?");
  command->add_option("input", options->input, "a study, or a file written by yoneda arrows")
      ->required();
  command->add_option("--side", options->end, "tokens that are raised or lowered: never mixed")
      ->check(one_of(end_choices))
      ->capture_default_str();
  command
      ->add_option("--min-support", options->step.min_support,
                   "features that a concept has at least: below 1 a share of all, from 1 on their "
                   "number")
      ->capture_default_str();
  command
      ->add_option("-k,--k", options->step.k,
                   "tokens of a feature at each end (default: all that the arrows keep)")
      ->check(at_least(1));
  command
      ->add_option("--confidence", options->step.confidence,
                   "of implications that hold for most features: for what share at least")
      ->capture_default_str();
  command
      ->add_option("--max-concepts", options->step.most,
                   "concepts at one end; where there are more, a larger support is asked for")
      ->check(at_least(1))
      ->capture_default_str();
  command->add_option("--most", options->most, "concepts and implications shown")
      ->check(at_least(1))
      ->capture_default_str();
  add_null_flags(*command, *options);
  add_source_flags(*command, options->sources, false);
  command->add_option("-o,--output", options->output, "file to write (default: into the study)")
      ->type_name("PATH");
  command
      ->add_option("--to", options->to,
                   "what is written (default: by the file's ending; all there is is in the json)")
      ->check(one_of(formats));
  add_json_flag(*command, session);
  set_examples(*command,
               {{"yoneda lattice yoneda-demo --samples 20", "concepts, implications, nulls"},
                {"yoneda lattice yoneda-demo --side positive --null none -o lattice.graphml",
                 "the order of concepts, for Gephi, yEd, networkx"}},
               "yoneda-demo is the study that `yoneda demo` writes.");
  command->callback([options, &session] { run(*options, session); });
}

}  // namespace tool
