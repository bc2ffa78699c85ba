// The heaviest one-to-one pairing of rows with columns, where every row may go with a few columns
// only.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// Which columns each row may go with, and what a pair is worth; row after row.
struct PairWeights {
  Index columns = 0;
  std::vector<Index> offsets{0};   ///< [rows + 1]
  std::vector<Id> column = {};     ///< of every entry; within a row each at most once
  std::vector<float> weight = {};  ///< of every entry, finite

  Index rows() const { return static_cast<Index>(offsets.size()) - 1; }
  std::span<const Id> columns_of(Id row) const {
    return std::span(column).subspan(offsets[row], offsets[row + 1] - offsets[row]);
  }
  std::span<const float> weights_of(Id row) const {
    return std::span(weight).subspan(offsets[row], offsets[row + 1] - offsets[row]);
  }
};

struct AssignmentOptions {
  double alone = 0;                  ///< what a row is worth that goes with no column
  bool as_many_as_possible = false;  ///< the most pairs first, of these the heaviest; `alone` aside
};

struct Assignment {
  std::vector<Id> column;  ///< [rows], -1: none; no column twice
  Index pairs = 0;
  double weight = 0;  ///< of all pairs
};

namespace detail {

/// Weights as whole numbers: sums of them are exact, so that "no better pairing exists" is decided
/// and not estimated. The largest takes `bits` bits; what is beyond the last one is cut off. Made
/// where they are asked for: a product costs less than an array as large as the entries.
class WholeWeights {
 public:
  WholeWeights(const PairWeights& pairs, double alone, int bits) : weight_(pairs.weight) {
    double largest = std::abs(alone);
    for (const float w : pairs.weight) largest = std::max(largest, std::abs(double{w}));
    scale_ = largest > 0 ? std::ldexp(1.0, bits - 1 - std::ilogb(largest)) : 1.0;
  }

  std::int64_t whole(double weight) const { return static_cast<std::int64_t>(weight * scale_); }
  std::int64_t operator[](Index entry) const { return whole(double{weight_[entry]}); }

 private:
  double scale_ = 1;
  std::span<const float> weight_;
};

/// A pairing that grows row by row, with a price for every column that proves it the best.
///
/// Always: prices are >= 0, and 0 of columns that are free; a row has a column that is worth most
/// to it, weight less price, or is alone where no column is worth more than that. By duality no
/// pairing of the rows that are settled is heavier (Kuhn 1955).
class PriceSearch {
 public:
  PriceSearch(const PairWeights& pairs, const WholeWeights& weights, std::int64_t alone)
      : pairs_(pairs),
        weights_(weights),
        alone_(alone),
        columns_(pairs.columns),
        way_(pairs.columns),
        entry_(pairs.rows(), none) {}

  std::vector<Id> run() {
    std::vector<Id> waiting = bid();
    std::ranges::sort(waiting);
    for (const Id row : waiting) augment(row);
    std::vector<Id> column(pairs_.rows(), -1);
    for (Id row = 0; row < static_cast<Id>(column.size()); ++row)
      if (entry_[row] >= 0) column[row] = pairs_.column[entry_[row]];
    return column;
  }

 private:
  static constexpr Index none = -1;
  static constexpr std::int64_t unreached = std::numeric_limits<std::int64_t>::max();

  struct Column {  // what every look at an entry reads, side by side
    std::int64_t price = 0;
    std::int64_t distance = unreached;  // in one search
    Id owner = -1;                      // -1: free
  };

  struct Way {  // how a search reached a column
    Index entry = none;
    Id row = -1;
  };

  struct Bid {
    Index entry = none;  // of the column worth most; none: the row stays alone
    std::int64_t most, second;
  };

  std::int64_t worth(Index entry) const {
    return weights_[entry] - columns_[pairs_.column[entry]].price;
  }

