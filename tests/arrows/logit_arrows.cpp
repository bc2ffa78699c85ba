#include "yoneda/arrows/logit_arrows.hpp"

#include <doctest/doctest.h>
#include <omp.h>

#include <limits>
#include <numeric>

#include "brute_force.hpp"
#include "emulated_bf16.hpp"
#include "random_matrix.hpp"
#include "yoneda/onednn/gemm.hpp"

using namespace yoneda;

namespace {

Unembedding unembedding(std::vector<float> W_U, Index V, Index d) {
  Unembedding model;
  model.W_U = Matrix::from(std::move(W_U), V, d);
  return model;
}

/// Runs both products over several tile shapes and holds each feature against the definition.
void check_all(const Matrix& W_dec, const Unembedding& model, Index k) {
  for (const Gemm& gemm :
       {eigen_gemm(), onednn_gemm(), emulated::worst_gemm(), emulated::packed_gemm()})
    for (const auto& [feature_tile, token_tile] :
         {std::pair<Index, Index>{0, 0}, {64, 512}, {1, 1}, {3, 7}, {5, 64}, {1000, 100000}}) {
      CAPTURE(gemm.name);
      CAPTURE(token_tile);
      ArrowOptions options;
      options.k = k;
      options.feature_tile = feature_tile;
      options.token_tile = token_tile;
      const LogitArrows arrows = logit_arrows(W_dec, model, options, gemm);
      for (Id f = 0; f < W_dec.rows(); ++f)
        brute_force::check_feature(arrows, f,
                                   brute_force::logits(brute_force::row_of(W_dec, f), model.W_U));
    }
}

}  // namespace

TEST_CASE("arrows equal brute force on ordinary weights") {
  const Index n = 13, V = 777, d = 33;
  check_all(Matrix::from(normals(n * d, 1), n, d), unembedding(normals(V * d, 2), V, d), 20);
}

TEST_CASE("arrows equal brute force against adversaries") {
  const Index d = 24, V = 600, n = 6;
  auto W = normals(n * d, 3), U = normals(V * d, 4);
  SUBCASE("thousands of identical tokens: ties go to the smaller id") {
    for (Index t = 0; t < V; ++t) std::copy_n(U.begin(), d, U.begin() + t * d);
    check_all(Matrix::from(W, n, d), unembedding(U, V, d), 40);
  }
  SUBCASE("gaps far below the rounding of the first pass") {
    for (Index t = 1; t < V; ++t) {
      std::copy_n(U.begin(), d, U.begin() + t * d);
      U[t * d] = std::nextafter(U[(t - 1) * d], 10.0f);
    }
    check_all(Matrix::from(W, n, d), unembedding(U, V, d), 40);
  }
  SUBCASE("an outlier dimension and one huge token") {
    for (Index t = 0; t < V; ++t) U[t * d + 5] *= 1e4f;
    for (Index j = 0; j < d; ++j) U[17 * d + j] *= 1e6f;
    check_all(Matrix::from(W, n, d), unembedding(U, V, d), 40);
  }
  SUBCASE("subnormal products") {
    for (float& u : U) u *= 1e-22f;
    for (float& w : W) w *= 1e-21f;
    check_all(Matrix::from(W, n, d), unembedding(U, V, d), 10);
  }
  SUBCASE("a zero row and duplicated rows") {
    std::fill_n(W.begin(), d, 0.0f);
    std::copy_n(W.begin() + d, d, W.begin() + 2 * d);
    check_all(Matrix::from(W, n, d), unembedding(U, V, d), 10);
  }
  SUBCASE("2k = V: every token is an arrow") {
    check_all(Matrix::from(W, n, d), unembedding(U, V, d), V / 2);
  }
  SUBCASE("one feature") {
    W.resize(d);
    check_all(Matrix::from(W, 1, d), unembedding(U, V, d), 7);
  }
}

