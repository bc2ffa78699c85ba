#include "yoneda/arrows/feature_list.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "brute_force.hpp"
#include "random_matrix.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

struct Case {
  Matrix W_dec = random_matrix(40, 9, 1);
  Unembedding model;
  LogitArrows arrows;

  Case() {
    auto W = normals(40 * 9, 1);
    std::fill_n(W.begin() + 7 * 9, 9, 0.0f);                          // feature 7 moves nothing
    std::copy_n(W.begin() + 3 * 9, 9, W.begin() + 30 * 9);            // 30 is 3 again
    for (Index j = 0; j < 9; ++j) W[11 * 9 + j] = 5 * W[12 * 9 + j];  // 11 is 12, longer
    W_dec = Matrix::from(W, 40, 9);
    model.W_U = random_matrix(150, 9, 2);
    ArrowOptions options;
    options.k = 6;
    arrows = logit_arrows(W_dec, model, options);
  }
};

}  // namespace

TEST_CASE("statistics have one spelling and come back") {
  for (const FeatureStatistic statistic : feature_statistics)
    CHECK(feature_statistic_from(name(statistic)) == statistic);
  CHECK_FALSE(feature_statistic_from("Skewness"));
  CHECK_FALSE(feature_statistic_from(""));
}

TEST_CASE("values are those of all logits") {
  const Case c;
  for (Id f = 0; f < 40; ++f) {
    auto all = brute_force::logits(brute_force::row_of(c.W_dec, f), c.model.W_U);
    std::ranges::sort(all, {}, &brute_force::Scored::logit);
    double mean = 0, square = 0;
    for (const auto& s : all) mean += s.logit / 150;
    for (const auto& s : all) square += (s.logit - mean) * (s.logit - mean) / 150;
    const double low = all.front().logit, high = all.back().logit, std = std::sqrt(square);
    const auto value = [&](FeatureStatistic s) { return value_of(c.arrows, s, f); };
    CHECK(value(FeatureStatistic::id) == f);
    CHECK(value(FeatureStatistic::range) == Approx(high - low));
    CHECK(value(FeatureStatistic::max) == Approx(high));
    CHECK(value(FeatureStatistic::std) == Approx(std).epsilon(1e-3));
    CHECK(value(FeatureStatistic::peak) == Approx(std > 0 ? (high - mean) / std : 0).epsilon(2e-3));
    CHECK(value(FeatureStatistic::trough) ==
          Approx(std > 0 ? (mean - low) / std : 0).epsilon(2e-3));
  }
}

TEST_CASE("the order is by value, then by id, either way round") {
  const Case c;
  for (const FeatureStatistic statistic : feature_statistics)
    for (const bool ascending : {false, true}) {
      CAPTURE(name(statistic));
      const auto order = features_by(c.arrows, statistic, ascending);
      std::vector<Id> sorted = order;
      std::ranges::sort(sorted);
      std::vector<Id> all(40);
      std::iota(all.begin(), all.end(), Id{0});
      REQUIRE(sorted == all);
      for (std::size_t i = 1; i < order.size(); ++i) {
        const double before = value_of(c.arrows, statistic, order[i - 1]);
        const double after = value_of(c.arrows, statistic, order[i]);
        REQUIRE((ascending ? before <= after : before >= after));
        if (before == after) REQUIRE(order[i - 1] < order[i]);
      }
    }
  CHECK(features_by(c.arrows, FeatureStatistic::id, true).front() == 0);
  CHECK(features_by(c.arrows, FeatureStatistic::id).front() == 39);
}

TEST_CASE("the features of a token are all that keep it, in standard deviations") {
  const Case c;
  Index raised = 0, lowered = 0;
  for (Id token = 0; token < 150; ++token) {
    const TokenArrows found = arrows_of_token(c.arrows, token);
    raised += static_cast<Index>(found.raised.size());
    lowered += static_cast<Index>(found.lowered.size());
    for (const TokenArrow& arrow : found.raised) {
      REQUIRE(c.arrows.positive(arrow.feature)[arrow.rank - 1] == token);
      const double logit = brute_force::dot(brute_force::row_of(c.W_dec, arrow.feature),
                                            brute_force::row_of(c.model.W_U, token));
      CHECK(arrow.logit == Approx(logit));
    }
    for (const TokenArrow& arrow : found.lowered)
      REQUIRE(c.arrows.negative(arrow.feature)[arrow.rank - 1] == token);
    CHECK(std::ranges::is_sorted(found.raised, std::ranges::greater{}, &TokenArrow::z));
    CHECK(std::ranges::is_sorted(found.lowered, {}, &TokenArrow::z));
  }
  CHECK(raised == 40 * 6);  // every arrow belongs to one token
  CHECK(lowered == 40 * 6);
}

TEST_CASE("a longer row does not come first for its length, and equal ones go by id") {
  const Case c;
  const Id best = c.arrows.positive(12)[0];
  const auto raised = arrows_of_token(c.arrows, best).raised;
  const auto of = [&](Id f) { return *std::ranges::find(raised, f, &TokenArrow::feature); };
  CHECK(of(11).logit == Approx(5 * of(12).logit));
  CHECK(of(11).z == Approx(of(12).z).epsilon(1e-4));
  CHECK(of(11).rank == of(12).rank);
  const auto equal = arrows_of_token(c.arrows, c.arrows.negative(3)[0]).lowered;
  const auto three = std::ranges::find(equal, 3, &TokenArrow::feature);
  REQUIRE(three != equal.end());
  CHECK((three + 1)->feature == 30);
}

TEST_CASE("an unknown token is refused") {
  const Case c;
  CHECK_THROWS_WITH(arrows_of_token(c.arrows, 150), "token 150 is not in the vocabulary of 150");
  CHECK_THROWS_AS(arrows_of_token(c.arrows, -1), Error);
}
