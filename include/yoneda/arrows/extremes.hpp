// For many queries at once: the exact k largest and k smallest dot products with all keys, and the
// moments and histogram of all of them, in one pass that never holds queries x keys.
//
// Method. Keys and queries meet in tiles of a fast product, in bfloat16 where the Gemm has it, else
// in float32. A scan looks at each tile once, while it is in the cache. A fast product ẑ is within
// a known ε of the true one (error_bound.hpp); with τ = the k-th largest of ẑ − ε, a key with ẑ + ε
// < τ cannot be among the k largest. All others are scored again by the canonical product in double
// and sorted by (value, id): the result is exact, and the same for every kernel, tile and number of
// threads.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "yoneda/arrows/candidates.hpp"
#include "yoneda/arrows/error_bound.hpp"
#include "yoneda/arrows/keys.hpp"
#include "yoneda/arrows/rescore.hpp"
#include "yoneda/arrows/scan.hpp"
#include "yoneda/arrows/spread.hpp"
#include "yoneda/core/buffer.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/linear/dot.hpp"
#include "yoneda/linear/gemm.hpp"

namespace yoneda {

inline constexpr double histogram_reach = 8;  ///< standard deviations on either side of the mean

struct ExtremesOptions {
  Index k = 50;
  bool histogram = true;
  Index query_tile = 0, key_tile = 0;  ///< 0: as suits the product; tests reach every edge
  std::span<const Id> excluded = {};   ///< keys treated as though they were not there
  Index query_block = 8192;            ///< queries that are treated alike; fewer where d is large
  Index memory = Index{128} << 20;  ///< bytes for queries that meet all keys together. Less of it
                                    ///< takes longer and changes no bit; a tile takes what it takes
};

/// One key and its canonical product with the query.
struct Extreme {
  Id id;
  double value;
};

/// What one query found. Valid only during the call that hands it over.
struct Extremes {
  std::span<const Extreme> largest;   ///< k, descending, ties by smaller id
  std::span<const Extreme> smallest;  ///< k, ascending, ties by smaller id
  double mean;                        ///< canonical: w · ū
  double std, skewness, kurtosis;     ///< of all products (population), 0 where they do not vary
  std::span<const Id> histogram;      ///< below, 50 bins, above; empty where not asked for
  double histogram_low, histogram_high;
};

namespace detail {

/// The least r > 0 that a Poisson variable of this mean reaches with probability at most `rarely`.
inline Index rarely_reached(double mean, double rarely) {
  double term = std::exp(-mean), below = 0;
  Index r = 0;
  while (r == 0 || 1 - below > rarely) {
    below += term;
    term *= mean / static_cast<double>(++r);
    if (term < 1e-12 && static_cast<double>(r) > mean) break;  // as near to 1 as sums come
  }
  return r;
}

/// Room for both ends.
inline Index candidates_a_query(Index k) {
  return 2 * Candidates::room_for(k);
}

/// Everything one query accumulates while the keys pass by. Scores are in the units of the pass:
/// products less `offset`, which is w · centre (see KeyBlock).
struct QueryState {
  QueryState(Index k, std::span<Candidate> room)
      : largest(k, room.first(room.size() / 2)), smallest(k, room.last(room.size() / 2)) {}

