#include "yoneda/null/rotation.hpp"

#include <doctest/doctest.h>
#include <omp.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "dense.hpp"
#include "random_matrix.hpp"
#include "yoneda/category/statistics.hpp"
#include "yoneda/null/compare.hpp"
#include "yoneda/null/construction.hpp"
#include "yoneda/stats/moments.hpp"

using namespace yoneda;

namespace {

bool same_rows(const Matrix& a, const Matrix& b) {
  return a.bytes().size() == b.bytes().size() &&
         std::memcmp(a.bytes().data(), b.bytes().data(), a.bytes().size()) == 0;
}

Matrix as_rows(const Eigen::MatrixXd& values) {
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const RowMajor rows = values.cast<float>();
  return Matrix::from(std::vector<float>(rows.data(), rows.data() + rows.size()), rows.rows(),
                      rows.cols());
}

/// n rows of rank `rank` whose directions differ in strength by up to `spread`.
Matrix uneven(Index n, Index d, Index rank, double spread, std::uint64_t seed) {
  Eigen::MatrixXd scale = Eigen::MatrixXd::Zero(rank, rank);
  for (Index i = 0; i < rank; ++i)
    scale(i, i) = std::pow(spread, -static_cast<double>(i) / static_cast<double>(rank));
  return as_rows(dense(random_matrix(n, rank, seed)) * scale *
                 dense(random_matrix(rank, d, seed + 1)));
}

/// The inverse of a second moment on its range.
Eigen::MatrixXd pseudo_inverse(const Eigen::MatrixXd& C) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(C);
  Eigen::MatrixXd scaled = eigen.eigenvectors();
  for (Index j = 0; j < C.cols(); ++j) {
    const double value = eigen.eigenvalues()(j);
    scaled.col(j) *= value > 1e-10 * eigen.eigenvalues()(C.cols() - 1) ? 1 / std::sqrt(value) : 0;
  }
  return scaled * scaled.transpose();
}

Eigen::MatrixXd moment(const Matrix& W) {
  return dense(W).transpose() * dense(W) / static_cast<double>(W.rows());
}

}  // namespace

TEST_CASE("a Haar rotation is orthogonal, its entries and traces as the law has them") {
  const Index d = 5;
  constexpr int draws = 4000;
  double trace_square = 0, trace_of_square = 0, fourth = 0, cross = 0;
  Eigen::MatrixXd mean = Eigen::MatrixXd::Zero(d, d), square = mean;
  for (std::uint64_t seed = 0; seed < draws; ++seed) {
    const Eigen::MatrixXd Q = haar_rotation(d, seed);
    if (seed < 50) REQUIRE((Q.transpose() * Q - Eigen::MatrixXd::Identity(d, d)).norm() < 1e-13);
    mean += Q / draws;
    square += Q.cwiseAbs2() / draws;
    trace_square += Q.trace() * Q.trace() / draws;
    trace_of_square += (Q * Q).trace() / draws;
    fourth += std::pow(Q(1, 2), 4) / draws;
    cross += Q(0, 0) * Q(0, 0) * Q(1, 1) * Q(1, 1) / draws;
  }
  const double error = 1 / std::sqrt(draws), n = d;
  CHECK(mean.cwiseAbs().maxCoeff() < 4 * error / std::sqrt(n));
  // E Q_ij² = 1/d: the variance of Q_ij² is 2 (d − 1) / (d² (d + 2))
  const double spread = std::sqrt(2 * (n - 1) / (n * n * (n + 2)));
  CHECK((square.array() - 1 / n).abs().maxCoeff() < 4 * spread * error);
  CHECK(std::abs(trace_square - 1) < 8 * error);     // Diaconis, Shahshahani 1994
  CHECK(std::abs(trace_of_square - 1) < 8 * error);  // the same; without signs it is not
  CHECK(std::abs(fourth - 3 / (n * (n + 2))) < 0.01);
  CHECK(std::abs(cross - (n + 1) / ((n - 1) * n * (n + 2))) < 0.01);
  int reflections = 0;  // O(d), not SO(d)
  for (std::uint64_t seed = 0; seed < draws; ++seed) {
    const Eigen::MatrixXd Q = haar_rotation(2, seed);
    reflections += Q(0, 0) * Q(1, 1) - Q(0, 1) * Q(1, 0) < 0;
  }
  CHECK(std::abs(reflections - draws / 2) < 2 * std::sqrt(draws));
  CHECK(haar_rotation(1, 3).cwiseAbs()(0, 0) == 1);
  CHECK(haar_rotation(0, 3).size() == 0);
  CHECK(haar_rotation(6, 3) == haar_rotation(6, 3));
  CHECK(haar_rotation(6, 3) != haar_rotation(6, 4));
}

