// A graph in the JSON of attribution graphs, for circuit-tracer's viewer and Neuronpedia's.
#pragma once

#include <string>

#include "yoneda/report/exported.hpp"

namespace yoneda::report {

struct CircuitNames {
  std::string slug, scan;         ///< of the graph and of the model, as the viewers list them
  Index layer = 0, layer_to = 1;  ///< where the viewer draws the features; the second of a virtual
                                  ///< graph's reading SAE
};

/// metadata, qParams, nodes and links as circuit-tracer writes them. Attribution graphs are of one
/// prompt, ours are of weights: there is no prompt (two words that say so stand in its place, for
/// viewers drop features that occur at more than two thirds of its tokens), all nodes are at
/// position 0, activation and influence are null. An undirected edge is two links. Written as a
/// stream, atomically. Throws Error{value} for layers below 0 and equal layers of a virtual graph,
/// else as write_graphml. Schema: schemas/circuit-graph.schema.json.
///
/// Source: Hanna, Piotrowski, Lindsey, Ameisen 2025, circuit-tracer; Ameisen et al. 2025, Circuit
/// Tracing.
void write_circuit(const std::string& path, const Exported& exported, const CircuitNames& names);

}  // namespace yoneda::report
