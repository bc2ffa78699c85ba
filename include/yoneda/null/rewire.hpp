// The rewire null: which nodes are joined is drawn again, every node keeping its degrees.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/null/null.hpp"

namespace yoneda {

struct RewireOptions {
  Index attempts_per_edge = 10;  ///< swaps tried, whether or not they can be done
};

/// A graph after double edge swaps.
struct Rewired {
  SignedGraph graph;
  Index attempted = 0, swapped = 0;
};

namespace detail {

/// Which pairs of nodes are joined; in a directed graph, in which direction.
class Pairs {
 public:
  explicit Pairs(bool directed) : directed_(directed) {}

  bool contains(Id u, Id v) const { return keys_.contains(key(u, v)); }
  void insert(Id u, Id v) { keys_.insert(key(u, v)); }
  void erase(Id u, Id v) { keys_.erase(key(u, v)); }

 private:
  std::uint64_t key(Id u, Id v) const {
    if (!directed_ && v < u) std::swap(u, v);
    return static_cast<std::uint64_t>(u) << 32 | static_cast<std::uint32_t>(v);
  }

  bool directed_;
  std::unordered_set<std::uint64_t> keys_;
};

/// u → v and x → y become u → v' and x → y' with ends exchanged, where that makes no self-loop and
/// no second edge between two nodes. Weights stay with the sources.
inline bool swap_ends(Edge& first, Edge& second, Pairs& pairs) {
  if (first.source == second.target || second.source == first.target) return false;
  if (pairs.contains(first.source, second.target) || pairs.contains(second.source, first.target))
    return false;
  pairs.erase(first.source, first.target);
  pairs.erase(second.source, second.target);
  std::swap(first.target, second.target);
  pairs.insert(first.source, first.target);
  pairs.insert(second.source, second.target);
  return true;
}

}  // namespace detail

/// A graph with the same nodes, the same number of positive and of negative edges at every node
/// (in and out, where directed) and the same weights, by swaps of two edges of one sign: u–v and
/// x–y become u–y and x–v (Maslov, Sneppen 2002, Specificity and stability in topology of protein
/// networks). An attempt that would make a self-loop or a second edge between two nodes is counted
/// and leaves the graph as it is: so every graph is as likely to lead to another as that to it, and
/// many attempts make all that can be reached equally likely. Throws Error{value} for a negative
/// number of attempts. Cost: attempts.
inline Rewired rewired(const SignedGraph& graph, std::uint64_t seed,
                       const RewireOptions& options = {}) {
  if (options.attempts_per_edge < 0)
    throw Error(ErrorKind::value, "a number of swaps must not be negative, as " +
                                      std::to_string(options.attempts_per_edge) + " is");
  std::vector<Edge> edges = graph.edges();
  detail::Pairs pairs(graph.directed());
  std::array<std::vector<Index>, 2> of_sign;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    of_sign[edges[i].weight < 0].push_back(static_cast<Index>(i));
    pairs.insert(edges[i].source, edges[i].target);
  }
  const Index m = static_cast<Index>(edges.size());
  Random random(seed);
  Rewired result;
  for (; result.attempted < options.attempts_per_edge * m; ++result.attempted) {
    Edge& first = edges[random.below(m)];
    const auto& alike = of_sign[first.weight < 0];
    Edge& second = edges[alike[random.below(static_cast<Index>(alike.size()))]];
    if (!graph.directed()) {  // which end of an edge comes first means nothing
      const std::uint64_t turns = random.bits();
      if (turns & 1) std::swap(first.source, first.target);
      if (turns & 2) std::swap(second.source, second.target);
    }
    if (&first != &second) result.swapped += detail::swap_ends(first, second, pairs);
  }
  result.graph = SignedGraph::from_edges(graph.node_count(), std::move(edges), graph.direction(),
                                         graph.kind());
  return result;
}

/// The null of rewired edges. Throws Error{value} unless the graph is a user's own.
///
/// Draws start from a graph to which swaps led from the given one, not from that itself. As swaps
/// lead back as they lead forth, the given graph is then one more draw among the others, and p is
/// valid however few the swaps; few only make the draws like the graph (Besag, Clifford 1989,
/// Generalized Monte Carlo significance tests).
inline Null rewire(const SignedGraph& graph, const RewireOptions& options = {}) {
  require_honest("rewire", graph.kind());
  constexpr std::uint64_t start_seed = 0x5eed;
  return {.kind = "rewire",
          .keeps = "Keeps every node's positive and negative degree and all weights, by " +
                   std::to_string(options.attempts_per_edge) +
                   " attempted swaps per edge; loses which nodes are joined.",
          .draw = [start = rewired(graph, start_seed, options).graph, options](std::uint64_t seed) {
            return rewired(start, seed, options).graph;
          }};
}

}  // namespace yoneda