TEST_CASE("rotated rows keep their products, and point elsewhere") {
  const Matrix W = random_matrix(150, 20, 1);
  const Eigen::MatrixXd Q = haar_rotation(20, 2);
  const Matrix drawn = rotated(W, Q);
  CHECK((dense(drawn) - dense(W) * Q).norm() < 1e-5 * dense(W).norm());
  const Eigen::MatrixXd gram = dense(W) * dense(W).transpose();
  CHECK((dense(drawn) * dense(drawn).transpose() - gram).norm() < 1e-5 * gram.norm());
  CHECK_THROWS_WITH(rotated(W, haar_rotation(19, 2)),
                    "a rotation of 19 x 19 for rows of 20 values");
}

TEST_CASE("a whitened rotation keeps the second moment, also uneven, of low rank, of few rows") {
  struct Case {
    Index n, d, rank;
    double spread;
  };
  for (const Case& c : {Case{500, 30, 30, 1}, Case{500, 30, 30, 1e4}, Case{500, 30, 7, 10},
                        Case{12, 30, 12, 10}, Case{1, 4, 1, 1}}) {
    CAPTURE(c.n);
    CAPTURE(c.rank);
    const Matrix W = uneven(c.n, c.d, c.rank, c.spread, 3);
    const WhitenedRotation rotation(W);
    CHECK(rotation.rank() == c.rank);
    const Matrix drawn = rotation.draw(4);
    const Eigen::MatrixXd C = moment(W), D = moment(drawn);
    CHECK((D - C).norm() < 1e-5 * C.norm());
    // and in every direction of the range: the products of rows relative to C
    const Eigen::MatrixXd inverse = pseudo_inverse(C);
    if (c.spread <= 10) {
      const Eigen::MatrixXd before = dense(W) * inverse * dense(W).transpose();
      const Eigen::MatrixXd after = dense(drawn) * inverse * dense(drawn).transpose();
      CHECK((after - before).norm() < 1e-4 * before.norm());
    }
    if (c.n > 1) CHECK((dense(drawn) - dense(W)).norm() > 0.3 * dense(W).norm());
    CHECK(same_rows(rotation.draw(4), drawn));
    if (c.n > 1) CHECK_FALSE(same_rows(rotation.draw(5), drawn));
  }
}

TEST_CASE("a whitened rotation is W · C^{-1/2} · Q · C^{1/2}") {
  // The law of a draw given W, by its first two moments: rows x_i Q R', E = 0, and
  // E (draw_i · draw_j) = (x_i · x_j) tr C / r, x_i · x_j = w_i' C⁺ w_j.
  const Matrix W = uneven(6, 4, 3, 3, 7);
  const WhitenedRotation rotation(W);
  const Eigen::MatrixXd C = moment(W);
  const Eigen::MatrixXd white = dense(W) * pseudo_inverse(C) * dense(W).transpose();
  constexpr int draws = 5000;
  Eigen::MatrixXd mean = Eigen::MatrixXd::Zero(6, 4), gram = Eigen::MatrixXd::Zero(6, 6);
  for (std::uint64_t seed = 0; seed < draws; ++seed) {
    const Eigen::MatrixXd drawn = dense(rotation.draw(seed));
    mean += drawn / draws;
    gram += drawn * drawn.transpose() / draws;
  }
  const double size = std::sqrt(C.trace());
  CHECK(mean.cwiseAbs().maxCoeff() < 0.06 * size);
  CHECK((gram - white * C.trace() / 3).cwiseAbs().maxCoeff() < 0.1 * C.trace());
}

