#include "yoneda/category/products.hpp"

#include <doctest/doctest.h>
#include <omp.h>

#include <numeric>

#include "category/representations.hpp"
#include "yoneda/stats/moments.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

Grid grid_of(Index rows, Index columns) {
  Grid grid{rows, columns, std::vector<Id>(rows * columns)};
  std::iota(grid.items.begin(), grid.items.end(), Id{0});
  return grid;
}

/// Row part + column part + noise.
Eigen::MatrixXd additive(Index rows, Index columns, Index d, double noise, std::uint64_t seed) {
  const Eigen::MatrixXd A = dense(random_matrix(rows, d, seed));
  const Eigen::MatrixXd B = dense(random_matrix(columns, d, seed + 1'000'000));
  Eigen::MatrixXd X = noise * dense(random_matrix(rows * columns, d, seed + 2'000'000));
  for (Index x = 0; x < rows * columns; ++x) X.row(x) += A.row(x / columns) + B.row(x % columns);
  return X;
}

/// The definition, with explicit vectors.
Decomposition brute_force(const Eigen::MatrixXd& X, Index rows, Index columns) {
  const Eigen::RowVectorXd mean = X.colwise().mean();
  const auto row_mean = [&](Index i) {
    return Eigen::RowVectorXd(X.middleRows(i * columns, columns).colwise().mean());
  };
  const auto column_mean = [&](Index j) {
    Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(X.cols());
    for (Index i = 0; i < rows; ++i) sum += X.row(i * columns + j);
    return Eigen::RowVectorXd(sum / static_cast<double>(rows));
  };
  Decomposition made{.rows = rows, .columns = columns};
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < columns; ++j) {
      made.ss_rows += (row_mean(i) - mean).squaredNorm();
      made.ss_columns += (column_mean(j) - mean).squaredNorm();
      made.ss_rest += (X.row(i * columns + j) - row_mean(i) - column_mean(j) + mean).squaredNorm();
    }
  return made;
}

Eigen::MatrixXd laid_out(const Eigen::MatrixXd& X, const std::vector<Id>& at) {
  Eigen::MatrixXd moved(X.rows(), X.cols());
  for (Index x = 0; x < X.rows(); ++x) moved.row(x) = X.row(at[x]);
  return moved;
}

}  // namespace

TEST_CASE("sums of squares, G and F are those of the definition, dense and sparse") {
  const Representation dense_one = representation_of(additive(5, 4, 10, 1, 1));
  const Representation sparse_one = code_representation(random_codes(20, 50, 0.2, 2));
  for (const Representation* of : {&dense_one, &sparse_one}) {
    const Eigen::MatrixXd X = dense(*of);
    const Decomposition expected = brute_force(X, 5, 4);
    const ProductTest test = product_test(*of, grid_of(5, 4), {.samples = 10, .seed = 3});
    CHECK(test.observed.ss_rows == Approx(expected.ss_rows));
    CHECK(test.observed.ss_columns == Approx(expected.ss_columns));
    CHECK(test.observed.ss_rest == Approx(expected.ss_rest));
    const double total = (X.rowwise() - X.colwise().mean()).squaredNorm();
    CHECK(test.observed.ss_total() == Approx(total));
    CHECK(test.G == Approx(1 - (expected.ss_rest / 12) / (total / 19)));
    CHECK(test.observed.F_rows() == Approx((expected.ss_rows / 4) / (expected.ss_rest / 12)));
    CHECK(test.observed.F_columns() == Approx((expected.ss_columns / 3) / (expected.ss_rest / 12)));
    for (Index s = 0; s < 10; ++s) {  // every draw, from the vectors moved about
      Random random(3, static_cast<std::uint64_t>(s));
      const auto columns = detail::permuted_within_columns(5, 4, random);
      const auto rows = detail::permuted_within_rows(5, 4, random);
      for (Index x = 0; x < 20; ++x) {
        CHECK(columns[x] % 4 == x % 4);
        CHECK(rows[x] / 4 == x / 4);
      }
      CHECK(test.rows.draws[s] == Approx(brute_force(laid_out(X, columns), 5, 4).G()));
      CHECK(test.columns.draws[s] == Approx(brute_force(laid_out(X, rows), 5, 4).G()));
    }
    double square = 0;
    for (const double rest : test.rest) square += rest * rest;
    CHECK(square == Approx(20));
    CHECK(test.failures.size() == 20);
    CHECK(test.rest[test.failures.front()] == *std::ranges::max_element(test.rest));
  }
}

