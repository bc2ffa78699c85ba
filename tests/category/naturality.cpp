#include "yoneda/category/naturality.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "saes.hpp"
#include "yoneda/stats/ranks.hpp"

using namespace yoneda;

namespace {

/// A LayerNorm model, so that the default convention centres.
Unembedding model_of(Index V, Index d) {
  Unembedding model;
  model.W_U = random_matrix(V, d, 21);
  model.norm = Norm::layer;
  for (Index j = 0; j < d; ++j) model.gain.push_back(0.5f + 0.1f * static_cast<float>(j));
  return model;
}

std::vector<double> logits_by_hand(const Matrix& W, Id f, const Unembedding& model) {
  std::vector<float> a(W.cols()), b(W.cols());
  const auto w = W.row(f, a);
  double mean = 0;
  for (const float x : w) mean += double{x} / static_cast<double>(w.size());
  std::vector<double> z;
  for (Index t = 0; t < model.V(); ++t) {
    const auto u = model.W_U.row(t, b);
    double sum = 0;
    for (std::size_t j = 0; j < w.size(); ++j)
      sum += (double{w[j]} - mean) * double{model.gain[j]} * double{u[j]};
    z.push_back(sum);
  }
  return z;
}

}  // namespace

TEST_CASE("naturality is 1 less the correlation of all logits, by hand") {
  const Unembedding model = model_of(200, 12);
  const Matrix A = random_decoder(30, 12, 1), B = with_noise(A, 0.5, 2);
  const Naturality found = naturality(A, B, model, {.samples = 3});
  const FeatureMap F = best_match(nearest_features(A, B, 1));
  double mean = 0;
  for (Id f = 0; f < 30; ++f) {
    const auto r = correlation(logits_by_hand(A, f, model), logits_by_hand(B, F.target[f], model));
    CHECK(*found.of_feature[f] == doctest::Approx(1 - *r).epsilon(1e-4));
    mean += *r / 30;
  }
  CHECK(found.test.observed == doctest::Approx(mean).epsilon(1e-4));
}

TEST_CASE("the same features do the same to tokens; features by chance no more than their null") {
  const Unembedding model = model_of(300, 24);
  const Matrix A = random_decoder(120, 24, 1);
  const Naturality same = naturality(A, take_rows(A, random_order(120, 2)), model, {.samples = 19});
  for (const auto& value : same.of_feature) CHECK(std::abs(*value) < 1e-5);
  CHECK(same.test.verdict == Verdict::commutes);
  const WhitenedRotation null(random_decoder(120, 24, 3));
  int small = 0;
  constexpr int trials = 40;
  for (int trial = 0; trial < trials; ++trial) {
    const auto seed = static_cast<std::uint64_t>(trial + 5);
    const Naturality drawn = naturality(A, null.draw(seed), model, {.samples = 9, .seed = seed});
    small += drawn.test.p_upper <= 0.3;
  }
  CHECK(small >= 3);  // 12 expected, 2.9 the standard deviation
  CHECK(small <= 24);
}

TEST_CASE("models of another stream and bad options are refused") {
  const Matrix A = random_decoder(10, 12, 1);
  CHECK_THROWS_AS(naturality(A, A, model_of(50, 11)), Error);
  CHECK_THROWS_AS(naturality(A, A, model_of(50, 12), {.samples = 0}), Error);
  Unembedding unknown = model_of(50, 12);
  unknown.gain.clear();
  CHECK_THROWS_AS(naturality(A, A, unknown, {.convention = Convention::folded}), Error);
}