TEST_CASE("a joint rotation keeps W_enc'W_dec and both second moments, and no feature") {
  const Index n = 400, d = 12;
  // an encoder that follows its decoder, and one of another width and scale
  const Eigen::MatrixXd U = dense(random_matrix(n, d, 8));
  const Matrix W_dec = as_rows(U);
  for (const Matrix& W_enc :
       {as_rows(1e-3 * U + 1e-4 * dense(random_matrix(n, d, 9))), random_matrix(n, 7, 10)}) {
    const JointRotation rotation(W_dec, W_enc);
    const EncoderDecoder drawn = rotation.draw(11);
    REQUIRE(drawn.W_dec.cols() == d);
    REQUIRE(drawn.W_enc.cols() == W_enc.cols());
    const Eigen::MatrixXd between = dense(W_enc).transpose() * dense(W_dec);
    const Eigen::MatrixXd kept = dense(drawn.W_enc).transpose() * dense(drawn.W_dec);
    CHECK((kept - between).norm() < 1e-5 * between.norm());
    CHECK((moment(drawn.W_dec) - moment(W_dec)).norm() < 1e-5 * moment(W_dec).norm());
    CHECK((moment(drawn.W_enc) - moment(W_enc)).norm() < 1e-5 * moment(W_enc).norm());
    CHECK((dense(drawn.W_dec) - dense(W_dec)).norm() > 0.5 * dense(W_dec).norm());
  }
  // rotating each alone would lose what they are to each other
  const EncoderDecoder apart{WhitenedRotation(W_dec).draw(1), WhitenedRotation(W_dec).draw(2)};
  const Eigen::MatrixXd same = U.transpose() * U;
  CHECK((dense(apart.W_enc).transpose() * dense(apart.W_dec) - same).norm() > 0.3 * same.norm());
}

TEST_CASE("sixteen-bit rows are read as they are") {
  std::vector<f16> half;
  for (const float x : normals(60 * 6, 12)) half.push_back(to_f16(x));
  const Matrix stored = Matrix::from(half, 60, 6), wide = Matrix::from(to_vector(stored), 60, 6);
  CHECK(same_rows(WhitenedRotation(stored).draw(1), WhitenedRotation(wide).draw(1)));
  CHECK(same_rows(rotated(stored, haar_rotation(6, 1)), rotated(wide, haar_rotation(6, 1))));
  CHECK(same_rows(JointRotation(stored, stored).draw(1).W_enc,
                  JointRotation(wide, wide).draw(1).W_enc));
}

TEST_CASE("the same bits for any number of threads") {
  const Matrix W = random_matrix(700, 33, 13);
  const int before = omp_get_max_threads();
  std::vector<Matrix> drawn;
  for (const int threads : {1, 2, 5}) {
    omp_set_num_threads(threads);
    drawn.push_back(WhitenedRotation(W).draw(14));
  }
  omp_set_num_threads(before);
  CHECK(same_rows(drawn[0], drawn[1]));
  CHECK(same_rows(drawn[0], drawn[2]));
}

TEST_CASE("what cannot be rotated is refused; zeros stay zeros") {
  std::vector<float> values = normals(40, 15);
  values[7] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(WhitenedRotation(Matrix::from(values, 10, 4)), Error);
  CHECK_THROWS_AS(WhitenedRotation(Matrix{}), Error);
  CHECK_THROWS_WITH(JointRotation(random_matrix(5, 4, 1), random_matrix(6, 4, 1)),
                    "a decoder of 5 features and an encoder of 6 cannot be rotated together");
  const WhitenedRotation none(Matrix::from(std::vector<float>(12, 0.0f), 3, 4));
  CHECK(none.rank() == 0);
  CHECK(dense(none.draw(1)) == Eigen::MatrixXd::Zero(3, 4));
}

TEST_CASE("as nulls: each for its kinds of graph, and what it keeps said") {
  Unembedding model;
  model.W_U = random_matrix(200, 10, 16);
  const Matrix W_dec = random_matrix(80, 10, 17);
  const auto profile =
      graph_construction({GraphKind::profile, 10, Convention::raw, {6, 0}}, model, eigen_gemm());
  const auto cosines =
      graph_construction({GraphKind::decoder, 10, Convention::raw, {6, 0}}, model, eigen_gemm());
  const Statistic balance = triangle_balance_statistic();
  for (const Null& null : {rotation(W_dec, profile), whitened_rotation(W_dec, profile)}) {
    const NullTest test = compare_with(null, balance, profile(W_dec), 19, 1);
    CHECK(test.null_kind == null.kind);
    CHECK(test.keeps.starts_with("Keeps"));
    CHECK(test.null_sd > 0);
  }
  // the null that is refused for decoder graphs: every draw is the graph itself
  const Null useless = rotation(W_dec, cosines);
  CHECK(std::ranges::equal(useless.draw(5).columns(), cosines(W_dec).columns()));
  CHECK_THROWS_WITH(compare_with(useless, balance, cosines(W_dec), 19, 1),
                    "the null 'rotation' is refused for a decoder graph: a rotation keeps every "
                    "cosine between decoder rows, so that each draw would be the graph itself; use "
                    "gaussian or whitened-rotation");
  const NullTest test =
      compare_with(whitened_rotation(W_dec, cosines), balance, cosines(W_dec), 19, 1);
  CHECK(test.null_mean > 0.9);
}

