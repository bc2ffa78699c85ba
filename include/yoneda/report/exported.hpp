// A graph and what is known of its features: what an export writes.
#pragma once

#include <optional>
#include <string>

#include "yoneda/study/arrows_file.hpp"
#include "yoneda/study/categories_file.hpp"
#include "yoneda/study/graph_file.hpp"

namespace yoneda::report {

/// All but the graph may be missing: what depends on it is then left out.
struct Exported {
  study::GraphFile graph;
  std::optional<study::ArrowsFile> arrows = {};     ///< of the SAE; of a virtual graph, that writes
  std::optional<study::ArrowsFile> arrows_to = {};  ///< of a virtual graph, the SAE that reads
  std::optional<study::NamedPartition> categories = {};
  std::string command = {};  ///< that exports, for the file to name

  bool of_two_saes() const { return graph.graph.kind() == GraphKind::virtual_; }
};

/// Throws Error{shape} where arrows or categories are of another number of features than the graph,
/// Error{value} for categories of a virtual graph and second arrows of another.
void require_fit(const Exported& exported);

}  // namespace yoneda::report
