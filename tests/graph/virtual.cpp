// The virtual-weight graph against all products.
#include "yoneda/graph/virtual.hpp"

#include <doctest/doctest.h>
#include <omp.h>

#include <set>

#include "arrows/brute_force.hpp"
#include "graph/edges.hpp"
#include "random_matrix.hpp"
#include "yoneda/onednn/gemm.hpp"

using namespace yoneda;

namespace {

struct Weight {
  Id f, g;
  double value;
};

/// The definition: all n_a x n_b products, kept where they are among the m strongest above the
/// floor of their row or of their column, ties by smaller id.
std::vector<Edge> strongest_of(const Matrix& written, const Matrix& W_enc, Index m, double floor) {
  std::vector<Weight> all;
  for (Id f = 0; f < written.rows(); ++f)
    for (Id g = 0; g < W_enc.rows(); ++g)
      all.push_back(
          {f, g, brute_force::dot(brute_force::row_of(written, f), brute_force::row_of(W_enc, g))});
  std::ranges::stable_sort(all, std::ranges::greater{},
                           [](const Weight& w) { return std::abs(w.value); });
  std::vector<Index> of_row(written.rows(), 0), of_column(W_enc.rows(), 0);
  std::vector<Edge> edges;
  for (const Weight& w : all) {
    if (!(std::abs(w.value) > floor) || w.value == 0) continue;
    const bool chosen = of_row[w.f] < m || of_column[w.g] < m;
    ++of_row[w.f], ++of_column[w.g];
    if (chosen)
      edges.push_back({w.f, static_cast<Id>(written.rows()) + w.g, static_cast<float>(w.value)});
  }
  std::ranges::sort(edges, {}, [](const Edge& e) { return std::pair(e.source, e.target); });
  return edges;
}

StreamReader plain(const Matrix& W_enc) {
  StreamReader reader;
  reader.W_enc = W_enc;
  return reader;
}

/// Few different numbers, so that many products are equal.
Matrix coarse(Index rows, Index cols, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(rows * cols);
  for (float& value : values) value = static_cast<float>(random.below(3)) - 1;
  return Matrix::from(std::move(values), rows, cols);
}

}  // namespace

TEST_CASE("the graph holds the strongest products of every row and of every column, exactly") {
  const Index n_a = 150, n_b = 90, d = 12;
  const Matrix W_dec = random_matrix(n_a, d, 1), W_enc = random_matrix(n_b, d, 2);
  for (const Gemm& gemm : {eigen_gemm(), onednn_gemm()})
    for (const Index m : {1, 6, 45, 90, 500})
      for (const double floor : {0.0, 4.0}) {
        const SignedGraph graph = virtual_graph(W_dec, plain(W_enc), {m, floor}, gemm);
        check_edges(graph, strongest_of(W_dec, W_enc, m, floor));
        CHECK(graph.node_count() == n_a + n_b);
        CHECK(graph.directed());
        CHECK(graph.kind() == GraphKind::virtual_);
        CHECK(is_bipartite(graph, n_a));
      }
}

TEST_CASE("ties go to the smaller id, from either end") {
  const Matrix W_dec = coarse(60, 5, 3), W_enc = coarse(40, 5, 4);
  for (const Index m : {1, 3, 10})
    check_edges(virtual_graph(W_dec, plain(W_enc), {m, 0}), strongest_of(W_dec, W_enc, m, 0));
}

TEST_CASE("the reader's norm and scale are in the weights") {
  const Matrix W_dec = random_matrix(30, 6, 5);
  StreamReader reader = plain(random_matrix(20, 6, 6));
  reader.norm = Norm::layer;
  reader.gain = normals(6, 7);
  reader.scale = 3;
  check_edges(virtual_graph(W_dec, reader, {4, 0}),
              strongest_of(read_directions(W_dec, reader), reader.W_enc, 4, 0));
}

TEST_CASE("16-bit weights are read as they are stored") {
  std::vector<bf16> rows;
  for (const float x : normals(30 * 6, 8)) rows.push_back(to_bf16(x));
  std::vector<f16> encoder;
  for (const float x : normals(20 * 6, 9)) encoder.push_back(to_f16(x));
  const Matrix W_dec = Matrix::from(rows, 30, 6), W_enc = Matrix::from(encoder, 20, 6);
  check_edges(virtual_graph(W_dec, plain(W_enc), {5, 0}), strongest_of(W_dec, W_enc, 5, 0));
}

