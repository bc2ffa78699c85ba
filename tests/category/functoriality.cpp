#include "yoneda/category/functoriality.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "saes.hpp"

using namespace yoneda;

namespace {

Id nearest_by_hand(const Matrix& from, Id f, const Matrix& to) {
  std::vector<float> x(from.cols()), y(to.cols());
  Id best = -1;
  double most = 0;
  for (Id g = 0; g < static_cast<Id>(to.rows()); ++g) {
    const double dot = canonical_dot(from.row(f, x), to.row(g, y));
    const double cosine = dot / canonical_norm(to.row(g, y));
    if (cosine > most) most = cosine, best = g;
  }
  return best;
}

}  // namespace

TEST_CASE("the two ways of every feature, by hand") {
  const Matrix A = random_decoder(50, 8, 1), B = random_decoder(70, 8, 2),
               C = random_decoder(40, 8, 3);
  const Functoriality found = functoriality(A, B, C, {.samples = 3});
  REQUIRE(found.features.size() == 50);
  Index commuting = 0;
  for (const FunctorialFeature& f : found.features) {
    const Id via = nearest_by_hand(A, f.feature, B);
    CHECK(f.via == via);
    CHECK(f.through == nearest_by_hand(B, via, C));
    CHECK(f.direct == nearest_by_hand(A, f.feature, C));
    commuting += f.commutes();
    CHECK(f.by_chance >= 0);
    CHECK(f.by_chance <= 1);
  }
  CHECK(found.commuting == commuting);
  for (const NullTest& test : found.tests)
    CHECK(test.observed == doctest::Approx(static_cast<double>(commuting) / 50));
}

TEST_CASE("the same features in any order: every map composes") {
  const Matrix A = random_decoder(150, 32, 1);
  const auto to_b = random_order(150, 2), to_c = random_order(150, 3);
  const Functoriality found =
      functoriality(A, take_rows(A, to_b), take_rows(A, to_c), {.samples = 39});
  CHECK(found.commuting == 150);
  CHECK(found.tests[0].verdict == Verdict::commutes);
  CHECK(found.tests[0].effect == doctest::Approx(1));
  CHECK(found.tests[2].verdict == Verdict::commutes);
  // A and B are the same, so that maps to any C at all would agree.
  CHECK(found.tests[1].null_mean == doctest::Approx(1));
  CHECK(found.test().verdict == Verdict::forced);
  for (const FunctorialFeature& f : found.features) {
    CHECK(to_b[f.via] == f.feature);
    CHECK(to_c[f.direct] == f.feature);
  }
}

TEST_CASE("planted noise lowers the share, and it still stands out") {
  const Matrix A = random_decoder(300, 64, 1);
  double last = 2;
  for (const double noise : {0.6, 1.0, 1.5}) {
    const Functoriality found =
        functoriality(A, with_noise(A, noise, 2), with_noise(A, noise, 3), {.samples = 39});
    CHECK(found.test().observed < last);
    CHECK(found.test().verdict == Verdict::commutes);
    last = found.test().observed;
  }
}

TEST_CASE("features that have nothing to do with each other do not compose, nor turned ones") {
  const Matrix A = random_decoder(200, 16, 1);
  const Functoriality apart =
      functoriality(A, random_decoder(200, 16, 2), random_decoder(200, 16, 3), {.samples = 39});
  CHECK(apart.test().verdict == Verdict::does_not);
  // The same geometry in other directions: no map can know of it.
  const Functoriality turned = functoriality(A, rotated(A, haar_rotation(16, 5)),
                                             rotated(A, haar_rotation(16, 6)), {.samples = 39});
  CHECK(turned.test().verdict == Verdict::does_not);
}

TEST_CASE("p is as likely to be small as it says where B is a draw of its own null") {
  constexpr int trials = 120;
  const Matrix A = random_decoder(40, 6, 1), C = with_noise(A, 0.5, 2);
  const WhitenedRotation null(random_decoder(40, 6, 3));
  int small = 0;
  for (int trial = 0; trial < trials; ++trial) {
    const auto seed = static_cast<std::uint64_t>(trial + 10);
    const Functoriality found = functoriality(A, null.draw(seed), C, {.samples = 9, .seed = seed});
    small += found.tests[0].p_upper <= 0.3;
  }
  // Ties make it rather smaller than 36 of 120; 5 standard deviations above would be 61.
  CHECK(small <= 61);
  CHECK(small >= 8);
}

TEST_CASE("a sample of features, and the same whatever the number of threads") {
  const Matrix A = random_decoder(300, 12, 1), B = random_decoder(200, 12, 2);
  const FunctorialityOptions options{.features = 64, .samples = 5, .seed = 7};
  const Functoriality once = functoriality(A, B, A, options);
  CHECK(once.features.size() == 64);
  CHECK(std::ranges::is_sorted(once.features, {}, &FunctorialFeature::feature));
#if defined(_OPENMP)
  const int threads = omp_get_max_threads();
  omp_set_num_threads(threads == 1 ? 3 : 1);
  const Functoriality again = functoriality(A, B, A, options);
  omp_set_num_threads(threads);
  for (std::size_t null = 0; null < 3; ++null)
    CHECK(once.tests[null].draws == again.tests[null].draws);
#endif
}

TEST_CASE("bad SAEs and options are refused") {
  const Matrix A = random_decoder(5, 4, 1);
  CHECK_THROWS_WITH_AS(functoriality(A, A, random_matrix(5, 3, 1)),
                       doctest::Contains("only features of one space"), Error);
  CHECK_THROWS_AS(functoriality(A, A, A, {.features = 0}), Error);
  CHECK_THROWS_AS(functoriality(A, A, A, {.samples = 0}), Error);
  CHECK_THROWS_AS(
      functoriality(A, A, A, {}, eigen_gemm(), Progress([](Stage, double) { return false; })),
      Error);
}
