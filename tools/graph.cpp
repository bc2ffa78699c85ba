// yoneda graph: the signed concept graph of a study or an arrows file.
#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "terminal.hpp"

namespace tool {
namespace {

struct Options {
  SourceFlags sources;
  study::GraphStep step;
  std::string input, output;
};

void print_summary(const study::GraphFile& file, const std::string& output, bool json) {
  const auto edges = file.graph.edges();
  const auto negative =
      std::ranges::count_if(edges, [](const yoneda::Edge& e) { return e.weight < 0; });
  if (json) {
    print_json({{"kind", name(file.graph.kind())},
                {"nodes", file.graph.node_count()},
                {"edges", edges.size()},
                {"negative_edges", negative},
                {"graph", output}});
    return;
  }
  fmt::print("{} graph: {} nodes, {} edges, {} of them negative\n", name(file.graph.kind()),
             grouped(file.graph.node_count()), grouped(file.graph.edge_count()), grouped(negative));
  fmt::print("wrote {}\n", output);
}

void run(const Options& options, const Session& session) {
  const auto study = study::study_at(options.input);
  const std::string output = options.output.empty() && study ? study->graph() : options.output;
  if (output.empty())
    throw yoneda::Error(yoneda::ErrorKind::value, "-o is missing: which file to write?");
  const study::ArrowsFile arrows = study::read_arrows(study ? study->arrows() : options.input);
  std::optional<study::Sources> sources;
  if (options.step.kind == yoneda::GraphKind::decoder)
    sources = open_or_reopen(options.sources, arrows.record);
  study::GraphFile made =
      study::make_graph(arrows, sources ? &*sources : nullptr, options.step, terminal_progress());
  if (sources) made.record.sources = sources->recorded;
  made.record.command = session.command;
  study::write_graph(output, made.graph, made.record);
  print_summary(made, output, session.json);
}

}  // namespace

void add_graph(CLI::App& app, Session& session) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("graph", "The signed concept graph of a set of arrows");
  command->add_option("input", options->input, "a study, or a file written by yoneda arrows")
      ->required();
  add_graph_flags(*command, options->step);
  add_source_flags(*command, options->sources, false);
  command->add_option("-o,--output", options->output,
                      "file to write: .safetensors, .tsv or .mtx (default: into the study)");
  add_json_flag(*command, session);
  command->callback([options, &session] { run(*options, session); });
}

}  // namespace tool
