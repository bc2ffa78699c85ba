// Pairs of directed paths with the same ends, as equations.
#pragma once

#include <algorithm>
#include <cmath>
#include <compare>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/category/diagram.hpp"
#include "yoneda/category/selection.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

namespace detail {

/// A directed path; the product of its |weights|.
struct Path {
  std::vector<Id> nodes;
  double strength = 1;
};

/// Every path without a repeated node from the last node of `path`, of at most `steps` steps, is
/// appended to the list of its end.
inline void append_paths(const SignedGraph& graph, Index steps, Path& path,
                         std::vector<std::vector<Path>>& by_end, std::vector<Id>& ends) {
  if (steps == 0) return;
  const Id last = path.nodes.back();
  const auto targets = graph.neighbors(last);
  const double strength = path.strength;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (std::ranges::find(path.nodes, targets[i]) != path.nodes.end()) continue;
    path.nodes.push_back(targets[i]);
    path.strength = strength * std::abs(static_cast<double>(graph.weights(last)[i]));
    if (by_end[targets[i]].empty()) ends.push_back(targets[i]);
    by_end[targets[i]].push_back(path);
    append_paths(graph, steps - 1, path, by_end, ends);
    path.nodes.pop_back();
    path.strength = strength;
  }
}

}  // namespace detail

/// Every pair of different directed paths of at most `longest` steps with the same two ends, as an
/// equation: no path visits a node twice, the longer path is on the left (of equal length: the one
/// of smaller ids). Those of at most two steps are the triangle and square equations. An acyclic
/// graph commutes in a base where all of them do, `longest` being n − 1; potential_sweep decides
/// that without listing them.
///
/// Strength: the product of all |weights| of both paths, so that long paths of small weights come
/// last. `total` counts all such pairs. Throws Error{value} for an undirected graph, longest < 1,
/// or a selection of fewer than 1. Cost: the paths, up to n · degree^longest, and the pairs kept;
/// memory: the paths from one node, and the pairs kept.
inline Equations parallel_paths(const SignedGraph& graph, Index longest,
                                const Selection& selection = Selection::all()) {
  if (!graph.directed())
    throw Error(ErrorKind::value,
                "parallel paths need a directed graph: every edge of an undirected one can be "
                "walked both ways; triangle_equations and square_equations list its short cycles");
  if (longest < 1)
    throw Error(ErrorKind::value,
                "parallel paths need at least 1 step, not " + std::to_string(longest));
  using Pair = std::pair<std::vector<Id>, std::vector<Id>>;
  detail::Selector<Pair> selector(selection);
  std::vector<std::vector<detail::Path>> by_end(graph.node_count());
  std::vector<Id> ends;
  std::vector<double> strengths;
  for (Id source = 0; source < graph.node_count(); ++source) {
    ends.clear();
    detail::Path start{{source}};
    detail::append_paths(graph, longest, start, by_end, ends);
    std::ranges::sort(ends);
    for (const Id end : ends) {
      std::vector<detail::Path>& paths = by_end[end];
      std::ranges::sort(paths, [](const detail::Path& a, const detail::Path& b) {
        return a.strength != b.strength ? a.strength > b.strength : a.nodes < b.nodes;
      });
      strengths.clear();
      for (const detail::Path& path : paths) strengths.push_back(path.strength);
      detail::offer_pairs(selector, strengths, 1, [&](Index a, Index b, Index) {
        const std::vector<Id>*left = &paths[a].nodes, *right = &paths[b].nodes;
        const auto longer = left->size() <=> right->size();
        if (longer < 0 || (longer == 0 && *right < *left)) std::swap(left, right);
        return detail::Ranked<Pair>{strengths[a] * strengths[b], {*left, *right}};
      });
      paths.clear();
    }
  }
  Equations found;
  found.total = selector.total();
  for (auto& [strength, pair] : std::move(selector).take())
    found.list.push_back({{}, std::move(pair.first), std::move(pair.second)});
  return found;
}

}  // namespace yoneda
