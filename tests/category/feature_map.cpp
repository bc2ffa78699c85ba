#include "yoneda/category/feature_map.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "saes.hpp"

using namespace yoneda;

namespace {

/// All cosines in double, each row's largest first, ties by smaller id.
std::vector<std::vector<Neighbor>> by_hand(const Matrix& from, const Matrix& to) {
  std::vector<std::vector<Neighbor>> rows(from.rows());
  std::vector<float> x(from.cols()), y(to.cols());
  for (Id f = 0; f < static_cast<Id>(from.rows()); ++f) {
    for (Id g = 0; g < static_cast<Id>(to.rows()); ++g) {
      const auto a = from.row(f, x), b = to.row(g, y);
      double dot = 0, aa = 0, bb = 0;
      for (std::size_t j = 0; j < a.size(); ++j) {
        dot += double{a[j]} * double{b[j]};
        aa += double{a[j]} * double{a[j]};
        bb += double{b[j]} * double{b[j]};
      }
      const double cosine = aa > 0 && bb > 0 ? dot / std::sqrt(aa * bb) : 0;
      if (cosine > 1e-9) rows[f].push_back({g, cosine});
    }
    std::ranges::stable_sort(rows[f], [](auto& a, auto& b) { return a.weight > b.weight; });
  }
  return rows;
}

}  // namespace

TEST_CASE("the nearest features are those of largest cosine, by hand") {
  Matrix from = random_matrix(60, 7, 1), to = random_matrix(90, 7, 2);
  std::vector<float> values = to_vector(to);
  std::fill_n(values.begin() + 5 * 7, 7, 0.0f);  // a feature that writes nothing
  for (Index j = 0; j < 7; ++j) values[9 * 7 + j] = 3 * values[4 * 7 + j];  // and one twice
  to = Matrix::from(std::move(values), 90, 7);
  for (const Index count : {1, 4, 90, 1000}) {
    CAPTURE(count);
    const PairWeights found = nearest_features(from, to, count);
    const auto expected = by_hand(from, to);
    REQUIRE(found.rows() == 60);
    for (Id f = 0; f < 60; ++f) {
      const auto columns = found.columns_of(f);
      REQUIRE(static_cast<Index>(columns.size()) ==
              std::min<Index>(count, static_cast<Index>(expected[f].size())));
      for (std::size_t i = 0; i < columns.size(); ++i) {
        // Rows 4 and 9 have one direction: either order is right up to rounding.
        const bool twins = columns[i] == 4 || columns[i] == 9;
        if (!twins) CHECK(columns[i] == expected[f][i].id);
        CHECK(double{found.weights_of(f)[i]} ==
              doctest::Approx(expected[f][i].weight).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("a permuted decoder is matched by its permutation, whatever its norms") {
  const Matrix A = random_decoder(200, 16, 3);
  const std::vector<Id> order = random_order(200, 4);
  std::vector<float> values = to_vector(take_rows(A, order));
  for (Index g = 0; g < 200; ++g)
    for (Index j = 0; j < 16; ++j) values[g * 16 + j] *= 0.1f + static_cast<float>(g);
  const Matrix B = Matrix::from(std::move(values), 200, 16);
  const PairWeights candidates = nearest_features(A, B, 8);
  for (const FeatureMap& map : {best_match(candidates), one_to_one(candidates)}) {
    CHECK(coverage(map) == 1.0);
    for (Id g = 0; g < 200; ++g) {
      CHECK(map.target[order[g]] == g);
      CHECK(double{map.cosine[order[g]]} == doctest::Approx(1));
    }
  }
}

TEST_CASE("two features that want the same: both by best match, one of them one to one") {
  const Matrix A = Matrix::from(std::vector<float>{1, 0.1f, 1, 0.3f}, 2, 2);
  const Matrix B = Matrix::from(std::vector<float>{1, 0, 0, 1}, 2, 2);
  const PairWeights candidates = nearest_features(A, B, 2);
  const FeatureMap best = best_match(candidates), single = one_to_one(candidates);
  CHECK(best.target == std::vector<Id>{0, 0});
  CHECK(coverage(best) == 0.5);
  CHECK(single.target == std::vector<Id>{0, 1});
  CHECK(double{single.cosine[1]} == doctest::Approx(0.3 / std::sqrt(1.09)));
}

TEST_CASE("what writes the opposite or nothing is no match") {
  const Matrix A = Matrix::from(std::vector<float>{1, 0, 0, 0}, 2, 2);
  const Matrix B = Matrix::from(std::vector<float>{-1, 0}, 1, 2);
  const PairWeights candidates = nearest_features(A, B, 1);
  CHECK(best_match(candidates).target == std::vector<Id>{-1, -1});
  CHECK(one_to_one(candidates).target == std::vector<Id>{-1, -1});
  CHECK(coverage(best_match(candidates)) == 0);
}

TEST_CASE("SAEs that cannot be compared are refused") {
  const Matrix A = random_matrix(3, 4, 1);
  CHECK_THROWS_WITH_AS(nearest_features(A, random_matrix(3, 5, 1), 1),
                       doctest::Contains("dimension 4, the other to one of 5"), Error);
  CHECK_THROWS_WITH_AS(nearest_features(A, Matrix(), 1), doctest::Contains("dimension"), Error);
  CHECK_THROWS_WITH_AS(nearest_features(A, A, 0), doctest::Contains("at least 1 candidate"), Error);
  const Matrix broken =
      Matrix::from(std::vector<float>(4, std::numeric_limits<float>::infinity()), 1, 4);
  CHECK_THROWS_AS(nearest_features(A, broken, 1), Error);
}
