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

/// Canonical dot products (linear/dot.hpp) of one row with some others, all of them in flight at
/// once. The eight partial sums are the eight lanes, so every unit finds the same bits.
template <int at_once>
struct CanonicalDots {
  template <int floats>
  [[gnu::always_inline]] static inline void run(const double* key, const float* const* queries,
                                                Index size, double* products) {
    constexpr int lanes = 8, width = floats / 2, parts = lanes / width;  // doubles in a vector
    using Doubles = Vector<double, width>;
    Doubles sums[at_once][parts] = {};
    const Index blocked = size - size % lanes;
    for (Index j = 0; j < blocked; j += lanes)
      for (int part = 0; part < parts; ++part) {
        Doubles of_key;
        __builtin_memcpy(&of_key, key + j + part * width, sizeof of_key);
        for (int q = 0; q < at_once; ++q) {
          Vector<float, width> of_query;
          __builtin_memcpy(&of_query, queries[q] + j + part * width, sizeof of_query);
          sums[q][part] += of_key * __builtin_convertvector(of_query, Doubles);
        }
      }
    for (int q = 0; q < at_once; ++q) {
      double partial[lanes];
      __builtin_memcpy(partial, sums[q], sizeof partial);
      for (Index j = blocked; j < size; ++j)
        partial[j % lanes] += key[j] * static_cast<double>(queries[q][j]);
      products[q] = 0;
      for (const double part : partial) products[q] += part;
    }
  }
};

[[gnu::always_inline]] inline void widen(const float* from, Index size, double* to) {
  for (Index i = 0; i < size; ++i) to[i] = static_cast<double>(from[i]);
}

/// Candidates of one end of one query, and where their products go.
struct RescoreList {
  const float* query;
  std::span<const Candidate> candidates;  ///< ascending by position
  double* products;
};

/// Products to compute of the keys first, ..., last - 1, grouped by key: those of key first + i are
/// numbers starts[i], ..., starts[i + 1] - 1.
struct RescoreRange {
  std::vector<Index> starts;
  std::vector<const float*> queries;
  std::vector<double*> products;

  RescoreRange(std::span<const RescoreList> lists, Index first, Index last)
      : starts(last - first + 1, 0) {
    struct Wanted {
      const RescoreList* list;
      const Candidate* candidate;
    };
    std::vector<Wanted> all;
    for (const RescoreList& list : lists) {
      const auto from = std::ranges::lower_bound(list.candidates, first, {}, &Candidate::position);
      for (auto at = from; at != list.candidates.end() && at->position < last; ++at) {
        all.push_back({&list, &*at});
        ++starts[at->position - first + 1];
      }
    }
    for (std::size_t i = 1; i < starts.size(); ++i) starts[i] += starts[i - 1];
    queries.resize(all.size());
    products.resize(all.size());
    std::vector<Index> next(starts.begin(), starts.end() - 1);
    for (const auto& [list, candidate] : all) {
      const Index to = next[candidate->position - first]++;
      queries[to] = list->query;
      products[to] = list->products + (candidate - list->candidates.data());
    }
  }
};

/// Products of one key with the queries that want it, `at_once` by `at_once`, the rest by fewer.
template <int at_once = 4>
void rescore_key(std::span<const double> key, std::span<const float* const> queries,
                 std::span<double* const> products) {
  std::array<double, at_once> found;
  const Index d = static_cast<Index>(key.size());
  while (queries.size() >= at_once) {
    run_on_widest<CanonicalDots<at_once>>(key.data(), queries.data(), d, found.data());
    for (int q = 0; q < at_once; ++q) *products[q] = found[q];
    queries = queries.subspan(at_once);
    products = products.subspan(at_once);
  }
  if constexpr (at_once > 1) rescore_key<at_once - 1>(key, queries, products);
}

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
      const Index begin = wanted.starts[key - first], end = wanted.starts[key - first + 1];
      if (begin == end) continue;
      if (key + 1 < last) keys.will_need(key + 1);
      with_simd<widen>(keys.row(key, scratch).data(), d, exact.data());
      rescore_key(exact, std::span(wanted.queries).subspan(begin, end - begin),
                  std::span(wanted.products).subspan(begin, end - begin));
    }
  });
}

}  // namespace yoneda::detail
