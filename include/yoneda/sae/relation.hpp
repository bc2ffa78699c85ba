// A relation between rows of activations: pairs that should all differ by the same.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/id_pair.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// Pairs of rows of one matrix of activations whose differences b − a are meant to be one and the
/// same: many squares at once.
struct Relation {
  std::string name;
  std::vector<IdPair> pairs;
};

/// With fewer pairs a mean difference says next to nothing of any other pair.
inline constexpr Index fewest_pairs = 3;

/// Throws Error{value} for fewer than three pairs, a row that is not among `rows`, a row paired
/// with itself (whose difference is 0 whatever is done) and a pair given twice. Cost: m log m.
inline void require_relation(const Relation& relation, Index rows) {
  const auto refuse = [&](const std::string& message) {
    throw Error(ErrorKind::value, "relation '" + relation.name + "': " + message);
  };
  const auto text = [](const IdPair& pair) {
    return "(" + std::to_string(pair.a) + ", " + std::to_string(pair.b) + ")";
  };
  const auto count = static_cast<Index>(relation.pairs.size());
  if (count < fewest_pairs)
    refuse("at least " + std::to_string(fewest_pairs) + " pairs are needed, found " +
           std::to_string(count));
  for (const IdPair& pair : relation.pairs) {
    if (pair.a < 0 || pair.b < 0 || pair.a >= rows || pair.b >= rows)
      refuse("the pair " + text(pair) + " names a row that is not among the " +
             std::to_string(rows) + " rows of activations");
    if (pair.a == pair.b) refuse("the pair " + text(pair) + " pairs a row with itself");
  }
  std::vector<IdPair> sorted = relation.pairs;
  std::ranges::sort(sorted);
  const auto twice = std::ranges::adjacent_find(sorted);
  if (twice != sorted.end()) refuse("the pair " + text(*twice) + " is given twice");
}

/// Every row that the relations name, once, ascending.
inline std::vector<Id> rows_of(std::span<const Relation> relations) {
  std::vector<Id> rows;
  for (const Relation& relation : relations)
    for (const IdPair& pair : relation.pairs) rows.insert(rows.end(), {pair.a, pair.b});
  std::ranges::sort(rows);
  rows.erase(std::ranges::unique(rows).begin(), rows.end());
  return rows;
}

}  // namespace yoneda