TEST_CASE("exact: G is 1, F has no bound, and nothing is left over") {
  Eigen::MatrixXd X(12, 2);  // 4 x 3, small integers: exact in float
  for (Index x = 0; x < 12; ++x)
    X.row(x) << static_cast<double>((x / 3) * (x / 3) + 5 * (x % 3)), static_cast<double>(x % 3);
  const ProductTest test = product_test(representation_of(X), grid_of(4, 3), {.samples = 99});
  CHECK(test.G == Approx(1));
  CHECK(test.observed.F_rows() > 1e9);
  CHECK(test.verdict == Verdict::commutes);
}

TEST_CASE("random points: G is 0 on average, where the share of squares is not") {
  double G = 0, share = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Decomposition of =
        decomposition(word_representation(random_matrix(4, 20, 100 + seed)), grid_of(2, 2));
    G += of.G() / 300;
    share += (1 - of.ss_rest / of.ss_total()) / 300;
  }
  CHECK(std::abs(G) < 0.05);
  CHECK(share == Approx(2.0 / 3).epsilon(0.03));
}

TEST_CASE("planted: both factors commute; with one factor alone the other's null says no") {
  const ProductTest both =
      product_test(representation_of(additive(6, 3, 20, 0.5, 4)), grid_of(6, 3), {.samples = 99});
  CHECK(both.verdict == Verdict::commutes);
  CHECK(both.p == Approx(0.01));
  Eigen::MatrixXd X = dense(random_matrix(18, 20, 5));
  for (Index x = 0; x < 18; ++x) X(x, x % 3) += 10;
  const ProductTest columns_alone =
      product_test(representation_of(X), grid_of(6, 3), {.samples = 99});
  CHECK(columns_alone.G > 0.5);
  CHECK(columns_alone.columns.verdict == Verdict::commutes);
  CHECK(columns_alone.rows.verdict != Verdict::commutes);
  CHECK(columns_alone.verdict != Verdict::commutes);
}

TEST_CASE("p is uniform where the null is true") {
  std::vector<double> of_rows, of_columns;
  Index both = 0;
  for (std::uint64_t round = 0; round < 400; ++round) {
    const ProductTest test = product_test(word_representation(random_matrix(20, 6, 1000 + round)),
                                          grid_of(5, 4), {.samples = 19, .seed = round});
    of_rows.push_back(test.rows.p_upper);
    of_columns.push_back(test.columns.p_upper);
    both += test.verdict == Verdict::commutes;
  }
  for (const auto* p : {&of_rows, &of_columns}) {
    CHECK(std::abs(moments(*p).mean - 0.525) < 0.045);  // standard error .0144
    for (const double alpha : {0.05, 0.1, 0.25, 0.5}) {
      const auto below = std::ranges::count_if(*p, [&](double x) { return x <= alpha + 1e-9; });
      CHECK(std::abs(static_cast<double>(below) - 400 * alpha) <
            3 * std::sqrt(400 * alpha * (1 - alpha)));
    }
  }
  CHECK(both <= 20);  // neither factor is there, so both together are rarer than either
}

