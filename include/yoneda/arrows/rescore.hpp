// Canonical products of all candidates of many queries, key by key: a key is read once for all the
// queries that want it, in order, instead of from wherever a query's candidates happen to lie.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "yoneda/arrows/candidates.hpp"
#include "yoneda/arrows/keys.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/vector_unit.hpp"

namespace yoneda::detail {

/// Canonical dot products (linear/dot.hpp) of one row with up to four others, all of them in
/// flight at once. The eight partial sums are the eight lanes, so every unit finds the same bits.
struct CanonicalDots {
  static constexpr Index at_once = 4;

  template <int>
  [[gnu::always_inline]] static inline void run(const double* key,
                                                const std::array<const float*, at_once>& queries,
                                                Index size, std::array<double, at_once>& products) {
    constexpr int lanes = 8;
    using Doubles = Vector<double, lanes>;
    Doubles sums[at_once] = {};
    const Index blocked = size - size % lanes;
    for (Index j = 0; j < blocked; j += lanes) {
      Doubles of_key;
      __builtin_memcpy(&of_key, key + j, sizeof of_key);
      for (Index q = 0; q < at_once; ++q) {
        Vector<float, lanes> of_query;
        __builtin_memcpy(&of_query, queries[q] + j, sizeof of_query);
        sums[q] += of_key * __builtin_convertvector(of_query, Doubles);
      }
    }
    for (Index j = blocked; j < size; ++j)
      for (Index q = 0; q < at_once; ++q)
        sums[q][j % lanes] += key[j] * static_cast<double>(queries[q][j]);
    for (Index q = 0; q < at_once; ++q) {
      products[q] = 0;
      for (int lane = 0; lane < lanes; ++lane) products[q] += sums[q][lane];
    }
  }
};

/// Candidates of one end of one query, and where their products go.
struct RescoreList {
  const float* query;
  std::span<const Candidate> candidates;  ///< ascending by position
  double* products;
};

/// One product to compute.
struct RescoreEntry {
  const float* query;
  double* product;
};

/// All candidates with positions in [first, last), grouped by key: those of key first + i are
/// entries starts[i], ..., starts[i + 1] − 1.
struct RescoreRange {
  std::vector<Index> starts;
  std::vector<RescoreEntry> entries;

  RescoreRange(std::span<const RescoreList> lists, Index first, Index last)
      : starts(last - first + 1, 0) {
    const auto within = [&](const RescoreList& list) {
      const auto from = std::ranges::lower_bound(list.candidates, first, {}, &Candidate::position);
      const auto to = std::ranges::lower_bound(list.candidates, last, {}, &Candidate::position);
      return std::span(from, to);
    };
    for (const RescoreList& list : lists)
      for (const Candidate& candidate : within(list)) ++starts[candidate.position - first + 1];
    for (std::size_t i = 1; i < starts.size(); ++i) starts[i] += starts[i - 1];
    entries.resize(starts.back());
    std::vector<Index> next(starts.begin(), starts.end() - 1);
    for (const RescoreList& list : lists)
      for (const Candidate& candidate : within(list))
        entries[next[candidate.position - first]++] = {
            list.query, list.products + (&candidate - list.candidates.data())};
  }
};

/// Fills in the products of all lists. Cost: one pass over the keys, and d multiplications a
/// candidate.
inline void rescore(std::span<const RescoreList> lists, const Keys& keys) {
  const Index d = keys.cols();
  const Index range = std::clamp<Index>(keys.count() / 32, 64, 2048);
  parallel_for((keys.count() + range - 1) / range, [&](Index r) {
    const Index first = r * range, last = std::min(keys.count(), first + range);
    const RescoreRange wanted(lists, first, last);
    std::vector<float> scratch(d);
    std::vector<double> exact(d);
    for (Index key = first; key < last; ++key) {
      const auto begin = wanted.entries.begin() + wanted.starts[key - first];
      const auto entries =
          std::span(begin, wanted.starts[key - first + 1] - wanted.starts[key - first]);
      if (entries.empty()) continue;
      std::ranges::copy(keys.row(key, scratch), exact.begin());
      constexpr Index at_once = CanonicalDots::at_once;
      for (Index i = 0; i < static_cast<Index>(entries.size()); i += at_once) {
        const Index count = std::min<Index>(at_once, entries.size() - i);
        std::array<const float*, at_once> queries;
        std::array<double, at_once> products;
        for (Index q = 0; q < at_once; ++q) queries[q] = entries[i + std::min(q, count - 1)].query;
        run_on_widest<CanonicalDots>(exact.data(), queries, d, products);
        for (Index q = 0; q < count; ++q) *entries[i + q].product = products[q];
      }
    }
  });
}

}  // namespace yoneda::detail
