// yoneda compare: what of one SAE is in another?
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>

#include "command.hpp"
#include "description.hpp"
#include "terminal.hpp"
#include "yoneda/study/comparison.hpp"

namespace tool {
namespace {

using yoneda::Correspondence;
using yoneda::Fate;
using yoneda::FunctorialFeature;
using yoneda::Id;
using yoneda::Index;
using yoneda::NullTest;

struct CompareOptions {
  std::string a, b, c;
  study::ComparisonOptions comparison;
  std::string tensor, output;
  Index show = 5;
};

constexpr std::size_t column_width = 30;
constexpr const char* letters = "ABC";

// "#12 january, february, march": what a feature is called where there are words.
std::string called(const study::Comparison& found, const study::ComparedSaes& saes, std::size_t sae,
                   Id feature) {
  const std::string id = fmt::format("#{}", feature);
  if (found.arrows.empty()) return id;
  return id + " " + words(found.arrows[sae].positive(feature), saes.vocabulary, 3);
}

// What is printed of every step: how many of its features have which fate.
void print_counts(const Correspondence& step, std::size_t from) {
  const char a = letters[from], b = letters[from + 1];
  const auto count = [](const std::vector<Fate>& fates, Fate fate) {
    return grouped(std::ranges::count(fates, fate));
  };
  fmt::print("{}\n\n", heading(fmt::format("From {} to {}", a, b)));
  fmt::print("  {:>8} of {} are matched: they and their nearest in {} are each other's nearest\n",
             count(step.fate, Fate::matched), a, b);
  fmt::print("  {:>8} are split into several of {}\n", count(step.fate, Fate::split), b);
  fmt::print("  {:>8} are absorbed: their nearest is nearer to another\n",
             count(step.fate, Fate::absorbed));
  fmt::print("  {:>8} are lost: nothing in {} is nearer than chance\n",
             count(step.fate, Fate::lost), b);
  fmt::print("  {:>8} of {} are new, {} join several of {}\n", count(step.origin, Fate::lost), b,
             count(step.origin, Fate::split), a);
  fmt::print(
      "  a match counts from a cosine of {:.3f} there, {:.3f} back; the nearest of a null feature "
      "has {:.3f}, {:.3f} on average\n",
      step.forward_floor, step.backward_floor, step.forward_chance, step.backward_chance);
  fmt::print("  {} of {} are the nearest of something in {}\n\n", percent(coverage(step.forward)),
             b, a);
}

// The features of one fate in the order of their cosine, largest first.
std::vector<Id> of_fate(const Correspondence& step, Fate fate) {
  std::vector<Id> chosen;
  for (Id f = 0; f < static_cast<Id>(step.fate.size()); ++f)
    if (step.fate[f] == fate) chosen.push_back(f);
  std::ranges::stable_sort(chosen, std::greater{}, [&](Id f) { return step.forward.cosine[f]; });
  return chosen;
}

void print_matches(const study::Comparison& found, const study::ComparedSaes& saes, Index most) {
  const Correspondence& step = found.steps.front();
  const auto print_some = [&](const char* title, std::vector<Id> features) {
    if (features.empty() || most == 0) return;
    fmt::print("{}\n\n", heading(title));
    if (static_cast<Index>(features.size()) > most) features.resize(most);
    for (const Id f : features)
      fmt::print("  {} {:>6.3f}  {}\n", padded(called(found, saes, 0, f), column_width),
                 step.forward.cosine[f],
                 step.forward.target[f] < 0 ? std::string("nothing")
                                            : called(found, saes, 1, step.forward.target[f]));
    fmt::print("\n");
  };
  print_some("Best matched", of_fate(step, Fate::matched));
  std::vector<Id> lost = of_fate(step, Fate::lost);
  std::ranges::reverse(lost);
  print_some("Lost, and what is nearest to them", std::move(lost));
}

// Features that split into most parts, and where there is a third SAE, what these split into.
void print_splits(const study::Comparison& found, const study::ComparedSaes& saes, Index most) {
  const auto first = parts(found.steps[0]);
  const auto second =
      found.steps.size() > 1 ? parts(found.steps[1]) : std::vector<std::vector<Id>>();
  std::vector<Id> split = of_fate(found.steps[0], Fate::split);
  if (split.empty() || most == 0) return;
  std::ranges::stable_sort(split, std::greater{}, [&](Id f) { return first[f].size(); });
  if (static_cast<Index>(split.size()) > most) split.resize(most);
  fmt::print("{}\n\n", heading("Split into most parts"));
  constexpr std::size_t shown = 6;
  for (const Id f : split) {
    fmt::print("  {}: {} parts\n", called(found, saes, 0, f), first[f].size());
    for (std::size_t i = 0; i < std::min(shown, first[f].size()); ++i) {
      const Id g = first[f][i];
      std::string further;
      if (!second.empty() && second[g].size() > 1)
        further = fmt::format(", in turn {} parts of C", second[g].size());
      fmt::print("    {} {:.3f}{}\n", padded(called(found, saes, 1, g), column_width),
                 found.steps[0].backward.cosine[g], further);
    }
    if (first[f].size() > shown) fmt::print("    … and {} more\n", first[f].size() - shown);
  }
  fmt::print("\n");
}

void print_test(const std::string& title, const NullTest& test) {
  fmt::print("{}: {}\n  {}\n\n", heading(title), name(test.verdict), test.reason);
}

void print_functoriality(const study::Comparison& found, const study::ComparedSaes& saes,
                         Index most) {
  const auto& functoriality = *found.functoriality;
  print_test("Do the maps compose, A to B to C as A to C?", functoriality.test());
  constexpr std::array drawn{"B drawn again", "C drawn again", "both"};
  for (std::size_t null = 0; null < drawn.size(); ++null)
    fmt::print("  {:<15} {:>6} ± {:<6}  {:>6} observed, p = {:.2g}\n", drawn[null],
               percent(functoriality.tests[null].null_mean),
               percent(functoriality.tests[null].null_sd),
               percent(functoriality.tests[null].observed), functoriality.tests[null].p_upper);
  fmt::print(
      "\n  {} of {} features are reproducible: both ways lead to one feature. About {:.0f} of them "
      "would by chance.\n",
      grouped(functoriality.commuting), grouped(static_cast<Index>(functoriality.features.size())),
      functoriality.by_chance());
  if (functoriality.test().verdict == yoneda::Verdict::forced)
    fmt::print(
        "  Two of these SAEs are nearly the same, and through a copy every map composes: compare "
        "others.\n");
  std::vector<FunctorialFeature> best;
  for (const FunctorialFeature& f : functoriality.features)
    if (f.commutes()) best.push_back(f);
  std::ranges::stable_sort(best, std::greater{}, [](const FunctorialFeature& f) {
    return std::min({f.cosine_via, f.cosine_through, f.cosine_direct});
  });
  if (static_cast<Index>(best.size()) > most) best.resize(most);
  for (const FunctorialFeature& f : best)
    fmt::print("    {} {:.3f}  #{} {:.3f}  #{}\n",
               padded(called(found, saes, 0, f.feature), column_width), f.cosine_via, f.via,
               f.cosine_through, f.direct);
  fmt::print("\n");
}

void print_summary(const study::Comparison& found, const study::ComparedSaes& saes, Index most) {
  for (std::size_t i = 0; i < saes.saes.size(); ++i)
    fmt::print("{}: {} features, {}\n", letters[i], grouped(saes.saes[i].n()),
               safe_text(saes.saes[i].origin.path, 200));
  fmt::print("\n");
  for (std::size_t step = 0; step < found.steps.size(); ++step)
    print_counts(found.steps[step], step);
  print_matches(found, saes, most);
  print_splits(found, saes, most);
  if (found.functoriality) print_functoriality(found, saes, most);
  if (found.naturality)
    print_test("Does a feature's match in B do the same to tokens?", found.naturality->test);
  if (found.coactivation)
    print_test("Do features that fire together go to features that do?", found.coactivation->test);
  if (found.virtual_weights)
    print_test("Do a feature and its match in B read C's features alike?",
               found.virtual_weights->test);
}

Json summary_json(const study::Comparison& found) {
  Json json{{"steps", Json::array()}};
  for (const Correspondence& step : found.steps) {
    Json counts = Json::object();
    for (const Fate fate : {Fate::matched, Fate::split, Fate::absorbed, Fate::lost})
      counts[std::string(name(fate))] = std::ranges::count(step.fate, fate);
    json["steps"].push_back(
        {{"fates", counts}, {"coverage", coverage(step.forward)}, {"floor", step.forward_floor}});
  }
  const auto add = [&json](const char* key, const auto& part) {
    if (part) json[key] = test_summary(part->test);
  };
  if (found.functoriality) {
    json["functoriality"] = test_summary(found.functoriality->test());
    json["functoriality"]["commuting"] = found.functoriality->commuting;
    json["functoriality"]["by_chance"] = found.functoriality->by_chance();
  }
  add("naturality", found.naturality);
  add("coactivation", found.coactivation);
  add("virtual_weights", found.virtual_weights);
  return json;
}

study::Record record_of(const study::ComparedSaes& saes, const CompareOptions& options,
                        const Session& session) {
  study::Record record;
  record.command = session.command;
  record.sources = saes.recorded;
  const study::ComparisonOptions& how = options.comparison;
  record.options = {
      {"candidates", std::to_string(how.candidates)}, {"chance", fmt::format("{:g}", how.chance)},
      {"floor", fmt::format("{:g}", how.floor)},      {"features", std::to_string(how.features)},
      {"samples", std::to_string(how.samples)},       {"seed", std::to_string(how.seed)}};
  return record;
}

void run(CompareOptions options, const Session& session) {
  study::ComparisonOptions& how = options.comparison;
  how.saes = {options.a, options.b};
  if (!options.c.empty()) how.saes.push_back(options.c);
  if (!how.activations_path.empty())
    how.activations = read_activations(how.activations_path, options.tensor);
  const study::ComparedSaes saes = study::open_compared(how);
  for (const std::string& note : saes.notes) print_note(note);
  const study::Comparison found = study::compare(saes, how, terminal_progress());
  for (const std::string& note : found.notes) print_note(note);
  if (!saes.model) print_note("without --model features have no words, and naturality is left out");
  if (!options.output.empty())
    study::write_comparison(options.output, found, saes, record_of(saes, options, session));
  if (session.json) return print_json(summary_json(found));
  print_summary(found, saes, options.show);
  if (!options.output.empty()) fmt::print("wrote {}\n", options.output);
}

}  // namespace

void add_compare(CLI::App& app, Session& session) {
  auto options = std::make_shared<CompareOptions>();
  study::ComparisonOptions& how = options->comparison;
  CLI::App* command =
      app.add_subcommand("compare", "What of SAE A is in SAE B, and do maps to a third compose?");
  command->add_option("a", options->a, "an SAE, or a study that knows one")->required();
  command->add_option("b", options->b, "the SAE that its features are looked for in")->required();
  command->add_option("c", options->c,
                      "a third: do maps compose? of growing width: what do parts split into?");
  command
      ->add_option("--model", how.model,
                   "the language model, for words and what features do to tokens; a study "
                   "brings its own")
      ->type_name("PATH");
  command->add_option("--vocabulary", how.vocabulary, "the texts of its tokens")->type_name("PATH");
  command
      ->add_option("--activations", how.activations_path,
                   "rows that A and B read, best ones that neither was trained on: do features "
                   "that fire together stay together?")
      ->type_name("PATH");
  command->add_option("--tensor", options->tensor, "the matrix in that file");
  command
      ->add_option("--candidates", how.candidates,
                   "nearest features of each that the one-to-one map chooses from")
      ->check(at_least(1))
      ->capture_default_str();
  command
      ->add_option("--chance", how.chance,
                   "the share of null features with a nearest as near as what counts as a match")
      ->check(CLI::Range(1e-6, 0.5))
      ->capture_default_str();
  command->add_option("--floor", how.floor, "a least cosine of a match besides")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--samples", how.samples, "draws of each null")
      ->check(at_least(1))
      ->capture_default_str();
  command->add_option("--seed", how.seed, "seed of everything random")
      ->check(at_least(0))
      ->capture_default_str();
  command
      ->add_option("--features", how.features,
                   "features of A that each test looks at, at most: a random sample")
      ->check(at_least(1))
      ->capture_default_str();
  command->add_option("--show", options->show, "features printed of each list")
      ->check(at_least(0))
      ->capture_default_str();
  command->add_option("-o,--output", options->output, "JSON file to write")->type_name("PATH");
  add_json_flag(*command, session);
  set_examples(*command, {{"yoneda compare yoneda-demo sae-other -o compare.json",
                           "the demo's SAE and one of your own: what is in both?"},
                          {"yoneda compare narrow wide wider --model my-model",
                           "three widths: what splits, and into what?"}});
  command->callback([options, &session] { run(*options, session); });
}

}  // namespace tool
