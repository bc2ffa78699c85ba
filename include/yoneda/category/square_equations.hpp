// Squares as equations: two paths of two steps with the same ends.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "yoneda/category/diagram.hpp"
#include "yoneda/category/selection.hpp"
#include "yoneda/category/squares.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

namespace detail {

/// A path of two edges: the node between its ends, and its weights.
struct Route {
  Id middle;
  float first, then;

  double strength() const {
    return std::abs(static_cast<double>(first) * static_cast<double>(then));
  }
};

/// Paths of two edges from one node, sorted by their ends.
class RoutesByEnd {
 public:
  explicit RoutesByEnd(const SignedGraph& graph) : graph_(graph), count_(graph.node_count(), 0) {}

  /// Calls visit(end, routes) for every end that at least two routes reach: routes strongest first
  /// (ties: the smaller middle). Undirected: only ends and middles below `from`, as squares are
  /// counted. Memory: the routes.
  template <class Visitor>
  void from(Id from, Visitor&& visit) {
    found_.clear();
    ends_.clear();
    const auto add = [this](Id middle, Id end, float first, float then) {
      if (count_[end]++ == 0) ends_.push_back(end);
      found_.push_back({end, {middle, first, then}});
    };
    if (graph_.directed())
      for_each_path_from(graph_, from, add);
    else
      for_each_path_below(graph_, from, add);
    std::ranges::sort(ends_);
    Index place = 0;
    for (const Id end : ends_) place += std::exchange(count_[end], place);
    routes_.resize(found_.size());
    for (const auto& [end, route] : found_) routes_[count_[end]++] = route;
    Index begin = 0;
    for (const Id end : ends_) {
      const std::span<Route> routes(routes_.begin() + begin, routes_.begin() + count_[end]);
      begin = std::exchange(count_[end], 0);
      if (routes.size() < 2) continue;
      std::ranges::sort(routes, [](const Route& a, const Route& b) {
        const double x = a.strength(), y = b.strength();
        return x != y ? x > y : a.middle < b.middle;
      });
      visit(end, std::span<const Route>(routes));
    }
  }

 private:
  const SignedGraph& graph_;
  std::vector<Index> count_;  // [n] of routes by end, then the place behind them
  std::vector<std::pair<Id, Route>> found_;
  std::vector<Id> ends_;
  std::vector<Route> routes_;
};

}  // namespace detail

/// Equations f → g → k = f → h → k of four different nodes, g < h. Directed: every such pair of
/// paths. Undirected: the two ways round every 4-cycle, f < k; a 4-cycle gives two equations, one
/// between either pair of opposite corners, which say the same in the base Sign. What
/// triangle_equations says of symmetric weights in the base Weight holds here as well: a 4-cycle
/// satisfies both equations only where opposite edges have the same |weight|.
///
/// Strength: |fg · gk| · |fh · hk|. `total` counts all such equations. Throws Error{value} for a
/// selection of fewer than 1. Cost: as square_balance (directed: Σ in-degree · out-degree), with a
/// sort of the paths between any two nodes, and the equations kept; the strongest are found without
/// visiting the others. Memory: m and the equations kept.
inline Equations square_equations(const SignedGraph& graph,
                                  const Selection& selection = Selection::all()) {
  using Nodes = std::array<Id, 4>;  // f, k, g, h
  using Found = detail::Ranked<Nodes>;
  detail::Selector<Nodes> selector(selection);
  detail::RoutesByEnd routes_by_end(graph);
  std::vector<double> strengths;
  for (Id from = 0; from < graph.node_count(); ++from) {
    routes_by_end.from(from, [&](Id end, std::span<const detail::Route> routes) {
      strengths.clear();
      for (const detail::Route& route : routes) strengths.push_back(route.strength());
      const auto directed = [&](Index a, Index b, Index) {
        const auto [g, h] = std::minmax(routes[a].middle, routes[b].middle);
        return Found{strengths[a] * strengths[b], {from, end, g, h}};
      };
      const auto undirected = [&](Index a, Index b, Index diagonal) {
        const auto [f, k] = std::minmax(from, end);
        const auto [g, h] = std::minmax(routes[a].middle, routes[b].middle);
        if (diagonal == 0) return Found{strengths[a] * strengths[b], {f, k, g, h}};
        const detail::Route near{from, routes[a].first, routes[b].first};
        const detail::Route far{end, routes[a].then, routes[b].then};
        return Found{near.strength() * far.strength(), {g, h, f, k}};
      };
      if (graph.directed())
        detail::offer_pairs(selector, strengths, 1, directed);
      else
        detail::offer_pairs(selector, strengths, 2, undirected);
    });
  }
  Equations found;
  found.total = selector.total();
  for (const auto& [strength, nodes] : std::move(selector).take()) {
    const auto [f, k, g, h] = nodes;
    found.list.push_back({{}, {f, g, k}, {f, h, k}});
  }
  return found;
}

}  // namespace yoneda
