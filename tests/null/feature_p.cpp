#include "yoneda/null/feature_p.hpp"

#include <doctest/doctest.h>

#include "yoneda/core/random.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

/// Degrees of 8 to 40; values that grow a little with the degree.
std::vector<FeatureValue> drawn(Index count, Random& random) {
  std::vector<FeatureValue> features(count);
  for (auto& [degree, value] : features) {
    degree = static_cast<double>(8 + random.below(33));
    value = random.below(20) == 0 ? undefined : random.uniform() + 0.002 * degree;
  }
  return features;
}

}  // namespace

TEST_CASE("p is counted as by hand") {
  Random random(1);
  const auto features = drawn(200, random), null = drawn(3000, random);
  const FeatureP found = feature_p(features, null, 15);
  for (std::size_t f = 0; f < features.size(); ++f) {
    double pool = 0, above = 0;
    for (const auto& other : null) {
      const bool like =
          other.degree <= 1.25 * features[f].degree && other.degree >= features[f].degree / 1.25;
      pool += like && !std::isnan(other.value);
      above += like && other.value >= features[f].value;
    }
    if (std::isnan(features[f].value)) {
      CHECK(std::isnan(found.p[f]));
      CHECK(std::isnan(found.q[f]));
      continue;
    }
    REQUIRE(static_cast<double>(found.pool[f]) == pool);
    REQUIRE(found.p[f] == Approx((1 + above) / (1 + pool)));
    REQUIRE(found.q[f] >= found.p[f]);
  }
}

TEST_CASE("features of the null itself are rarely significant") {
  Random random(2);
  Index tested = 0, at_five = 0, with_hits = 0;
  for (int round = 0; round < 25; ++round) {
    const FeatureP found = feature_p(drawn(200, random), drawn(8000, random), 100);
    tested += found.tested;
    at_five += std::ranges::count_if(found.p, [](double p) { return p <= 0.05; });
    with_hits += std::ranges::any_of(found.q, [](double q) { return q <= 0.05; });
  }
  // degrees within the factor 1.25 are alike, not equal: .05 up to that
  const double share = static_cast<double>(at_five) / static_cast<double>(tested);
  CHECK(share < 0.07);
  CHECK(share > 0.03);
  CHECK(with_hits <= 5);  // of 25, at a rate of .05
}

TEST_CASE("planted features are found, and the pool says what it allows") {
  Random random(3);
  auto features = drawn(200, random);
  for (std::size_t f = 0; f < 5; ++f) features[f] = {20, 100};
  const FeatureP found = feature_p(features, drawn(10000, random), 50);
  for (std::size_t f = 0; f < 5; ++f) {
    CHECK(found.q[f] <= 0.05);
    CHECK(found.p[f] == 1 / (1 + static_cast<double>(found.pool[f])));
  }
  CHECK(found.needed ==
        static_cast<Index>(std::ceil(static_cast<double>(found.tested) / 0.05)) - 1);
  CHECK(found.floor.find("enough for a single one") == std::string::npos);
  CHECK(found.floor.find("draws instead of 50") != std::string::npos);
  const FeatureP more = feature_p(features, drawn(60000, random), 300);
  CHECK(more.floor.find("enough for a single one") != std::string::npos);
}

TEST_CASE("where the pool is too small there are ranks only") {
  const std::vector<FeatureValue> features{{10, 1}, {1000, 1}, {10, undefined}};
  std::vector<FeatureValue> null(19, FeatureValue{10, 0});
  null.push_back({1000, 0});
  const FeatureP found = feature_p(features, null, 2);
  CHECK(found.p[0] == Approx(0.05));
  CHECK(std::isnan(found.p[1]));
  CHECK(std::isnan(found.q[1]));
  CHECK(found.pool[1] == 1);
  CHECK(found.tested == 1);
  CHECK(found.untested == 1);
  const FeatureP none = feature_p(features, {}, 1);
  CHECK(none.tested == 0);
  CHECK(none.untested == 2);
  CHECK(none.needed == 0);
  CHECK(none.floor.find("ranks only") != std::string::npos);
  CHECK(feature_p({}, {}, 1).p.empty());
}

TEST_CASE("bad options are refused") {
  CHECK_THROWS_AS(feature_p({}, {}, 0), Error);
  CHECK_THROWS_AS(feature_p({}, {}, 1, {.likeness = 0.5}), Error);
  CHECK_THROWS_AS(feature_p({}, {}, 1, {.rate = 0}), Error);
}
