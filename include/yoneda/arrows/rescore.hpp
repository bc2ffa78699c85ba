// Canonical products of all candidates of many queries, key by key: a key is read once for all the
// queries that want it, in order, instead of from wherever a query's candidates happen to lie.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "yoneda/arrows/candidates.hpp"
#include "yoneda/arrows/keys.hpp"
#include "yoneda/core/buffer.hpp"
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

/// Where lists pass from one range of `range` keys to the next. Found in one walk along each list:
/// every range would have to search lists that lie far from each other in memory.
class RescoreParts {
 public:
  RescoreParts(std::span<const RescoreList> lists, Index range, Index ranges)
      : lists_(lists.size()), ends_((ranges + 1) * lists_, 0) {
    constexpr Index block = 64;
    parallel_for((lists_ + block - 1) / block, [&](Index b) {
      for (Index list = b * block; list < std::min(lists_, (b + 1) * block); ++list) {
        const auto candidates = lists[list].candidates;
        std::uint32_t end = 0;
        for (Index r = 1; r <= ranges; ++r) {
          while (end < candidates.size() && candidates[end].position < r * range) ++end;
          ends_[r * lists_ + list] = end;
        }
      }
    });
  }

  /// The candidates of a list, by their place in it, among the keys of range r.
  Index begin(Index r, Index list) const { return ends_[r * lists_ + list]; }
  Index end(Index r, Index list) const { return ends_[(r + 1) * lists_ + list]; }

 private:
  Index lists_;
  std::vector<std::uint32_t, LargePages<std::uint32_t>> ends_;
};

/// Products to compute of the keys of one range, grouped by key: those of its key i are numbers
/// starts[i], ..., starts[i + 1] - 1.
struct RescoreRange {
  std::vector<Index> starts;
  std::vector<const float*> queries;
  std::vector<double*> products;

  /// Range r, which holds `size` keys from `first` on.
  RescoreRange(std::span<const RescoreList> lists, const RescoreParts& parts, Index r, Index first,
               Index size)
      : starts(size + 1, 0) {
    struct Wanted {
      const RescoreList* list;
      const Candidate* candidate;
    };
    std::vector<Wanted> all;
    for (Index l = 0; l < static_cast<Index>(lists.size()); ++l)
      for (Index at = parts.begin(r, l); at < parts.end(r, l); ++at) {
        const Candidate& candidate = lists[l].candidates[at];
        all.push_back({&lists[l], &candidate});
        ++starts[candidate.position - first + 1];
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
  const Index ranges = (keys.count() + range - 1) / range;
  const RescoreParts parts(lists, range, ranges);
  parallel_for(ranges, [&](Index r) {
    const Index first = r * range, last = std::min(keys.count(), first + range);
    const RescoreRange wanted(lists, parts, r, first, last - first);
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
