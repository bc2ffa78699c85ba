// yoneda check: does the graph commute, and would a random one as well?
#include <fmt/format.h>

#include <filesystem>

#include "command.hpp"
#include "summary.hpp"
#include "terminal.hpp"

namespace tool {
namespace {

struct Options {
  SourceFlags sources;
  study::CheckStep step;
  std::string input, arrows, output, require;
};

// The conditions of --require, each a sentence that is true of the check or not.
bool holds(const std::string& condition, const study::Check& check) {
  if (condition == "balanced") return check.balance.balanced();
  return !check.tests.empty() && check.tests.front().verdict == yoneda::Verdict::commutes;
}

/// Whether the null draws directions again, so that it needs the weights.
bool draws_directions(const std::string& null) {
  return null != "none" && null != "sign" && null != "rewire";
}

study::Check check_one(const study::GraphFile& graph, const SourceFlags& flags,
                       const study::CheckStep& step) {
  std::optional<study::Sources> sources;
  if (draws_directions(step.null)) sources = open_or_reopen(flags, graph.record);
  return study::make_check(graph, sources ? &*sources : nullptr, step, terminal_progress());
}

study::Check check_virtual(const study::GraphFile& graph, const SourceFlags& flags,
                           const study::CheckStep& step) {
  if (flags.given())
    throw yoneda::Error(yoneda::ErrorKind::value,
                        "--sae and --model name the weights of one SAE; a virtual graph is of two, "
                        "which its own file names");
  std::optional<study::SaePair> pair;
  if (draws_directions(step.null)) pair = reopen_saes(graph.record);
  return study::make_virtual_check(graph, pair ? &*pair : nullptr, step, terminal_progress());
}

void run(const Options& options, const Session& session) {
  const auto study = study::study_at(options.input);
  const std::string output = options.output.empty() && study ? study->check() : options.output;
  const study::GraphFile graph = study::read_graph(study ? study->graph() : options.input);
  const std::string arrows_path =
      options.arrows.empty() && study ? study->arrows() : options.arrows;
  std::optional<study::ArrowsFile> arrows;
  if (!arrows_path.empty()) arrows = study::read_arrows(arrows_path);
  study::CheckStep step = options.step;
  if (study && std::filesystem::exists(study->categories()))
    step.categories = study::read_partition(study->categories());
  const study::Check check = graph.graph.kind() == yoneda::GraphKind::virtual_
                                 ? check_virtual(graph, options.sources, step)
                                 : check_one(graph, options.sources, step);
  study::Record record = graph.record;
  record.command = session.command;
  record.options["samples"] = std::to_string(options.step.samples);
  record.options["seed"] = std::to_string(options.step.seed);
  if (!output.empty())
    study::write_check(output, check, graph, arrows ? &*arrows : nullptr, record);
  for (const std::string& note : check.notes) print_note(note);
  if (session.json) {
    print_json(check_json(check, graph));
  } else {
    print_check(check, graph);
    print_frustrated(check, arrows ? &*arrows : nullptr, 10);
    if (!output.empty()) fmt::print("wrote {}\n", output);
  }
  if (!options.require.empty() && !holds(options.require, check))
    throw ConditionFailed{options.require};
}

}  // namespace

void add_check(CLI::App& app, Session& session) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("check", "Does the graph commute, and would a random one as well?");
  command->add_option("input", options->input, "a study or a graph (.safetensors, .tsv, .mtx)")
      ->required();
  add_check_flags(*command, options->step);
  command->add_option("--seed", options->step.seed, "seed of everything random")
      ->capture_default_str();
  command->add_option("--require", options->require, "exit with 1 unless this holds")
      ->check(CLI::IsMember({"balanced", "commutes"}));
  command->add_option("--arrows", options->arrows,
                      "arrows to take words from (default: the study's)");
  add_source_flags(*command, options->sources, false);
  command->add_option("-o,--output", options->output, "file to write (default: into the study)");
  add_json_flag(*command, session);
  command->callback([options, &session] { run(*options, session); });
}

}  // namespace tool
