// Which features fire on a few rows, as the features' pre-activations pass by tile after tile.
//
// Nearly all of a TopK encoder's outputs are read once and forgotten, so reading has to be fast.
// Rows lie side by side in a tile and are read together, a vector of them at a time. Features are
// taken in runs; from the largest value of each run follows, for every row, a value that at least k
// features reach: of everything below it no more is read. What reaches it is listed, and the list
// cut to the k largest whenever it has grown.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "yoneda/core/types.hpp"
#include "yoneda/core/vector_unit.hpp"

namespace yoneda::detail {

/// A feature and the strength it fires with.
struct ScoredFeature {
  float value;
  Id feature;
};

/// Rows in a tile are padded to a multiple of this, so that loops over them are whole vectors.
inline constexpr Index row_lanes = 16;

inline Index padded_rows(Index rows) {
  return (rows + row_lanes - 1) / row_lanes * row_lanes;
}

/// Products of consecutive features with a few rows: feature i and row r at values[i * stride + r].
/// Biases are not in them yet. Feature i fires on a row where values + bias[i] > bound[i] >= 0.
struct Tile {
  const float* values;
  Index features, stride;
  const float *bias, *bound;
  Id first;                   ///< the name of feature 0
  const Id* names = nullptr;  ///< or the names of all, ascending

  Id name(Index i) const { return names ? names[i] : first + static_cast<Id>(i); }
  float value(Index i, Index row) const { return values[i * stride + row] + bias[i]; }
};

/// b where a is NaN.
[[gnu::always_inline]] inline float larger(float a, float b) {
  return a > b ? a : b;
}

/// The largest excess over their bounds in each run of features, by rows: [runs, stride].
[[gnu::always_inline]] inline void run_maxima(const Tile& tile, Index run,
                                              float* __restrict maxima) {
  const Index stride = tile.stride;
  for (Index begin = 0; begin < tile.features; begin += run, maxima += stride) {
    const Index end = std::min(begin + run, tile.features);
    for (Index r = 0; r < stride; ++r) maxima[r] = -std::numeric_limits<float>::infinity();
    Index i = begin;
    for (; i + 4 <= end; i += 4) {
      const float *a = tile.values + i * stride, *b = a + stride, *c = b + stride, *d = c + stride;
      const float *bias = tile.bias + i, *bound = tile.bound + i;
      const float bias_a = bias[0], bias_b = bias[1], bias_c = bias[2], bias_d = bias[3];
      const float bound_a = bound[0], bound_b = bound[1], bound_c = bound[2], bound_d = bound[3];
      for (Index r = 0; r < stride; ++r)
        maxima[r] = larger(
            a[r] + bias_a - bound_a,
            larger(b[r] + bias_b - bound_b,
                   larger(c[r] + bias_c - bound_c, larger(d[r] + bias_d - bound_d, maxima[r]))));
    }
    for (; i < end; ++i) {
      const float *a = tile.values + i * stride, bias = tile.bias[i], bound = tile.bound[i];
      for (Index r = 0; r < stride; ++r) maxima[r] = larger(a[r] + bias - bound, maxima[r]);
    }
  }
}

/// Each of `bins` keeps the largest of the runs that fall to it: runs first, first + 1, ... of all.
[[gnu::always_inline]] inline void fold_maxima(const float* __restrict maxima, Index runs,
                                               Index stride, Index first, Index bins,
                                               float* __restrict binned) {
  for (Index run = 0; run < runs; ++run) {
    float* __restrict bin = binned + (first + run) % bins * stride;
    for (Index r = 0; r < stride; ++r) bin[r] = larger(maxima[run * stride + r], bin[r]);
  }
}

/// Raises each row's threshold to a value that at least k of its bins reach, by bisection. How
/// close it comes to the k-th largest is a matter of speed only. `scratch`: 3 · stride.
[[gnu::always_inline]] inline void raise_thresholds(const float* __restrict binned, Index bins,
                                                    Index stride, Index k,
                                                    float* __restrict thresholds,
                                                    float* __restrict scratch) {
  constexpr Index steps = 8;
  const auto wanted = static_cast<float>(k);
  float* __restrict high = scratch;
  float* __restrict middle = high + stride;
  float* __restrict reached = middle + stride;
  for (Index r = 0; r < stride; ++r) high[r] = thresholds[r];
  for (Index bin = 0; bin < bins; ++bin)
    for (Index r = 0; r < stride; ++r) high[r] = larger(binned[bin * stride + r], high[r]);
  for (Index step = 0; step < steps; ++step) {
    for (Index r = 0; r < stride; ++r) {
      middle[r] = 0.5f * thresholds[r] + 0.5f * high[r];
      reached[r] = 0;
    }
    for (Index bin = 0; bin < bins; ++bin)
      for (Index r = 0; r < stride; ++r)
        reached[r] += binned[bin * stride + r] >= middle[r] ? 1.0f : 0.0f;
    for (Index r = 0; r < stride; ++r) {
      const bool enough = reached[r] >= wanted;
      high[r] = enough ? high[r] : middle[r];
      thresholds[r] = enough ? larger(middle[r], thresholds[r]) : thresholds[r];
    }
  }
}

/// For each of a few rows the features that fire, ascending: the k largest, ties to the smaller
/// name, or all. Keeps its memory from one block of rows to the next.
class FiringRows {
 public:
  static constexpr Index all = std::numeric_limits<Index>::max();

