// What a weight means, how weights compose along a path, and how paths are joined.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <string>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// A base must provide: a type of values; the value of an edge of weight w; the value of the path
/// that stays at x; the value of a path, first v, then v; and how far two values are apart, 0 where
/// they are equal. compose is associative and unit is neutral on both sides (up to rounding).
template <class B>
concept Base = requires(const B b, typename B::value v, float w, Id x) {
  { b.arrow(w) } -> std::same_as<typename B::value>;
  { b.unit(x) } -> std::same_as<typename B::value>;
  { b.compose(v, v) } -> std::same_as<typename B::value>;
  { b.discrepancy(v, v) } -> std::same_as<double>;
};

/// A base in which parallel paths can be joined to one value. join is associative and commutative,
/// zero is the value of no path: neutral for join, absorbing for compose; compose distributes over
/// join on both sides. So a base is a semiring, and joining over all mediators is the product of
/// two matrices over it.
template <class B>
concept JoinBase = Base<B> && requires(const B b, typename B::value v) {
  { b.zero() } -> std::same_as<typename B::value>;
  { b.join(v, v) } -> std::same_as<typename B::value>;
};

/// A base in which every value can be walked back: compose(f, inverse(f)) is a unit.
template <class B>
concept GroupBase = Base<B> && requires(const B b, typename B::value v) {
  { b.inverse(v) } -> std::same_as<typename B::value>;
};

namespace detail {

/// The discrepancy; ∞ where it is no number, for a base met values outside its domain.
template <Base B>
double apart(const B& base, const typename B::value& f, const typename B::value& g) {
  const double discrepancy = base.discrepancy(f, g);
  return std::isnan(discrepancy) ? std::numeric_limits<double>::infinity() : discrepancy;
}

}  // namespace detail

/// ({−1, +1}, ×): only the sign of an edge counts.
struct Sign {
  using value = int;
  value arrow(float weight) const { return weight < 0 ? -1 : 1; }
  value unit(Id) const { return 1; }
  value compose(value first, value then) const { return first * then; }
  value inverse(value f) const { return f; }
  /// 1 where the signs differ.
  double discrepancy(value f, value g) const { return f == g ? 0 : 1; }
};

/// (ℝ∖0, ×), in double: room for paths of several steps, not for hundreds. Products of cosines or
/// of other similarities along a path are no composition (the cosine of two steps is not the
/// product of theirs): this base is for weights that multiply, such as ratios and gains.
struct Weight {
  using value = double;
  value arrow(float weight) const { return static_cast<double>(weight); }
  value unit(Id) const { return 1; }
  value compose(value first, value then) const { return first * then; }
  value inverse(value f) const { return 1 / f; }
  /// |log|f| − log|g||, plus 1 where the signs differ.
  double discrepancy(value f, value g) const {
    if (f == g) return 0;
    const double size = std::abs(std::log(std::abs(f)) - std::log(std::abs(g)));
    return std::signbit(f) == std::signbit(g) ? size : size + 1;
  }
};

/// (ℝ, +, ×): the composite through all mediators, joined, is the product of two matrices.
struct Real {
  using value = double;
  value arrow(float weight) const { return static_cast<double>(weight); }
  value unit(Id) const { return 1; }
  value zero() const { return 0; }
  value compose(value first, value then) const { return first * then; }
  value join(value f, value g) const { return f + g; }
  /// |f − g| / max(|f|, |g|): 0 where both are 0, 1 where one is, at most 2.
  double discrepancy(value f, value g) const {
    if (f == g) return 0;
    const double size = std::max(std::abs(f), std::abs(g));
    return std::abs(f / size - g / size);
  }
};

namespace detail {

/// |weight| as a probability; what rounding left above 1 is 1.
inline double probability_of(float weight) {
  const double p = std::abs(static_cast<double>(weight));
  if (!(p <= 1 + 1e-6))
    throw Error(ErrorKind::value, "weight " + std::to_string(weight) +
                                      " is no probability: its size must be at most 1 (see "
                                      "probabilities in yoneda/category/probabilities.hpp)");
  return std::min(p, 1.0);
}

}  // namespace detail

/// ([0, ∞], +, min): costs add along a path, and the cheapest path counts (Lawvere 1973, Metric
/// spaces, generalized logic, and closed categories). An edge of weight w costs −log|w|, so |w| is
/// read as a probability; signs are not seen. No path costs ∞.
struct Lawvere {
  using value = double;
  /// Throws Error{value} where |weight| > 1.
  value arrow(float weight) const { return cost(detail::probability_of(weight)); }
  value unit(Id) const { return 0; }
  value zero() const { return std::numeric_limits<double>::infinity(); }
  value compose(value first, value then) const { return first + then; }
  value join(value f, value g) const { return std::min(f, g); }
  /// |f − g|; 0 where both are ∞, ∞ where one is.
  double discrepancy(value f, value g) const { return f == g ? 0 : std::abs(f - g); }

  /// −log p: 0 for 1, ∞ for 0.
  static value cost(double p) { return 0 - std::log(p); }
};

/// ([0, 1], ×, max): the same base as Lawvere under p = exp(−cost), with its discrepancy: the
/// likeliest path counts.
struct Probability {
  using value = double;
  /// Throws Error{value} where |weight| > 1.
  value arrow(float weight) const { return detail::probability_of(weight); }
  value unit(Id) const { return 1; }
  value zero() const { return 0; }
  value compose(value first, value then) const { return first * then; }
  value join(value f, value g) const { return std::max(f, g); }
  /// |log f − log g|; 0 where both are 0, ∞ where one is.
  double discrepancy(value f, value g) const {
    return Lawvere{}.discrepancy(Lawvere::cost(f), Lawvere::cost(g));
  }
};

}  // namespace yoneda
