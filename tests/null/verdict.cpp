#include "yoneda/null/verdict.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace yoneda;
using doctest::Approx;

namespace {

const Quantity balance{"triangle balance", 0, 1};
const Quantity frustrated{"frustrated share of edges", 1, 0};

/// `count` values evenly over [low, high].
std::vector<double> spread(Index count, double low, double high) {
  std::vector<double> values;
  for (Index i = 0; i < count; ++i)
    values.push_back(low + (high - low) * static_cast<double>(i) / static_cast<double>(count - 1));
  return values;
}

}  // namespace

TEST_CASE("above the null: commutes") {
  const NullTest test = judged(balance, 0.8, spread(99, 0.4, 0.6));
  CHECK(test.verdict == Verdict::commutes);
  CHECK(test.p_upper == Approx(0.01));
  CHECK(test.p_lower == 1);
  CHECK(test.null_mean == Approx(0.5));
  CHECK(test.effect == Approx(0.6));
  CHECK(test.samples == 99);
  CHECK(test.draws.size() == 99);
  CHECK(test.reason ==
        "The triangle balance is 80.0%, above the 50.0% ± 5.9% of null graphs (p = 0.01).");
}

TEST_CASE("where less is better, below the null: commutes") {
  const NullTest test = judged(frustrated, 0.18, spread(99, 0.26, 0.34));
  CHECK(test.verdict == Verdict::commutes);
  CHECK(test.p_lower == Approx(0.01));
  CHECK(test.effect == Approx(0.4));
  CHECK(
      test.reason ==
      "The frustrated share of edges is 18.0%, below the 30.0% ± 2.3% of null graphs (p = 0.01).");
}

TEST_CASE("above the null by too little to matter: does not") {
  const VerdictRule rule{.effect = 0.05};
  const NullTest test = judged(balance, 0.01, spread(99, 0, 0.002), rule);
  CHECK(test.p_upper == Approx(0.01));
  CHECK(test.verdict == Verdict::does_not);
  CHECK(
      test.reason ==
      "The triangle balance is 1.0%, above the 0.1% ± 0.1% of null graphs (p = 0.01), but 1.0% is "
      "next to nothing of what 100.0% would be.");
  CHECK(judged(balance, 0.01, spread(99, 0, 0.002)).verdict == Verdict::commutes);
  CHECK(judged(balance, 0.06, spread(99, 0, 0.002), rule).verdict == Verdict::commutes);
  const Quantity count{"number of triangles", 0, std::numeric_limits<double>::infinity()};
  CHECK(judged(count, 11571, spread(99, 9200, 9400), rule).verdict == Verdict::commutes);
}

TEST_CASE("inside the null, or on the wrong side of it: does not") {
  CHECK(judged(balance, 0.55, spread(99, 0.4, 0.6)).verdict == Verdict::does_not);
  CHECK(judged(balance, 0.55, spread(99, 0.4, 0.6)).reason ==
        "The triangle balance is 55.0%, no better than the 50.0% ± 5.9% of null graphs (p = "
        "0.26).");
  const NullTest worse = judged(frustrated, 0.23, spread(99, 0.11, 0.19));
  CHECK(worse.verdict == Verdict::does_not);
  CHECK(worse.effect < 0);
  CHECK(worse.reason ==
        "The frustrated share of edges is 23.0%, worse than the 15.0% ± 2.3% of null graphs (p = "
        "0.01): the graph commutes less than its null.");
}

TEST_CASE("the last p that counts is alpha itself") {
  auto draws = spread(19, 0.4, 0.6);
  CHECK(judged(balance, 0.7, draws).verdict == Verdict::commutes);  // p = 1/20
  draws.pop_back();
  CHECK(judged(balance, 0.7, draws).verdict == Verdict::underpowered);  // at best 1/19
  CHECK(judged(balance, 0.7, draws, {.alpha = 0.1}).verdict == Verdict::commutes);
}

TEST_CASE("a null near the best value: forced, whatever was observed") {
  for (const double observed : {0.9, 0.99, 1.0}) {
    const NullTest test = judged(balance, observed, spread(99, 0.94, 0.97));
    CHECK(test.verdict == Verdict::forced);
  }
  CHECK(judged(frustrated, 0, spread(99, 0.01, 0.08)).verdict == Verdict::forced);
  CHECK(judged(frustrated, 0, spread(99, 0.04, 0.08)).verdict == Verdict::commutes);
  CHECK(judged(balance, 1, spread(99, 0.94, 0.97)).reason ==
        "Null graphs have a triangle balance of 95.5% on average, almost the best of 100.0%: the "
        "construction forces it, so the graph's 100.0% is no evidence.");
  CHECK(judged(balance, 1.0, std::vector<double>(99, 1.0)).verdict == Verdict::forced);
}

TEST_CASE("where not even the best value would stand out: underpowered") {
  auto draws = spread(99, 0.0, 0.9);
  for (std::size_t i = 0; i < 5; ++i) draws[i] = 1;
  const NullTest test = judged(balance, 1.0, draws);
  CHECK(test.verdict == Verdict::underpowered);
  CHECK(test.reason ==
        "Even the best triangle balance, 100.0%, would not stand out at this size: null graphs "
        "often reach it (p = 0.06).");
  const NullTest few = judged(balance, 0.9, spread(5, 0.4, 0.6));
  CHECK(few.verdict == Verdict::underpowered);
  CHECK(few.reason == "5 null graphs cannot give a p below 0.17; at least 19 are needed.");
  CHECK(judged(balance, 0.9, {}).verdict == Verdict::underpowered);
}

TEST_CASE("what is undefined is underpowered, with the reason, and stays NaN") {
  const NullTest test = judged(balance, std::nullopt, spread(99, 0.4, 0.6));
  CHECK(test.verdict == Verdict::underpowered);
  CHECK(std::isnan(test.observed));
  CHECK(std::isnan(test.effect));
  CHECK(test.p_upper == 1);
  CHECK(test.null_mean == Approx(0.5));
  CHECK(test.reason == "This graph has nothing to compute the triangle balance from.");
  auto draws = spread(99, 0.4, 0.6);
  draws[3] = draws[7] = std::numeric_limits<double>::quiet_NaN();
  const NullTest holes = judged(balance, 0.9, draws);
  CHECK(holes.verdict == Verdict::underpowered);
  CHECK(std::isnan(holes.draws[3]));
  CHECK(holes.reason ==
        "2 of 99 null graphs have nothing to compute the triangle balance from, and the others "
        "alone would mislead.");
}

TEST_CASE("a quantity without a best value has a verdict but no effect") {
  const Quantity count{"number of triangles", 0, std::numeric_limits<double>::infinity()};
  const NullTest test = judged(count, 11571, spread(99, 9200, 9400));
  CHECK(test.verdict == Verdict::commutes);
  CHECK(std::isnan(test.effect));
  CHECK(test.excess == Approx(11571.0 / 9300));
  CHECK(
      test.reason ==
      "The number of triangles is 11571, 1.24 times the mean of the null, above the 9300 ± 58.618 "
      "of null graphs (p = 0.01).");
  CHECK(std::isnan(judged({"triangle balance", 0, 1}, 0.9, spread(99, 0.5, 0.6)).excess));
  CHECK(judged(count, 295841, spread(99, 9200, 9400)).reason.find("is 295841, 31.81 times") !=
        std::string::npos);
  CHECK(judged(count, 900, spread(99, 9200, 9400)).reason ==
        "The number of triangles is 900, 0.10 times the mean of the null, below the 9300 ± 58.618 "
        "of null graphs (p = 0.01).");
}
