#include "yoneda/category/arrow_preservation.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "saes.hpp"

using namespace yoneda;

namespace {

/// Rows that are sums of a few features which come in gangs: gangs fire together.
Matrix gangs(const Matrix& W, Index rows, std::uint64_t seed) {
  const Index d = W.cols(), gang = 4, count = W.rows() / gang;
  Random random(seed);
  std::vector<float> values(rows * d), scratch(d);
  for (Index i = 0; i < rows; ++i)
    for (Index g = 0; g < 2; ++g) {
      const Index first = gang * random.below(count);
      for (Index m = 0; m < gang; ++m) {
        const auto w = W.row(first + m, scratch);
        const auto strength = static_cast<float>(0.5 + random.uniform());
        for (Index j = 0; j < d; ++j) values[i * d + j] += strength * w[j];
      }
    }
  return Matrix::from(std::move(values), rows, d);
}

std::vector<double> fires(const Codes& codes, Id f) {
  std::vector<double> on(codes.rows(), 0.0);
  for (Index row = 0; row < codes.rows(); ++row)
    for (const Id g : codes.active(row))
      if (g == f) on[row] = 1;
  return on;
}

}  // namespace

TEST_CASE("profiles of keys: their inner product is the correlation over all keys, by hand") {
  const Matrix keys = random_matrix(300, 9, 1), X = random_matrix(20, 9, 2),
               Y = random_matrix(30, 9, 3);
  const KeyProfiles profiles(keys);
  FeatureMap F{30, random_order(30, 4), {}};
  F.target.resize(20);
  F.target[3] = -1;
  const auto found = profile_agreement(F, profiles.of(X), profiles.of(Y));
  for (Id f = 0; f < 20; ++f) {
    if (f == 3) {
      CHECK(!found[f]);
      continue;
    }
    std::vector<double> x, y;
    std::vector<float> a(9), b(9), c(9);
    for (Index t = 0; t < 300; ++t) {
      x.push_back(canonical_dot(X.row(f, a), keys.row(t, c)));
      y.push_back(canonical_dot(Y.row(F.target[f], b), keys.row(t, c)));
    }
    CHECK(*found[f] == doctest::Approx(*correlation(x, y)).epsilon(1e-5));
  }
  CHECK(!mean_agreement({}));
  CHECK(*mean_agreement({0.5, std::nullopt, 1.0}) == doctest::Approx(0.75));
  CHECK_THROWS_AS(profiles.of(random_matrix(2, 8, 1)), Error);
  // Keys whose rows add to 0 see nothing of a direction that is the same everywhere.
  std::vector<float> centred = to_vector(keys);
  for (Index t = 0; t < 300; ++t) {
    float sum = 0;
    for (Index j = 0; j < 8; ++j) sum += centred[t * 9 + j];
    centred[t * 9 + 8] = -sum;
  }
  const KeyProfiles blind(Matrix::from(std::move(centred), 300, 9));
  const Matrix flat = Matrix::from(std::vector<float>(9, 0.37f), 1, 9);
  for (const float value : to_vector(blind.of(flat))) CHECK(value == 0);
  CHECK_THROWS_AS(profile_agreement(F, profiles.of(Y), profiles.of(Y)), Error);
}

TEST_CASE("the strongest co-activations are those of all pairs, by hand") {
  const Matrix W = random_decoder(24, 12, 1);
  const Sae sae = tied_sae(W, 5);
  const Codes codes = encode(sae, gangs(W, 200, 2));
  const Firings fired = firings(codes);
  std::vector<Id> features;
  for (Id f = 0; f < 24; ++f) features.push_back(f);
  const auto found = detail::strongest_coactivations(codes, fired, features, 23);
  Index expected = 0;
  for (Id f = 0; f < 24; ++f)
    for (Id g = f + 1; g < 24; ++g) {
      const auto x = fires(codes, f), y = fires(codes, g);
      double both = 0;
      for (std::size_t i = 0; i < x.size(); ++i) both += x[i] * y[i];
      const auto phi = correlation(x, y);
      CHECK(coactivation(fired, f, g) == doctest::Approx(phi.value_or(0)));
      if (both == 0 || !phi || static_cast<float>(*phi) == 0) continue;
      ++expected;
      const auto at =
          std::ranges::find_if(found, [&](const auto& edge) { return edge.f == f && edge.g == g; });
      REQUIRE(at != found.end());
      CHECK(at->weight == doctest::Approx(*phi));
    }
  CHECK(static_cast<Index>(found.size()) == expected);
}

