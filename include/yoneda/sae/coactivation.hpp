// Which features fire on the same rows: co-activation graphs from codes.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "yoneda/core/types.hpp"
#include "yoneda/sae/encode.hpp"

namespace yoneda {

/// The rows on which each feature fires, ascending.
struct Firings {
  Index rows = 0;
  std::vector<std::int64_t> offsets{0};  ///< [n + 1]
  std::vector<Id> row;

  Index n() const { return static_cast<Index>(offsets.size()) - 1; }
  std::span<const Id> of(Id feature) const {
    return std::span(row).subspan(offsets[feature], offsets[feature + 1] - offsets[feature]);
  }
  Index count(Id feature) const { return offsets[feature + 1] - offsets[feature]; }
};

/// Codes with features first. Cost: n and the number of firings.
inline Firings firings(const Codes& codes) {
  Firings found{codes.rows(), std::vector<std::int64_t>(codes.n + 1, 0), {}};
  for (const Id f : codes.features) ++found.offsets[f + 1];
  for (Index f = 0; f < codes.n; ++f) found.offsets[f + 1] += found.offsets[f];
  found.row.resize(codes.features.size());
  std::vector<std::int64_t> next(found.offsets.begin(), found.offsets.end() - 1);
  for (Id row = 0; row < static_cast<Id>(codes.rows()); ++row)
    for (const Id f : codes.active(row)) found.row[next[f]++] = row;
  return found;
}

/// φ, the correlation of "f fires" with "g fires" over N rows, from how often either and both do:
/// (N n_fg − n_f n_g) / √(n_f (N − n_f) n_g (N − n_g)). 0 where one never or always fires.
inline double coactivation(Index rows, Index f, Index g, Index both) {
  const auto N = static_cast<double>(rows), a = static_cast<double>(f), b = static_cast<double>(g);
  const double scale = a * (N - a) * b * (N - b);
  return scale > 0 ? (N * static_cast<double>(both) - a * b) / std::sqrt(scale) : 0;
}

/// φ of two features. Cost: n_f + n_g.
inline double coactivation(const Firings& firings, Id f, Id g) {
  const auto a = firings.of(f), b = firings.of(g);
  Index both = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    both += a[i] == b[j];
    const bool first = a[i] <= b[j], second = b[j] <= a[i];
    i += first;
    j += second;
  }
  return coactivation(firings.rows, firings.count(f), firings.count(g), both);
}

}  // namespace yoneda
