// What stands for an item in a test of relations or products: its vector, what an SAE makes of it,
// its code, its arrows. The tests need inner products alone.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "yoneda/arrows/token_profiles.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/vector_unit.hpp"
#include "yoneda/sae/encode.hpp"

namespace yoneda {

/// V items, one row each: dense [V, d], or sparse over features (CSR, columns ascending; values may
/// have either sign). An item without any entry is the zero vector.
struct Representation {
  std::string name;  ///< "words", "reconstructions", "codes", "profiles", "top-rows"
  std::variant<Matrix, Codes> rows;

  Index size() const {
    return std::visit([](const auto& r) { return static_cast<Index>(r.rows()); }, rows);
  }
  Index width() const {
    const auto* dense = std::get_if<Matrix>(&rows);
    return dense ? dense->cols() : std::get<Codes>(rows).n;
  }
};

/// The vectors themselves, [V, d]. Throws Error{value} where they are not finite. Shares storage.
inline Representation word_representation(Matrix vectors) {
  require_finite(vectors, "the vectors");
  return {"words", std::move(vectors)};
}

/// The full sparse activation vector of every item, as encode() makes it.
inline Representation code_representation(Codes codes) {
  return {"codes", std::move(codes)};
}

/// What the SAE makes of every item: x̂ for the rows of X, whose codes are given. Throws what
/// reconstruct() throws. Cost: active · d; memory: V · d.
inline Representation reconstruction_representation(const Sae& sae, const Codes& codes,
                                                    const Matrix& X) {
  return {"reconstructions", reconstruct(sae, codes, X)};
}

/// An item's column of the standardised arrows (see token_profiles): over n features, a_ft where t
/// is among the 2k tokens kept for f, 0 elsewhere. A token that no feature keeps is the zero
/// vector. Cost: n k log k + V.
inline Representation profile_representation(const LogitArrows& arrows) {
  const TokenProfiles profiles = token_profiles(arrows);
  Codes columns;
  columns.n = profiles.n;
  columns.offsets.assign(profiles.V + 1, 0);
  for (const Id token : profiles.tokens) ++columns.offsets[token + 1];
  for (Index t = 0; t < profiles.V; ++t) columns.offsets[t + 1] += columns.offsets[t];
  columns.features.resize(profiles.tokens.size());
  columns.values.resize(profiles.tokens.size());
  auto next = columns.offsets;
  for (Id f = 0; f < profiles.n; ++f) {
    const auto tokens = profiles.tokens_of(f);
    const auto values = profiles.values_of(f);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const std::int64_t at = next[tokens[i]]++;
      columns.features[at] = f;
      columns.values[at] = values[i];
    }
  }
  return {"profiles", std::move(columns)};
}

/// The decoder row of each item's strongest feature (ties: the smaller id), a contrast: where a
/// code of many features keeps a relation, one feature alone may hide it. Items on which nothing
/// fires are the zero vector. Throws Error{shape} for codes of another SAE. Memory: V · d.
inline Representation top_row_representation(const Sae& sae, const Codes& codes) {
  if (codes.n != sae.n())
    throw Error(ErrorKind::shape, "codes over " + std::to_string(codes.n) +
                                      " features for an SAE of " + std::to_string(sae.n()));
  const Index d = sae.d();
  std::vector<float> values(codes.rows() * d, 0.0f), scratch(d);
  for (Index t = 0; t < codes.rows(); ++t) {
    const auto strengths = codes.strengths(t);
    if (strengths.empty()) continue;
    const auto strongest = std::ranges::max_element(strengths) - strengths.begin();
    std::ranges::copy(sae.W_dec.row(codes.active(t)[strongest], scratch), values.begin() + t * d);
  }
  return {"top-rows", Matrix::from(std::move(values), codes.rows(), d)};
}

/// Throws Error{value} unless every id is an item.
inline void require_items(const Representation& representation, std::span<const Id> items) {
  for (const Id item : items)
    if (item < 0 || item >= representation.size())
      throw Error(ErrorKind::value, "item " + std::to_string(item) + " is not among the " +
                                        std::to_string(representation.size()) + " of the " +
                                        representation.name);
}

namespace detail {

/// out[p] += Σ_j values[j] · table[slots[j], p], in the order of j; without slots, row j itself. A
/// product of two floats is exact in double, so fused multiply-adds change nothing: the same bits
/// on every machine.
[[gnu::always_inline]] inline void add_products(double* __restrict out, const float* values,
                                                const Id* slots, Index count,
                                                const double* __restrict table, Index points) {
  for (Index j = 0; j < count; ++j) {
    const Index slot = slots ? slots[j] : j;
    if (slot < 0) continue;  // a feature that no point has
    const double value = static_cast<double>(values[j]);
    const double* row = table + slot * points;
    for (Index p = 0; p < points; ++p) out[p] += value * row[p];
  }
}

/// Σ x², in order.
inline double sum_of_squares(std::span<const float> x) {
  double sum = 0;
  for (const float value : x) sum += static_cast<double>(value) * static_cast<double>(value);
  return sum;
}

}  // namespace detail

