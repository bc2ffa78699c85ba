// Features grouped into categories, the categories into larger ones, and which of them are firm.
#include <cstdio>
#include <span>
#include <vector>

#include "yoneda/yoneda.hpp"

using namespace yoneda;

int main() {
  // Pets 0-3 and wild animals 4-7 have something in common; colours 8-11 repel both.
  std::vector<Edge> edges;
  const auto join = [&](Id first, Id last, Id other_first, Id other_last, float weight) {
    for (Id a = first; a <= last; ++a)
      for (Id b = other_first; b <= other_last; ++b)
        if (a < b) edges.push_back({a, b, weight});
  };
  join(0, 3, 0, 3, 0.9f);
  join(4, 7, 4, 7, 0.8f);
  join(8, 11, 8, 11, 0.7f);
  join(0, 3, 4, 7, 0.2f);
  join(0, 7, 8, 11, -0.3f);
  const SignedGraph graph =
      SignedGraph::from_edges(12, edges, Direction::undirected, GraphKind::user);

  const auto group = [](const SignedGraph& of) {
    return leiden(of, modularity_objective(of, 2)).partition;  // 2: finer than modularity's own
  };
  const Partition categories = group(graph);
  std::printf("%d categories:", static_cast<int>(categories.count));
  for (const Id label : categories.label) std::printf(" %d", label);

  const Stability firm = stability(categories, [&](std::span<const Id> nodes, std::uint64_t) {
    return group(induced_subgraph(graph, nodes));
  });
  std::printf("\ncome back when features are drawn again:");
  for (const double jaccard : firm.category) std::printf(" %.2f", jaccard);

  const Hierarchy hierarchy = average_linkage(graph, categories);
  std::printf("\n");
  for (const Join& both : hierarchy.joins)
    std::printf("%d and %d join at %.2f\n", both.left, both.right, both.weight);
  std::printf("%d stay apart\n", static_cast<int>(hierarchy.roots()));
}
