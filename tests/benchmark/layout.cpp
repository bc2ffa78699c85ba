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

#include "graph_input.hpp"
#include "yoneda/graph/layout.hpp"

using namespace yoneda;

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
