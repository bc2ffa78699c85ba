// Representations for tests, and their rows as a dense matrix.
#pragma once

#include <Eigen/Core>

#include "dense.hpp"
#include "random_matrix.hpp"
#include "yoneda/category/representation.hpp"

/// Every feature fires with probability `share`; either sign.
inline yoneda::Codes random_codes(yoneda::Index rows, yoneda::Index n, double share,
                                  std::uint64_t seed) {
  yoneda::Random random(seed);
  yoneda::Codes codes;
  codes.n = n;
  for (yoneda::Index row = 0; row < rows; ++row) {
    for (yoneda::Id f = 0; f < n; ++f)
      if (random.uniform() < share) {
        codes.features.push_back(f);
        codes.values.push_back(static_cast<float>(random.normal()));
      }
    codes.offsets.push_back(static_cast<std::int64_t>(codes.features.size()));
  }
  return codes;
}

inline Eigen::MatrixXd dense(const yoneda::Representation& representation) {
  if (const auto* matrix = std::get_if<yoneda::Matrix>(&representation.rows)) return dense(*matrix);
  const auto& codes = std::get<yoneda::Codes>(representation.rows);
  Eigen::MatrixXd rows = Eigen::MatrixXd::Zero(codes.rows(), codes.n);
  for (yoneda::Index row = 0; row < codes.rows(); ++row)
    for (std::size_t i = 0; i < codes.active(row).size(); ++i)
      rows(row, codes.active(row)[i]) = static_cast<double>(codes.strengths(row)[i]);
  return rows;
}

inline yoneda::Representation representation_of(const Eigen::MatrixXd& rows) {
  std::vector<float> values;
  for (Eigen::Index i = 0; i < rows.rows(); ++i)
    for (Eigen::Index j = 0; j < rows.cols(); ++j) values.push_back(static_cast<float>(rows(i, j)));
  return yoneda::word_representation(
      yoneda::Matrix::from(std::move(values), rows.rows(), rows.cols()));
}
