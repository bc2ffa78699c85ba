#include "yoneda/category/grid_search.hpp"

#include <doctest/doctest.h>
#include <omp.h>

#include "category/representations.hpp"
#include "yoneda/stats/moments.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

/// Items 3i, 3i + 1, 3i + 2 are rows of a grid of r rows, up to noise; the others are random.
Eigen::MatrixXd planted_rows(Index V, Index d, Index rows, double noise, std::uint64_t seed) {
  Eigen::MatrixXd X = dense(random_matrix(V, d, seed));
  const Eigen::MatrixXd columns = dense(random_matrix(3, d, seed + 1'000'000));
  for (Index i = 0; i < rows; ++i) {
    const Eigen::RowVectorXd own = X.row(3 * i);
    for (Index j = 0; j < 3; ++j)
      X.row(3 * i + j) =
          own + 1.5 * columns.row(j) + noise * dense(random_matrix(1, d, seed + 7 * i + j)).row(0);
  }
  return X;
}

double cosine_of(const Eigen::RowVectorXd& x, const Eigen::RowVectorXd& y) {
  return x.dot(y) / (x.norm() * y.norm());
}

/// The definition, with explicit vectors.
std::vector<std::pair<double, std::vector<Id>>> brute_force(const Eigen::MatrixXd& X,
                                                            const std::vector<Id>& seed) {
  std::vector<std::pair<double, std::vector<Id>>> rows;
  for (Id u = 0; u < X.rows(); ++u) {
    if (std::ranges::find(seed, u) != seed.end()) continue;
    std::vector<Id> row{u};
    double score = 0;
    for (std::size_t j = 1; j < seed.size(); ++j) {
      const Eigen::RowVectorXd delta = X.row(seed[j]) - X.row(seed[0]);
      double best = -2;
      Id nearest = -1;
      for (Id v = 0; v < X.rows(); ++v)
        if (v != u && std::ranges::find(seed, v) == seed.end())
          if (const double c = cosine_of(X.row(u) + delta, X.row(v)); c > best)
            best = c, nearest = v;
      if (std::ranges::find(row, nearest) != row.end()) break;
      row.push_back(nearest);
      score += cosine_of(X.row(nearest) - X.row(u), delta) / static_cast<double>(seed.size() - 1);
    }
    if (row.size() == seed.size()) rows.emplace_back(score, row);
  }
  std::ranges::stable_sort(rows, [](const auto& a, const auto& b) { return a.first > b.first; });
  return rows;
}

}  // namespace

TEST_CASE("rows and scores are those of the definition, dense and sparse") {
  const Representation dense_one =
      representation_of(planted_rows(1100, 12, 6, 0.3, 1));  // two tiles
  const Representation sparse_one = code_representation(random_codes(200, 40, 0.3, 2));
  for (const Representation* of : {&dense_one, &sparse_one}) {
    const std::vector<Id> seed{0, 1, 2};
    const std::vector<detail::SeedRow> seeds{seed, {5, 9, 30}};
    const auto candidates = detail::in_order(of->size());
    const auto found = detail::scored_rows(*of, seeds, candidates, {});
    for (std::size_t s = 0; s < 2; ++s) {
      const auto expected = brute_force(dense(*of), seeds[s]);
      REQUIRE(found[s].size() == expected.size());
      for (std::size_t i = 0; i < std::min<std::size_t>(expected.size(), 60); ++i) {
        CHECK(found[s][i].score == Approx(expected[i].first).epsilon(1e-4));
        CHECK(found[s][i].items == expected[i].second);
      }
    }
  }
}

