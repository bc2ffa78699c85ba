#include "yoneda/report/exported.hpp"

#include <fmt/format.h>

namespace yoneda::report {
namespace {

void require_features(const std::optional<study::ArrowsFile>& arrows, Index features,
                      const char* whose) {
  if (arrows && arrows->arrows.n != features)
    throw Error(ErrorKind::shape, fmt::format("arrows of {} features for the {} features {}",
                                              arrows->arrows.n, features, whose));
}

}  // namespace

void require_fit(const Exported& exported) {
  const Index n = exported.graph.graph.node_count();
  if (exported.of_two_saes()) {
    require_features(exported.arrows, exported.graph.upstream, "of the SAE that writes");
    require_features(exported.arrows_to, n - exported.graph.upstream, "of the SAE that reads");
    if (exported.categories)
      throw Error(ErrorKind::value, "categories are of one SAE's features, a virtual graph of two");
    return;
  }
  if (exported.arrows_to)
    throw Error(ErrorKind::value, "second arrows are of the SAE that reads in a virtual graph");
  require_features(exported.arrows, n, "of the graph");
  if (exported.categories && static_cast<Index>(exported.categories->partition.label.size()) != n)
    throw Error(ErrorKind::shape, fmt::format("categories of {} features for a graph of {}",
                                              exported.categories->partition.label.size(), n));
}

}  // namespace yoneda::report
