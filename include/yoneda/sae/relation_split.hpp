// Pairs of relations held out, so that what a constraint buys is judged on words it never saw; and
// the random equations that it is judged against.
#pragma once

#include <map>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "yoneda/core/disjoint_sets.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/sae/relation.hpp"

namespace yoneda {

/// The same relations on both sides, in their order.
struct RelationSplit {
  std::vector<Relation> training, held_out;
};

namespace detail {

/// Pairs that share words, directly or through others: for each relation their places in it.
using Cluster = std::vector<std::vector<Index>>;

/// In order of their smallest rows.
inline std::vector<Cluster> clusters_of(std::span<const Relation> relations, Index rows) {
  DisjointSets joined(rows);
  for (const Relation& relation : relations)
    for (const IdPair& pair : relation.pairs) joined.join(pair.a, pair.b);
  std::map<Id, Cluster> clusters;
  for (std::size_t r = 0; r < relations.size(); ++r)
    for (std::size_t i = 0; i < relations[r].pairs.size(); ++i) {
      Cluster& cluster = clusters[joined.find(relations[r].pairs[i].a)];
      cluster.resize(relations.size());
      cluster[r].push_back(static_cast<Index>(i));
    }
  std::vector<Cluster> list;
  for (auto& [row, cluster] : clusters) list.push_back(std::move(cluster));
  return list;
}

inline void require_sides(const RelationSplit& split) {
  for (std::size_t r = 0; r < split.training.size(); ++r)
    for (const auto* side : {&split.training, &split.held_out}) {
      const auto found = static_cast<Index>((*side)[r].pairs.size());
      if (found < fewest_pairs)
        throw Error(ErrorKind::value,
                    "relation '" + (*side)[r].name + "': " + std::to_string(found) +
                        (side == &split.training ? " pairs to train on" : " pairs held out") +
                        ", at least " + std::to_string(fewest_pairs) +
                        " are needed on either side; pairs that share words stay together: give "
                        "more pairs, another share or another seed");
    }
}

}  // namespace detail

/// About `share` of the pairs of every relation held out. Pairs that share a row, in one relation
/// or through several, stay on one side: no row is named on both. Clusters of such pairs come in an
/// order drawn from the seed, and each goes where its relations lack more (weighed by their sizes);
/// so one relation of pairs without common rows is cut to the nearest pair. `rows`: of the matrix.
/// Throws Error{value} for what require_relation refuses, a share outside (0, 1), and where a
/// relation is left with fewer than three pairs on a side. Cost: rows, and the pairs times the
/// relations.
inline RelationSplit split_relations(std::span<const Relation> relations, Index rows, double share,
                                     std::uint64_t seed) {
  if (!(share > 0 && share < 1))
    throw Error(ErrorKind::value, "the share of pairs held out must lie between 0 and 1, found " +
                                      std::to_string(share));
  RelationSplit split;
  for (const Relation& relation : relations) {
    require_relation(relation, rows);
    split.training.push_back({relation.name, {}});
    split.held_out.push_back({relation.name, {}});
  }
  const std::vector<detail::Cluster> clusters = detail::clusters_of(relations, rows);
  std::vector<Index> seen(relations.size(), 0);
  Random random(seed);
  for (const Id c : permutation(static_cast<Index>(clusters.size()), random)) {
    double lack = 0;  // of pairs held out, were half of this cluster so
    for (std::size_t r = 0; r < relations.size(); ++r) {
      const auto size = static_cast<double>(clusters[c][r].size());
      seen[r] += static_cast<Index>(clusters[c][r].size());
      const auto held = static_cast<double>(split.held_out[r].pairs.size());
      lack += size * (share * static_cast<double>(seen[r]) - held - size / 2) /
              static_cast<double>(relations[r].pairs.size());
    }
    auto& side = lack > 0 ? split.held_out : split.training;
    for (std::size_t r = 0; r < relations.size(); ++r)
      for (const Index i : clusters[c][r]) side[r].pairs.push_back(relations[r].pairs[i]);
  }
  detail::require_sides(split);
  return split;
}

/// The control: the same words, every a beside another pair's b. Its mean difference is that of the
/// relation, so what a constraint on it buys is owed to the two kinds of word, not to who belongs
/// to whom. Orders are drawn (Sattolo 1986, An algorithm to generate a random cyclic permutation)
/// until none of the relation's own pairs is left, no row meets itself and no pair comes twice.
/// Throws Error{value} where a thousand orders did not do. Cost: m log m an order.
inline Relation random_equations(const Relation& relation, std::uint64_t seed) {
  const std::set<IdPair> own(relation.pairs.begin(), relation.pairs.end());
  const auto m = static_cast<Index>(relation.pairs.size());
  Random random(seed);
  for (int attempt = 0; attempt < 1000; ++attempt) {
    std::vector<Id> order(m);
    std::iota(order.begin(), order.end(), Id{0});
    for (Index i = m - 1; i > 0; --i) std::swap(order[i], order[random.below(i)]);
    Relation drawn{relation.name, relation.pairs};
    std::set<IdPair> fresh;
    for (Index i = 0; i < m; ++i) {
      IdPair& pair = drawn.pairs[i];
      pair.b = relation.pairs[order[i]].b;
      if (pair.a != pair.b && !own.contains(pair)) fresh.insert(pair);
    }
    if (static_cast<Index>(fresh.size()) == m) return drawn;
  }
  throw Error(ErrorKind::value, "relation '" + relation.name +
                                    "': its words cannot be paired otherwise, because too many "
                                    "pairs share them");
}

}  // namespace yoneda
