#include "yoneda/linear/assignment.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <vector>

#include "yoneda/core/random.hpp"

using namespace yoneda;

namespace {

struct Entry {
  Id row, column;
  float weight;
};

PairWeights pairs_of(Index rows, Index columns, std::vector<Entry> entries) {
  std::ranges::stable_sort(entries, {}, &Entry::row);
  PairWeights pairs{.columns = columns};
  for (Id row = 0; row < static_cast<Id>(rows); ++row) {
    for (const Entry& e : entries)
      if (e.row == row) pairs.column.push_back(e.column), pairs.weight.push_back(e.weight);
    pairs.offsets.push_back(static_cast<Index>(pairs.column.size()));
  }
  return pairs;
}

/// Whole weights when `steps` > 0, so that many are equal.
PairWeights random_pairs(Index rows, Index columns, double density, Index steps, Random& random) {
  std::vector<Entry> entries;
  for (Id i = 0; i < static_cast<Id>(rows); ++i)
    for (Id j = 0; j < static_cast<Id>(columns); ++j)
      if (random.uniform() < density)
        entries.push_back({i, j,
                           steps > 0 ? static_cast<float>(random.below(2 * steps + 1) - steps)
                                     : static_cast<float>(random.normal())});
  return pairs_of(rows, columns, std::move(entries));
}

struct Best {
  Index pairs = 0;
  double value = 0;  // weights of pairs, and `alone` for each of the other rows
};

/// Tries everything.
Best best_from(const PairWeights& pairs, const AssignmentOptions& options, Id row,
               std::vector<bool>& taken) {
  if (row == static_cast<Id>(pairs.rows())) return {};
  const double alone = options.as_many_as_possible ? 0 : options.alone;
  Best best = best_from(pairs, options, row + 1, taken);
  best.value += alone;
  for (std::size_t e = 0; e < pairs.columns_of(row).size(); ++e) {
    const auto column = static_cast<std::size_t>(pairs.columns_of(row)[e]);
    if (taken[column]) continue;
    taken[column] = true;
    Best with = best_from(pairs, options, row + 1, taken);
    taken[column] = false;
    with.value += double{pairs.weights_of(row)[e]};
    ++with.pairs;
    const bool more = options.as_many_as_possible && with.pairs != best.pairs;
    if (more ? with.pairs > best.pairs : with.value > best.value) best = with;
  }
  return best;
}

Best brute_force(const PairWeights& pairs, const AssignmentOptions& options) {
  std::vector<bool> taken(static_cast<std::size_t>(pairs.columns), false);
  return best_from(pairs, options, 0, taken);
}

void require_pairing(const PairWeights& pairs, const Assignment& found) {
  REQUIRE(static_cast<Index>(found.column.size()) == pairs.rows());
  std::vector<Id> used;
  double weight = 0;
  for (Id row = 0; row < static_cast<Id>(pairs.rows()); ++row) {
    if (found.column[row] < 0) continue;
    const auto columns = pairs.columns_of(row);
    const auto at = std::ranges::find(columns, found.column[row]);
    REQUIRE(at != columns.end());
    weight += double{pairs.weights_of(row)[at - columns.begin()]};
    used.push_back(found.column[row]);
  }
  std::ranges::sort(used);
  CHECK(std::ranges::adjacent_find(used) == used.end());
  CHECK(found.pairs == static_cast<Index>(used.size()));
  CHECK(found.weight == doctest::Approx(weight));
}

}  // namespace

TEST_CASE("no pairing is heavier, by trying all of them") {
  Random random(1);
  for (Index trial = 0; trial < 1500; ++trial) {
    CAPTURE(trial);
    const Index rows = random.below(7), columns = 1 + random.below(7);
    const double density = 0.2 + 0.8 * random.uniform();
    const auto pairs = random_pairs(rows, columns, density, trial % 3 * 2, random);
    AssignmentOptions options{.alone = trial % 4 == 1 ? -0.7 : 0.0,
                              .as_many_as_possible = trial % 2 == 0};
    const Assignment found = assignment(pairs, options);
    require_pairing(pairs, found);
    const Best best = brute_force(pairs, options);
    const double alone = options.as_many_as_possible ? 0 : options.alone;
    CHECK(found.weight + alone * static_cast<double>(rows - found.pairs) ==
          doctest::Approx(best.value).epsilon(1e-9));
    if (options.as_many_as_possible) CHECK(found.pairs == best.pairs);
  }
}

