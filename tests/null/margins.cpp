#include "yoneda/null/margins.hpp"

#include <doctest/doctest.h>

#include <map>

#include "category/contexts.hpp"

using namespace yoneda;

namespace {

using Rows = std::vector<std::vector<Id>>;

std::vector<Index> sizes(const Rows& rows) {
  std::vector<Index> made;
  for (const auto& row : rows) made.push_back(std::ssize(row));
  return made;
}

std::vector<Index> columns(const Rows& rows, Index V) {
  std::vector<Index> made(V, 0);
  for (const auto& row : rows)
    for (const Id id : row) ++made[id];
  return made;
}

/// Every matrix of these margins, by trying all of 4 x 4.
std::vector<Rows> all_with_margins(const Rows& like) {
  std::vector<Rows> found;
  for (Index bits = 0; bits < 1 << 16; ++bits) {
    Rows rows(4);
    for (Id i = 0; i < 4; ++i)
      for (Id j = 0; j < 4; ++j)
        if (bits >> (4 * i + j) & 1) rows[i].push_back(j);
    if (sizes(rows) == sizes(like) && columns(rows, 4) == columns(like, 4)) found.push_back(rows);
  }
  return found;
}

}  // namespace

TEST_CASE("trades keep every row's and every column's number of ones, and change the rest") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Rows rows = random_context(80, 50, 0.05 + 0.05 * static_cast<double>(seed), seed).rows();
    const Rows made = traded(rows, seed);
    CHECK(sizes(made) == sizes(rows));
    CHECK(columns(made, 50) == columns(rows, 50));
    CHECK(made != rows);
    CHECK_NOTHROW(FormalContext::from_rows(made, 50));  // ascending, each once
    CHECK(traded(rows, seed) == made);
    CHECK(traded(rows, seed + 100) != made);
  }
}

TEST_CASE("all matrices of the same margins are equally likely") {
  const Rows rows{{0, 1, 2}, {0, 1}, {0, 3}, {2}};
  const auto all = all_with_margins(rows);
  REQUIRE(all.size() == 24);
  std::map<Rows, Index> counts;
  constexpr Index per_matrix = 400;
  const FixedMargins source(rows);
  for (Index i = 0; i < per_matrix * std::ssize(all); ++i)
    ++counts[source.draw(static_cast<std::uint64_t>(i))];
  CHECK(counts.size() == all.size());
  double chi_square = 0;
  for (const Rows& each : all) {
    const auto off = static_cast<double>(counts[each] - per_matrix);
    chi_square += off * off / per_matrix;
  }
  const auto freedom = static_cast<double>(all.size() - 1);
  CHECK(chi_square < freedom + 4 * std::sqrt(2 * freedom));
  CHECK(chi_square > freedom - 3 * std::sqrt(2 * freedom));
}

TEST_CASE("where margins leave no choice nothing changes, and little is no harm") {
  const Rows nested{{0, 1, 2}, {0, 1}, {0}};
  CHECK(traded(nested, 1) == nested);
  CHECK(traded({}, 1).empty());
  CHECK(traded({{0, 4}}, 1) == Rows{{0, 4}});
  CHECK(traded({{}, {}}, 1) == Rows{{}, {}});
  CHECK(traded({{0}, {1}}, 1, {.trades_per_row = 0}) == Rows{{0}, {1}});
  CHECK_THROWS_WITH_AS(traded(nested, 1, {.trades_per_row = -1}),
                       "a number of trades must not be negative, as -1 is", Error);
}
