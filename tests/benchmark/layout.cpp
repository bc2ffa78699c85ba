// Lays out a signed graph from a file, and times it.
//
//     layout GRAPH [ROUNDS]
//
// GRAPH holds, little-endian, two int64 (nodes n, edges m), then m int32 sources, m int32 targets
// and m float32 weights. Prints the seconds of processor time, then x and y of every node, a line
// each.
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <vector>

#include "yoneda/graph/layout.hpp"

using namespace yoneda;

namespace {

template <class T>
std::vector<T> numbers(std::ifstream& file, Index count) {
  std::vector<T> values(count);
  file.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(T)));
  if (!file) throw Error(ErrorKind::file, "the graph's file is too short");
  return values;
}

SignedGraph read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const auto sizes = numbers<std::int64_t>(file, 2);
  const auto sources = numbers<Id>(file, sizes[1]), targets = numbers<Id>(file, sizes[1]);
  const auto weights = numbers<float>(file, sizes[1]);
  std::vector<Edge> edges;
  for (std::size_t e = 0; e < weights.size(); ++e)
    edges.push_back({sources[e], targets[e], weights[e]});
  return SignedGraph::from_edges(sizes[0], std::move(edges), Direction::undirected,
                                 GraphKind::user);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    fmt::print(stderr, "usage: layout GRAPH [ROUNDS]\n");
    return 2;
  }
  try {
    const SignedGraph graph = read(argv[1]);
    LayoutOptions options;
    if (argc == 3) options.rounds = std::atol(argv[2]);
    const std::clock_t before = std::clock();
    const std::vector<Point> map = layout(graph, options);
    const std::clock_t after = std::clock();
    fmt::print("{}\n", static_cast<double>(after - before) / CLOCKS_PER_SEC);
    for (const Point& p : map) fmt::print("{} {}\n", p.x, p.y);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
