// Which features sit in triangles that do not balance.
#pragma once

#include <algorithm>
#include <limits>
#include <tuple>
#include <vector>

#include "yoneda/category/triangles.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/null/feature_p.hpp"

namespace yoneda {

/// One value for each node.
struct FeatureFrustration {
  std::vector<Index> triangles;           ///< through the node
  std::vector<double> unbalanced_weight;  ///< of the unbalanced ones
  std::vector<double> share;              ///< of all by weight; NaN for a node in no triangle
};

/// The weight share of unbalanced triangles through every node f. A triangle weighs |ab · ac · bc|,
/// so that share = ½(1 − (A³)_ff / (|A|³)_ff), the local form of the signed clustering coefficient
/// (Kunegis, Lommatzsch, Bauckhage 2009, The Slashdot Zoo): a triangle of three strong arrows
/// counts, one that hangs on a weak arrow hardly does. Throws Error{value} for a directed graph.
/// Cost: m^1.5.
inline FeatureFrustration feature_frustration(const SignedGraph& graph) {
  const Index n = graph.node_count();
  FeatureFrustration result{std::vector<Index>(n, 0), std::vector<double>(n, 0), {}};
  std::vector<double> total(n, 0);
  for_each_triangle(graph, [&](const Triangle& t) {
    for (const Id f : {t.a, t.b, t.c}) {
      ++result.triangles[f];
      total[f] += weight(t);
      if (!balanced(t)) result.unbalanced_weight[f] += weight(t);
    }
  });
  result.share.reserve(n);
  for (Id f = 0; f < n; ++f)
    result.share.push_back(result.triangles[f] == 0 ? std::numeric_limits<double>::quiet_NaN()
                                                    : result.unbalanced_weight[f] / total[f]);
  return result;
}

/// Degree and frustrated share of every node, to be compared with those of null graphs (see
/// feature_p); the share is NaN in fewer than `minimum_triangles`, here as in most_frustrated.
/// Cost: n.
inline std::vector<FeatureValue> frustration_values(const SignedGraph& graph,
                                                    const FeatureFrustration& frustration,
                                                    Index minimum_triangles = 10) {
  std::vector<FeatureValue> values;
  for (Id f = 0; f < graph.node_count(); ++f)
    values.push_back(
        {static_cast<double>(graph.degree(f)), frustration.triangles[f] >= minimum_triangles
                                                   ? frustration.share[f]
                                                   : std::numeric_limits<double>::quiet_NaN()});
  return values;
}

/// Nodes with a frustrated share above 0, the most frustrated first: by share, then by weight in
/// unbalanced triangles, then by id. Nodes in fewer than `minimum_triangles` are left out: with one
/// triangle the share is 0 or 1 and says nothing. Cost: n log n.
inline std::vector<Id> most_frustrated(const FeatureFrustration& frustration,
                                       Index minimum_triangles = 10) {
  std::vector<Id> order;
  for (std::size_t f = 0; f < frustration.share.size(); ++f)
    if (frustration.triangles[f] >= std::max<Index>(1, minimum_triangles) &&
        frustration.share[f] > 0)
      order.push_back(static_cast<Id>(f));
  std::ranges::sort(order, {}, [&](Id f) {
    return std::tuple(-frustration.share[f], -frustration.unbalanced_weight[f], f);
  });
  return order;
}

}  // namespace yoneda
