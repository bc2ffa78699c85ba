// yoneda categories: features grouped, named, and set against their opposites.
#include <fmt/format.h>

#include "command.hpp"
#include "summary.hpp"
#include "terminal.hpp"

namespace tool {
namespace {

struct Options {
  SourceFlags sources;
  study::CategoryStep step;
  std::string input, arrows, output;
  bool directed = false;
};

void run(const Options& options, const Session& session) {
  const auto study = study::study_at(options.input);
  const std::string output = options.output.empty() && study ? study->categories() : options.output;
  if (output.empty())
    throw yoneda::Error(yoneda::ErrorKind::value, "-o is missing: which file to write?");
  study::GraphFile graph = study::read_graph(study ? study->graph() : options.input);
  const std::string arrows_path =
      options.arrows.empty() && study ? study->arrows() : options.arrows;
  std::optional<study::ArrowsFile> arrows;
  if (!arrows_path.empty()) arrows = study::read_arrows(arrows_path);
  std::optional<study::Sources> sources;
  if (options.step.method == "kmeans") sources = open_or_reopen(options.sources, graph.record);

  const study::Categories made =
      study::make_categories(graph, arrows ? &*arrows : nullptr, sources ? &*sources : nullptr,
                             options.step, terminal_progress());
  study::Record record = graph.record;
  record.command = session.command;
  record.options["method"] = options.step.method;
  if (options.step.method == "leiden") {
    record.options["objective"] = options.step.objective;
    record.options["resolution"] = fmt::format("{}", options.step.resolution);
  }
  record.options["count"] = std::to_string(made.partition.count);
  record.options["seed"] = std::to_string(options.step.seed);
  const yoneda::Vocabulary none;
  study::write_categories(output, made, arrows ? arrows->vocabulary : none, record);
  for (const std::string& note : made.notes) print_note(note);
  if (session.json) {
    print_json(categories_json(made, arrows ? arrows->vocabulary : none));
  } else {
    print_categories(made, arrows ? arrows->vocabulary : none, 20);
    fmt::print("wrote {}\n", output);
  }
}

}  // namespace

void add_categories(CLI::App& app, Session& session) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("categories", "Features grouped, named, and set against their opposites");
  command->add_option("input", options->input, "a study or a graph")->required();
  command->add_option("--arrows", options->arrows,
                      "arrows to take labels from (default: the study's)");
  add_category_flags(*command, options->step);
  add_source_flags(*command, options->sources, false);
  command->add_option("-o,--output", options->output, "file to write (default: into the study)");
  add_json_flag(*command, session);
  command->callback([options, &session] { run(*options, session); });
}

}  // namespace tool