  // Of equals a free column, then the one that stands first.
  Bid best_of(Id row) const {
    Bid bid{none, alone_, std::numeric_limits<std::int64_t>::min()};
    for (Index e = pairs_.offsets[row]; e < pairs_.offsets[row + 1]; ++e) {
      const std::int64_t value = worth(e);
      const bool better = value > bid.most || (value == bid.most && bid.entry != none &&
                                               columns_[pairs_.column[bid.entry]].owner >= 0 &&
                                               columns_[pairs_.column[e]].owner < 0);
      if (better) {
        bid.second = bid.most;
        bid.most = value;
        bid.entry = e;
      } else {
        bid.second = std::max(bid.second, value);
      }
    }
    return bid;
  }

  void take(Id row, Index entry) {
    columns_[pairs_.column[entry]].owner = row;
    entry_[row] = entry;
  }

  // Every row in turn raises the price of the column it wants to what its next best is worth, and
  // who had the column looks on (the augmenting row reduction of Jonker & Volgenant 1987). A few
  // times each, for a war of many rows over few columns creeps. Returns the rows that are left.
  std::vector<Id> bid() {
    constexpr int most_bids = 1000;
    std::vector<Id> queue(pairs_.rows()), left;
    for (Id row = 0; row < static_cast<Id>(queue.size()); ++row)
      queue[queue.size() - 1 - row] = row;
    std::vector<std::int16_t> bids(pairs_.rows(), 0);
    while (!queue.empty()) {
      const Id row = queue.back();
      queue.pop_back();
      const Bid bid = best_of(row);
      if (bid.entry == none) continue;
      Column& column = columns_[pairs_.column[bid.entry]];
      const Id before = column.owner;
      if (before >= 0 && (bid.most == bid.second || bids[row] == most_bids)) {
        left.push_back(row);
        continue;
      }
      ++bids[row];
      if (before >= 0) {
        column.price += bid.most - bid.second;
        entry_[before] = none;
        queue.push_back(before);
      }
      take(row, bid.entry);
    }
    return left;
  }

  // The cheapest way to settle one more row: along columns that owners give up for others, to a
  // free column or to a row that stays alone. Dijkstra's search with the loss of worth as length.
  void augment(Id row) {
    reached_.clear();
    heap_.clear();
    settled_.clear();
    best_ = unreached;
    last_column_ = -1;
    alone_row_ = -1;
    look(row, 0);
    while (!heap_.empty()) {
      std::ranges::pop_heap(heap_, std::greater{});
      const auto [distance, column] = heap_.back();
      heap_.pop_back();
      if (distance >= best_) break;
      if (distance > columns_[column].distance) continue;  // reached by a shorter way since
      settled_.push_back(column);
      look(columns_[column].owner, distance);
    }
    for (const Id column : settled_) columns_[column].price += best_ - columns_[column].distance;
    follow_back(row);
    for (const Id column : reached_) columns_[column].distance = unreached;
  }

  // What `row`, reached at this distance, may go on to.
  void look(Id row, std::int64_t distance) {
    const std::int64_t most = entry_[row] >= 0 ? worth(entry_[row]) : best_of(row).most;
    if (distance + (most - alone_) < best_) {
      best_ = distance + (most - alone_);
      alone_row_ = row;
      last_column_ = -1;
    }
    for (Index e = pairs_.offsets[row]; e < pairs_.offsets[row + 1]; ++e) {
      const Id name = pairs_.column[e];
      Column& column = columns_[name];
      const std::int64_t length = distance + most - weights_[e] + column.price;
      if (length >= std::min(best_, column.distance)) continue;
      if (column.distance == unreached) reached_.push_back(name);
      column.distance = length;
      way_[name] = {e, row};
      if (column.owner < 0) {
        best_ = length;
        last_column_ = name;
        alone_row_ = -1;
      } else {
        heap_.emplace_back(length, name);
        std::ranges::push_heap(heap_, std::greater{});
      }
    }
  }

  // Everybody on the way moves to the column through which it was left.
  void follow_back(Id row) {
    Id column = last_column_;
    if (column < 0) {  // somebody stays alone: its column goes to who reached it
      const Index given_up = entry_[alone_row_];
      entry_[alone_row_] = none;
      if (alone_row_ == row) return;
      column = pairs_.column[given_up];
    }
    while (true) {
      const auto [entry, mover] = way_[column];
      const Index given_up = entry_[mover];
      take(mover, entry);
      if (mover == row) return;
      column = pairs_.column[given_up];
    }
  }