  Candidates largest, smallest;
  RoundedNorms norms;
  ErrorBound bound;
  double mean = 0, offset = 0;
  Powers powers;
  Bins bins;
  double histogram_low = 0, histogram_high = 0;
  double variance_ratio = 1;  ///< of true products to fast ones, on the sample but its tails
};

/// Mean and population variance.
struct SampleSpread {
  double mean = 0, variance = 0;
};

/// Sums in eight lanes, in double.
struct SampleSums {
  template <int floats>
  [[gnu::always_inline]] static inline double run(const float* x, Index size, double centre,
                                                  bool squared) {
    constexpr int lanes = 8, width = floats / 2, parts = lanes / width;
    using Doubles = Vector<double, width>;
    Doubles sums[parts] = {};
    const Index blocked = size - size % lanes;
    for (Index i = 0; i < blocked; i += lanes)
      for (int part = 0; part < parts; ++part) {
        Vector<float, width> values;
        __builtin_memcpy(&values, x + i + part * width, sizeof values);
        const Doubles centred = __builtin_convertvector(values, Doubles) - centre;
        sums[part] += squared ? centred * centred : centred;
      }
    double partial[lanes];
    __builtin_memcpy(partial, sums, sizeof partial);
    for (Index i = blocked; i < size; ++i) {
      const double centred = static_cast<double>(x[i]) - centre;
      partial[i % lanes] += squared ? centred * centred : centred;
    }
    double sum = 0;
    for (const double part : partial) sum += part;
    return sum;
  }
};

inline SampleSpread sample_spread(std::span<const float> values) {
  const auto size = static_cast<Index>(values.size());
  const auto sum = [&](double centre, bool squared) {
    return run_on_widest<SampleSums>(values.data(), size, centre, squared);
  };
  const double count = static_cast<double>(size), mean = sum(0, false) / count;
  return {mean, sum(mean, true) / count};
}

/// Σ x_j y_j in double, in the order of canonical_dot.
inline double mixed_dot(std::span<const float> x, std::span<const double> y) {
  std::array<double, 8> partial{};
  for (std::size_t j = 0; j < x.size(); ++j) partial[j % 8] += static_cast<double>(x[j]) * y[j];
  double sum = 0;
  for (const double part : partial) sum += part;
  return sum;
}

/// The k best of `all` by (value, id): the largest where sign > 0, else the smallest.
inline void keep_best(std::vector<Extreme>& all, Index k, int sign) {
  const auto better = [sign](const Extreme& a, const Extreme& b) {
    if (a.value != b.value) return sign > 0 ? a.value > b.value : a.value < b.value;
    return a.id < b.id;
  };
  if (k < static_cast<Index>(all.size())) {  // in all, two thirds of one partial_sort
    std::ranges::nth_element(all, all.begin() + k, better);
    all.resize(k);
  }
  std::ranges::sort(all, better);
}

/// The k best over all keys by canonical products alone: for the query whose candidates had no end.
/// `best` holds positions. Cost: d a key.
inline void exhaustive(std::span<const float> query, const Keys& keys, Index k, int sign,
                       std::vector<Extreme>& best) {
  std::vector<float> scratch(query.size());
  best.clear();
  for (Index position = 0; position < keys.count(); ++position) {
    best.push_back({static_cast<Id>(position), canonical_dot(query, keys.row(position, scratch))});
    if (static_cast<Index>(best.size()) == 4 * k + 1024) keep_best(best, k, sign);
  }
  keep_best(best, k, sign);
}

/// What stays the same for all queries.
struct PassSetting {
  const Keys& keys;
  const ExtremesOptions& options;
  const Gemm& gemm;
  std::vector<float> centre;  ///< subtracted from keys that are rounded
  std::vector<float> origin;  ///< zeros
  KeyBlock sample;            ///< every so many keys, in float32: what to expect
  KeyBlock rounded_sample;    ///< the same in bfloat16, where there is such a product
  Index rank_of_guess;        ///< in the sample, of a product that k of all keys should reach

  PassSetting(const Keys& all, const ExtremesOptions& chosen, const Gemm& product)
      : keys(all),
        options(chosen),
        gemm(product),
        centre(all.mean().begin(), all.mean().end()),
        origin(all.cols(), 0.0f),
        sample(all, FirstPass::f32, origin),
        rounded_sample(all, FirstPass::bf16, centre) {
    if (all.dtype() == Dtype::bf16) centre = origin;  // exact as they are
    sample.take(0, sample_size(), sample_stride());
    if (product.multiply_bf16) rounded_sample.take(0, sample_size(), sample_stride());
    const double sampled = static_cast<double>(options.k) / static_cast<double>(sample_stride());
    rank_of_guess = std::min(options.k, rarely_reached(sampled, 1e-4));
  }

