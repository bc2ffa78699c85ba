// Groups the nodes of a signed graph from a file, and times it.
//
//     groupings METHOD GRAPH K SEED [RESTARTS [TIMES]]
//
// METHOD is leiden (signed modularity, free to join what no edge joins), sponge (K groups) or
// correlation. GRAPH holds, little-endian, two int64 (nodes n, edges m), then m int32 sources, m
// int32 targets and m float32 weights. Prints one JSON object: seconds (the least of TIMES runs),
// label of every node.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "graph_input.hpp"
#include "yoneda/cluster/edge_contraction.hpp"
#include "yoneda/cluster/leiden.hpp"
#include "yoneda/cluster/sponge.hpp"

using namespace yoneda;

namespace {

Clustering grouped(const std::string& method, const SignedGraph& graph, Index count,
                   std::uint64_t seed, Index restarts) {
  if (method == "leiden") {
    LeidenOptions options;
    options.restarts = restarts;
    options.seed = seed;
    options.connected = false;
    return leiden(graph, modularity_objective(graph), options);
  }
  if (method == "sponge") {
    SpongeOptions options;
    options.count = count;
    options.seed = seed;
    return sponge_sym(graph, options);
  }
  if (method == "correlation") return correlation_clustering(graph, seed);
  throw Error(ErrorKind::value, "no method " + method);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5 || argc > 7) {
    fmt::print(stderr, "usage: groupings METHOD GRAPH K SEED [RESTARTS [TIMES]]\n");
    return 2;
  }
  try {
    const SignedGraph graph = read(argv[2]);
    const Index restarts = argc > 5 ? std::atol(argv[5]) : LeidenOptions().restarts;
    Clustering found;
    double least = std::numeric_limits<double>::infinity();
    for (Index times = argc > 6 ? std::atol(argv[6]) : 1; times > 0; --times) {
      const auto before = std::chrono::steady_clock::now();
      found = grouped(argv[1], graph, std::atol(argv[3]), std::strtoull(argv[4], nullptr, 10),
                      restarts);
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
      least = std::min(least, took.count());
    }
    fmt::print("{{\"seconds\": {}, \"label\": [{}]}}\n", least,
               fmt::join(found.partition.label, ","));
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
