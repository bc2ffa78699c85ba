// How many of the circulations round triangles are independent.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "yoneda/core/types.hpp"

namespace yoneda {

/// The edges of a triangle a < b < c, by their places: round it y_ab + y_bc − y_ac is summed.
struct TriangleEdges {
  Id ab, bc, ac;
};

namespace detail {

/// Arithmetic modulo the prime 2^31 − 1.
struct PrimeField {
  static constexpr std::uint64_t prime = 2147483647;

  static std::uint64_t product(std::uint64_t a, std::uint64_t b) { return a * b % prime; }
  static std::uint64_t negative(std::uint64_t a) { return a == 0 ? 0 : prime - a; }
  static std::uint64_t inverse(std::uint64_t a) {  // Fermat: a^(p − 2)
    std::uint64_t power = 1;
    for (std::uint64_t left = prime - 2; left > 0; left >>= 1, a = product(a, a))
      if (left & 1) power = product(power, a);
    return power;
  }
};

/// A row of a sparse matrix: columns ascending, no zeros.
using SparseRow = std::vector<std::pair<Index, std::uint64_t>>;

/// a + factor · b.
inline SparseRow sum(const SparseRow& a, std::uint64_t factor, const SparseRow& b) {
  SparseRow result;
  result.reserve(a.size() + b.size());
  auto x = a.begin();
  for (const auto& [column, value] : b) {
    while (x != a.end() && x->first < column) result.push_back(*x++);
    std::uint64_t total = PrimeField::product(factor, value);
    if (x != a.end() && x->first == column) total = (total + x++->second) % PrimeField::prime;
    if (total != 0) result.emplace_back(column, total);
  }
  result.insert(result.end(), x, a.end());
  return result;
}

}  // namespace detail

/// The rank of C [T, m], whose rows are the triangles: how many dimensions the circulations round
/// triangles have. in_forest[e]: edge e is of a spanning forest; a potential can make those edges'
/// numbers 0, so C has its rank on the others alone. They are eliminated one by one, largest first,
/// each by the triangles that it is an edge of, smallest first, as is done for persistent
/// cohomology, where most edges have a triangle to themselves (Bauer 2021, Ripser: efficient
/// computation of Vietoris–Rips persistence barcodes). Over the field of 2^31 − 1 elements: never
/// more than the rank over the reals, and less only where the complex has torsion of that order.
/// Nothing where the elimination would take more than `work` steps. Memory: that of its fill.
inline std::optional<Index> curl_rank(std::span<const TriangleEdges> triangles,
                                      std::span<const char> in_forest, Index work = 200'000'000) {
  using Field = detail::PrimeField;
  std::vector<detail::SparseRow> rows(in_forest.size());
  for (std::size_t t = 0; t < triangles.size(); ++t) {
    const auto column = static_cast<Index>(t);
    rows[triangles[t].ab].emplace_back(column, 1);
    rows[triangles[t].bc].emplace_back(column, 1);
    rows[triangles[t].ac].emplace_back(column, Field::negative(1));
  }
  std::vector<Id> pivot_of(triangles.size(), -1);  // the edge that has this triangle first
  Index rank = 0;
  for (Id e = static_cast<Id>(rows.size()) - 1; e >= 0; --e) {
    detail::SparseRow row = in_forest[e] ? detail::SparseRow() : std::move(rows[e]);
    rows[e].clear();
    while (!row.empty() && pivot_of[row.front().first] >= 0) {
      const detail::SparseRow& pivot = rows[pivot_of[row.front().first]];
      work -= static_cast<Index>(row.size() + pivot.size());
      if (work < 0) return std::nullopt;
      const std::uint64_t factor =
          Field::negative(Field::product(row.front().second, Field::inverse(pivot.front().second)));
      row = detail::sum(row, factor, pivot);
    }
    if (row.empty()) continue;
    ++rank;
    pivot_of[row.front().first] = e;
    rows[e] = std::move(row);
  }
  return rank;
}

}  // namespace yoneda
