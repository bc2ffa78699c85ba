// yoneda export: the graph and its features in the formats of other programs.
#include "yoneda/report/export.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "command.hpp"
#include "description.hpp"
#include "terminal.hpp"

namespace tool {
namespace {

namespace report = yoneda::report;
using report::ExportFormat;
using yoneda::Error;
using yoneda::ErrorKind;
using yoneda::Index;

struct ExportOptions {
  std::string input, output, to, table = "edges";
  std::string arrows, arrows_to, categories;
  report::ExportOptions format;
  std::optional<Index> layer, layer_to;
};

constexpr const char* formats_help =
    "graphml and gexf (NetworkX, igraph, Gephi), dot (Graphviz), csv and tsv (pandas, R), mtx "
    "(Matrix Market), npz (scipy.sparse.load_npz), safetensors (ours), neuronpedia (its features, "
    "without what needs activations), circuit (circuit-tracer's and Neuronpedia's graph viewer, "
    "without prompt and activations); default: what the file's ending says";

ExportFormat format_of(const ExportOptions& options) {
  if (!options.to.empty()) return *report::export_format_from(options.to);
  if (const auto format = report::export_format_of(options.output)) return *format;
  throw Error(ErrorKind::value,
              fmt::format("--to is missing: {} ends like none of the formats ({})", options.output,
                          fmt::join(report::export_format_names, ", ")));
}

// A graph of the features of an arrows file, without edges.
study::GraphFile unconnected(const study::ArrowsFile& arrows) {
  return {yoneda::SignedGraph::from_edges(arrows.arrows.n, {}, yoneda::Direction::undirected,
                                          yoneda::GraphKind::user),
          arrows.record};
}

report::Exported read_input(const ExportOptions& options, const Session& session) {
  const auto study = options.input.empty() ? std::nullopt : study_named(options.input);
  const auto given_or = [](const std::string& given, const std::string& in_study) {
    if (!given.empty() || in_study.empty()) return given;
    return std::filesystem::exists(in_study) ? in_study : std::string();
  };
  const std::string arrows = given_or(options.arrows, study ? study->arrows() : "");
  const std::string categories = given_or(options.categories, study ? study->categories() : "");
  report::Exported exported;
  exported.command = session.command;
  if (!arrows.empty()) exported.arrows = study::read_arrows(arrows);
  if (!options.arrows_to.empty()) exported.arrows_to = study::read_arrows(options.arrows_to);
  if (!categories.empty()) exported.categories = study::read_named_partition(categories);
  if (options.input.empty()) {
    if (!exported.arrows)
      throw Error(ErrorKind::value, "name a study or a graph (or --arrows, for features alone)");
    exported.graph = unconnected(*exported.arrows);
  } else {
    exported.graph = study::read_graph(study ? study->graph() : options.input);
  }
  for (const std::string& note : exported.graph.notes) print_note(note);
  return exported;
}

std::string stem(const study::Record& record, const char* role) {
  const auto found = record.sources.find(role);
  if (found == record.sources.end()) return "unknown";
  return std::filesystem::path(found->second.path).stem().string();
}

// The layer an SAE was trained at, as far as its files are still there and say.
std::optional<Index> layer_from(const study::Record& record, const std::string& role) {
  const auto options = role == "sae" ? study::options_of(record) : study::SourceOptions();
  const auto found = record.sources.find(role);
  if (found == record.sources.end()) return std::nullopt;
  try {
    const Index layer =
        yoneda::ingest::outline_sae(found->second.path, options.sae_names).sae.origin.layer;
    if (layer >= 0) return layer;
  } catch (const Error&) {
    // The graph is exported from its own file; its sources may be gone.
  }
  return std::nullopt;
}

void name_neuronpedia(const study::Record& record, report::NeuronpediaNames& names) {
  const bool guessed = names.model_id.empty() || names.source_id.empty();
  if (names.model_id.empty()) names.model_id = stem(record, "model");
  if (names.source_id.empty()) names.source_id = stem(record, "sae");
  if (guessed)
    print_note(
        fmt::format("modelId '{}' and layer '{}' are names of files; --model-id and "
                    "--source-id set those that Neuronpedia has",
                    names.model_id, names.source_id));
}

void name_circuit(const ExportOptions& options, const report::Exported& exported,
                  report::ExportOptions& to) {
  const study::Record& record = exported.graph.record;
  report::CircuitNames& names = to.circuit;
  names.slug = std::filesystem::path(options.output).stem().string();
  names.scan = to.neuronpedia.model_id.empty() ? stem(record, "model") : to.neuronpedia.model_id;
  const auto layer = options.layer ? options.layer : layer_from(record, "sae");
  const auto layer_to = options.layer_to ? options.layer_to : layer_from(record, "sae_to");
  names.layer = layer.value_or(0);
  names.layer_to = layer_to.value_or(names.layer + 1);
  const bool assumed = !layer || (exported.of_two_saes() && !layer_to);
  if (assumed)
    print_note(exported.of_two_saes()
                   ? fmt::format("drawn in layers {} and {}, for the files do not say; --layer and "
                                 "--layer-to set them",
                                 names.layer, names.layer_to)
                   : fmt::format("drawn in layer {}, for the files do not say; --layer sets it",
                                 names.layer));
}

void print_summary(const report::Exported& exported, ExportFormat format,
                   const std::vector<std::string>& written, const std::string& lost, bool json) {
  const auto& graph = exported.graph.graph;
  if (json)
    return print_json({{"format", name(format)},
                       {"nodes", graph.node_count()},
                       {"edges", graph.edge_count()},
                       {"words", exported.arrows || exported.arrows_to},
                       {"categories", exported.categories.has_value()},
                       {"left_out", lost},
                       {"files", written}});
  fmt::print("{} graph of {} features, {} edges, as {}\n", name(graph.kind()),
             grouped(graph.node_count()), grouped(graph.edge_count()), name(format));
  if (!lost.empty()) fmt::print("  {}\n", lost);
  for (const std::string& path : written) fmt::print("wrote {}\n", path);
}

void refuse_unused(const CLI::App& command, ExportFormat format) {
  const auto refuse = [&](const char* flag, bool fits, const char* reason) {
    if (command.count(flag) > 0 && !fits)
      throw Error(ErrorKind::value, fmt::format("{}: {}", flag, reason));
  };
  const bool table = format == ExportFormat::csv || format == ExportFormat::tsv;
  const bool circuit = format == ExportFormat::circuit;
  refuse("--table", table, "of csv and tsv");
  refuse("--model-id", circuit || format == ExportFormat::neuronpedia,
         "of neuronpedia and circuit");
  refuse("--source-id", format == ExportFormat::neuronpedia, "of neuronpedia");
  refuse("--layer", circuit, "of circuit");
  refuse("--layer-to", circuit, "of circuit");
}

void run(const ExportOptions& options, const CLI::App& command, const Session& session) {
  const ExportFormat format = format_of(options);
  refuse_unused(command, format);
  const report::Exported exported = read_input(options, session);
  report::ExportOptions to = options.format;
  to.table = options.table == "features" ? report::Table::features : report::Table::edges;
  if (format == ExportFormat::neuronpedia) name_neuronpedia(exported.graph.record, to.neuronpedia);
  if (format == ExportFormat::circuit) name_circuit(options, exported, to);
  const bool to_output = options.output == "-" || options.output == "/dev/stdout";
  const auto written =
      report::export_graph(to_output ? "/dev/stdout" : options.output, exported, format, to);
  if (!to_output)
    print_summary(exported, format, written, report::what_is_lost(format, to), session.json);
}

}  // namespace

void add_export(CLI::App& app, Session& session) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* command = app.add_subcommand(
      "export", "The graph and what is known of its features, for other programs");
  command->add_option("input", options->input, "a study or a graph")->type_name("PATH");
  command->add_option("--to", options->to, formats_help)
      ->check(one_of(report::export_format_names));
  command->add_option("-o,--output", options->output, "file to write; - is standard output")
      ->required();
  command->add_option(
      "--arrows", options->arrows,
      "arrows of the graph's features: words and statistics (default: the study's)");
  command->add_option("--arrows-to", options->arrows_to,
                      "of a virtual graph: the arrows of the SAE that reads");
  command->add_option("--categories", options->categories,
                      "categories of the graph's features (default: the study's)");
  command
      ->add_option("--table", options->table,
                   "of csv and tsv: source, target, weight of every edge, or what is known of "
                   "every feature")
      ->check(one_of(report::table_names))
      ->capture_default_str();
  command->add_option("--model-id", options->format.neuronpedia.model_id,
                      "of neuronpedia and circuit: the model's name there, like gemma-2-2b");
  command->add_option("--source-id", options->format.neuronpedia.source_id,
                      "of neuronpedia: the SAE's name there, like 20-gemmascope-res-16k");
  command
      ->add_option("--layer", options->layer,
                   "of circuit: the layer that features are drawn in (default: the SAE's)")
      ->check(at_least(0));
  command
      ->add_option("--layer-to", options->layer_to,
                   "of circuit and a virtual graph: the layer of the SAE that reads")
      ->check(at_least(0));
  add_json_flag(*command, session);
  set_examples(*command,
               {{"yoneda export yoneda-demo --to graphml -o demo.graphml",
                 "for Gephi, Cytoscape, networkx, igraph"},
                {"yoneda export yoneda-demo --to csv --table features -o features.csv",
                 "what is known of every feature"},
                {"yoneda export yoneda-demo --to npz -o demo.npz", "for scipy.sparse.load_npz"}});
  command->callback([options, command, &session] { run(*options, *command, session); });
}

}  // namespace tool
