// Categories of categories.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/cluster/contraction.hpp"
#include "yoneda/core/disjoint_sets.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/components.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/quotient.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// Two groups becoming one. Groups are numbered as in scipy: 0, ..., leaves − 1 those it began
/// with, leaves + i what join i made.
struct Join {
  Id left, right;  ///< left < right
  double weight;   ///< mean over the pairs of nodes between them
};

/// Groups that join two at a time, those with the largest mean weight between them first; weights
/// of joins never rise. What is never joined is a root.
struct Hierarchy {
  Index leaves = 0;
  std::vector<Join> joins;

  Index roots() const { return leaves - static_cast<Index>(joins.size()); }
};

/// Average linkage over a graph: the leaves are the groups of the partition, and the two groups
/// with the largest mean weight Σ w_ab / (|A||B|) between them join, absent edges counting as 0,
/// while that is positive: what repels, or has nothing in common, never joins. Ties go to smaller
/// groups. Nodes labelled -1 are left out.
///
/// With every node a group of its own this is a hierarchy of the nodes. Throws Error{value} for a
/// directed graph, and as require_fits does. Cost: n + m log² m, up to m² where a group has
/// most of the others for neighbours; memory: some 100 bytes an edge between groups. Source: Sokal,
/// Michener 1958, A statistical method for evaluating systematic relationships.
inline Hierarchy average_linkage(const SignedGraph& graph, const Partition& partition) {
  if (graph.directed())
    throw Error(ErrorKind::value, "a hierarchy needs an undirected graph, this one is directed");
  const Quotient groups = quotient(graph, partition);
  std::vector<detail::GroupEdge> edges;
  for (const CategoryArrow& arrow : groups.arrows)
    if (arrow.source < arrow.target) edges.push_back({arrow.source, arrow.target, arrow.sum});
  std::vector<double> size(groups.size.begin(), groups.size.end());
  std::vector<Id> number(groups.count);  // of the group that a leaf now stands for
  for (Id c = 0; c < groups.count; ++c) number[c] = c;
  Hierarchy made;
  made.leaves = groups.count;
  detail::contract(
      groups.count, edges, [&](double weight, Id a, Id b) { return weight / (size[a] * size[b]); },
      [&](Id kept, Id gone, double weight) {
        const auto [left, right] = std::minmax(number[kept], number[gone]);
        made.joins.push_back({left, right, weight});
        number[kept] = static_cast<Id>(made.leaves + static_cast<Index>(made.joins.size()) - 1);
        size[kept] += size[gone];
      });
  return made;
}

/// The groups that the first joins leave, `count` of them, or the roots where there are more:
/// label[i] is that of leaf i, numbered by smallest leaf. Throws Error{value} unless 1 <= count <=
/// leaves. Cost: leaves.
inline Partition cut(const Hierarchy& hierarchy, Index count) {
  if (count < 1 || count > hierarchy.leaves)
    throw Error(ErrorKind::value, std::to_string(count) + " groups of a hierarchy of " +
                                      std::to_string(hierarchy.leaves));
  const Index joins = hierarchy.leaves - std::max(count, hierarchy.roots());
  DisjointSets sets(hierarchy.leaves + joins);
  for (Index j = 0; j < joins; ++j)
    for (const Id part : {hierarchy.joins[j].left, hierarchy.joins[j].right})
      sets.join(static_cast<Id>(hierarchy.leaves + j), part);
  Partition groups{std::vector<Id>(hierarchy.leaves), 0};
  std::vector<Id> renamed(hierarchy.leaves + joins, -1);
  for (Id leaf = 0; leaf < hierarchy.leaves; ++leaf) {
    Id& name = renamed[sets.find(leaf)];
    if (name < 0) name = static_cast<Id>(groups.count++);
    groups.label[leaf] = name;
  }
  return groups;
}

/// The nodes regrouped: node i comes to be of the group of its group. -1 stays -1. Numbered as
/// by_size does. Throws Error{shape} where the groups are others, Error{value} for a label beyond
/// the count.
inline Partition regrouped(const Partition& partition, const Partition& of_groups) {
  if (static_cast<Index>(of_groups.label.size()) != partition.count)
    throw Error(ErrorKind::shape, std::to_string(of_groups.label.size()) + " groups regrouped of " +
                                      std::to_string(partition.count));
  require_labels(partition);
  require_labels(of_groups);
  Partition made{partition.label, of_groups.count};
  for (Id& label : made.label)
    if (label >= 0) label = of_groups.label[label];
  return by_size(made);
}

}  // namespace yoneda