TEST_CASE("a hidden permutation comes back") {
  constexpr Id n = 3000;
  Random random(2);
  std::vector<Id> hidden(n);
  std::iota(hidden.begin(), hidden.end(), Id{0});
  for (Id i = n; i > 1; --i) std::swap(hidden[i - 1], hidden[random.below(i)]);
  PairWeights pairs{.columns = n};
  for (Id i = 0; i < n; ++i) {
    std::vector<Id> columns{hidden[i]};
    while (columns.size() < 8)
      if (const Id j = static_cast<Id>(random.below(n));
          std::ranges::find(columns, j) == columns.end())
        columns.push_back(j);
    for (const Id j : columns) {
      pairs.column.push_back(j);
      pairs.weight.push_back(static_cast<float>(j == hidden[i] ? 1.0 : 0.9 * random.uniform()));
    }
    pairs.offsets.push_back(static_cast<Index>(pairs.column.size()));
  }
  const Assignment found = assignment(pairs);
  CHECK(found.column == hidden);
  CHECK(found.weight == doctest::Approx(n));
}

TEST_CASE("a chain that must shift as a whole") {
  // Row i may have column i for 1 or column i + 1 for 0.9; the last row wants what the first has.
  constexpr Id n = 500;
  std::vector<Entry> entries{{n, 0, 5.0f}};
  for (Id i = 0; i < n; ++i) {
    entries.push_back({i, i, 1.0f});
    entries.push_back({i, i + 1, 0.9f});
  }
  const auto pairs = pairs_of(n + 1, n + 1, entries);
  const Assignment dearest = assignment(pairs);  // 500 times 0.1 would be lost for the 1 of row 0
  CHECK(dearest.pairs == n);
  CHECK(dearest.column[0] == -1);
  CHECK(dearest.weight == doctest::Approx(5 + n - 1));
  const Assignment most = assignment(pairs, {.as_many_as_possible = true});
  CHECK(most.pairs == n + 1);
  for (Id i = 0; i < n; ++i) CHECK(most.column[i] == i + 1);
  CHECK(most.column[n] == 0);
}

TEST_CASE("a row stays alone where its column is worth more to others, or nothing to it") {
  const auto pairs = pairs_of(3, 1, {{0, 0, 0.5f}, {1, 0, 0.7f}, {2, 0, -0.2f}});
  CHECK(assignment(pairs).column == std::vector<Id>{-1, 0, -1});
  CHECK(assignment(pairs, {.alone = 0.7}).column == std::vector<Id>{-1, -1, -1});
  const auto worthless = pairs_of(1, 1, {{0, 0, -0.2f}});
  CHECK(assignment(worthless).pairs == 0);
  CHECK(assignment(worthless, {.as_many_as_possible = true}).pairs == 1);
}

TEST_CASE("nothing to pair") {
  CHECK(assignment(PairWeights{}).pairs == 0);
  CHECK(assignment(pairs_of(3, 0, {})).column == std::vector<Id>{-1, -1, -1});
  CHECK(assignment(pairs_of(2, 2, {{0, 1, 0.0f}})).pairs == 0);
}

TEST_CASE("tiny and huge weights keep their order") {
  for (const float scale : {1e-30f, 1.0f, 1e30f}) {
    const auto pairs = pairs_of(
        2, 2, {{0, 0, 3 * scale}, {0, 1, 2 * scale}, {1, 0, 2 * scale}, {1, 1, 0.5f * scale}});
    CHECK(assignment(pairs).column == std::vector<Id>{1, 0});
  }
}

TEST_CASE("entries that are no pairs are refused") {
  const auto refused = [](PairWeights pairs, const char* words) {
    CHECK_THROWS_WITH_AS(assignment(pairs), doctest::Contains(words), Error);
  };
  refused(pairs_of(1, 1, {{0, 1, 1.0f}}), "column 1, and there are 1");
  refused(pairs_of(1, 2, {{0, -1, 1.0f}}), "column -1");
  refused(pairs_of(1, 2, {{0, 1, 1.0f}, {0, 1, 2.0f}}), "twice");
  refused(pairs_of(1, 1, {{0, 0, std::numeric_limits<float>::quiet_NaN()}}), "not a finite number");
  PairWeights short_rows = pairs_of(1, 1, {{0, 0, 1.0f}});
  short_rows.offsets.back() = 2;
  refused(short_rows, "do not make up");
  CHECK_THROWS_AS(assignment(pairs_of(1, 1, {{0, 0, 1.0f}}),
                             {.alone = std::numeric_limits<double>::infinity()}),
                  Error);
}
