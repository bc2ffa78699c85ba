// An order in which every directed edge points forward, or a cycle that forbids it.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

struct TopologicalOrder {
  std::vector<Id> order;  ///< every node, each before those its edges point to; empty with a cycle
  std::vector<Id> cycle;  ///< a directed cycle v0 → v1 → ... → v0; empty where there is none

  bool acyclic() const { return cycle.empty(); }
};

/// The order of Kahn 1962, Topological sorting of large networks, level by level: nodes that no
/// edge points to first, ascending. Throws Error{value} for an undirected graph. Cost: n + m.
inline TopologicalOrder topological_order(const SignedGraph& graph) {
  if (!graph.directed())
    throw Error(ErrorKind::value, "a topological order needs a directed graph");
  const Index n = graph.node_count();
  std::vector<Index> waiting_for(n, 0);
  for (const Id target : graph.columns()) ++waiting_for[target];
  TopologicalOrder result;
  std::vector<Id>& order = result.order;
  order.reserve(n);
  for (Id u = 0; u < n; ++u)
    if (waiting_for[u] == 0) order.push_back(u);
  for (std::size_t next = 0; next < order.size(); ++next)
    for (const Id v : graph.neighbors(order[next]))
      if (--waiting_for[v] == 0) order.push_back(v);
  if (static_cast<Index>(order.size()) == n) return result;

  // Every node left has an edge from another that is left: going back along them ends in a cycle.
  std::vector<Id> before(n, -1);
  Id start = -1;
  for (Id u = 0; u < n; ++u) {
    if (waiting_for[u] == 0) continue;
    if (start < 0) start = u;
    for (const Id v : graph.neighbors(u))
      if (before[v] < 0) before[v] = u;
  }
  std::vector<char> seen(n, 0);
  Id u = start;
  for (; !seen[u]; u = before[u]) seen[u] = 1;
  result.cycle.assign(1, u);
  for (Id v = before[u]; v != u; v = before[v]) result.cycle.push_back(v);
  result.cycle.push_back(u);
  std::ranges::reverse(result.cycle);
  order.clear();
  return result;
}

/// The topological order. Throws Error{value} with the cycle where there is one; `what` begins the
/// message.
inline std::vector<Id> require_acyclic(const SignedGraph& graph, const std::string& what) {
  TopologicalOrder found = topological_order(graph);
  if (found.acyclic()) return std::move(found.order);
  constexpr std::size_t shown = 12;
  std::string text = std::to_string(found.cycle.front());
  for (std::size_t i = 1; i < found.cycle.size(); ++i) {
    if (i >= shown && i + 1 < found.cycle.size()) continue;
    if (i + 1 == found.cycle.size() && i > shown) text += " → …";
    text += " → " + std::to_string(found.cycle[i]);
  }
  throw Error(ErrorKind::value,
              what + " needs a graph without directed cycles, and this one has " + text);
}

}  // namespace yoneda
