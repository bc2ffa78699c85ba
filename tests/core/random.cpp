#include "yoneda/core/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <set>

using namespace yoneda;

TEST_CASE("the same seed and stream give the same numbers, others do not") {
  Random a(7, 3), b(7, 3), other_stream(7, 4), other_seed(8, 3);
  const auto first = a.bits();
  CHECK(first == b.bits());
  CHECK(first != other_stream.bits());
  CHECK(first != other_seed.bits());
}

TEST_CASE("distributions have the moments they should") {
  Random random(1);
  constexpr Index count = 200000;
  double mean = 0, square = 0, fourth = 0, uniform = 0;
  std::array<Index, 7> dice{};
  for (Index i = 0; i < count; ++i) {
    const double x = random.normal();
    mean += x / count;
    square += x * x / count;
    fourth += x * x * x * x / count;
    uniform += random.uniform() / count;
    ++dice[random.below(7)];
  }
  CHECK(std::abs(mean) < 0.01);  // standard errors: .0022, .0032, .022, .00065
  CHECK(std::abs(square - 1) < 0.015);
  CHECK(std::abs(fourth - 3) < 0.1);
  CHECK(std::abs(uniform - 0.5) < 0.003);
  for (const Index hits : dice) CHECK(std::abs(static_cast<double>(hits) - count / 7.0) < 700);
}

TEST_CASE("permutations and samples are what they say") {
  Random random(2);
  auto order = permutation(1000, random);
  CHECK_FALSE(std::ranges::is_sorted(order));
  std::ranges::sort(order);
  for (Id i = 0; i < 1000; ++i) REQUIRE(order[i] == i);

  const auto chosen = sample_sorted(1000, 100, random);
  CHECK(chosen.size() == 100);
  CHECK(std::ranges::is_sorted(chosen));
  CHECK(std::set<Id>(chosen.begin(), chosen.end()).size() == 100);
  CHECK(sample_sorted(5, 9, random).size() == 5);
  CHECK(sample_sorted(5, 0, random).empty());

  std::array<Index, 10> hits{};  // every element equally likely: 3/10 of 10,000 draws
  for (int draw = 0; draw < 10000; ++draw)
    for (const Id i : sample_sorted(10, 3, random)) ++hits[i];
  for (const Index h : hits) CHECK(std::abs(h - 3000) < 250);
}
