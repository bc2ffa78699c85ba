// yoneda compose: does what one SAE does to another go through few features of a third?
#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "description.hpp"
#include "terminal.hpp"
#include "yoneda/study/mediation.hpp"

namespace tool {
namespace {

using yoneda::Index;
using yoneda::MediatedComposition;
using yoneda::MediatedFeature;
using yoneda::NullTest;

struct ComposeOptions {
  study::TrioOptions saes;
  yoneda::MediationOptions mediation;
  std::string output;
};

std::string count_text(const std::optional<Index>& count, Index followed) {
  return count ? grouped(*count) : "more than " + grouped(followed);
}

void print_row(Index k, const NullTest& test) {
  fmt::print("  {:>8} {:>8.3f} {:>8.3f} ± {:<6.3f} {:>8.3f} {:>8.3f} {:>8.2g}  {}\n", grouped(k),
             test.observed, test.null_mean, test.null_sd, test.observed - test.null_mean,
             test.effect, test.p_upper, name(test.verdict));
}

void print_failures(const MediatedComposition& found) {
  constexpr std::size_t most = 8;
  const auto at = std::ranges::find(found.k, found.failures_at) - found.k.begin();
  fmt::print("\nMediated worst through {} features\n\n  {:>8} {:>8} {:>8}  strongest mediators\n",
             grouped(found.failures_at), "feature", "ρ", "null");
  for (std::size_t i = 0; i < std::min(most, found.failures.size()); ++i) {
    const MediatedFeature& failure = found.failures[i];
    std::string mediators;
    for (const yoneda::Id g : failure.mediators) mediators += fmt::format(" #{}", g);
    fmt::print("  {:>8} {:>8.3f} {:>8.3f} {}\n", fmt::format("#{}", failure.feature),
               failure.rho[at], failure.null_mean[at], mediators);
  }
}

void print_summary(const MediatedComposition& found) {
  fmt::print("{} features of a, {} of b between, {} of c\n\n", grouped(found.features),
             grouped(found.n_b), grouped(found.n_c));
  fmt::print("  {:>8} {:>8} {:>17} {:>8} {:>8} {:>8}  {}\n", "through", "ρ", "null     ", "excess",
             "effect", "p", "verdict");
  for (std::size_t i = 0; i < found.k.size(); ++i) print_row(found.k[i], found.tests[i]);
  const auto followed = static_cast<Index>(found.curve.size());
  fmt::print("\n  ρ = {:.3g} takes {} features of b; {} of a random b\n", found.reach,
             count_text(found.needed, followed), count_text(found.null_needed, followed));
  print_failures(found);
  const NullTest& test = found.tests.front();
  fmt::print("\nnull: {}, {} draws, seed {}. {}\n", test.null_kind, test.samples, test.seed,
             test.keeps);
}

Json summary_json(const MediatedComposition& found) {
  const auto count = [](const auto& value) { return value ? Json(*value) : Json(nullptr); };
  Json tests = Json::array();
  for (std::size_t i = 0; i < found.k.size(); ++i) {
    const NullTest& test = found.tests[i];
    tests.push_back({{"k", found.k[i]},
                     {"rho", test.observed},
                     {"null_mean", test.null_mean},
                     {"null_sd", test.null_sd},
                     {"effect", number_or_null(test.effect)},
                     {"p_upper", test.p_upper},
                     {"p_lower", test.p_lower},
                     {"verdict", name(test.verdict)},
                     {"reason", test.reason}});
  }
  return {{"features", found.features},
          {"tests", tests},
          {"reach", found.reach},
          {"needed", count(found.needed)},
          {"null_needed", count(found.null_needed)}};
}

study::Record record_of(const study::Trio& trio, const ComposeOptions& options,
                        const Session& session) {
  study::Record record;
  record.command = session.command;
  record.sources = trio.recorded;
  record.options = {{"samples", std::to_string(options.mediation.samples)},
                    {"seed", std::to_string(options.mediation.seed)},
                    {"features", std::to_string(options.mediation.features)}};
  return record;
}

void run(const ComposeOptions& options, const Session& session) {
  const study::Trio trio = study::open_trio(options.saes);
  for (const std::string& note : trio.notes) print_note(note);
  const MediatedComposition found =
      study::make_composition(trio, options.mediation, terminal_progress());
  std::vector<std::string> notes = trio.notes;
  const auto note = [&notes](const std::string& text) {
    notes.push_back(text);
    print_note(text);
  };
  if (found.features + found.unread < found.n_a)
    note(
        fmt::format("observation and null are compared on the same random part: {} of {} features "
                    "of a; of b and c, all",
                    found.features + found.unread, found.n_a));
  if (found.unread > 0)
    note(fmt::format("{} features of a are left out: c does not read them at all", found.unread));
  if (!options.output.empty())
    study::write_composition(options.output, found, record_of(trio, options, session), notes);
  if (session.json) return print_json(summary_json(found));
  print_summary(found);
  if (!options.output.empty()) fmt::print("wrote {}\n", options.output);
}

}  // namespace

void add_compose(CLI::App& app, Session& session) {
  auto options = std::make_shared<ComposeOptions>();
  CLI::App* command = app.add_subcommand(
      "compose", "Does what SAE A does to SAE C go through few features of SAE B?");
  command->add_option("a", options->saes.a, "the SAE that writes: a folder or a file of tensors")
      ->required();
  command->add_option("b", options->saes.b, "the SAE between: it reads a, and c reads it")
      ->required();
  command->add_option("c", options->saes.c, "the SAE that reads")->required();
  command->add_option("--model", options->saes.model,
                      "the language model, where a matrix or a norm lies between an SAE and the "
                      "residual stream");
  command
      ->add_option("--mediators", options->mediation.k,
                   "through how many features of B, each of A's its strongest")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(at_least(1))
      ->capture_default_str();
  command
      ->add_option("--samples", options->mediation.samples, "joint rotations of B that are drawn")
      ->check(at_least(1))
      ->capture_default_str();
  command->add_option("--seed", options->mediation.seed, "seed of everything random")
      ->check(at_least(0))
      ->capture_default_str();
  command
      ->add_option("--features", options->mediation.features,
                   "features of A that are looked at, at most: a random sample")
      ->check(at_least(1))
      ->capture_default_str();
  command->add_option("-o,--output", options->output, "JSON file to write")->type_name("PATH");
  add_json_flag(*command, session);
  set_examples(*command,
               {{"yoneda compose layer-0 layer-5 layer-9 --samples 20",
                 "layer-0 and so on stand for SAEs of one model, in the order of its layers"}});
  command->callback([options, &session] { run(*options, session); });
}

}  // namespace tool