  const PairWeights& pairs_;
  const WholeWeights& weights_;
  std::int64_t alone_;
  std::vector<Column> columns_;
  std::vector<Way> way_;
  std::vector<Index> entry_;  // of rows: the pair they are in
  // One search:
  std::vector<Id> reached_, settled_;
  std::vector<std::pair<std::int64_t, Id>> heap_;
  std::int64_t best_ = 0;
  Id last_column_ = -1, alone_row_ = -1;
};

inline void require_valid(const PairWeights& pairs, const AssignmentOptions& options) {
  if (pairs.columns < 0 || pairs.offsets.empty() || pairs.offsets.front() != 0 ||
      pairs.offsets.back() != static_cast<Index>(pairs.column.size()) ||
      pairs.weight.size() != pairs.column.size() || !std::ranges::is_sorted(pairs.offsets))
    throw Error(ErrorKind::shape, "the rows of an assignment do not make up its entries");
  if (!std::isfinite(options.alone))
    throw Error(ErrorKind::value, "what a row alone is worth must be a finite number");
  std::vector<Id> last(pairs.columns, -1);
  for (Id row = 0; row < static_cast<Id>(pairs.rows()); ++row)
    for (Index e = pairs.offsets[row]; e < pairs.offsets[row + 1]; ++e) {
      const Id column = pairs.column[e];
      if (column < 0 || column >= pairs.columns)
        throw Error(ErrorKind::value, "row " + std::to_string(row) + " may go with column " +
                                          std::to_string(column) + ", and there are " +
                                          std::to_string(pairs.columns));
      if (std::exchange(last[column], row) == row)
        throw Error(ErrorKind::value, "row " + std::to_string(row) + " names column " +
                                          std::to_string(column) + " twice");
      if (!std::isfinite(pairs.weight[e]))
        throw Error(ErrorKind::value, "the weight of row " + std::to_string(row) + " with column " +
                                          std::to_string(column) + " is not a finite number");
    }
}

}  // namespace detail

/// The pairing of greatest total weight, a row that stays alone counting `alone`: exact for weights
/// cut at 2^-58 of the largest, or, where as many pairs as possible are asked for, at
/// 2^-58 · rows; a pair that is worth no more than a row alone is not made. Rows bid for columns
/// first; those that are left are settled one by one along shortest augmenting paths, whose prices
/// prove the result the best (Kuhn 1955, The Hungarian method for the assignment problem; Jonker &
/// Volgenant 1987, A shortest augmenting path algorithm for dense and sparse linear assignment
/// problems). Of several best pairings always the same one. Throws Error{shape, value} for entries
/// that are no pairs. Cost: a few passes over the entries, then for every row left a search of as
/// many entries as lie nearer than its way out, at worst all; memory: 60 bytes for a row with a
/// column beside the input.
inline Assignment assignment(const PairWeights& pairs, const AssignmentOptions& options = {}) {
  detail::require_valid(pairs, options);
  constexpr int bits = 58;
  const int room = options.as_many_as_possible ? std::ilogb(pairs.rows() + 1) + 2 : 0;
  const detail::WholeWeights weights(pairs, options.as_many_as_possible ? 0 : options.alone,
                                     bits - room);
  // A way from row to row gains less than all rows' weights together: one pair more is worth that.
  const std::int64_t alone =
      options.as_many_as_possible ? -(std::int64_t{1} << bits) : weights.whole(options.alone);
  Assignment found{detail::PriceSearch(pairs, weights, alone).run()};
  for (Id row = 0; row < static_cast<Id>(found.column.size()); ++row) {
    if (found.column[row] < 0) continue;
    const auto columns = pairs.columns_of(row);
    const auto at = std::ranges::find(columns, found.column[row]) - columns.begin();
    found.weight += double{pairs.weights_of(row)[at]};
    ++found.pairs;
  }
  return found;
}

}  // namespace yoneda