  /// Of keys less the centre.
  double typical_norm() const {
    const double whole = keys.typical_norm(), mean = canonical_norm(centre);
    return std::sqrt(std::max(0.0, whole * whole - mean * mean));
  }

  Index sample_stride() const {
    const Index wanted = std::max({Index{1024}, 4 * options.k, keys.count() / 64});
    return std::max<Index>(1, keys.count() / wanted);
  }
  Index sample_size() const { return (keys.count() + sample_stride() - 1) / sample_stride(); }
};

/// What queries share that are treated alike, so that it does not matter how many of them meet the
/// keys together.
struct PassPlan {
  Index tile;  ///< queries that meet some keys at a time
  FirstPass pass;
};

inline bool packs_keys(const PassSetting& setting, FirstPass pass) {
  return pass == FirstPass::bf16 && static_cast<bool>(setting.gemm.packed_bf16.pack);
}

/// Keys that meet a tile of queries at a time.
inline Index key_tile(const PassSetting& setting, FirstPass pass) {
  const Index wanted = setting.options.key_tile;
  const Index keys = wanted > 0 ? wanted : packs_keys(setting, pass) ? 1024 : 512;
  return std::min(keys, longest_row);
}

/// A product that is packed needs few queries to be fast, and small tiles leave no thread waiting
/// at the end of a block of keys. By the shape alone, so that few queries make work for several
/// threads too.
inline Index query_tile(const PassSetting& setting, FirstPass pass, Index count) {
  const Index wanted = setting.options.query_tile;
  const Index queries = wanted > 0 ? wanted : packs_keys(setting, pass) ? 64 : 256;
  return std::clamp<Index>((count + 15) / 16, 1, queries);
}

/// Whether bfloat16 separates keys well enough, by a few of the queries. Where some dimensions
/// outweigh all others, its error bound can be as wide as the products are spread, and half the
/// keys become candidates.
template <class Fill>
bool rounding_is_harmless(const PassSetting& setting, Index first, Index count, const Fill& fill) {
  const double relative = setting.keys.dtype() == Dtype::bf16 ? 0x1p-9 : 0x1p-8;
  const double error = relative * setting.typical_norm();  // for a query of norm 1
  const Index step = std::max<Index>(1, count / 64), asked = (count + step - 1) / step;
  const Index width = setting.sample.size(), d = setting.keys.cols();
  std::vector<char> harmed(asked);
  parallel_for(asked, [&](Index i) {
    std::vector<float> query(d), products(width);
    fill(first + i * step, std::span(query));
    setting.gemm.multiply({query.data(), 1, d, d}, setting.sample.floats(0, width),
                          {products.data(), 1, width, width});
    const double variance = sample_spread(products).variance;
    harmed[i] = error * canonical_norm(query) > 0.7 * std::sqrt(variance);
  });
  return 4 * std::ranges::count(harmed, 1) <= asked;
}

template <class Fill>
PassPlan plan_pass(const PassSetting& setting, Index first, Index count, const Fill& fill) {
  const bool rounded =
      setting.gemm.multiply_bf16 && rounding_is_harmless(setting, first, count, fill);
  const FirstPass pass = rounded ? FirstPass::bf16 : FirstPass::f32;
  return {query_tile(setting, pass, count), pass};
}

/// Some queries and their way through the pass.
class QueryBlock {
 public:
  template <class Fill>
  QueryBlock(const PassSetting& setting, const PassPlan& plan, Index first, Index count,
             const Fill& fill)
      : setting_(setting),
        first_(first),
        count_(count),
        tile_(plan.tile),
        pass_(plan.pass),
        floats_(count * setting.keys.cols()),
        candidates_(count * candidates_a_query(setting.options.k)),
        workspaces_(thread_count()) {
    const Index room = candidates_a_query(setting.options.k);
    states_.reserve(count);
    for (Index q = 0; q < count; ++q)
      states_.emplace_back(setting.options.k, candidates_.span().subspan(q * room, room));
    parallel_for(count, [&](Index q) {
      const auto query = floats_.span().subspan(q * d(), d());
      fill(first_ + q, query);
      measure(query, states_[q], first_ + q);
    });
  }

