// Profile and decoder graphs against dense matrices.
#include <doctest/doctest.h>
#include <omp.h>

#include <Eigen/Dense>

#include "arrows/brute_force.hpp"
#include "graph/edges.hpp"
#include "random_matrix.hpp"
#include "yoneda/graph/decoder.hpp"
#include "yoneda/graph/profile.hpp"
#include "yoneda/onednn/gemm.hpp"

using namespace yoneda;

namespace {

/// The definition: per row the m largest |S| above the floor, symmetrised by union.
std::vector<Edge> strongest_of(const Eigen::MatrixXd& S, Index m, double floor) {
  const Index n = S.rows();
  Eigen::MatrixXd kept = Eigen::MatrixXd::Zero(n, n);
  for (Index f = 0; f < n; ++f) {
    std::vector<Index> order;
    for (Index g = 0; g < n; ++g)
      if (g != f && std::abs(S(f, g)) > floor) order.push_back(g);
    std::ranges::stable_sort(order, std::ranges::greater{},
                             [&](Index g) { return std::abs(S(f, g)); });
    for (Index i = 0; i < std::min<Index>(m, order.size()); ++i)
      kept(f, order[i]) = kept(order[i], f) = S(f, order[i]);
  }
  std::vector<Edge> edges;
  for (Id f = 0; f < n; ++f)
    for (Id g = f + 1; g < n; ++g)
      if (kept(f, g) != 0) edges.push_back({f, g, static_cast<float>(kept(f, g))});
  return edges;
}

/// Decoder rows divided by their norms in double, each number rounded to float once.
std::vector<std::vector<float>> unit(const Matrix& W_dec) {
  std::vector<std::vector<float>> rows;
  for (Index f = 0; f < W_dec.rows(); ++f) {
    rows.push_back(brute_force::row_of(W_dec, f));
    const double norm = std::sqrt(brute_force::dot(rows.back(), rows.back()));
    for (float& x : rows.back())
      if (norm > 0) x = static_cast<float>(static_cast<double>(x) / norm);
  }
  return rows;
}

/// The decoder graph by its definition: all canonical products of unit rows, ids and bits alike.
void check_exact(const Matrix& W_dec, Index m) {
  CAPTURE(m);
  const auto rows = unit(W_dec);
  const auto n = static_cast<Index>(rows.size());
  Eigen::MatrixXd S(n, n);
  for (Index f = 0; f < n; ++f)
    for (Index g = 0; g < n; ++g) S(f, g) = brute_force::dot(rows[f], rows[g]);
  const auto expected = strongest_of(S, m, 0);
  const auto found = decoder_graph(W_dec, {m, 0.0}).edges();
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    REQUIRE(found[i].source == expected[i].source);
    REQUIRE(found[i].target == expected[i].target);
    REQUIRE(found[i].weight == expected[i].weight);
  }
}

}  // namespace

TEST_CASE("the profile graph equals the dense Gram matrix of profiles, cut to its strongest") {
  const Index n = 70, V = 120, d = 15, k = 20;
  Unembedding model;
  model.W_U = random_matrix(V, d, 2);
  const Matrix W_dec = random_matrix(n, d, 1);
  ArrowOptions arrow_options;
  arrow_options.k = k;
  const LogitArrows arrows = logit_arrows(W_dec, model, arrow_options);

  Eigen::MatrixXd A = Eigen::MatrixXd::Zero(n, V);
  for (Id f = 0; f < n; ++f) {
    const double mean = static_cast<double>(arrows.mean[f]);
    const double std = static_cast<double>(arrows.std[f]);
    for (Index i = 0; i < k; ++i) {
      A(f, arrows.positive(f)[i]) =
          (static_cast<double>(arrows.positive_values(f)[i]) - mean) / std;
      A(f, arrows.negative(f)[i]) =
          (static_cast<double>(arrows.negative_values(f)[i]) - mean) / std;
    }
  }
  A.rowwise().normalize();
  for (const Index m : {1, 5, 69, 200})
    for (const double floor : {0.0, 0.3}) {
      const SignedGraph graph = profile_graph(arrows, {m, floor});
      CHECK(graph.kind() == GraphKind::profile);
      check_edges(graph, strongest_of(A * A.transpose(), m, floor), 1e-5);
    }
}