TEST_CASE("p is uniform for a decoder that is itself a draw") {
  const WhitenedRotation source(uneven(50, 8, 8, 3, 18));
  const auto construction = [](const Matrix& W) {  // edges where cosines are large
    const Eigen::MatrixXd X = dense(W).rowwise().normalized();
    const Eigen::MatrixXd cosines = X * X.transpose();
    std::vector<Edge> edges;
    for (Id u = 0; u < 50; ++u)
      for (Id v = 0; v < u; ++v)
        if (std::abs(cosines(u, v)) > 0.4)
          edges.push_back({v, u, static_cast<float>(cosines(u, v))});
    return SignedGraph::from_edges(50, edges, Direction::undirected, GraphKind::decoder);
  };
  std::vector<double> p;
  for (std::uint64_t round = 0; round < 200; ++round) {
    const Matrix W = source.draw(round);
    p.push_back(compare_with(whitened_rotation(W, construction),
                             weighted_triangle_balance_statistic(), construction(W), 19, round)
                    .p_upper);
  }
  CHECK(std::abs(moments(p).mean - 0.525) < 0.062);  // three standard errors
  CHECK(std::ranges::count_if(p, [](double x) { return x < 0.051; }) <= 20);
}

TEST_CASE(
    "virtual graphs: squares of random directions balance by rank, and that is no discovery") {
  const Index n = 300;
  for (const Index d : {10, 60}) {
    CAPTURE(d);
    const Matrix writes = random_matrix(n, d, 19);
    StreamReader reader;
    reader.W_enc = random_matrix(n, d, 20);
    const Matrix W_dec = random_matrix(n, d, 21);
    const auto construction = virtual_construction(writes, reader, {8, 0}, eigen_gemm());
    const SignedGraph graph = construction({W_dec, reader.W_enc});
    const SignedGraph expected = virtual_graph(writes, reader, {8, 0});
    CHECK(graph.edge_count() == expected.edge_count());
    CHECK_FALSE(graph.directed());
    for (const Edge& e : expected.edges()) REQUIRE(graph.weight(e.source, e.target) == e.weight);
    const NullTest test = compare_with(joint_rotation(W_dec, reader.W_enc, construction),
                                       square_balance_statistic(), graph, 39, 22);
    CHECK(test.observed > 0.6);
    CHECK(test.verdict != Verdict::commutes);
    CHECK(std::abs(test.observed - test.null_mean) < 4 * test.null_sd);
  }
}

TEST_CASE("planted: features that read pairs of upstream features by one rule of signs") {
  // Upstream feature i writes axis i; every pair of axes is read by two features, with equal signs.
  const Index d = 24;
  Random random(23);
  std::vector<float> values;
  for (Index i = 0; i < d; ++i)
    for (Index j = 0; j < i; ++j)
      for (int copy = 0; copy < 2; ++copy) {
        const double sign = random.below(2) ? 1 : -1;
        for (Index axis = 0; axis < d; ++axis)
          values.push_back(axis == i || axis == j
                               ? static_cast<float>(sign * (1 + 0.2 * random.uniform()))
                               : 0.0f);
      }
  StreamReader reader;
  reader.W_enc = Matrix::from(std::move(values), d * (d - 1), d);
  const Matrix writes = as_rows(Eigen::MatrixXd::Identity(d, d));
  const auto construction = virtual_construction(writes, reader, {2, 0.3}, eigen_gemm());
  const SignedGraph graph = construction({reader.W_enc, reader.W_enc});
  const NullTest test = compare_with(joint_rotation(reader.W_enc, reader.W_enc, construction),
                                     square_balance_statistic(), graph, 39, 25);
  CHECK(test.verdict == Verdict::commutes);
  CHECK(test.observed == 1);
  CHECK(test.null_mean < 0.8);
}

TEST_CASE("a joint rotation sees an encoder however short its rows are") {
  const Matrix W_dec = random_matrix(50, 6, 1), W_enc = random_matrix(50, 6, 2);
  std::vector<float> short_rows = to_vector(W_enc);
  for (float& x : short_rows) x *= 1e-7f;
  const Matrix tiny = Matrix::from(std::move(short_rows), 50, 6);
  const Matrix whole = JointRotation(W_dec, W_enc).draw(3).W_enc;
  const Matrix drawn = JointRotation(W_dec, tiny).draw(3).W_enc;
  CHECK((dense(drawn) * 1e7 - dense(whole)).norm() < 1e-3 * dense(whole).norm());
}
