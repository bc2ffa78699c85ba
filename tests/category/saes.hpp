// Decoders with a known tie to each other, for tests of maps between SAEs.
#pragma once

#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "random_matrix.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/graph/decoder.hpp"
#include "yoneda/model/sae.hpp"

/// Rows of length 1, some directions stronger than others, as decoders have them.
inline yoneda::Matrix random_decoder(yoneda::Index n, yoneda::Index d, std::uint64_t seed) {
  std::vector<float> values = normals(n * d, seed);
  for (yoneda::Index i = 0; i < n; ++i)
    for (yoneda::Index j = 0; j < d; ++j)
      values[i * d + j] /= std::sqrt(1.0f + 0.1f * static_cast<float>(j));
  return yoneda::unit_rows(yoneda::Matrix::from(std::move(values), n, d));
}

/// The same rows with noise of this length, unit again.
inline yoneda::Matrix with_noise(const yoneda::Matrix& W, double length, std::uint64_t seed) {
  std::vector<float> values = to_vector(W);
  const auto noise = normals(W.rows() * W.cols(), seed);
  const double scale = length / std::sqrt(static_cast<double>(W.cols()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] += static_cast<float>(scale) * noise[i];
  return yoneda::unit_rows(yoneda::Matrix::from(std::move(values), W.rows(), W.cols()));
}

inline std::vector<yoneda::Id> random_order(yoneda::Index n, std::uint64_t seed) {
  yoneda::Random random(seed);
  std::vector<yoneda::Id> order;
  for (yoneda::Id i = 0; i < static_cast<yoneda::Id>(n); ++i) order.push_back(i);
  yoneda::shuffle(std::span<yoneda::Id>(order), random);
  return order;
}

/// A TopK SAE that reads what it writes.
inline yoneda::Sae tied_sae(const yoneda::Matrix& W, yoneda::Index k) {
  yoneda::Sae sae;
  sae.W_dec = sae.W_enc = W;
  sae.activation = yoneda::Activation::topk;
  sae.k = k;
  sae.subtract_b_dec = false;
  return sae;
}
