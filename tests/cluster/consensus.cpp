#include "yoneda/cluster/consensus.hpp"

#include <doctest/doctest.h>

#include "cluster/groupings.hpp"

using namespace yoneda;

namespace {

Partition random_grouping(Index n, Index count, Random& random) {
  Partition made{{}, count};
  for (Index i = 0; i < n; ++i) made.label.push_back(static_cast<Id>(random.below(count)));
  return made;
}

/// Pairs that one grouping puts together and another does not, over all runs.
Index disagreements(const std::vector<Partition>& runs, const Partition& partition) {
  Index count = 0;
  const auto n = partition.label.size();
  for (const Partition& run : runs)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = i + 1; j < n; ++j)
        count += (run.label[i] == run.label[j]) != (partition.label[i] == partition.label[j]);
  return count;
}

}  // namespace

TEST_CASE("no grouping of a few nodes disagrees less with the runs than their consensus") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Random random(seed);
    std::vector<Partition> runs;
    for (Index r = 0; r < 5; ++r) runs.push_back(random_grouping(8, 2 + r % 3, random));
    Index least = 1'000'000;
    for_each_grouping(8, [&](const Partition& partition) {
      least = std::min(least, disagreements(runs, partition));
    });
    CHECK(disagreements(runs, consensus(runs).partition) == least);
  }
}

TEST_CASE("a consensus of groupings with errors is nearer the truth than each of them") {
  Random random(7);
  Partition truth{{}, 6};
  for (Id i = 0; i < 300; ++i) truth.label.push_back(i % 6);
  std::vector<Partition> runs;
  for (Index r = 0; r < 9; ++r) {
    Partition run = truth;
    for (Id& label : run.label)
      if (random.uniform() < 0.15) label = static_cast<Id>(random.below(6));
    runs.push_back(run);
  }
  const Clustering found = consensus(runs);
  CHECK(adjusted_rand_index(found.partition, truth) > 0.97);
  for (const Partition& run : runs) {
    CHECK(adjusted_rand_index(run, truth) < 0.85);
    CHECK(disagreements(runs, found.partition) <= disagreements(runs, run));
  }
  REQUIRE(found.notes.size() == 1);
  CHECK(found.notes[0].find("consensus of 9 runs") == 0);
}

TEST_CASE("runs that agree are their consensus, and names of groups do not matter") {
  const Partition run{{0, 0, 1, 1, 1, -1}, 2}, renamed{{1, 1, 0, 0, 0, -1}, 2};
  const Partition found = consensus(std::vector{run, renamed, run}).partition;
  CHECK(found.label == std::vector<Id>{1, 1, 0, 0, 0, -1});
  CHECK(found.count == 2);
}

TEST_CASE("a node that some runs leave out is one of the groups it is in elsewhere") {
  const Partition with{{0, 0, 0, 1, 1}, 2}, without{{0, 0, -1, 1, 1}, 2};
  CHECK(consensus(std::vector{with, with, without}).partition.label[2] == 0);
  const Partition alone = consensus(std::vector{with, without, without}).partition;
  CHECK(alone.count == 3);
  CHECK(alone.label[2] == 2);
}

TEST_CASE("a consensus is the same for a seed, and refuses runs that do not fit") {
  Random random(3);
  std::vector<Partition> runs;
  for (Index r = 0; r < 6; ++r) runs.push_back(random_grouping(100, 5, random));
  CHECK(consensus(runs).partition.label == consensus(runs).partition.label);
  CHECK_THROWS_AS(consensus(std::vector<Partition>()), Error);
  CHECK_THROWS_AS(consensus(std::vector{Partition{{0, 0}, 1}, Partition{{0}, 1}}), Error);
  CHECK_THROWS_AS(consensus(std::vector{Partition{{0, 1}, 1}}), Error);
  ConsensusOptions few;
  few.pairs = 10;
  CHECK_THROWS_AS(consensus(runs, few), Error);
}