  /// Meets all keys.
  void run(const Progress& progress, Stage stage) {
    if (pass_ == FirstPass::bf16) halves_ = Buffer<bf16>(count_ * d());
    key_tile_ = key_tile(setting_, pass_);
    look_at_sample();
    KeyBlock block(setting_.keys, pass_,
                   pass_ == FirstPass::bf16 ? setting_.centre : setting_.origin);
    const Index V = setting_.keys.count(), size = keys_at_a_time();
    for (Index key = 0; key < V; key += size) {
      progress.check(stage, static_cast<double>(key) / static_cast<double>(V));
      block.take(key, std::min(size, V - key));
      if (packs()) block.pack(setting_.gemm.packed_bf16, key_tile_);
      parallel_for(tiles(), [&](Index tile) { meet(tile, block); });
    }
  }

  /// Hands over what each query found.
  template <class Sink>
  void finish(const Sink& sink) {
    score_candidates();
    parallel_for(count_, [&](Index q) {
      std::vector<Extreme> largest, smallest;
      best_of(q, states_[q].largest, 1, 2 * q, largest);
      best_of(q, states_[q].smallest, -1, 2 * q + 1, smallest);
      const QueryState& state = states_[q];
      const Spread spread = spread_of_products(q);
      const auto counts = setting_.options.histogram ? std::span<const Id>(state.bins.counts)
                                                     : std::span<const Id>();
      sink(first_ + q,
           Extremes{largest, smallest, state.mean, spread.std, spread.skewness, spread.kurtosis,
                    counts, state.histogram_low, state.histogram_high});
    });
  }

 private:
  /// What a thread needs for one tile at a time, kept from tile to tile.
  struct Workspace {
    std::vector<float> products, truth, norms, residues, scratch;
    std::vector<Interesting> limits;
    ScanScratch scan;
  };

  Index d() const { return setting_.keys.cols(); }
  Index tiles() const { return (count_ + tile_ - 1) / tile_; }
  std::span<const float> query(Index q) const { return floats_.span().subspan(q * d(), d()); }

  bool packs() const { return packs_keys(setting_, pass_); }

  /// Some megabytes of keys, which then meet all queries from the cache.
  Index keys_at_a_time() const {
    const Index bytes = d() * (pass_ == FirstPass::bf16 ? 2 : 4);
    return std::max<Index>(1, (Index{8} << 20) / (bytes * key_tile_)) * key_tile_;
  }

  void measure(std::span<const float> query, QueryState& state, Index row) const {
    state.norms.norm = state.norms.rounded = canonical_norm(query);
    if (!(state.norms.norm * static_cast<double>(setting_.keys.largest_norm()) <= 1e37))
      throw Error(ErrorKind::value, "weights of row " + std::to_string(row) +
                                        " are so large that a logit overflows a float");
    state.bound = error_bound(state.norms, d());
    state.mean = mixed_dot(query, setting_.keys.mean());
    state.powers.shift = static_cast<float>(state.mean);
    if (state.norms.norm > 0) return;
    state.largest.give_up();  // all products are 0
    state.smallest.give_up();
  }

