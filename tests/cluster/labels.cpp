#include "yoneda/cluster/labels.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>

#include "yoneda/core/random.hpp"

using namespace yoneda;

namespace {

// n features over V tokens, about a third of the entries set.
TokenProfiles random_profiles(Index n, Index V, std::uint64_t seed, Eigen::MatrixXd& dense) {
  Random random(seed);
  dense = Eigen::MatrixXd::Zero(n, V);
  TokenProfiles profiles{n, V, {0}, {}, {}};
  for (Index f = 0; f < n; ++f) {
    for (Id t = 0; t < V; ++t)
      if (random.uniform() < 0.33) {
        profiles.tokens.push_back(t);
        profiles.values.push_back(static_cast<float>(random.normal()));
        dense(f, t) = static_cast<double>(profiles.values.back());
      }
    profiles.offsets.push_back(static_cast<std::int64_t>(profiles.tokens.size()));
  }
  return profiles;
}

}  // namespace

TEST_CASE("labels equal the dense contrast of means") {
  const Index n = 30, V = 40;
  Eigen::MatrixXd dense;
  const TokenProfiles profiles = random_profiles(n, V, 1, dense);
  Partition partition{std::vector<Id>(n), 3};
  for (Id f = 0; f < n; ++f) partition.label[f] = f % 4 - 1;  // a quarter in no category
  const auto labels = category_labels(partition, profiles, V);
  REQUIRE(labels.size() == 3);
  for (Id c = 0; c < 3; ++c) {
    Eigen::RowVectorXd in = Eigen::RowVectorXd::Zero(V), out = in;
    double inside = 0, outside = 0;
    for (Id f = 0; f < n; ++f) {
      const bool member = partition.label[f] == c;
      (member ? in : out) += dense.row(f);
      (member ? inside : outside) += 1;
    }
    const Eigen::RowVectorXd contrast = in / inside - out / outside;
    double last = 1e9;
    for (const auto& [token, value] : labels[c].raised) {
      CHECK(value == doctest::Approx(contrast[token]));
      CHECK(value > 0);
      CHECK(value <= last);
      last = value;
    }
    last = -1e9;
    for (const auto& [token, value] : labels[c].lowered) {
      CHECK(value == doctest::Approx(contrast[token]));
      CHECK(value < 0);
      CHECK(value >= last);
      last = value;
    }
    Index touched = 0;
    for (Id t = 0; t < V; ++t)
      for (Id f = 0; f < n; ++f)
        if (partition.label[f] == c && dense(f, t) != 0) {
          ++touched;
          break;
        }
    CHECK(static_cast<Index>(labels[c].raised.size() + labels[c].lowered.size()) == touched);
  }
}

TEST_CASE("excluded tokens name nothing, and change nothing else") {
  Eigen::MatrixXd dense;
  const TokenProfiles profiles = random_profiles(20, 30, 2, dense);
  Partition partition{std::vector<Id>(20), 2};
  for (Id f = 0; f < 20; ++f) partition.label[f] = f % 2;
  const std::vector<Id> excluded{3, 7, 29};
  CHECK_THROWS_AS(category_labels(partition, profiles, 30, std::vector<Id>{30}), Error);
  const auto all = category_labels(partition, profiles, 30),
             fewer = category_labels(partition, profiles, 30, excluded);
  for (std::size_t c = 0; c < 2; ++c) {
    std::vector<LabelToken> expected = all[c].raised;
    std::erase_if(expected, [&](const LabelToken& entry) {
      return std::ranges::find(excluded, entry.token) != excluded.end();
    });
    CHECK(expected.size() < all[c].raised.size());
    REQUIRE(fewer[c].raised.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CHECK(fewer[c].raised[i].token == expected[i].token);
      CHECK(fewer[c].raised[i].contrast == expected[i].contrast);
    }
  }
}

TEST_CASE("a token that every feature raises names no category") {
  TokenProfiles profiles{4, 3, {0, 2, 4, 6, 8}, {0, 1, 0, 1, 0, 2, 0, 2}, {}};
  profiles.values = {5, 1, 5, 1, 5, 1, 5, 1};  // token 0 everywhere; 1 and 2 tell the pairs apart
  const auto labels = category_labels({{0, 0, 1, 1}, 2}, profiles, 5);
  REQUIRE(labels[0].raised.size() == 1);
  CHECK(labels[0].raised[0].token == 1);
  REQUIRE(labels[1].raised.size() == 1);
  CHECK(labels[1].raised[0].token == 2);
  CHECK_THROWS_AS(category_labels({{0, 0}, 1}, profiles), Error);
}