  /// Bounds are 0 unless k is `all`.
  void start(Index rows, Index k) {
    rows_ = rows;
    k_ = k;
    // Four bins for each of the k sought: then few of them hide behind another.
    bins_ = k == all ? 0 : std::clamp<Index>(4 * k, 32, 1024);
    runs_seen_ = seen_ = raised_at_ = 0;
    const Index stride = padded_rows(rows);
    binned_.assign(bins_ * stride, -std::numeric_limits<float>::infinity());
    scratch_.resize(3 * stride);
    // A positive float is at least the smallest; padding reaches nothing.
    thresholds_.assign(stride, std::numeric_limits<float>::infinity());
    std::fill_n(thresholds_.begin(), rows, std::numeric_limits<float>::denorm_min());
    if (static_cast<Index>(lists_.size()) < rows) lists_.resize(rows);
    for (List& list : lists_) list.count = 0;
  }

  /// Tiles come with ascending names.
  void meet(const Tile& tile) {
    const Index run = run_length(tile.features), runs = (tile.features + run - 1) / run;
    maxima_.resize(std::max<std::size_t>(maxima_.size(), runs * tile.stride));
    with_simd<run_maxima>(tile, run, maxima_.data());
    if (k_ != all) raise(tile, runs);
    for (Index r = 0; r < runs; ++r) {
      const float* maxima = &maxima_[r * tile.stride];
      for (Index row = 0; row < rows_; ++row)
        if (maxima[row] >= thresholds_[row])
          list(tile, r * run, std::min((r + 1) * run, tile.features), row);
    }
  }

  std::span<const ScoredFeature> row(Index row) {
    cut(row);
    return std::span(lists_[row].features).first(lists_[row].count);
  }

 private:
  struct List {
    std::vector<ScoredFeature> features;  ///< the first `count` of them
    Index count = 0;
  };

  /// Short as long as there are fewer runs than bins.
  Index run_length(Index features) const {
    Index run = 16;
    while (run > 1 && runs_seen_ < bins_ && features < bins_ * run) run /= 2;
    return run;
  }

  /// Again and again, for the more is known the less is read; but not after every tile.
  void raise(const Tile& tile, Index runs) {
    with_simd<fold_maxima>(maxima_.data(), runs, tile.stride, runs_seen_, bins_, binned_.data());
    runs_seen_ += runs;
    seen_ += tile.features;
    if (runs_seen_ < k_ || k_ > bins_ || 3 * seen_ < 4 * raised_at_) return;
    with_simd<raise_thresholds>(binned_.data(), bins_, tile.stride, k_, thresholds_.data(),
                                scratch_.data());
    raised_at_ = seen_;
  }

  /// Every feature of a run is written down and counts only where it fires: where the one that
  /// does lies in its run no processor can guess.
  void list(const Tile& tile, Index begin, Index end, Index row) {
    List& list = lists_[row];
    if (static_cast<Index>(list.features.size()) < list.count + (end - begin))
      list.features.resize(2 * (list.count + (end - begin)));
    ScoredFeature* const features = list.features.data();
    const float threshold = thresholds_[row];
    Index count = list.count;
    for (Index i = begin; i < end; ++i) {
      const float value = tile.value(i, row);
      features[count] = {value, tile.name(i)};
      count += value - tile.bound[i] >= threshold ? 1 : 0;
    }
    list.count = count;
    if (k_ != all && count > 4 * k_ + 64) cut(row);
  }

  /// Leaves the k largest; whoever comes later has a larger name and must be larger than all.
  void cut(Index row) {
    List& list = lists_[row];
    if (k_ == all || list.count <= k_) return;
    const auto features = std::span(list.features).first(list.count);
    auto& values = cut_values_;
    const auto collect = [&](float least) {
      values.clear();
      for (const ScoredFeature& f : features)
        if (f.value >= least) values.push_back(f.value);
    };
    collect(thresholds_[row]);
    if (static_cast<Index>(values.size()) < k_) collect(0);
    std::ranges::nth_element(values, values.begin() + (k_ - 1), std::greater{});
    const float least = values[k_ - 1];
    Index equal = k_ - std::ranges::count_if(values, [&](float value) { return value > least; });
    const auto dropped = std::ranges::remove_if(features, [&](const ScoredFeature& f) {
      return f.value < least || (f.value == least && equal-- <= 0);
    });
    list.count -= static_cast<Index>(dropped.size());
    thresholds_[row] =
        larger(std::nextafter(least, std::numeric_limits<float>::infinity()), thresholds_[row]);
  }

  Index rows_ = 0, k_ = all, bins_ = 0;
  Index runs_seen_ = 0, seen_ = 0, raised_at_ = 0;
  std::vector<float> thresholds_, maxima_, binned_, scratch_, cut_values_;
  std::vector<List> lists_;
};

}  // namespace yoneda::detail