  /// Products of a tile of queries with keys begin, ..., begin + width − 1 of a block, row by row.
  void multiply(Index tile, const KeyBlock& block, Index begin, Index width, FirstPass pass,
                std::vector<float>& products) const {
    const Index first = tile * tile_, rows = std::min(tile_, count_ - first);
    products.resize(rows * width);
    const MutableMatrixView out{products.data(), rows, width, width};
    const Bf16View halves{halves_.data() + first * d(), rows, d(), d()};
    if (pass == FirstPass::bf16 && block.packed(begin))
      setting_.gemm.packed_bf16.multiply(halves, block.packed(begin), out);
    else if (pass == FirstPass::bf16)
      setting_.gemm.multiply_bf16(halves, block.halves(begin, width), out);
    else
      setting_.gemm.multiply({floats_.data() + first * d(), rows, d(), d()},
                             block.floats(begin, width), out);
  }

  /// Sets the range of the histogram, guesses thresholds, and learns what rounding does.
  void look_at_sample() {
    parallel_for(tiles(), [&](Index tile) {
      Workspace& room = workspaces_[thread_index()];
      multiply(tile, setting_.sample, 0, setting_.sample.size(), FirstPass::f32, room.truth);
      for_each_row(tile, room.truth, [&](Index q, std::span<const float> truth) {
        QueryState& state = states_[q];
        if (setting_.options.histogram) set_histogram(state, sample_spread(truth).variance);
        if (state.norms.norm > 0 && setting_.sample.size() >= setting_.options.k)
          guess_thresholds(state, truth, room.scratch);
        if (pass_ == FirstPass::bf16) round(q);
      });
      if (pass_ == FirstPass::bf16) compare_variances(tile, room);
    });
  }

  /// body(query, row) for the rows of a tile's products.
  template <class Body>
  void for_each_row(Index tile, std::span<float> products, const Body& body) const {
    const Index first = tile * tile_, rows = std::min(tile_, count_ - first);
    const Index width = static_cast<Index>(products.size()) / rows;
    for (Index i = 0; i < rows; ++i) body(first + i, products.subspan(i * width, width));
  }

  /// Mean ± 8 std; a query whose products do not vary as floats gets mean ± 1, which holds them
  /// all.
  static void set_histogram(QueryState& state, double variance) {
    const double noise = std::max(1e-7 * std::abs(state.mean), 1e-30);
    const double std = std::sqrt(variance);
    const double reach = std > noise ? histogram_reach * std : 1.0;
    state.histogram_low = state.mean - reach;
    state.histogram_high = state.mean + reach;
    const double bins_per_unit = static_cast<double>(histogram_bins) / (2 * reach);
    state.bins.scale = static_cast<float>(bins_per_unit);
    state.bins.offset = static_cast<float>(1 - state.histogram_low * bins_per_unit);
  }

  /// Less the error, so that keys no better than those of the sample prove the guess.
  void guess_thresholds(QueryState& state, std::span<const float> products,
                        std::vector<float>& scratch) const {
    const auto norms = setting_.sample.norms();
    scratch.resize(products.size());
    for (std::size_t i = 0; i < products.size(); ++i)
      scratch[i] = products[i] - state.bound(norms[i], 0);
    state.largest.guess(kth_largest(scratch, setting_.rank_of_guess));
    for (std::size_t i = 0; i < products.size(); ++i)
      scratch[i] = -products[i] - state.bound(norms[i], 0);
    state.smallest.guess(kth_largest(scratch, setting_.rank_of_guess));
  }

  /// Rounds a query to bfloat16, and moves all that is in units of products.
  void round(Index q) {
    QueryState& state = states_[q];
    const SquaredNorms norms =
        round_to_bf16(query(q), setting_.origin, halves_.span().subspan(q * d(), d()));
    state.norms.rounded = std::sqrt(norms.rounded);
    state.norms.residue = std::sqrt(norms.residue);
    state.bound = error_bound(state.norms, d());
    state.offset = canonical_dot(query(q), setting_.centre);
    const double shift = state.mean - state.offset;
    state.powers.shift = static_cast<float>(shift);
    state.bins.offset += static_cast<float>(state.offset * static_cast<double>(state.bins.scale));
    state.largest.move(state.offset);
    state.smallest.move(-state.offset);
  }