TEST_CASE("planted: the rows are found, and the grid stands out from both nulls") {
  const Representation of = representation_of(planted_rows(300, 30, 6, 0.2, 3));
  const std::vector<Id> seed{0, 1, 2};
  GridSearchOptions options;
  options.rows = 6;
  options.samples = 39;
  const GridSearch found = grid_search(of, seed, options);
  for (Index i = 0; i < 6; ++i) {
    CHECK(found.grid(i, 0) % 3 == 0);
    CHECK(found.grid(i, 1) == found.grid(i, 0) + 1);
    CHECK(found.grid(i, 2) == found.grid(i, 0) + 2);
    CHECK(found.grid(i, 0) < 18);
  }
  CHECK(found.verdict == Verdict::commutes);
  CHECK(found.near_G.p_upper == Approx(1.0 / 40));
  CHECK(found.mismatched_score.p_upper == Approx(1.0 / 40));
  CHECK(found.G == Approx(decomposition(of, found.grid).G()));
  CHECK(found.G < 1);
}

TEST_CASE(
    "random items: a search finds a grid that adds up, and the repeated search says so do all") {
  const Representation noise = word_representation(random_matrix(200, 8, 4));
  GridSearchOptions options;
  options.rows = 4;
  options.samples = 39;
  const GridSearch found = grid_search(noise, std::vector<Id>{0, 1, 2}, options);
  CHECK(found.G > 0.3);  // given as it is, this grid would pass
  CHECK(product_test(noise, found.grid, {.samples = 99}).verdict == Verdict::commutes);
  CHECK(found.verdict != Verdict::commutes);
}

TEST_CASE("p against near rows is uniform where the null is true") {
  std::vector<double> near;
  for (std::uint64_t round = 0; round < 150; ++round) {
    const Representation noise = word_representation(random_matrix(60, 6, 100 + round));
    GridSearchOptions options;
    options.rows = 3;
    options.samples = 19;
    options.seed = round;
    const GridSearch found = grid_search(noise, std::vector<Id>{0, 1, 2}, options);
    near.push_back(found.near_G.p_upper);
  }
  CHECK(std::abs(moments(near).mean - 0.525) < 0.07);  // standard error .0235
  for (const double alpha : {0.05, 0.1, 0.25, 0.5}) {
    const auto below = std::ranges::count_if(near, [&](double x) { return x <= alpha + 1e-9; });
    CHECK(std::abs(static_cast<double>(below) - 150 * alpha) <
          3 * std::sqrt(150 * alpha * (1 - alpha)));
  }
}

TEST_CASE("the same bits for any number of threads, with candidates of one's own") {
  const Representation of = representation_of(planted_rows(200, 10, 5, 0.5, 5));
  std::vector<Id> candidates;
  for (Id i = 0; i < 60; ++i) candidates.push_back(i);
  GridSearchOptions options;
  options.rows = 4;
  options.samples = 9;
  options.candidates = candidates;
  const GridSearch found = grid_search(of, std::vector<Id>{0, 1, 2}, options);
  for (Index i = 0; i < 4; ++i) CHECK(found.grid(i, 0) < 60);
  const int threads = omp_get_max_threads();
  for (const int count : {1, 3}) {
    omp_set_num_threads(count);
    const GridSearch again = grid_search(of, std::vector<Id>{0, 1, 2}, options);
    CHECK(again.grid.items == found.grid.items);
    CHECK(again.near_G.draws == found.near_G.draws);
    CHECK(again.mismatched_score.draws == found.mismatched_score.draws);
  }
  omp_set_num_threads(threads);
}

TEST_CASE("bad input") {
  const Representation of = word_representation(random_matrix(100, 4, 6));
  const auto search = [&](std::vector<Id> seed, Index rows, Index samples = 5) {
    GridSearchOptions options;
    options.rows = rows;
    options.samples = samples;
    return grid_search(of, seed, options);
  };
  CHECK_THROWS_AS(search({0}, 4), Error);
  CHECK_THROWS_AS(search({0, 0}, 4), Error);
  CHECK_THROWS_AS(search({0, 100}, 4), Error);
  CHECK_THROWS_AS(search({0, 1}, 2), Error);
  CHECK_THROWS_AS(search({0, 1}, 60), Error);
  CHECK_THROWS_AS(search({0, 1}, 4, 0), Error);
}
