// Standard deviation, skewness and kurtosis of all products of a query.
#pragma once

#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "yoneda/arrows/keys.hpp"
#include "yoneda/arrows/scan.hpp"
#include "yoneda/linear/dot.hpp"

namespace yoneda::detail {

struct Spread {
  double std, skewness, kurtosis;
};

/// From the mean powers about the mean.
inline Spread spread(double second, double third, double fourth) {
  if (!(second > 0)) return {0, 0, 0};
  const double std = std::sqrt(second);
  return {std, third / (second * std), fourth / (second * second)};
}

/// From sums of powers about any point near the mean.
inline Spread spread(const Powers& powers, Index count) {
  std::array<double, 4> m;
  for (std::size_t p = 0; p < 4; ++p) m[p] = powers.sums[p] / static_cast<double>(count);
  const double shift = m[0], square = shift * shift;
  return spread(m[1] - square, m[2] - 3 * shift * m[1] + 2 * shift * square,
                m[3] - 4 * shift * m[2] + 6 * square * m[1] - 3 * square * square);
}

/// In double, from all canonical products: for the rare query whose float32 products say nothing.
inline Spread careful_spread(std::span<const float> query, const Keys& keys) {
  std::vector<double> products(keys.count());
  std::vector<float> scratch(query.size());
  double mean = 0;
  for (Index i = 0; i < keys.count(); ++i) {
    products[i] = canonical_dot(query, keys.row(i, scratch));
    mean += products[i];
  }
  const auto count = static_cast<double>(products.size());
  mean /= count;
  double second = 0, third = 0, fourth = 0;
  for (const double z : products) {
    const double centred = z - mean, squared = centred * centred;
    second += squared;
    third += squared * centred;
    fourth += squared * squared;
  }
  const double noise = 1e-13 * canonical_norm(query) * keys.typical_norm();
  if (second <= count * noise * noise) return {0, 0, 0};
  return spread(second / count, third / count, fourth / count);
}

/// From the pass, where it found a std of at least `least` and numbers a float can hold.
inline Spread spread_of(const Powers& powers, double least, std::span<const float> query,
                        const Keys& keys) {
  const Spread fast = spread(powers, keys.count());
  const bool about_mean = std::abs(powers.sums[0]) < fast.std * static_cast<double>(keys.count());
  const bool in_range = fast.std > 1e-8 && fast.std < 1e8 && std::isfinite(powers.sums[3]);
  if (fast.std > least && about_mean && in_range) return fast;
  return careful_spread(query, keys);
}

}  // namespace yoneda::detail