  /// What rounding does to the variance of the products that are no candidates, on the sample.
  void compare_variances(Index tile, Workspace& room) {
    const KeyBlock& rounded = setting_.rounded_sample;
    multiply(tile, rounded, 0, rounded.size(), FirstPass::bf16, room.products);
    const Index width = rounded.size();
    for_each_row(tile, room.products, [&](Index q, std::span<float> seen) {
      const auto truth = std::span(room.truth).subspan((q - tile * tile_) * width, width);
      states_[q].variance_ratio = variance_ratio(states_[q], truth, seen);
    });
  }

  static double variance_ratio(const QueryState& state, std::span<float> truth,
                               std::span<float> seen) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < truth.size(); ++i) {
      if (seen[i] >= state.largest.threshold() || -seen[i] >= state.smallest.threshold()) continue;
      truth[kept] = truth[i];
      seen[kept++] = seen[i];
    }
    if (kept < 2) return 1;
    const double wanted = sample_spread(truth.first(kept)).variance;
    const double found = sample_spread(seen.first(kept)).variance;
    return wanted > 0 && found > 0 ? wanted / found : 1;
  }

  /// A tile of queries and some keys.
  void meet(Index tile, const KeyBlock& block) {
    Workspace& room = workspaces_[thread_index()];
    const Index first = tile * tile_, last = std::min(count_, first + tile_);
    for (Index begin = 0; begin < block.size(); begin += key_tile_) {
      const Index width = std::min(key_tile_, block.size() - begin);
      multiply(tile, block, begin, width, pass_, room.products);
      largest_of_blocks(block.norms().subspan(begin, width), room.norms);
      largest_of_blocks(block.residues().subspan(begin, width), room.residues);
      for (Index q = first; q < last; ++q) {
        const auto row = std::span<const float>(room.products).subspan((q - first) * width, width);
        look_closer(states_[q], row, block, begin, room);
      }
    }
  }

  static void largest_of_blocks(std::span<const float> values, std::vector<float>& largest) {
    largest.clear();
    for (std::size_t i = 0; i < values.size(); i += scan_block)
      largest.push_back(std::ranges::max(
          values.subspan(i, std::min<std::size_t>(scan_block, values.size() - i))));
  }

  void look_closer(QueryState& state, std::span<const float> row, const KeyBlock& block,
                   Index begin, Workspace& room) const {
    room.limits.resize(room.norms.size());
    // Less a little, for the rounding of the difference; an end that gave up wants nothing: ∞.
    const auto loosened = [](float threshold) {
      return std::isfinite(threshold) ? threshold - std::abs(threshold) * 0x1p-22f : threshold;
    };
    const float high = loosened(state.largest.threshold()),
                low = loosened(state.smallest.threshold());
    for (std::size_t i = 0; i < room.norms.size(); ++i) {
      const float error = state.bound(room.norms[i], room.residues[i]);
      room.limits[i] = {high - error, error - low};
    }
    const auto hits =
        scan(row, room.limits, setting_.options.histogram, state.powers, state.bins, room.scan);
    for (const std::uint16_t at : hits) {
      const float z = row[at],
                  error = state.bound(block.norms()[begin + at], block.residues()[begin + at]);
      const auto position = static_cast<Id>(block.first() + begin + at);
      if (z + error >= state.largest.threshold())
        state.largest.offer(z - error, z + error, position, room.scratch);
      if (error - z >= state.smallest.threshold())
        state.smallest.offer(-z - error, error - z, position, room.scratch);
    }
  }

