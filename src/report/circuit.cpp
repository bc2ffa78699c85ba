#include "yoneda/report/circuit.hpp"

#include "report/json_text.hpp"
#include "report/stream.hpp"

namespace yoneda::report {
namespace {

// Stands for the prompt that there is none of.
constexpr const char* no_prompt = "(no prompt)";

// One number for two: the viewers find layer and feature by it (Cantor 1878, Ein Beitrag zur
// Mannigfaltigkeitslehre).
Index pairing(Index layer, Index feature) {
  return (layer + feature) * (layer + feature + 1) / 2 + feature;
}

Index layer_of(const Exported& exported, const CircuitNames& names, Id node) {
  const bool second = exported.of_two_saes() && node >= exported.graph.upstream;
  return second ? names.layer_to : names.layer;
}

// layer_feature_position
std::string node_id(const Exported& exported, const CircuitNames& names, Id node) {
  return fmt::format("{}_{}_0", layer_of(exported, names, node), feature_of(exported, node));
}

Json node_json(const Exported& exported, const CircuitNames& names, Id node) {
  const Index layer = layer_of(exported, names, node), feature = feature_of(exported, node);
  std::string label = node_label(exported, node);
  if (const auto category = category_label(exported, node)) label += " | category " + *category;
  return {{"node_id", node_id(exported, names, node)},
          {"feature", pairing(layer, feature)},
          {"layer", std::to_string(layer)},
          {"ctx_idx", 0},
          {"feature_type", "cross layer transcoder"},  // what the viewers draw as a feature
          {"jsNodeId", fmt::format("{}_{}-0", layer, feature)},
          {"clerp", label},
          {"influence", nullptr},
          {"activation", nullptr}};
}

Json metadata_json(const Exported& exported, const CircuitNames& names) {
  Json metadata{{"slug", names.slug},
                {"scan", names.scan},
                {"transcoder_list", Json::array()},
                {"prompt_tokens", {"(no", " prompt)"}},
                {"prompt", no_prompt},
                {"schema_version", 1}};
  metadata["info"] = {
      {"description",
       description(exported) +
           ". Links are weights between features, not attributions on a prompt: there is no "
           "prompt, no activation and no influence, and positions mean nothing" +
           (exported.graph.graph.directed() ? "."
                                            : "; an undirected edge is a link in each direction.")},
      {"generator", {{"name", "yoneda"}, {"version", study::version()}}}};
  metadata["generation_settings"] = facts_json(exported);
  return metadata;
}

}  // namespace

void write_circuit(const std::string& path, const Exported& exported, const CircuitNames& names) {
  require_fit(exported);
  if (names.layer < 0 || names.layer_to < 0)
    throw Error(ErrorKind::value, "layers are counted from 0");
  if (exported.of_two_saes() && names.layer == names.layer_to)
    throw Error(ErrorKind::value,
                fmt::format("both SAEs of the virtual graph would be drawn in layer {}: give the "
                            "reading one another",
                            names.layer));
  const SignedGraph& graph = exported.graph.graph;
  Stream out(path);
  const Json parameters{{"pinnedIds", Json::array()},
                        {"supernodes", Json::array()},
                        {"linkType", "both"},
                        {"clickedId", ""},
                        {"sg_pos", ""}};
  out.print("{{\"metadata\": {},\n\"qParams\": {},\n\"nodes\": [",
            json_text(metadata_json(exported, names)), json_text(parameters));
  const char* before = "\n";
  for (Id node = 0; node < graph.node_count(); ++node) {
    out.print("{}{}", before, json_text(node_json(exported, names, node)));
    before = ",\n";
  }
  out.print("],\n\"links\": [");
  before = "\n";
  const auto link = [&](Id source, Id target, float weight) {
    out.print("{}{{\"source\":\"{}\",\"target\":\"{}\",\"weight\":{}}}", before,
              node_id(exported, names, source), node_id(exported, names, target), weight);
    before = ",\n";
  };
  for_each_edge(graph, [&](const Edge& e) {
    link(e.source, e.target, e.weight);
    if (!graph.directed()) link(e.target, e.source, e.weight);
  });
  out.print("]}}\n");
  out.commit();
}

}  // namespace yoneda::report
