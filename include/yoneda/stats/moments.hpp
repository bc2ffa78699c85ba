// Mean, spread and shape of numbers.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// Population moments: divided by the number of values, not by one less.
struct Moments {
  double mean = 0;
  double std = 0;
  double skewness = 0;  ///< E[z³], z = (x − mean) / std
  double kurtosis = 0;  ///< E[z⁴]: 3 for a normal law
};

namespace detail {

template <class Float>
Moments moments_of(std::span<const Float> values) {
  if (values.empty()) throw Error(ErrorKind::value, "moments of no values");
  const auto [low, high] = std::ranges::minmax(values);
  if (low == high) return {.mean = static_cast<double>(low)};
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (const Float x : values) sum += static_cast<double>(x) / n;
  double correction = 0;  // what rounding left out of the sum
  for (const Float x : values) correction += (static_cast<double>(x) - sum) / n;
  Moments m;
  m.mean = sum + correction;
  double square = 0;
  for (const Float x : values) {
    const double deviation = static_cast<double>(x) - m.mean;
    square += deviation * deviation / n;
  }
  m.std = std::sqrt(square);
  if (m.std == 0) return m;  // the spread is below what a square can hold
  for (const Float x : values) {
    const double z = (static_cast<double>(x) - m.mean) / m.std;
    m.skewness += z * z * z / n;
    m.kurtosis += z * z * z * z / n;
  }
  return m;
}

}  // namespace detail

/// Moments by passes over the data, about the mean (never E[x²] − E[x]²), summed in the order
/// given. Where all values are equal there is no shape: std, skewness and kurtosis are 0. A NaN
/// gives NaN. Throws Error{value} for no values. Cost: size.
inline Moments moments(std::span<const double> values) {
  return detail::moments_of(values);
}
inline Moments moments(std::span<const float> values) {
  return detail::moments_of(values);
}

}  // namespace yoneda