  void score_candidates() {
    parallel_for(count_, [&](Index q) {
      std::vector<float> scratch;
      states_[q].largest.tighten(scratch);
      states_[q].smallest.tighten(scratch);
    });
    std::vector<RescoreList> lists;
    Index total = 0;
    for (QueryState& state : states_)
      total += state.largest.kept().size() + state.smallest.kept().size();
    products_ = Buffer<double>(total);
    starts_.clear();
    total = 0;
    for (Index q = 0; q < count_; ++q)
      for (const Candidates* end : {&states_[q].largest, &states_[q].smallest}) {
        lists.push_back({query(q).data(), end->kept(), products_.data() + total});
        starts_.push_back(total);
        total += end->kept().size();
      }
    // Queries that stay in the cache while the keys pass by.
    const Index group = std::max<Index>(64, (Index{8} << 20) / (4 * std::max<Index>(1, d())));
    for (Index q = 0; q < count_; q += group)
      rescore(std::span(lists).subspan(2 * q, 2 * std::min(group, count_ - q)), setting_.keys);
  }

  /// The k best of one end; `list` is its place among the lists of candidates.
  void best_of(Index q, const Candidates& end, int sign, Index list,
               std::vector<Extreme>& best) const {
    const Index k = setting_.options.k;
    if (states_[q].norms.norm == 0) {
      for (Id position = 0; position < static_cast<Id>(k); ++position)
        best.push_back({position, 0.0});
    } else {
      const double* product = products_.data() + starts_[list];
      for (const Candidate& candidate : end.kept())
        best.push_back({candidate.position, *product++});
      keep_best(best, k, sign);
      if (!surely_best(best, states_[q], end, sign))
        exhaustive(query(q), setting_.keys, k, sign, best);
    }
    for (Extreme& extreme : best) extreme.id = setting_.keys.id(extreme.id);
  }

  /// Whether no key that was dropped can be one of the k best. Their products are known now, so
  /// that a guess has to be missed by itself to be wrong, not by what rounding may take.
  bool surely_best(const std::vector<Extreme>& best, const QueryState& state, const Candidates& end,
                   int sign) const {
    if (end.overflowed() || static_cast<Index>(best.size()) < setting_.options.k) return false;
    // The product and the offset, both canonical, and their difference (error_bound.hpp).
    const double rounding = static_cast<double>(d() + 16) * 0x1p-52 * state.norms.norm *
                            static_cast<double>(setting_.keys.largest_norm());
    return end.holds_best(sign * (best.back().value - state.offset) - rounding);
  }

  Spread spread_of_products(Index q) const {
    const QueryState& state = states_[q];
    if (pass_ == FirstPass::f32)
      return spread_of(state.powers, least_std(state), query(q), setting_.keys);
    const bool strange = std::abs(state.variance_ratio - 1) > 0.02;  // 2⁻⁸ twice is what it may be
    if (strange || state.largest.overflowed() || state.smallest.overflowed())
      return careful_spread(query(q), setting_.keys);
    return spread_of(corrected_powers(q), least_std(state), query(q), setting_.keys);
  }

  /// Candidates' own products, which make up the tails, in place of the rounded ones; the variance
  /// of the rest by the sample's ratio.
  Powers corrected_powers(Index q) const {
    const QueryState& state = states_[q];
    Powers fast{state.powers.shift}, exact{state.powers.shift};
    const auto largest = state.largest.kept();
    for (const int sign : {1, -1}) {
      const auto kept = sign > 0 ? largest : state.smallest.kept();
      const double* product = products_.data() + starts_[2 * q + (sign > 0 ? 0 : 1)];
      for (const Candidate& candidate : kept) {
        const double z = *product++;
        if (sign < 0 &&
            std::ranges::binary_search(largest, candidate.position, {}, &Candidate::position))
          continue;
        fast.add(sign * 0.5 *
                 (static_cast<double>(candidate.lower) + static_cast<double>(candidate.upper)));
        exact.add(z - state.offset);
      }
    }
    Powers powers = state.powers;
    for (std::size_t p = 0; p < 4; ++p) {
      const double bulk = powers.sums[p] - fast.sums[p];
      powers.sums[p] = (p == 1 ? state.variance_ratio * bulk : bulk) + exact.sums[p];
    }
    return powers;
  }