TEST_CASE("the same bits for any number of threads, and the same arrows by either product") {
  const Index n = 300, V = 3000, d = 40;
  const Matrix W_dec = Matrix::from(normals(n * d, 5), n, d);
  const Unembedding model = unembedding(normals(V * d, 6), V, d);
  const int before = omp_get_max_threads();
  std::vector<LogitArrows> results;
  for (const Gemm& gemm : {eigen_gemm(), onednn_gemm(), emulated::gemm()}) {
    for (const int threads : {1, 2, 5}) {
      omp_set_num_threads(threads);
      results.push_back(logit_arrows(W_dec, model, {}, gemm));
    }
  }
  omp_set_num_threads(before);
  for (std::size_t i = 1; i < results.size(); ++i) brute_force::check_same(results[0], results[i]);
  for (const std::size_t i : {0, 1, 3, 4, 6, 7})
    brute_force::check_same_statistics(results[i], results[i + 1]);
}

TEST_CASE("candidates without end are answered by canonical products alone") {
  const Index d = 4, V = 20000, n = 3;  // more equal tokens than a list of candidates holds
  const auto U = normals(V * d, 21);
  std::vector<float> crowded = U;
  for (Index t = 100; t < V; ++t) std::copy_n(U.begin(), d, crowded.begin() + t * d);
  const Matrix W_dec = Matrix::from(normals(n * d, 22), n, d);
  const Unembedding model = unembedding(crowded, V, d);
  ArrowOptions options;
  options.k = 60;
  for (const Gemm& gemm : {eigen_gemm(), emulated::gemm()}) {
    const LogitArrows arrows = logit_arrows(W_dec, model, options, gemm);
    for (Id f = 0; f < n; ++f)
      brute_force::check_feature(arrows, f,
                                 brute_force::logits(brute_force::row_of(W_dec, f), model.W_U));
  }
}

TEST_CASE("bfloat16 is used where it separates tokens, float32 where it does not") {
  const Index d = 64, V = 3000, n = 20;
  const Matrix W_dec = Matrix::from(normals(n * d, 23), n, d);
  std::vector<float> U = normals(V * d, 24);
  Index calls = 0;
  Gemm counting = emulated::gemm();
  counting.multiply_bf16 = [&](Bf16View A, Bf16View B, MutableMatrixView C) {
#pragma omp atomic
    ++calls;
    emulated::multiply(A, B, C);
  };
  const auto check = [&] {
    const Unembedding model = unembedding(U, V, d);
    const LogitArrows arrows = logit_arrows(W_dec, model, {}, counting);
    for (Id f = 0; f < n; ++f)
      brute_force::check_feature(arrows, f,
                                 brute_force::logits(brute_force::row_of(W_dec, f), model.W_U));
  };
  SUBCASE("ordinary tokens") {
    check();
    CHECK(calls > 0);
  }
  SUBCASE("a large mean that all tokens share costs nothing: it is subtracted") {
    for (Index t = 0; t < V; ++t) U[t * d + 7] += 300;
    check();
    CHECK(calls > 0);
  }
  SUBCASE("one dimension of constant size and random sign outweighs all others") {
    for (Index t = 0; t < V; ++t) U[t * d + 7] *= 1000;
    std::vector<float> W = to_vector(W_dec);
    for (Index f = 0; f < n; ++f) W[f * d + 7] = 1e-3f;
    const Unembedding model = unembedding(U, V, d);
    logit_arrows(Matrix::from(W, n, d), model, {}, counting);
    CHECK(calls == 0);
  }
}

