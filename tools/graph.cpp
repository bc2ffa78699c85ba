// yoneda graph: the signed concept graph of a study or an arrows file, or of two SAEs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <tuple>

#include "command.hpp"
#include "description.hpp"
#include "memory.hpp"
#include "terminal.hpp"

namespace tool {
namespace {

using yoneda::Edge;
using yoneda::Error;
using yoneda::ErrorKind;
using yoneda::GraphKind;
using yoneda::Id;
using yoneda::Index;

struct GraphOptions {
  SourceFlags sources;
  study::GraphStep step;
  std::string input, output;
  std::string to;  // the downstream SAE of a virtual graph
  yoneda::ingest::SaeNames to_names;
  std::string input_norm_gain;
};

/// Refuses flags that would be passed over in silence.
void refuse(const CLI::App& command, std::initializer_list<const char*> flags,
            const std::string& reason) {
  for (const char* flag : flags)
    if (command.count(flag) > 0) throw Error(ErrorKind::value, std::string(flag) + ": " + reason);
}

Index negative_edges(const std::vector<Edge>& edges) {
  return std::ranges::count_if(edges, [](const Edge& e) { return e.weight < 0; });
}

void print_summary(const study::GraphFile& file, const std::string& output, bool json) {
  const auto edges = file.graph.edges();
  if (json) {
    print_json({{"kind", name(file.graph.kind())},
                {"nodes", file.graph.node_count()},
                {"edges", edges.size()},
                {"negative_edges", negative_edges(edges)},
                {"graph", output}});
    return;
  }
  fmt::print("{} graph: {} nodes, {} edges, {} of them negative\n", name(file.graph.kind()),
             grouped(file.graph.node_count()), grouped(file.graph.edge_count()),
             grouped(negative_edges(edges)));
  fmt::print("wrote {}\n", output);
}

void run_one_sae(const GraphOptions& options, const Session& session) {
  if (options.input.empty())
    throw Error(ErrorKind::value, "name a study, or a file written by yoneda arrows");
  const auto study = study_named(options.input);
  const std::string output = options.output.empty() && study ? study->graph() : options.output;
  if (output.empty()) throw Error(ErrorKind::value, "-o is missing: which file to write?");
  const auto lock = lock_for(study, output);
  const study::ArrowsFile arrows = study::read_arrows(study ? study->arrows() : options.input);
  require_room_for_graph(arrows.arrows.n, arrows.arrows.k, options.step.neighbors, memory_left());
  std::optional<study::Sources> sources;
  if (options.step.kind == GraphKind::decoder)
    sources = open_or_reopen(options.sources, arrows.record);
  study::GraphFile made =
      study::make_graph(arrows, sources ? &*sources : nullptr, options.step, terminal_progress());
  if (sources) made.record.sources = sources->recorded;
  made.record.command = session.command;
  study::write_graph(output, made);
  print_summary(made, output, session.json);
}

// ---- virtual graphs

/// One of the two SAEs as a user names it: by its own path, or by a study of it, which has words.
struct Named {
  study::SourceOptions options;
  std::optional<study::ArrowsFile> arrows;
};

Named from_record(const study::Record& record) {
  study::require_unchanged(record, "sae");
  Named named{study::options_of(record), {}};
  // A model that is gone may not be needed.
  if (std::filesystem::exists(named.options.model))
    study::require_unchanged(record, "model");
  else
    named.options.model.clear();
  return named;
}

Named from_study(const study::Study& study) {
  Named named = from_record(study.record);
  if (std::filesystem::exists(study.arrows())) named.arrows = study::read_arrows(study.arrows());
  return named;
}

Named upstream_of(const GraphOptions& options) {
  SourceFlags flags = options.sources;
  apply_norm(flags);
  Named named;
  if (!flags.options.sae.empty()) {
    if (!options.input.empty())
      throw Error(ErrorKind::value,
                  "two upstream SAEs are named, by --sae and by " + options.input);
    named.options = flags.options;
  } else if (options.input.empty()) {
    throw Error(ErrorKind::value,
                "--sae is missing: whose decoder writes? (or name a study of it)");
  } else if (const auto study = study::study_at(options.input)) {
    named = from_study(*study);
  } else {
    study::ArrowsFile arrows = study::read_arrows(options.input);
    named = from_record(arrows.record);
    named.arrows = std::move(arrows);
  }
  if (flags.options.model.empty()) return named;
  named.options.model = flags.options.model;
  named.options.model_names = flags.options.model_names;
  named.options.residual_names = flags.options.residual_names;
  return named;
}

Named downstream_of(const GraphOptions& options) {
  if (options.to.empty())
    throw Error(ErrorKind::value,
                "--to is missing: whose encoder reads what the first SAE writes?");
  if (const auto study = study::study_at(options.to)) return from_study(*study);
  Named named;
  named.options.sae = options.to;
  named.options.sae_names = options.to_names;
  return named;
}

struct Virtual {
  study::GraphFile file;
  Named upstream, downstream;