  /// Below this the products of the pass are mostly error, and their moments too. Rounding of
  /// queries is made up for by variance_ratio; what is left adds in squares.
  double least_std(const QueryState& state) const {
    const double w = state.norms.norm, summed = 4000 * 0x1p-24;
    if (pass_ == FirstPass::f32) return summed * w * setting_.keys.typical_norm();
    const double rounded = 64 * 0x1p-8 / std::sqrt(static_cast<double>(d()));
    return std::max(summed, rounded) * w * setting_.typical_norm();
  }

  const PassSetting& setting_;
  Index first_, count_;
  Index tile_;  // queries that meet key_tile_ keys at a time
  FirstPass pass_;
  Index key_tile_ = 1;
  Buffer<float> floats_;
  Buffer<bf16> halves_;
  Buffer<Candidate> candidates_;
  std::vector<QueryState, LargePages<QueryState>> states_;
  std::vector<Workspace> workspaces_;
  Buffer<double> products_;  // of all candidates, list by list
  std::vector<Index> starts_;
};

/// What a query takes: its floats, their halves, its candidates and their products.
inline Index bytes_a_query(Index k, Index d) {
  return 6 * d + candidates_a_query(k) * Index{sizeof(Candidate)} + 4 * k * Index{sizeof(double)};
}

/// Queries that are treated alike: as many as take about a hundred megabytes.
inline Index queries_alike(const ExtremesOptions& options, Index d) {
  const Index fit = std::max<Index>(64, (Index{128} << 20) / bytes_a_query(options.k, d));
  return std::max<Index>(1, std::min(options.query_block, fit));
}

/// Queries that meet all keys together: whole tiles, at least one.
inline Index queries_together(const ExtremesOptions& options, Index d, Index tile) {
  return std::max<Index>(1, options.memory / bytes_a_query(options.k, d) / tile) * tile;
}

}  // namespace detail

/// Calls sink(query, Extremes) once for each of n queries, from several threads, in no fixed order
/// within a block of queries. fill(query, span<float>) writes the query's d floats, and may be
/// asked for a query again. Throws Error{value} for k outside [1, keys kept], for an unknown
/// excluded key, for keys that are no numbers, and where a product could overflow a float. Cost: 2
/// n V d flops in the Gemm, one scan of the products, and a few times k canonical products a query;
/// keys are read once for as many queries as options.memory holds. Memory: that and some megabytes
/// a thread, whatever n and V.
template <class Fill, class Sink>
void for_each_extremes(Index n, const Fill& fill, const Matrix& keys_matrix, const Sink& sink,
                       const ExtremesOptions& options = {}, const Gemm& gemm = eigen_gemm(),
                       const Progress& progress = {}, Stage stage = "extreme products") {
  const detail::Keys keys(keys_matrix, options.excluded);
  const Index V = keys.count(), k = options.k;
  if (k < 1 || k > V)
    throw Error(ErrorKind::value, "k = " + std::to_string(k) + " must lie between 1 and the " +
                                      std::to_string(V) + " tokens to choose from");
  if (n == 0) return;
  const detail::PassSetting setting(keys, options, gemm);
  const Index alike = detail::queries_alike(options, keys.cols());
  const auto meet_keys = [&](const detail::PassPlan& plan, Index first, Index count) {
    const Progress within([&](Stage name, double share) {
      return progress(name, (static_cast<double>(first) + share * static_cast<double>(count)) /
                                static_cast<double>(n));
    });
    detail::QueryBlock queries(setting, plan, first, count, fill);
    queries.run(within, stage);
    queries.finish(sink);
  };
  for (Index begin = 0; begin < n; begin += alike) {
    const Index end = std::min(n, begin + alike);
    const detail::PassPlan plan = detail::plan_pass(setting, begin, end - begin, fill);
    const Index together = detail::queries_together(options, keys.cols(), plan.tile);
    for (Index first = begin; first < end; first += together)
      meet_keys(plan, first, std::min(together, end - first));
  }
  progress.check(stage, 1);
}

}  // namespace yoneda
