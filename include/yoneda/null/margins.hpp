// The null of a yes-or-no matrix: another with the same margins, every row and every column with as
// many ones.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

struct TradeOptions {
  Index trades_per_row = 10;
};

namespace detail {

/// Two rows trade: what both have stays, the rest is dealt out again, each getting as much as it
/// had, every way equally likely.
inline void trade(std::vector<Id>& a, std::vector<Id>& b, Random& random) {
  std::vector<Id> both, either;
  std::ranges::set_intersection(a, b, std::back_inserter(both));
  std::ranges::set_symmetric_difference(a, b, std::back_inserter(either));
  shuffle(std::span<Id>(either), random);
  const auto to_a = static_cast<std::ptrdiff_t>(a.size() - both.size());
  const auto dealt = [&both](auto first, auto last) {
    std::vector<Id> row(first, last);
    std::ranges::sort(row);
    std::vector<Id> merged;
    std::ranges::merge(row, both, std::back_inserter(merged));
    return merged;
  };
  a = dealt(either.begin(), either.begin() + to_a);
  b = dealt(either.begin() + to_a, either.end());
}

}  // namespace detail

/// Rows of ids, ascending, each once, with the same number of ids in every row and of rows with
/// every id: trades between two rows drawn by chance, over and over ("curveball"; Strona, Nappo,
/// Boccacci, Fattorini, San-Miguel-Ayanz 2014, A fast and unbiased procedure to randomize
/// ecological binary matrices with fixed row and column totals). Many trades make all matrices of
/// these margins equally likely (Carstens 2015, Proof of uniform sampling of binary matrices with
/// fixed row sums and column sums for the fast Curveball algorithm). Throws Error{value} for a
/// negative number of trades. Cost: for each trade two rows.
inline std::vector<std::vector<Id>> traded(std::vector<std::vector<Id>> rows, std::uint64_t seed,
                                           const TradeOptions& options = {}) {
  if (options.trades_per_row < 0)
    throw Error(ErrorKind::value, "a number of trades must not be negative, as " +
                                      std::to_string(options.trades_per_row) + " is");
  const auto n = static_cast<Index>(rows.size());
  if (n < 2) return rows;
  Random random(seed);
  for (Index i = 0; i < n * options.trades_per_row; ++i) {
    const Index a = random.below(n), other = random.below(n - 1);
    const Index b = other < a ? other : other + 1;
    detail::trade(rows[a], rows[b], random);
  }
  return rows;
}

/// Draws of such rows. They start from rows that trades led to from the given ones, not from those
/// themselves. As trades lead back as they lead forth, the given rows are then one more draw among
/// the others, and p is valid however few the trades (Besag, Clifford 1989, Generalized Monte Carlo
/// significance tests).
class FixedMargins {
 public:
  explicit FixedMargins(std::vector<std::vector<Id>> rows, const TradeOptions& options = {})
      : options_(options), start_(traded(std::move(rows), start_seed, options)) {}

  std::vector<std::vector<Id>> draw(std::uint64_t seed) const {
    return traded(start_, seed, options_);
  }

 private:
  static constexpr std::uint64_t start_seed = 0x5eed;
  TradeOptions options_;
  std::vector<std::vector<Id>> start_;
};

}  // namespace yoneda
