// The strongest chain of arrows between two concepts, by Boost.Graph: absolute weights multiply to
// the most where lengths −log |weight| add up to the least. Signs multiply along the chain.
#include <boost/graph/dijkstra_shortest_paths.hpp>
#include <cmath>
#include <cstdio>
#include <vector>
#include <yoneda/graph/boost.hpp>

int main() {
  using namespace yoneda;
  const char* names[] = {"war", "conflict", "ceasefire", "peace", "treaty", "trade", "jazz"};
  const std::vector<Edge> arrows{{0, 1, 0.9f}, {1, 2, -0.5f}, {2, 3, 0.8f}, {0, 3, -0.7f},
                                 {3, 4, 0.6f}, {4, 5, 0.5f},  {0, 5, 0.15f}};
  const SignedGraph graph =
      SignedGraph::from_edges(7, arrows, Direction::undirected, GraphKind::user);

  const BoostGraph<Direction::undirected> view(graph);
  const auto lengths = length_map(view, [](float weight) { return -std::log(std::abs(weight)); });
  const Id war = 0;
  std::vector<Id> before(graph.node_count());  // the step before each concept on its chain
  const auto nodes = get(boost::vertex_index, view);
  boost::dijkstra_shortest_paths(view, war,
                                 boost::weight_map(lengths).predecessor_map(
                                     boost::make_iterator_property_map(before.begin(), nodes)));

  for (Id other = 1; other < graph.node_count(); ++other) {
    if (before[other] == other) {
      std::printf("no chain to %s\n", names[other]);
      continue;
    }
    float composed = 1;
    std::printf("%s", names[other]);
    for (Id at = other; at != war; at = before[at]) {
      composed *= graph.weight(before[at], at);
      std::printf(" - %s", names[before[at]]);
    }
    std::printf(": %+.2f\n", composed);
    const float arrow = graph.weight(war, other);
    if (arrow * composed < 0)
      std::printf("  does not commute: the arrow %s - %s is %+.2f\n", names[other], names[war],
                  arrow);
  }
}