TEST_CASE("the decoder graph equals dense cosines, cut to the strongest, by both products") {
  const Index n = 90, d = 12;
  const Matrix W_dec = random_matrix(n, d, 3);
  Eigen::MatrixXd W(n, d);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < d; ++j) W(i, j) = static_cast<double>(W_dec(i, j));
  W.rowwise().normalize();
  for (const Gemm& gemm : {eigen_gemm(), onednn_gemm()})
    for (const Index m : {1, 4, 44, 89, 500})
      check_edges(decoder_graph(W_dec, {m, 0.0}, gemm), strongest_of(W * W.transpose(), m, 0.0),
                  1e-5);
}

TEST_CASE("the decoder graph is exact whatever the rows") {
  const Index n = 40, d = 6;
  const Matrix random = random_matrix(n, d, 7);
  std::vector<float> repeated = to_vector(random), opposed = repeated, coarse = repeated,
                     sparse = repeated;
  for (Index f = 0; f < n; ++f)
    for (Index j = 0; j < d; ++j) {
      const Index at = f * d + j, other = (f % 4) * d + j;
      repeated[at] = repeated[other];  // four rows, ten times each
      opposed[at] = f % 2 == 0 ? opposed[other] : -opposed[other];
      coarse[at] = std::round(coarse[at]);  // few angles, many ties
      if (f % 3 == 0) sparse[at] = 0;       // rows of zeros
    }
  for (const auto& values : {to_vector(random), repeated, opposed, coarse, sparse})
    for (const Index m : {1, 3, 10, 18, 19, 20, 38, 39, 100})
      check_exact(Matrix::from(values, n, d), m);
}

TEST_CASE("the decoder graph of 16-bit rows is that of the numbers they hold") {
  const auto values = normals(50 * 8, 8);
  std::vector<f16> half;
  std::vector<bf16> brain;
  for (const float x : values) half.push_back(to_f16(x)), brain.push_back(to_bf16(x));
  check_exact(Matrix::from(half, 50, 8), 5);
  check_exact(Matrix::from(brain, 50, 8), 5);
}

TEST_CASE("graphs have the same bits for any number of threads") {
  const Index n = 400, V = 900, d = 20;
  Unembedding model;
  model.W_U = random_matrix(V, d, 5);
  const Matrix W_dec = random_matrix(n, d, 4);
  const int before = omp_get_max_threads();
  std::vector<SignedGraph> profiles, decoders;
  for (const int threads : {1, 2, 3}) {
    omp_set_num_threads(threads);
    profiles.push_back(profile_graph(logit_arrows(W_dec, model)));
    decoders.push_back(decoder_graph(W_dec));
  }
  omp_set_num_threads(before);
  for (std::size_t i = 1; i < 3; ++i) {
    CHECK(std::ranges::equal(profiles[0].columns(), profiles[i].columns()));
    CHECK(std::ranges::equal(profiles[0].weights(), profiles[i].weights()));
    CHECK(std::ranges::equal(decoders[0].columns(), decoders[i].columns()));
    CHECK(std::ranges::equal(decoders[0].weights(), decoders[i].weights()));
  }
}

TEST_CASE("small and degenerate decoders make small graphs") {
  CHECK(decoder_graph(random_matrix(1, 5, 6)).edge_count() == 0);
  CHECK(decoder_graph(random_matrix(0, 5, 6)).node_count() == 0);
  CHECK(decoder_graph(random_matrix(2, 5, 6)).edge_count() == 1);
  CHECK(decoder_graph(Matrix::from(std::vector<float>(20, 0.0f), 4, 5)).edge_count() == 0);
  CHECK_THROWS_AS(decoder_graph(random_matrix(4, 5, 6), {0, 0.0}), Error);
  CHECK_THROWS_AS(decoder_graph(random_matrix(4, 5, 6), {3, -1.0}), Error);
}
