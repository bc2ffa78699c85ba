#include "yoneda/category/formal_context.hpp"

#include <doctest/doctest.h>

#include "category/contexts.hpp"
#include "random_matrix.hpp"

using namespace yoneda;

TEST_CASE("derivations are what the definition says, and a Galois connection") {
  for (const FormalContext& context : small_contexts()) {
    for (const Tokens& tokens : all_sets(context.V())) {
      const Tokens features = context.common_features(tokens);
      CHECK(features == features_with(context, tokens));
      CHECK(context.common_tokens(features) == closed(context, tokens));
      CHECK(context.common_features(context.common_tokens(features)) == features);
    }
    Index pairs = 0;
    for (Id t = 0; t < context.V(); ++t)
      for (const Id f : context.features_of(t)) pairs += has(context, f, t);
    CHECK(pairs == context.pairs());
    CHECK(FormalContext::from_rows(context.rows(), context.V()).rows() == context.rows());
  }
}

TEST_CASE("a context holds the first k tokens of one end, and those only on its side of the mean") {
  const Matrix W_dec = random_matrix(30, 6, 1);
  Unembedding model;
  model.W_U = random_matrix(40, 6, 2);
  ArrowOptions options;
  options.k = 20;
  const LogitArrows arrows = logit_arrows(W_dec, model, options);
  for (const ArrowEnd end : {ArrowEnd::positive, ArrowEnd::negative}) {
    const double sign = end == ArrowEnd::positive ? 1 : -1;
    Index beyond = 0;
    for (const Index k : {1, 7, 20}) {
      const FormalContext context = token_context(arrows, end, k);
      CHECK(context.n() == 30);
      CHECK(context.V() == 40);
      for (Id f = 0; f < 30; ++f) {
        std::vector<std::pair<double, Id>> order;  // by dot products of our own
        double mean = 0;
        for (Id t = 0; t < 40; ++t) {
          double z = 0;
          for (Index j = 0; j < 6; ++j)
            z += static_cast<double>(W_dec(f, j)) * static_cast<double>(model.W_U(t, j));
          order.emplace_back(-sign * z, t);
          mean += z / 40;
        }
        std::ranges::sort(order);
        Tokens expected;
        for (Index i = 0; i < k; ++i)
          if (-order[i].first > sign * mean) expected.push_back(order[i].second);
        beyond += k - std::ssize(expected);
        std::ranges::sort(expected);
        CHECK(Tokens(context.tokens_of(f).begin(), context.tokens_of(f).end()) == expected);
      }
    }
    CHECK(beyond > 0);  // some tokens were on the wrong side, and left out
  }
}

TEST_CASE("a feature whose logits do not vary has no tokens") {
  std::vector<float> rows = normals(3 * 4, 3);
  std::fill(rows.begin() + 4, rows.begin() + 8, 0.0f);
  Unembedding model;
  model.W_U = random_matrix(12, 4, 4);
  ArrowOptions options;
  options.k = 3;
  const LogitArrows arrows = logit_arrows(Matrix::from(rows, 3, 4), model, options);
  const FormalContext context = token_context(arrows, ArrowEnd::positive, 3);
  CHECK(context.tokens_of(0).size() == 3);
  CHECK(context.tokens_of(1).empty());
}

TEST_CASE("bad contexts are refused") {
  CHECK_THROWS_WITH_AS(FormalContext::from_rows({{0, 3}}, 3),
                       "feature 0 has token 3, which is not one of 3", Error);
  CHECK_THROWS_AS(FormalContext::from_rows({{}, {-1}}, 3), Error);
  CHECK_THROWS_WITH_AS(FormalContext::from_rows({{0}, {2, 1}}, 3),
                       "the tokens of feature 1 are not in ascending order, each once", Error);
  CHECK_THROWS_AS(FormalContext::from_rows({{1, 1}}, 3), Error);
  LogitArrows arrows;
  arrows.k = 5;
  for (const Index k : {0, 6})
    CHECK_THROWS_WITH_AS(token_context(arrows, ArrowEnd::negative, k),
                         doctest::Contains("the arrows keep 5 tokens at each end"), Error);
}
