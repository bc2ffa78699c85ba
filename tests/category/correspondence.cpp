#include "yoneda/category/correspondence.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "saes.hpp"

using namespace yoneda;

namespace {

constexpr Index dimension = 64;

/// A mixture a x + b y of rows, as a row.
std::vector<float> mixed(const Matrix& X, Id i, double a, const Matrix& Y, Id j, double b) {
  std::vector<float> x(X.cols()), y(Y.cols()), out(X.cols());
  const auto first = X.row(i, x), second = Y.row(j, y);
  for (std::size_t t = 0; t < out.size(); ++t)
    out[t] = static_cast<float>(a * double{first[t]} + b * double{second[t]});
  return out;
}

}  // namespace

TEST_CASE("the same features are all matched; none is lost, none is new") {
  const Matrix A = random_decoder(200, dimension, 1);
  const auto order = random_order(200, 2);
  for (const Matrix& B : {A, take_rows(A, order), with_noise(A, 0.3, 3)}) {
    const Correspondence found = correspondence(A, B, {.samples = 5});
    CHECK(std::ranges::count(found.fate, Fate::matched) == 200);
    CHECK(std::ranges::count(found.origin, Fate::matched) == 200);
    CHECK(found.forward.target == found.pairing.target);
    CHECK(coverage(found.forward) == 1);
    CHECK(found.forward_floor > found.forward_chance);
    CHECK(found.forward_floor < 0.9);
  }
}

TEST_CASE("planted splits, joins, losses and news are told apart") {
  const Matrix A = random_decoder(100, dimension, 1), other = random_decoder(20, dimension, 2);
  std::vector<float> rows;
  const auto add = [&rows](const std::vector<float>& row) {
    rows.insert(rows.end(), row.begin(), row.end());
  };
  // Feature 0 splits into 0, 1, 2 of B; 1 and 2 are joined in 3; 3 is lost; 4 is new; the rest
  // stay.
  for (Id part = 0; part < 3; ++part) add(mixed(A, 0, 1, other, part, 0.6));
  add(mixed(A, 1, 1, A, 2, 0.9));
  add(mixed(other, 3, 1, other, 4, 0.5));
  for (Id f = 4; f < 100; ++f) add(mixed(A, f, 1, A, f, 0));
  const Matrix B = Matrix::from(std::move(rows), 101, dimension);

  const Correspondence found = correspondence(A, B, {.samples = 10});
  CHECK(found.fate[0] == Fate::split);
  CHECK(parts(found)[0] == std::vector<Id>{0, 1, 2});
  CHECK(found.fate[1] == Fate::matched);  // it is the nearer of the two
  CHECK(found.fate[2] == Fate::absorbed);
  CHECK(found.forward.target[1] == 3);
  CHECK(found.forward.target[2] == 3);
  CHECK(found.fate[3] == Fate::lost);
  for (Id f = 4; f < 100; ++f) CHECK(found.fate[f] == Fate::matched);

  CHECK(found.origin[3] == Fate::split);  // seen from B: it joins two features of A
  CHECK(found.origin[4] == Fate::lost);   // new
  Index absorbed = 0;
  for (Id part = 0; part < 3; ++part) absorbed += found.origin[part] == Fate::absorbed;
  CHECK(absorbed == 2);  // the nearest of the three parts is a match
  CHECK(found.backward.target[0] == 0);
}

TEST_CASE("turned features are all lost, but for the share that chance allows") {
  const Matrix A = random_decoder(400, dimension, 1);
  const Correspondence found =
      correspondence(A, rotated(A, haar_rotation(dimension, 4)), {.chance = 0.05, .samples = 20});
  const auto kept = 400 - std::ranges::count(found.fate, Fate::lost);
  CHECK(kept < 50);  // 20 expected
}

TEST_CASE("a floor holds besides chance") {
  const Matrix A = random_decoder(100, dimension, 1), B = with_noise(A, 1.0, 2);
  const Correspondence found = correspondence(A, B, {.floor = 0.99, .samples = 3});
  CHECK(found.forward_floor == 0.99);
  CHECK(std::ranges::count(found.fate, Fate::lost) == 100);
}

TEST_CASE("the same whatever the number of threads") {
#if defined(_OPENMP)
  const Matrix A = random_decoder(150, 12, 1), B = random_decoder(130, 12, 2);
  const Correspondence once = correspondence(A, B, {.samples = 4});
  const int threads = omp_get_max_threads();
  omp_set_num_threads(threads == 1 ? 3 : 1);
  const Correspondence again = correspondence(A, B, {.samples = 4});
  omp_set_num_threads(threads);
  CHECK(once.fate == again.fate);
  CHECK(once.pairing.target == again.pairing.target);
  CHECK(once.forward_floor == again.forward_floor);
  CHECK(once.backward_chance == again.backward_chance);
#endif
}

TEST_CASE("bad options are refused") {
  const Matrix A = random_decoder(5, 4, 1);
  CHECK_THROWS_AS(correspondence(A, A, {.chance = 0}), Error);
  CHECK_THROWS_WITH_AS(correspondence(A, A, {.chance = 0.001, .samples = 2}),
                       doctest::Contains("draw more samples"), Error);
  CHECK_THROWS_AS(correspondence(A, A, {.samples = 0}), Error);
  CHECK_THROWS_AS(correspondence(A, A, {.candidates = 0}), Error);
  CHECK_THROWS_AS(correspondence(A, random_matrix(5, 3, 1)), Error);
}