TEST_CASE(
    "co-activations are preserved by a permutation, and not by features of other directions") {
  const Matrix W = random_decoder(120, 24, 1);
  const Matrix X = gangs(W, 1500, 2);
  const Sae A = tied_sae(W, 8), B = tied_sae(take_rows(W, random_order(120, 3)), 8);
  const Preservation same = preserved_coactivation(A, B, X, {.samples = 19});
  CHECK(same.test.observed == doctest::Approx(1));
  CHECK(same.test.verdict == Verdict::commutes);
  CHECK(same.merged == 0);
  CHECK(same.compared > 120);
  const Sae other = tied_sae(random_decoder(120, 24, 9), 8);
  const Preservation apart = preserved_coactivation(A, other, X, {.samples = 19});
  CHECK(apart.test.verdict == Verdict::does_not);
}

TEST_CASE("ReLU features of the null fire as often as those they stand for") {
  const Matrix W = random_decoder(100, 16, 1);
  const Matrix X = gangs(W, 700, 2);
  Sae sae = tied_sae(W, 8);
  sae.activation = Activation::relu;
  sae.b_enc.assign(100, -0.4f);
  const Firings real = firings(encode(sae, X));
  Sae turned = sae;
  turned.W_enc = random_decoder(100, 16, 7);
  const Firings drawn = firings(detail::firing_as_often(turned, real, X, eigen_gemm()));
  for (Id f = 0; f < 100; ++f) CHECK(drawn.count(f) == real.count(f));
  // Of features with a threshold of their own these are the rows on which they fire.
  const Firings again = firings(detail::firing_as_often(sae, real, X, eigen_gemm()));
  CHECK(again.row == real.row);
  const Preservation same = preserved_coactivation(sae, sae, X, {.samples = 19});
  CHECK(same.test.observed == doctest::Approx(1));
  CHECK(same.test.verdict == Verdict::commutes);
}

TEST_CASE("virtual weights from a third SAE are preserved by a permutation, and by nothing else") {
  const Matrix W = random_decoder(120, 24, 1);
  const Sae A = tied_sae(W, 8), B = tied_sae(take_rows(W, random_order(120, 3)), 8),
            C = tied_sae(random_decoder(90, 24, 5), 8);
  const Preservation same = preserved_virtual_weights(A, B, C, {.samples = 19});
  CHECK(same.test.observed == doctest::Approx(1).epsilon(1e-5));
  CHECK(same.test.verdict == Verdict::commutes);
  CHECK(same.compared == 120);
  // An encoder that has nothing to do with its decoder: the map finds decoders, not encoders.
  Sae untied = B;
  untied.W_enc = random_decoder(120, 24, 11);
  const Preservation apart = preserved_virtual_weights(A, untied, C, {.samples = 19});
  CHECK(apart.test.verdict == Verdict::does_not);
  CHECK(std::abs(apart.test.observed) < 0.1);
}

TEST_CASE("without encoders or activations there is nothing to preserve") {
  const Sae A = tied_sae(random_decoder(10, 6, 1), 2);
  Sae blind = A;
  blind.W_enc = Matrix();
  CHECK_THROWS_WITH_AS(preserved_virtual_weights(A, blind, A),
                       doctest::Contains("SAE B has no encoder"), Error);
  CHECK_THROWS_WITH_AS(preserved_coactivation(blind, A, random_matrix(5, 6, 1)),
                       doctest::Contains("SAE A has no encoder"), Error);
  const Matrix nothing = Matrix::from(std::vector<float>(30, 0.0f), 5, 6);
  CHECK_THROWS_WITH_AS(preserved_coactivation(A, A, nothing), doctest::Contains("fire together"),
                       Error);
  CHECK_THROWS_AS(preserved_virtual_weights(A, A, A, {.samples = 0}), Error);
}
