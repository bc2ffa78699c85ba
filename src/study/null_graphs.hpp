// A graph made again from directions that a null draws, on a part of it that can be afforded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yoneda/graph/neighbors.hpp"
#include "yoneda/null/null.hpp"
#include "yoneda/study/graph_file.hpp"
#include "yoneda/study/pair.hpp"
#include "yoneda/study/sources.hpp"

namespace yoneda::study {

/// A null, and the graph that its draws are compared with: made alike, on the same part.
struct NullGraphs {
  Null null;
  SignedGraph observed;
  std::vector<Id> features;  ///< of the graph, ascending
  Index tokens = 0;
  std::optional<std::string> note;  ///< where that is not the whole
};

/// By how many neighbours a graph's file says it was made.
NeighborOptions recorded_neighbors(const Record& record);

/// Of a profile or decoder graph, with at most so many features and tokens. Throws Error{value}
/// where the file does not say how the graph was made.
NullGraphs null_graphs(std::string_view kind, const GraphFile& file, const Sources& sources,
                       Index features, Index tokens, std::uint64_t seed);

/// Of a virtual graph, with at most so many features at either end: joint rotations of the SAE that
/// reads. `features` are then of both ends, nodes of the graph; `direction`: of the graphs. Throws
/// Error{value} where the file does not say how the graph was made, Error{shape} for other SAEs
/// than its own.
NullGraphs virtual_null_graphs(const GraphFile& file, const SaePair& pair, Index features,
                               std::uint64_t seed, Direction direction);

}  // namespace yoneda::study
