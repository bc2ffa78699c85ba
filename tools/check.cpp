// yoneda check: does the graph commute, and would a random one as well?
#include <fmt/format.h>

#include <filesystem>

#include "command.hpp"
#include "description.hpp"
#include "diagram.hpp"
#include "equations.hpp"
#include "memory.hpp"
#include "summary.hpp"
#include "terminal.hpp"
#include "yoneda/core/id_ranges.hpp"
#include "yoneda/null/null.hpp"

namespace tool {
namespace {

struct CheckOptions {
  SourceFlags sources;
  study::CheckStep step;
  EquationOptions equations;
  std::string input, arrows, output, require, diagram;
  bool samples_given = false;
};

// The conditions of --require, each a sentence that is true of the check or not.
bool holds(const std::string& condition, const study::Check& check) {
  if (condition == "balanced") return check.balance.balanced();
  return !check.tests.empty() && check.tests.front().verdict == yoneda::Verdict::commutes;
}

study::Check check_one(const study::GraphFile& graph, const SourceFlags& flags,
                       const study::CheckStep& step) {
  std::optional<study::Sources> sources;
  if (yoneda::draws_directions(step.null)) sources = open_or_reopen(flags, graph.record);
  study::CheckStep fitting = step;
  if (sources) {
    const auto k = std::max<yoneda::Index>(0, yoneda::whole_number(graph.record.option("k", "0")));
    const bool tokens = graph.graph.kind() == yoneda::GraphKind::profile;
    const JobSizes sizes{sources->sae.n(), sources->sae.d(), tokens ? sources->model.V() : 0, k};
    fitting = null_that_fits(step, sizes, memory_left());
  }
  return study::make_check(graph, sources ? &*sources : nullptr, fitting,
                           terminal_progress({.draws = step.samples}));
}

study::Check check_virtual(const study::GraphFile& graph, const SourceFlags& flags,
                           const study::CheckStep& step) {
  if (flags.given())
    throw yoneda::Error(yoneda::ErrorKind::value,
                        "--sae and --model name the weights of one SAE; a virtual graph is of two, "
                        "which its own file names");
  std::optional<study::SaePair> pair;
  if (yoneda::draws_directions(step.null)) pair = reopen_saes(graph.record);
  return study::make_virtual_check(graph, pair ? &*pair : nullptr, step,
                                   terminal_progress({.draws = step.samples}));
}

void run_diagrams(const CheckOptions& options, const Session& session) {
  if (options.require == "balanced")
    throw yoneda::Error(yoneda::ErrorKind::value,
                        "--require balanced asks about the whole graph: leave out --diagram");
  DiagramOptions diagram;
  diagram.sources = options.sources;
  diagram.step.samples = options.samples_given ? options.step.samples : 0;
  diagram.step.seed = options.step.seed;
  diagram.input = options.input;
  diagram.file = options.diagram;
  diagram.arrows = options.arrows;
  diagram.output = options.output;
  diagram.require_commutes = options.require == "commutes";
  check_diagrams(diagram, session);
}

void run_equations(const CheckOptions& options, const Session& session) {
  if (options.require == "balanced")
    throw yoneda::Error(yoneda::ErrorKind::value,
                        "--require balanced asks about the whole graph: leave out --equations");
  EquationOptions equations = options.equations;
  equations.input = options.input;
  equations.output = options.output;
  equations.step.samples = options.step.samples;
  equations.step.seed = options.step.seed;
  equations.require_commutes = options.require == "commutes";
  check_equations(equations, session);
}

void run(const CheckOptions& options, const Session& session) {
  if (!options.diagram.empty()) return run_diagrams(options, session);
  if (!options.equations.shape.empty()) return run_equations(options, session);
  const auto study = study_named(options.input);
  const std::string output = options.output.empty() && study ? study->check() : options.output;
  const auto lock = lock_for(study, output);
  const study::GraphFile graph = study::read_graph(study ? study->graph() : options.input);
  for (const std::string& note : graph.notes) print_note(note);
  if (graph.graph.directed() && graph.graph.kind() != yoneda::GraphKind::virtual_)
    throw yoneda::Error(yoneda::ErrorKind::value,
                        "balance and frustration are of undirected graphs, and this one is "
                        "directed; ask what its paths say with --equations triangles, squares, "
                        "paths or sweep");
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
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command =
      app.add_subcommand("check", "Does the graph commute, and would a random one as well?");
  command
      ->add_option("input", options->input,
                   "a study or a graph (.safetensors, .tsv, .mtx); an edge list is directed where "
                   "a comment at its top says `# directed`")
      ->required();
  auto* diagram = command->add_option(
      "--diagram", options->diagram,
      "check the equations, relations, grids and searches of this TOML file instead of the whole "
      "graph; exit with 1 unless all hold");
  add_check_flags(*command, options->step);
  add_equation_flags(*command, options->equations);
  auto* equations = command->get_option("--equations");
  diagram->excludes(equations);
  for (const char* of_graph : {"--null", "--null-features", "--null-tokens"})
    for (CLI::Option* instead : {diagram, equations})
      instead->excludes(command->get_option(of_graph));
  command->add_option("--seed", options->step.seed, "seed of everything random")
      ->check(at_least(0))
      ->capture_default_str();
  command
      ->add_option("--require", options->require,
                   "exit with 1 unless this holds; with --diagram and --equations, of all that is "
                   "checked")
      ->check(CLI::IsMember({"balanced", "commutes"}));
  command->add_option("--arrows", options->arrows,
                      "arrows to take words from (default: the study's)");
  add_source_flags(*command, options->sources, false);
  command->add_option("-o,--output", options->output, "file to write (default: into the study)")
      ->type_name("PATH");
  add_json_flag(*command, session);
  set_examples(*command,
               {{"yoneda check yoneda-demo --samples 20", "the whole graph, beside 20 null graphs"},
                {"yoneda check yoneda-demo --equations triangles --base weight -o triangles.json",
                 "do weights compose along triangles?"},
                {"yoneda check yoneda-demo --require commutes -o again.json",
                 "exit code 1 unless the verdict is `commutes`"}},
               "yoneda-demo is the study that `yoneda demo` writes. A diagram of your own: "
               "https://toml.io and examples/beliefs.toml in the sources.");
  command->callback([options, command, &session] {
    options->samples_given = command->count("--samples") > 0;
    run(*options, session);
  });
}

}  // namespace tool