/// A few items, laid out so that their inner products with any other item are one pass over that
/// item's row. Computed in double, summed in the order of coordinates: two items with equal rows
/// have equal products to the last bit. Points into the representation.
class PointProducts {
 public:
  /// Throws Error{value} for items there are not. Memory: points · d, of sparse rows points · the
  /// features they have.
  PointProducts(const Representation& of, std::span<const Id> points)
      : of_(of), points_(static_cast<Index>(points.size())) {
    require_items(of, points);
    if (const auto* dense = std::get_if<Matrix>(&of.rows)) {
      table_.resize(dense->cols() * points_);
      std::vector<float> scratch(dense->cols());
      for (Index p = 0; p < points_; ++p) {
        const auto row = dense->row(points[p], scratch);
        for (Index j = 0; j < dense->cols(); ++j)
          table_[j * points_ + p] = static_cast<double>(row[j]);
      }
      return;
    }
    const auto& sparse = std::get<Codes>(of.rows);
    slot_.assign(sparse.n, -1);
    Id slots = 0;
    for (const Id point : points)
      for (const Id feature : sparse.active(point))
        if (slot_[feature] < 0) slot_[feature] = slots++;
    table_.resize(slots * points_);
    for (Index p = 0; p < points_; ++p)
      for (std::size_t i = 0; i < sparse.active(points[p]).size(); ++i)
        table_[slot_[sparse.active(points[p])[i]] * points_ + p] =
            static_cast<double>(sparse.strengths(points[p])[i]);
  }

  Index points() const { return points_; }

  /// ⟨item, point p⟩ into out[p], and ‖item‖ as the result. May be called from several threads.
  /// Cost: points · the item's entries.
  double of(Id item, std::span<double> out) const {
    std::ranges::fill(out.first(points_), 0.0);
    if (const auto* dense = std::get_if<Matrix>(&of_.rows)) {
      std::vector<float> scratch(dense->dtype() == Dtype::f32 ? 0 : dense->cols());
      const auto row = dense->row(item, scratch);
      const Id* none = nullptr;
      with_simd<detail::add_products>(out.data(), row.data(), none, dense->cols(), table_.data(),
                                      points_);
      return std::sqrt(detail::sum_of_squares(row));
    }
    const auto& sparse = std::get<Codes>(of_.rows);
    const auto features = sparse.active(item);
    std::vector<Id> slots(features.size());
    std::ranges::transform(features, slots.begin(), [&](Id f) { return slot_[f]; });
    const auto values = sparse.strengths(item);
    with_simd<detail::add_products>(out.data(), values.data(), slots.data(),
                                    static_cast<Index>(slots.size()), table_.data(), points_);
    return std::sqrt(detail::sum_of_squares(values));
  }

 private:
  const Representation& of_;
  Index points_;
  std::vector<Id> slot_;       ///< of a feature: its row of the table, -1 where no point has it
  std::vector<double> table_;  ///< [coordinates, points]
};

/// Inner products of the points with each other, [P, P], in double. Throws Error{value}. Cost: P²
/// times the entries of a row.
inline Eigen::MatrixXd gram(const Representation& representation, std::span<const Id> points) {
  const PointProducts products(representation, points);
  const Index count = products.points();
  Eigen::MatrixXd K(count, count);
  for (Index p = 0; p < count; ++p)
    products.of(points[p], std::span(K.col(p).data(), static_cast<std::size_t>(count)));
  return K;
}

/// The rows of a few items as numbers, in the coordinates that any of them has (all of a dense
/// one).
struct Coordinates {
  std::vector<Id> names;   ///< of the coordinates, ascending
  Eigen::MatrixXd values;  ///< [items, names]
};

/// Throws Error{value}. Cost: items · coordinates.
inline Coordinates coordinates(const Representation& representation, std::span<const Id> items) {
  require_items(representation, items);
  Coordinates made;
  const auto count = static_cast<Index>(items.size());
  if (const auto* dense = std::get_if<Matrix>(&representation.rows)) {
    made.values.resize(count, dense->cols());
    for (Id j = 0; j < dense->cols(); ++j) made.names.push_back(j);
    for (Index i = 0; i < count; ++i)
      for (Index j = 0; j < dense->cols(); ++j)
        made.values(i, j) = static_cast<double>((*dense)(items[i], j));
    return made;
  }
  const auto& sparse = std::get<Codes>(representation.rows);
  for (const Id item : items)
    made.names.insert(made.names.end(), sparse.active(item).begin(), sparse.active(item).end());
  std::ranges::sort(made.names);
  made.names.erase(std::ranges::unique(made.names).begin(), made.names.end());
  made.values.setZero(count, static_cast<Index>(made.names.size()));
  for (Index i = 0; i < count; ++i)
    for (std::size_t e = 0; e < sparse.active(items[i]).size(); ++e)
      made.values(i, std::ranges::lower_bound(made.names, sparse.active(items[i])[e]) -
                         made.names.begin()) = static_cast<double>(sparse.strengths(items[i])[e]);
  return made;
}

}  // namespace yoneda