TEST_CASE("more queries than a block holds") {
  const Index n = 70, V = 500, d = 12;
  const Matrix W_dec = Matrix::from(normals(n * d, 25), n, d),
               W_U = Matrix::from(normals(V * d, 26), V, d);
  std::vector<std::vector<Extreme>> whole(n), parts(n);
  const auto fill = [&](Index f, std::span<float> out) {
    std::ranges::copy(W_dec.row(f, out), out.begin());
  };
  ExtremesOptions options;
  options.k = 9;
  for (auto* found : {&whole, &parts}) {
    for_each_extremes(
        n, fill, W_U,
        [&](Index f, const Extremes& e) { (*found)[f].assign(e.largest.begin(), e.largest.end()); },
        options);
    options.query_block = 16;
  }
  for (Index f = 0; f < n; ++f)
    for (Index i = 0; i < 9; ++i) {
      CHECK(whole[f][i].id == parts[f][i].id);
      CHECK(whole[f][i].value == parts[f][i].value);
    }
}

TEST_CASE("16-bit weights are used as they are") {
  const Index n = 5, V = 200, d = 16;
  std::vector<f16> half;
  std::vector<bf16> brain;
  for (const float x : normals(V * d, 7)) half.push_back(to_f16(x));
  for (const float x : normals(n * d, 8)) brain.push_back(to_bf16(x));
  Unembedding model;
  model.W_U = Matrix::from(half, V, d);
  check_all(Matrix::from(brain, n, d), model, 9);
}

TEST_CASE("conventions: gain, centring, and the mean over tokens") {
  const Index n = 4, V = 150, d = 12;
  const Matrix W_dec = Matrix::from(normals(n * d, 9), n, d);
  Unembedding model = unembedding(normals(V * d, 10), V, d);
  model.gain = normals(d, 11);
  model.norm = Norm::rms;
  ArrowOptions options;
  options.k = 5;
  CHECK(logit_arrows(W_dec, model, options).convention == Convention::folded);
  const auto folded = logit_arrows(W_dec, model, options);
  for (Id f = 0; f < n; ++f)
    brute_force::check_feature(
        folded, f, brute_force::logits(brute_force::direction(W_dec, f, model, true), model.W_U));

  options.convention = Convention::transformer_lens;  // RMSNorm: folded minus the mean over tokens
  const auto lens = logit_arrows(W_dec, model, options);
  for (Id f = 0; f < n; ++f) {
    CHECK(lens.mean[f] == 0.0f);
    CHECK(lens.positive(f)[0] == folded.positive(f)[0]);
    CHECK(lens.max[f] == doctest::Approx(folded.max[f] - folded.mean[f]));
    CHECK(lens.negative_values(f)[3] ==
          doctest::Approx(folded.negative_values(f)[3] - folded.mean[f]));
    CHECK(lens.histogram_low[f] == doctest::Approx(folded.histogram_low[f] - folded.mean[f]));
  }
  model.soft_cap = true;  // the mean carries meaning: it stays
  CHECK(logit_arrows(W_dec, model, options).max == folded.max);
  model.soft_cap = false;

  model.norm = Norm::layer;
  options.convention = Convention::automatic;
  const auto centred = logit_arrows(W_dec, model, options);
  CHECK(centred.convention == Convention::centered);
  for (Id f = 0; f < n; ++f) {
    std::vector<float> w = brute_force::row_of(W_dec, f);
    double mean = 0;
    for (const float x : w) mean += static_cast<double>(x);
    mean /= static_cast<double>(d);
    for (Index j = 0; j < d; ++j)
      w[j] = static_cast<float>((static_cast<double>(w[j]) - mean) *
                                static_cast<double>(model.gain[j]));
    brute_force::check_feature(centred, f, brute_force::logits(w, model.W_U));
  }
}