  Index downstream_count() const { return file.graph.node_count() - file.upstream; }
  Id feature(Id node) const { return node - static_cast<Id>(file.upstream); }

  /// Of the edges that raise (sign +1) or lower (sign -1) what they lead to.
  std::vector<Edge> strongest(float sign, Index most) const {
    auto edges = file.graph.edges();
    std::erase_if(edges, [sign](const Edge& e) { return e.weight * sign < 0; });
    const auto kept = edges.begin() + std::min<Index>(most, edges.size());
    std::ranges::partial_sort(edges, kept, {}, [](const Edge& e) {
      return std::tuple(-std::abs(e.weight), e.source, e.target);
    });
    edges.erase(kept, edges.end());
    return edges;
  }
};

std::string words_of(const Named& named, Id feature) {
  if (!named.arrows || feature >= named.arrows->arrows.n) return {};
  return words(named.arrows->arrows.positive(feature), named.arrows->vocabulary, 4);
}

void print_json_summary(const Virtual& made, const std::string& output) {
  const auto strongest = [&made](float sign) {
    Json list = Json::array();
    for (const Edge& e : made.strongest(sign, 20))
      list.push_back(
          {{"upstream", e.source}, {"downstream", made.feature(e.target)}, {"weight", e.weight}});
    return list;
  };
  const auto edges = made.file.graph.edges();
  print_json({{"kind", name(made.file.graph.kind())},
              {"nodes", made.file.graph.node_count()},
              {"upstream_features", made.file.upstream},
              {"downstream_features", made.downstream_count()},
              {"edges", edges.size()},
              {"negative_edges", negative_edges(edges)},
              {"strongest_positive", strongest(1)},
              {"strongest_negative", strongest(-1)},
              {"graph", output}});
}

// Only one of the SAEs may be a study, with words.
std::string both_words(const std::string& from, const std::string& to) {
  if (from.empty()) return to.empty() ? "" : "  → " + to;
  return to.empty() ? "  " + from : fmt::format("  {} → {}", padded(from, 36), to);
}

void print_strongest(const Virtual& made, float sign) {
  for (const Edge& e : made.strongest(sign, 8)) {
    const Id g = made.feature(e.target);
    const std::string from = words_of(made.upstream, e.source), to = words_of(made.downstream, g);
    fmt::print("  {:>6} → {:<6} {:>+9.3g}{}\n", fmt::format("#{}", e.source), fmt::format("#{}", g),
               e.weight, both_words(from, to));
  }
}

void print_virtual(const Virtual& made, const std::string& output) {
  fmt::print(
      "virtual graph: {} features write, {} read; {} edges, {} of them negative\n"
      "node f < {} is upstream feature f, node {} + g downstream feature g\n",
      grouped(made.file.upstream), grouped(made.downstream_count()),
      grouped(made.file.graph.edge_count()), grouped(negative_edges(made.file.graph.edges())),
      made.file.upstream, made.file.upstream);
  fmt::print("\nFeeds most\n\n");
  print_strongest(made, 1);
  fmt::print("\nInhibits most\n\n");
  print_strongest(made, -1);
  fmt::print("\nwrote {}\n", output);
}

void run_virtual(const GraphOptions& options, const Session& session) {
  if (options.output.empty())
    throw Error(ErrorKind::value,
                "-o is missing: which file to write? (a study holds the graph of one SAE)");
  Virtual made;
  made.upstream = upstream_of(options);
  made.downstream = downstream_of(options);
  const study::SaePair pair =
      study::open_pair({made.upstream.options,
                        made.downstream.options.sae,
                        made.downstream.options.sae_names,
                        {options.input_norm_gain, made.upstream.options.model_names.norm}});
  for (const std::string& note : pair.notes) print_note(note);
  made.file = study::make_virtual_graph(pair, options.step.neighbors, terminal_progress());
  made.file.record.command = session.command;
  study::write_graph(options.output, made.file);
  if (session.json)
    print_json_summary(made, options.output);
  else
    print_virtual(made, options.output);
}

void refuse_unused(const CLI::App& command, const GraphOptions& options) {
  if (options.step.kind != GraphKind::virtual_)
    return refuse(command,
                  {"--to", "--to-decoder", "--to-encoder", "--to-layer", "--to-target-layer",
                   "--to-feature-axis", "--input-norm-gain"},
                  "of the second SAE of a virtual graph: add --kind virtual");
  if (!options.input.empty())
    refuse(command, {"--decoder", "--encoder", "--layer", "--target-layer", "--feature-axis"},
           options.input + " records how its SAE was read; name the SAE itself by --sae");
  if (study::study_at(options.to))
    refuse(command,
           {"--to-decoder", "--to-encoder", "--to-layer", "--to-target-layer", "--to-feature-axis"},
           options.to + " records how its SAE was read; name the SAE itself by --to");
  if (!options.input.empty() && options.sources.options.model.empty())
    refuse(command, {"--output-projection", "--post-norm-gain", "--norm"},
           "says how to read a model: name it by --model");
}

void add_downstream_flags(CLI::App& command, GraphOptions& options) {
  command.add_option(
      "--to", options.to,
      "the SAE that reads, for --kind virtual: a folder, a file of tensors or a study");
  const auto add = [&command](const std::string& flag, auto& value, const std::string& meaning) {
    command.add_option(flag, value, meaning)->group("Tensor names");
  };
  add("--to-decoder", options.to_names.decoder, "like --decoder, of the SAE that reads");
  add("--to-encoder", options.to_names.encoder, "like --encoder, of the SAE that reads");
  add("--to-layer", options.to_names.layer, "like --layer, of the SAE that reads");
  add("--to-target-layer", options.to_names.target_layer,
      "like --target-layer, of the SAE that reads");
  add_axis_flag(command, "--to-feature-axis", options.to_names.features);
  add("--input-norm-gain", options.input_norm_gain,
      "name of the gain of the norm before the encoder of the SAE that reads");
}

}  // namespace

void add_graph(CLI::App& app, Session& session) {
  auto options = std::make_shared<GraphOptions>();
  CLI::App* command =
      app.add_subcommand("graph", "The signed concept graph of a set of arrows, or of two SAEs");
  command->add_option("input", options->input, "a study, or a file written by yoneda arrows");
  add_graph_flags(*command, options->step, true);
  add_source_flags(*command, options->sources, false);
  add_downstream_flags(*command, *options);
  command
      ->add_option("-o,--output", options->output,
                   "file to write: .safetensors, .tsv, .mtx or .npz (default: into the study)")
      ->type_name("PATH");
  add_json_flag(*command, session);
  set_examples(*command,
               {{"yoneda graph yoneda-demo --neighbors 8 -o graph.tsv", "an edge list for others"},
                {"yoneda graph yoneda-demo --kind decoder -o decoder.safetensors",
                 "cosines of decoder rows instead of shared tokens"},
                {"yoneda graph --kind virtual --sae layer-0 --to layer-5 -o virtual.safetensors",
                 "between two SAEs of one model; the names stand for yours"}},
               "yoneda-demo is the study that `yoneda demo` writes.");
  command->callback([options, command, &session] {
    refuse_unused(*command, *options);
    if (options->step.kind == GraphKind::virtual_)
      run_virtual(*options, session);
    else
      run_one_sae(*options, session);
  });
}

}  // namespace tool
