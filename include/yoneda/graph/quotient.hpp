// The graph of a graph's categories.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "yoneda/core/types.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/scores.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// All edges from the members of one category to those of another, as one arrow.
struct CategoryArrow {
  Id source, target;
  Index edges;    ///< how many edges; an undirected edge counts once
  double sum;     ///< of their weights
  double weight;  ///< sum / number of pairs of nodes: |A||B| between two categories, and within
                  ///< one |A|(|A| − 1), halved where undirected
};

/// Categories as nodes. Only pairs with at least one edge between them have an arrow, so several
/// thousand categories cost no more than the edges they hold.
struct Quotient {
  Index count = 0;
  std::vector<Index> size;              ///< [count] nodes in each category
  std::vector<CategoryArrow> cohesion;  ///< [count] each category to itself, edges 0 where empty
  std::vector<Index> offsets;           ///< [count + 1] rows of `arrows`
  std::vector<CategoryArrow> arrows;    ///< between categories, by source, then target;
                                        ///< undirected: in both rows
  Direction direction = Direction::undirected;

  std::span<const CategoryArrow> arrows_from(Id category) const {
    return std::span(arrows).subspan(offsets[category], offsets[category + 1] - offsets[category]);
  }
};

/// The quotient of a graph by a partition: the arrow from A to B has the mean signed weight
/// Σ_{a ∈ A, b ∈ B} w_ab / (|A||B|) over all pairs, absent edges counting as 0. Nodes labelled -1
/// and their edges are left out. Throws as require_fits does. Cost: n + m log m.
inline Quotient quotient(const SignedGraph& graph, const Partition& partition) {
  require_fits(partition, graph);
  Quotient result;
  result.count = partition.count;
  result.direction = graph.direction();
  result.size.assign(partition.count, 0);
  for (const Id label : partition.label)
    if (label >= 0) ++result.size[label];

  std::vector<CategoryArrow> edges;
  for (Id i = 0; i < graph.node_count(); ++i) {
    const Id from = partition.label[i];
    const auto neighbors = graph.neighbors(i);
    for (std::size_t e = 0; e < neighbors.size(); ++e) {
      const Id to = partition.label[neighbors[e]];
      const bool seen = !graph.directed() && from == to && neighbors[e] < i;
      if (from < 0 || to < 0 || seen) continue;
      const double weight = graph.weights(i)[e];
      edges.push_back({from, to, 1, weight, weight});
    }
  }
  // Stable, so that the weights of an arrow are summed in one order.
  std::ranges::stable_sort(edges, {},
                           [](const CategoryArrow& a) { return std::tie(a.source, a.target); });

  const auto pairs = [&](Id a, Id b) {
    const auto first = static_cast<double>(result.size[a]);
    const auto second = static_cast<double>(result.size[b]);
    if (a != b) return first * second;
    return first * (first - 1) / (graph.directed() ? 1 : 2);
  };
  for (Id c = 0; c < partition.count; ++c) result.cohesion.push_back({c, c, 0, 0, 0});
  result.offsets.assign(partition.count + 1, 0);
  for (std::size_t begin = 0; begin < edges.size();) {
    CategoryArrow arrow{edges[begin].source, edges[begin].target, 0, 0, 0};
    for (; begin < edges.size() && edges[begin].source == arrow.source &&
           edges[begin].target == arrow.target;
         ++begin) {
      ++arrow.edges;
      arrow.sum += edges[begin].sum;
    }
    arrow.weight = arrow.sum / pairs(arrow.source, arrow.target);
    if (arrow.source == arrow.target) {
      result.cohesion[arrow.source] = arrow;
    } else {
      result.arrows.push_back(arrow);
      ++result.offsets[arrow.source + 1];
    }
  }
  for (Index c = 0; c < partition.count; ++c) result.offsets[c + 1] += result.offsets[c];
  return result;
}

/// The most negative arrow from a category to another (ties: the smaller target), none where no
/// arrow is negative.
inline std::optional<CategoryArrow> opposite(const Quotient& quotient, Id category) {
  std::optional<CategoryArrow> found;
  for (const CategoryArrow& arrow : quotient.arrows_from(category))
    if (arrow.weight < (found ? found->weight : 0)) found = arrow;
  return found;
}

/// The `most` largest positive arrows from a category to others, descending, ties by target.
inline std::vector<CategoryArrow> nearest(const Quotient& quotient, Id category, Index most = 3) {
  std::vector<CategoryArrow> found;
  for (const CategoryArrow& arrow : quotient.arrows_from(category))
    if (arrow.weight > 0) found.push_back(arrow);
  std::ranges::stable_sort(found, std::greater{}, &CategoryArrow::weight);
  if (static_cast<Index>(found.size()) > most) found.resize(most);
  return found;
}

/// The arrows between categories as a graph of `count` nodes; arrows whose weights cancel to 0
/// are left out.
inline SignedGraph to_graph(const Quotient& quotient) {
  std::vector<Edge> edges;
  for (const CategoryArrow& arrow : quotient.arrows) {
    const auto weight = static_cast<float>(arrow.weight);
    const bool once = quotient.direction == Direction::directed || arrow.source < arrow.target;
    if (once && weight != 0) edges.push_back({arrow.source, arrow.target, weight});
  }
  return SignedGraph::from_edges(quotient.count, std::move(edges), quotient.direction,
                                 GraphKind::user);
}

}  // namespace yoneda