TEST_CASE("excluded tokens are as though the vocabulary lacked them") {
  const Index n = 6, V = 300, d = 10;
  const Matrix W_dec = Matrix::from(normals(n * d, 12), n, d);
  const auto U = normals(V * d, 13);
  std::vector<Id> excluded{0, 7, 299}, kept;
  for (Id t = 0; t < V; ++t)
    if (std::ranges::find(excluded, t) == excluded.end()) kept.push_back(t);
  const Unembedding whole = unembedding(U, V, d);
  Unembedding part;
  part.W_U = take_rows(whole.W_U, kept);
  ArrowOptions options;
  options.k = 8;
  const auto expected = logit_arrows(W_dec, part, options);
  options.excluded = excluded;
  const auto found = logit_arrows(W_dec, whole, options);
  CHECK(found.positive_logits == expected.positive_logits);
  CHECK(found.negative_logits == expected.negative_logits);
  CHECK(found.mean == expected.mean);
  CHECK(found.histogram == expected.histogram);
  for (std::size_t i = 0; i < found.positive_tokens.size(); ++i)
    REQUIRE(found.positive_tokens[i] == kept[expected.positive_tokens[i]]);
}

TEST_CASE("histograms count every token once and follow the logits") {
  const Index n = 3, V = 5000, d = 20;
  const Matrix W_dec = Matrix::from(normals(n * d, 14), n, d);
  const Unembedding model = unembedding(normals(V * d, 15), V, d);
  const auto arrows = logit_arrows(W_dec, model);
  for (Id f = 0; f < n; ++f) {
    const auto bins = std::span(arrows.histogram).subspan(f * 52, 52);
    CHECK(std::accumulate(bins.begin(), bins.end(), Index{0}) == V);
    std::vector<Index> expected(52, 0);
    const double low = static_cast<double>(arrows.histogram_low[f]);
    const double width = (static_cast<double>(arrows.histogram_high[f]) - low) / 50;
    for (const auto& s : brute_force::logits(brute_force::row_of(W_dec, f), model.W_U))
      ++expected[std::clamp(static_cast<Index>(std::floor((s.logit - low) / width)) + 1, Index{0},
                            Index{51})];
    for (Index b = 0; b < 52; ++b) CHECK(std::abs(expected[b] - bins[b]) <= 2);  // at bin edges
  }
}

TEST_CASE("bad input is refused in one line") {
  const Matrix W_dec = Matrix::from(normals(20, 16), 2, 10);
  const Unembedding model = unembedding(normals(300, 17), 30, 10);
  ArrowOptions options;
  options.k = 16;
  CHECK_THROWS_WITH(logit_arrows(W_dec, model, options),
                    "k = 16 arrows at each end need at least 32 tokens; there are 30");
  options.k = 0;
  CHECK_THROWS_AS(logit_arrows(W_dec, model, options), Error);
  options.k = 31;
  CHECK_THROWS_AS(logit_arrows(W_dec, model, options), Error);
  options.k = 5;
  options.convention = Convention::folded;
  CHECK_THROWS_AS(logit_arrows(W_dec, model, options), Error);
  options.convention = Convention::automatic;
  const std::vector<Id> outside{30};
  options.excluded = outside;
  CHECK_THROWS_AS(logit_arrows(W_dec, model, options), Error);
  options.excluded = {};
  std::vector<float> broken = normals(300, 17);
  broken[42] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(logit_arrows(W_dec, unembedding(broken, 30, 10), options),
                    "row 4 holds a NaN or an infinity");
  CHECK_THROWS_WITH(logit_arrows(Matrix::from(normals(18, 1), 2, 9), model, options),
                    "the SAE writes to a space of dimension 9, the unembedding reads one of "
                    "dimension 10: they are not of one model");
  Unembedding huge = unembedding(std::vector<float>(300, 1e30f), 30, 10);
  CHECK_THROWS_AS(logit_arrows(Matrix::from(std::vector<float>(20, 1e20f), 2, 10), huge, options),
                  Error);
}

TEST_CASE("a cancelled pass throws") {
  const Matrix W_dec = Matrix::from(normals(2000, 18), 200, 10);
  const Unembedding model = unembedding(normals(2000, 19), 200, 10);
  ArrowOptions options;
  options.feature_tile = 1;
  try {
    logit_arrows(W_dec, model, options, eigen_gemm(),
                 Progress([](Stage, double) { return false; }));
    FAIL("was not cancelled");
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::cancelled);
  }
}