TEST_CASE("two SAEs make the graph of their matrices, scales included") {
  Sae upstream, downstream;
  upstream.W_dec = random_matrix(12, 5, 10);
  downstream.W_dec = random_matrix(9, 5, 11);
  downstream.W_enc = random_matrix(9, 5, 12);
  check_edges(virtual_graph(upstream, downstream, {3, 0}),
              strongest_of(upstream.W_dec, downstream.W_enc, 3, 0));
  upstream.input_norm = downstream.input_norm = InputNorm::scale;
  upstream.output_scale = 2;
  downstream.input_scale = 8;
  const SignedGraph plain_graph = virtual_graph(upstream.W_dec, plain(downstream.W_enc), {3, 0});
  const SignedGraph scaled = virtual_graph(upstream, downstream, {3, 0});
  CHECK(std::ranges::equal(scaled.columns(), plain_graph.columns()));
  for (std::size_t i = 0; i < scaled.weights().size(); ++i)  // powers of 2 are exact
    CHECK(scaled.weights()[i] == 4 * plain_graph.weights()[i]);
}

TEST_CASE("a virtual graph has the same bits for any number of threads") {
  const Matrix W_dec = random_matrix(400, 20, 13);
  StreamReader reader = plain(random_matrix(300, 20, 14));
  reader.norm = Norm::layer;
  const int before = omp_get_max_threads();
  std::vector<SignedGraph> graphs;
  for (const int threads : {1, 2, 3}) {
    omp_set_num_threads(threads);
    graphs.push_back(virtual_graph(W_dec, reader));
  }
  omp_set_num_threads(before);
  for (const SignedGraph& graph : graphs) {
    CHECK(std::ranges::equal(graphs[0].columns(), graph.columns()));
    CHECK(std::ranges::equal(graphs[0].weights(), graph.weights()));
  }
}

TEST_CASE("small and degenerate pairs make small graphs, and what does not fit is refused") {
  const auto edges = [](Index n_a, Index n_b) {
    return virtual_graph(random_matrix(n_a, 4, 15), plain(random_matrix(n_b, 4, 16)));
  };
  CHECK(edges(1, 1).edge_count() == 1);
  CHECK(edges(0, 3).edge_count() == 0);
  CHECK(edges(0, 3).node_count() == 3);
  CHECK(edges(3, 0).edge_count() == 0);
  CHECK(edges(0, 0).node_count() == 0);
  const Matrix zeros = Matrix::from(std::vector<float>(20, 0.0f), 5, 4);
  CHECK(virtual_graph(zeros, plain(random_matrix(3, 4, 16))).edge_count() == 0);
  CHECK_THROWS_AS(virtual_graph(random_matrix(3, 4, 1), plain(random_matrix(3, 5, 1))), Error);
  CHECK_THROWS_AS(virtual_graph(random_matrix(3, 4, 1), plain(zeros), {0, 0}), Error);
  CHECK_THROWS_AS(virtual_graph(random_matrix(3, 4, 1), plain(zeros), {1, -1}), Error);
  Sae upstream, decoder_alone;
  upstream.W_dec = decoder_alone.W_dec = random_matrix(3, 4, 1);
  CHECK_THROWS_AS(virtual_graph(upstream, decoder_alone), Error);
}

TEST_CASE("layers are told from edges, and directions can be dropped") {
  const SignedGraph graph = SignedGraph::from_edges(4, {{0, 2, 1}, {1, 3, -2}, {0, 3, 1}},
                                                    Direction::directed, GraphKind::virtual_);
  CHECK(is_bipartite(graph, 2));
  for (const Index upstream : {-1, 0, 1, 3, 4, 5}) CHECK_FALSE(is_bipartite(graph, upstream));
  const SignedGraph both_ways = without_directions(graph);
  CHECK_FALSE(both_ways.directed());
  CHECK(both_ways.kind() == GraphKind::virtual_);
  CHECK(both_ways.weight(3, 1) == -2);
  CHECK(both_ways.edge_count() == 3);
  const SignedGraph loop =
      SignedGraph::from_edges(2, {{0, 1, 1}, {1, 0, 1}}, Direction::directed, GraphKind::user);
  CHECK_THROWS_AS(without_directions(loop), Error);
}
