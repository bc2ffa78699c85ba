// Triangles as equations: the composite f → g → h against the arrow f → h.
#pragma once

#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "yoneda/category/diagram.hpp"
#include "yoneda/category/selection.hpp"
#include "yoneda/category/triangles.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// f → g → h beside f → h, three different nodes, and the weights of the three edges.
struct TransitiveTriangle {
  Id f, g, h;
  float fg, gh, fh;
};

/// |fg · gh| · |fh|.
inline double weight(const TransitiveTriangle& t) {
  return std::abs(static_cast<double>(t.fg) * static_cast<double>(t.gh)) *
         std::abs(static_cast<double>(t.fh));
}

/// Calls visit(triangle) for each, by f, then g, then h. Throws Error{value} for an undirected
/// graph. Cost: Σ over nodes of in-degree · out-degree; memory: n.
template <class Visitor>
void for_each_transitive_triangle(const SignedGraph& graph, Visitor&& visit) {
  if (!graph.directed())
    throw Error(ErrorKind::value,
                "transitive triangles need a directed graph; an undirected one has "
                "for_each_triangle");
  std::vector<float> to(graph.node_count(), 0);  // weight of f → node, 0 where there is none
  for (Id f = 0; f < graph.node_count(); ++f) {
    const auto middles = graph.neighbors(f);
    for (std::size_t i = 0; i < middles.size(); ++i) to[middles[i]] = graph.weights(f)[i];
    for (std::size_t i = 0; i < middles.size(); ++i) {
      const Id g = middles[i];
      const auto ends = graph.neighbors(g);
      for (std::size_t j = 0; j < ends.size(); ++j)
        if (const Id h = ends[j]; to[h] != 0)
          visit(TransitiveTriangle{f, g, h, graph.weights(f)[i], graph.weights(g)[j], to[h]});
    }
    for (const Id g : middles) to[g] = 0;
  }
}

/// Equations f → g → h = f → h. Directed: of every transitive triangle. Undirected: three of every
/// triangle, f < h, one for each node as the middle g. In the base Sign those three say the same;
/// elsewhere each says something else, and to take one would be to choose by the numbers of the
/// nodes. Weight on symmetric weights is no test of composition for that reason, as a Hodge
/// decomposition of them is none: an arrow and its reverse would have to be inverse to each other,
/// and weights that satisfy all three equations are ±1. Use Sign there.
///
/// Strength: |fg · gh · fh|. `total` counts all such equations. Throws Error{value} for a selection
/// of fewer than 1. Cost: that of for_each_triangle or for_each_transitive_triangle, and of the
/// equations kept; memory: m and the equations kept.
inline Equations triangle_equations(const SignedGraph& graph,
                                    const Selection& selection = Selection::all()) {
  using Nodes = std::array<Id, 3>;  // f, h, g: ties go by the ends first
  detail::Selector<Nodes> selector(selection);
  if (graph.directed()) {
    for_each_transitive_triangle(graph, [&](const TransitiveTriangle& t) {
      selector.offer(1, [&](Index) { return detail::Ranked<Nodes>{weight(t), {t.f, t.h, t.g}}; });
    });
  } else {
    for_each_triangle(graph, [&](const Triangle& t) {
      const std::array<Nodes, 3> each{Nodes{t.a, t.b, t.c}, {t.a, t.c, t.b}, {t.b, t.c, t.a}};
      selector.offer(3, [&](Index i) { return detail::Ranked<Nodes>{weight(t), each[i]}; });
    });
  }
  Equations found;
  found.total = selector.total();
  for (const auto& [strength, nodes] : std::move(selector).take()) {
    const auto [f, h, g] = nodes;
    found.list.push_back({{}, {f, g, h}, {f, h}});
  }
  return found;
}

}  // namespace yoneda