TEST_CASE("grids too small for a verdict say so; their G is there") {
  for (const auto& [rows, columns] : {std::pair<Index, Index>{2, 2}, {3, 2}, {2, 5}}) {
    const ProductTest test = product_test(representation_of(additive(rows, columns, 8, 0, 6)),
                                          grid_of(rows, columns), {.samples = 199});
    CHECK(test.G == Approx(1).epsilon(1e-5));
    CHECK(test.verdict == Verdict::underpowered);
    CHECK(test.reason.find("cannot give a p") != std::string::npos);
  }
  CHECK(product_test(representation_of(additive(3, 3, 8, 0, 6)), grid_of(3, 3), {.samples = 199})
            .verdict == Verdict::commutes);
  const ProductTest one =
      product_test(representation_of(Eigen::MatrixXd::Ones(9, 4)), grid_of(3, 3), {.samples = 99});
  CHECK(std::isnan(one.G));
  CHECK(one.verdict == Verdict::underpowered);
  // equal points whose products are no round numbers
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<float> row = normals(100, seed);
    std::vector<float> rows;
    for (int i = 0; i < 12; ++i) rows.insert(rows.end(), row.begin(), row.end());
    const auto same = word_representation(Matrix::from(std::move(rows), 12, 100));
    CHECK(product_test(same, grid_of(4, 3), {.samples = 19}).verdict == Verdict::underpowered);
  }
}

TEST_CASE("kind of code: features of one cell, of one factor, of both; weighted by their squares") {
  Codes codes;
  codes.n = 5;
  for (Index x = 0; x < 12; ++x) {  // 4 x 3
    const auto fire = [&](Id f, double value) {
      if (value == 0) return;
      codes.features.push_back(f);
      codes.values.push_back(static_cast<float>(value));
    };
    fire(0, x == 5 ? 4 : 0);                                   // one cell: mass 16
    fire(1, x / 3 == 1 ? 2 : 0);                               // one row: mass 12
    fire(2, (x / 3 >= 2 ? 1.0 : 0) + (x % 3 == 0 ? 1.0 : 0));  // both alike
    fire(3, 3);                                                // every cell alike: tells nothing
    fire(4, x == 8 || x == 11 ? 1 : 0);  // two cells of a column: no part has more than half
    codes.offsets.push_back(static_cast<std::int64_t>(codes.features.size()));
  }
  const ProductTest test = product_test(code_representation(codes), grid_of(4, 3), {.samples = 50});
  const double third = 2 * 4 + 4 * 1 + 2 * 1;  // squares: 2 on two cells, 1 on six
  const double mass = 16 + 12 + third + 2;
  CHECK(test.kind.local == Approx(16 / mass));
  // feature 4: η_A 1/5, η_B and η_AB 2/5 each
  CHECK(test.kind.superposed == Approx(2 / mass));
  // feature 2: η_A of the rows ½·½·12 = 3, of the columns ⅓·⅔·12 = 8/3: more than half are rows'
  CHECK(test.kind.compositional == Approx((12 + third) / mass));
  CHECK(test.kind_mean.compositional < test.kind.compositional);
  CHECK(test.kind_mean.local + test.kind_mean.compositional + test.kind_mean.superposed ==
        Approx(1));
}

TEST_CASE("the same bits for any number of threads") {
  const Representation of = representation_of(additive(5, 4, 10, 1, 8));
  const ProductTest test = product_test(of, grid_of(5, 4), {.samples = 40});
  const int threads = omp_get_max_threads();
  for (const int count : {1, 3}) {
    omp_set_num_threads(count);
    const ProductTest again = product_test(of, grid_of(5, 4), {.samples = 40});
    CHECK(again.rows.draws == test.rows.draws);
    CHECK(again.columns.draws == test.columns.draws);
    CHECK(again.kind_sd.local == test.kind_sd.local);
  }
  omp_set_num_threads(threads);
}

TEST_CASE("bad input") {
  const Representation of = word_representation(random_matrix(20, 4, 9));
  CHECK_THROWS_AS(product_test(of, {1, 4, {0, 1, 2, 3}}), Error);
  CHECK_THROWS_AS(product_test(of, {2, 2, {0, 1, 2}}), Error);
  CHECK_THROWS_AS(product_test(of, {2, 2, {0, 1, 2, 0}}), Error);
  CHECK_THROWS_AS(product_test(of, {2, 2, {0, 1, 2, 20}}), Error);
  CHECK_THROWS_AS(product_test(of, grid_of(3, 3), {.samples = 0}), Error);
}
