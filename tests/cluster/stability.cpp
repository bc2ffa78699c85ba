#include "yoneda/cluster/stability.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "cluster/groupings.hpp"
#include "yoneda/cluster/leiden.hpp"
#include "yoneda/cluster/sponge.hpp"
#include "yoneda/graph/subgraph.hpp"

using namespace yoneda;

namespace {

GroupSome by_leiden(const SignedGraph& graph) {
  return [&graph](std::span<const Id> nodes, std::uint64_t seed) {
    const SignedGraph part = induced_subgraph(graph, nodes);
    LeidenOptions options;
    options.seed = seed;
    options.restarts = 2;
    return leiden(part, modularity_objective(part), options).partition;
  };
}

}  // namespace

TEST_CASE("planted groups come back, and groups of noise do not") {
  const Planted planted = block_model(400, 4, 400 * 40, 0.1, 1);
  const SignedGraph graph = planted.graph();
  StabilityOptions options;
  options.samples = 10;
  const Stability real = stability(planted.truth, by_leiden(graph), options);
  CHECK(real.agreement > 0.9);
  REQUIRE(real.category.size() == 4);
  for (const double of : real.category) CHECK(of > 0.85);

  const SignedGraph noise = block_model(400, 4, 400 * 20, 0.5, 1).graph();
  const Partition found = leiden(noise, modularity_objective(noise)).partition;
  const Stability chance = stability(found, by_leiden(noise), options);
  CHECK(chance.agreement < 0.5);
  for (const double of : chance.category) CHECK(of < 0.6);
}

TEST_CASE("of several groups the one that is split at random is the one that does not come back") {
  const Partition partition{{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1}, 2};
  const GroupSome halves = [&](std::span<const Id> nodes, std::uint64_t seed) {
    Random random(seed);
    Partition made{{}, 3};
    for (const Id node : nodes)
      made.label.push_back(partition.label[node] == 0 ? 0 : static_cast<Id>(1 + random.below(2)));
    return made;
  };
  const Stability found = stability(partition, halves);
  CHECK(found.category[0] == 1);
  CHECK(found.category[1] > 0.5);  // the larger part of two
  CHECK(found.category[1] < 0.9);
}

TEST_CASE("a category of which no sample has a node says nothing, and a single one comes back") {
  const Partition partition{{0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 2};
  StabilityOptions options;
  options.samples = 30;
  const GroupSome same = [&](std::span<const Id> nodes, std::uint64_t) {
    Partition made{{}, 2};
    for (const Id node : nodes) made.label.push_back(partition.label[node]);
    return made;
  };
  const Stability found = stability(partition, same, options);
  CHECK(found.agreement == 1);
  CHECK(found.category == std::vector<double>{1, 1});
  options.samples = 1;
  for (options.seed = 1; options.seed < 100; ++options.seed)
    if (std::isnan(stability(partition, same, options).category[1])) break;
  CHECK(options.seed < 100);  // the single node is left out one time in five
}

TEST_CASE("of several counts the planted one comes back best") {
  const SignedGraph graph = block_model(300, 5, 300 * 60, 0.1, 2).graph();
  const auto group = [&](std::span<const Id> nodes, Index count, std::uint64_t seed) {
    SpongeOptions options;
    options.count = count;
    options.seed = seed;
    options.restarts = 3;
    return sponge_sym(induced_subgraph(graph, nodes), options).partition;
  };
  StabilityOptions options;
  options.samples = 5;
  const std::vector<Index> counts{3, 5, 9, 14};
  const auto found = stability_of_counts(300, counts, group, options);
  REQUIRE(found.size() == 4);
  const auto best = std::ranges::max_element(found, {}, &CountStability::agreement);
  CHECK(best->count == 5);
  CHECK(best->agreement > 0.95);
}

TEST_CASE("counts are spread evenly by ratio") {
  CHECK(spread_counts(32, 5) == std::vector<Index>{2, 4, 8, 16, 32});
  CHECK(spread_counts(4, 10) == std::vector<Index>{2, 3, 4});
  CHECK(spread_counts(2, 3) == std::vector<Index>{2});
  CHECK(spread_counts(90).back() == 90);
  CHECK_THROWS_AS(spread_counts(1), Error);
  CHECK_THROWS_AS(spread_counts(5, 0), Error);
}

TEST_CASE("stability refuses what it cannot sample") {
  const Partition partition{{0, 0, 1}, 2};
  const GroupSome none = [](std::span<const Id> nodes, std::uint64_t) {
    return Partition{std::vector<Id>(nodes.size(), -1), 0};
  };
  StabilityOptions options;
  CHECK_THROWS_AS(stability({{0, 0, 5}, 2}, none, options), Error);
  options.samples = 0;
  CHECK_THROWS_AS(stability(partition, none, options), Error);
  options.samples = 1;
  for (const double share : {0.0, 1.0, -0.5, std::nan("")}) {
    options.share = share;
    CHECK_THROWS_AS(stability(partition, none, options), Error);
  }
}
