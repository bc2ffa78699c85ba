// The cycle statistics of a graph, ready to be compared with a null.
#pragma once

#include <cmath>
#include <limits>
#include <optional>

#include "yoneda/category/base.hpp"
#include "yoneda/category/frustration.hpp"
#include "yoneda/category/squares.hpp"
#include "yoneda/category/triangle_equations.hpp"
#include "yoneda/category/triangles.hpp"
#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/null/compare.hpp"

namespace yoneda {

/// Share of balanced triangles, by sign alone. Read it beside the frustrated share of edges: on a
/// Gram graph triangles are balanced by construction, edges less so.
inline Statistic triangle_balance_statistic() {
  return {{"triangle balance", 0, 1},
          [](const SignedGraph& graph) { return triangle_balance(graph).share(); }};
}

/// The same with triangles weighed by the product of their edges.
inline Statistic weighted_triangle_balance_statistic() {
  return {{"weighted triangle balance", 0, 1},
          [](const SignedGraph& graph) { return triangle_balance(graph).weighted_share(); }};
}

/// Share of a directed graph's transitive triangles in which the sign of f → h is the product of
/// the signs of f → g and g → h. Nothing where there are none; throws Error{value} for an
/// undirected graph, as for_each_transitive_triangle does.
inline Statistic commuting_triangles_statistic() {
  return {{"share of commuting transitive triangles", 0, 1},
          [](const SignedGraph& graph) -> std::optional<double> {
            const Sign base;
            Index all = 0, commuting = 0;
            for_each_transitive_triangle(graph, [&](const TransitiveTriangle& t) {
              ++all;
              const auto composite = base.compose(base.arrow(t.fg), base.arrow(t.gh));
              commuting += base.discrepancy(composite, base.arrow(t.fh)) == 0;
            });
            if (all == 0) return std::nullopt;
            return static_cast<double>(commuting) / static_cast<double>(all);
          }};
}

/// How many triangles there are: how often two arrows of the graph come with their composite. There
/// is no best number.
inline Statistic triangle_count_statistic() {
  return {{"number of triangles", 0, std::numeric_limits<double>::infinity()},
          [](const SignedGraph& graph) -> std::optional<double> {
            return static_cast<double>(triangle_balance(graph).count());
          }};
}

/// Share of balanced squares, by sign alone: what there is of balance in a graph between two
/// layers. A product of low rank balances more than half of them: random directions of 100
/// dimensions about four in five.
inline Statistic square_balance_statistic() {
  return {{"square balance", 0, 1},
          [](const SignedGraph& graph) { return square_balance(graph).share(); }};
}

/// How many squares there are. There is no best number.
inline Statistic square_count_statistic() {
  return {{"number of squares", 0, std::numeric_limits<double>::infinity()},
          [](const SignedGraph& graph) -> std::optional<double> {
            return static_cast<double>(square_balance(graph).count());
          }};
}

/// Share of edges that the best sides found leave frustrated (the upper bound: the same search runs
/// on graph and draws, so the comparison is fair).
inline Statistic frustrated_share_statistic(const FrustrationOptions& options = {}) {
  return {{options.weighted ? "frustrated share of weight" : "frustrated share of edges", 1, 0},
          [options](const SignedGraph& graph) { return frustrated_share(graph, options); }};
}

}  // namespace yoneda
