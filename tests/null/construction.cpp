#include "yoneda/null/construction.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "random_matrix.hpp"

using namespace yoneda;

namespace {

bool same(const SignedGraph& a, const SignedGraph& b) {
  return std::ranges::equal(a.columns(), b.columns()) &&
         std::ranges::equal(a.weights(), b.weights());
}

}  // namespace

TEST_CASE("a construction makes the graph that the steps make, with 16-bit weights too") {
  Unembedding model;
  std::vector<f16> half;
  for (const float x : to_vector(random_matrix(300, 10, 1))) half.push_back(to_f16(x));
  model.W_U = Matrix::from(half, 300, 10);
  const Matrix W_dec = random_matrix(60, 10, 2);
  const Construction how{GraphKind::profile, 12, Convention::raw, {5, 0.1}};
  ArrowOptions options;
  options.k = 12;
  options.convention = Convention::raw;
  const SignedGraph expected = profile_graph(logit_arrows(W_dec, model, options), {5, 0.1});
  CHECK(same(graph_construction(how, model, eigen_gemm())(W_dec), expected));

  Construction cosine = how;
  cosine.kind = GraphKind::decoder;
  CHECK(
      same(graph_construction(cosine, model, eigen_gemm())(W_dec), decoder_graph(W_dec, {5, 0.1})));
  for (const GraphKind kind : {GraphKind::virtual_, GraphKind::flow, GraphKind::user}) {
    cosine.kind = kind;
    CHECK_THROWS_AS(graph_construction(cosine, model, eigen_gemm()), Error);
  }
}

TEST_CASE("a subsample takes the rows it names, the same for the same seed") {
  Unembedding model;
  model.W_U = random_matrix(100, 4, 3);
  const Matrix W_dec = random_matrix(50, 4, 4);
  const Subsample whole = subsample(W_dec, model, 50, 1000, 1);
  CHECK(whole.whole);
  CHECK(whole.W_dec.rows() == 50);
  const Subsample part = subsample(W_dec, model, 20, 30, 1);
  CHECK_FALSE(part.whole);
  REQUIRE(part.W_dec.rows() == 20);
  REQUIRE(part.model.V() == 30);
  for (Index i = 0; i < 20; ++i) CHECK(part.W_dec(i, 3) == W_dec(part.features[i], 3));
  for (Index i = 0; i < 30; ++i) CHECK(part.model.W_U(i, 0) == model.W_U(part.tokens[i], 0));
  CHECK(subsample(W_dec, model, 20, 30, 1).features == part.features);
  CHECK(subsample(W_dec, model, 20, 30, 2).features != part.features);
}
