// The definition, computed plainly: all canonical logits of one feature, sorted.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "yoneda/arrows/logit_arrows.hpp"

namespace brute_force {

using namespace yoneda;

struct Scored {
  Id token;
  double logit;
};

/// The canonical dot product, written again on its own: eight interleaved partial sums.
inline double dot(const std::vector<float>& x, const std::vector<float>& y) {
  double partial[8] = {};
  for (std::size_t j = 0; j < x.size(); ++j)
    partial[j % 8] += static_cast<double>(x[j]) * static_cast<double>(y[j]);
  double sum = 0;
  for (double p : partial) sum += p;
  return sum;
}

inline std::vector<float> row_of(const Matrix& m, Index i) {
  std::vector<float> row;
  for (Index j = 0; j < m.cols(); ++j) row.push_back(m(i, j));
  return row;
}

/// w' of one feature under a convention that does not centre.
inline std::vector<float> direction(const Matrix& W_dec, Index f, const Unembedding& model,
                                    bool fold) {
  std::vector<float> w = row_of(W_dec, f);
  if (fold)
    for (std::size_t j = 0; j < w.size(); ++j) w[j] = w[j] * model.gain[j];
  return w;
}

inline std::vector<Scored> logits(const std::vector<float>& w, const Matrix& W_U) {
  std::vector<Scored> all;
  for (Id t = 0; t < W_U.rows(); ++t) all.push_back({t, dot(w, row_of(W_U, t))});
  return all;
}

/// Checks one feature's arrows and statistics against the definition.
inline void check_feature(const LogitArrows& arrows, Id f, std::vector<Scored> all) {
  CAPTURE(f);
  double mean = 0, m2 = 0, m3 = 0, m4 = 0;
  const auto V = static_cast<double>(all.size());
  for (const auto& s : all) mean += s.logit / V;
  for (const auto& s : all) {
    const double c = s.logit - mean;
    m2 += c * c / V;
    m3 += c * c * c / V;
    m4 += c * c * c * c / V;
  }
  std::ranges::stable_sort(all, std::ranges::greater{}, &Scored::logit);
  for (Index i = 0; i < arrows.k; ++i) {
    REQUIRE(arrows.positive(f)[i] == all[i].token);
    REQUIRE(arrows.positive_values(f)[i] == static_cast<float>(all[i].logit));
  }
  CHECK(arrows.max[f] == static_cast<float>(all.front().logit));
  CHECK(arrows.min[f] == static_cast<float>(all.back().logit));
  std::ranges::sort(all, {}, &Scored::token);
  std::ranges::stable_sort(all, {}, &Scored::logit);
  for (Index i = 0; i < arrows.k; ++i) {
    REQUIRE(arrows.negative(f)[i] == all[i].token);
    REQUIRE(arrows.negative_values(f)[i] == static_cast<float>(all[i].logit));
  }
  const double std = std::sqrt(m2);
  const double size = std::max(std::abs(all.front().logit), std::abs(all.back().logit));
  const auto close = [](float found, double expected, double relative, double absolute) {
    return std::abs(static_cast<double>(found) - expected) <=
           relative * std::abs(expected) + absolute;
  };
  CHECK(close(arrows.mean[f], mean, 1e-6, 1e-9 * size + 0x1p-149));
  CHECK(close(arrows.std[f], std, 1e-3, 1e-12 * size + 0x1p-149));
  if (std <= 1e-12 * size) return;
  CHECK(close(arrows.skewness[f], m3 / (m2 * std), 1e-2, 1e-3));
  CHECK(close(arrows.kurtosis[f], m4 / (m2 * m2), 1e-2, 0));
}

/// Every field equal to the last bit.
inline void check_same(const LogitArrows& a, const LogitArrows& b) {
  CHECK(a.positive_tokens == b.positive_tokens);
  CHECK(a.negative_tokens == b.negative_tokens);
  CHECK(a.positive_logits == b.positive_logits);
  CHECK(a.negative_logits == b.negative_logits);
  CHECK(a.mean == b.mean);
  CHECK(a.min == b.min);
  CHECK(a.max == b.max);
  CHECK(a.decoder_norm == b.decoder_norm);
}

inline void check_same_statistics(const LogitArrows& a, const LogitArrows& b) {
  CHECK(a.std == b.std);
  CHECK(a.skewness == b.skewness);
  CHECK(a.kurtosis == b.kurtosis);
  CHECK(a.histogram == b.histogram);
  CHECK(a.histogram_low == b.histogram_low);
  CHECK(a.histogram_high == b.histogram_high);
}

}  // namespace brute_force
