// For many queries at once: the exact k largest and k smallest dot products with all keys, and the
// moments and histogram of all of them, in one pass that never holds queries x keys.
//
// Method. Keys and queries meet in tiles of a float32 product. A product computed in any order of
// summation differs from the true one by at most
//     ε = γ ‖w‖ ‖u‖ + 2d · 2⁻¹²⁶,   γ = (d + 4) v / (1 − (d + 4) v),   v = 2⁻²³
// (Higham 2002, Accuracy and stability of numerical algorithms, 3.1; v allows for hardware that
// does not round to nearest, 4 instead of 1 for the sums taken here, 2⁻¹²⁶ for flushed subnormals).
// With τ = the k-th largest of ẑ − ε, a key with ẑ + ε < τ cannot be among the k largest. All
// others are scored again by the canonical product in double and sorted by (value, id): the result
// is exact, and the same for every kernel, tile and number of threads.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "yoneda/core/matrix.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/linear/dot.hpp"
#include "yoneda/linear/gemm.hpp"

namespace yoneda {

inline constexpr Index histogram_bins = 50;
inline constexpr double histogram_reach = 8;  ///< standard deviations on either side of the mean

struct ExtremesOptions {
  Index k = 50;
  bool histogram = true;
  Index query_tile = 64, key_tile = 512;  ///< parameters so that tests reach every edge
  std::span<const Id> excluded;           ///< keys treated as though they were not there
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

/// The keys, minus the excluded ones, and what the pass needs to know of them.
class Keys {
 public:
  Keys(const Matrix& keys, std::span<const Id> excluded) : keys_(keys) {
    if (!excluded.empty()) {
      std::vector<char> drop(keys.rows(), 0);
      for (const Id id : excluded) {
        if (id < 0 || id >= keys.rows())
          throw Error(ErrorKind::value, "excluded token " + std::to_string(id) +
                                            " is not in the vocabulary of " +
                                            std::to_string(keys.rows()));
        drop[id] = 1;
      }
      for (Id id = 0; id < keys.rows(); ++id)
        if (!drop[id]) included_.push_back(id);
    }
    count_ = excluded.empty() ? keys.rows() : static_cast<Index>(included_.size());
    measure();
  }

  Index count() const { return count_; }
  Index cols() const { return keys_.cols(); }
  Id id(Index position) const {
    return included_.empty() ? static_cast<Id>(position) : included_[position];
  }
  std::span<const float> row(Index position, std::span<float> scratch) const {
    return keys_.row(id(position), scratch);
  }

  /// Consecutive keys as one block of floats.
  std::span<const float> block(Index first, Index size, std::span<float> scratch) const {
    if (included_.empty()) return keys_.rows_as_float(first, size, scratch);
    return gather(first, size, 1, scratch);
  }

  /// Keys first, first + stride, ..., copied into `scratch`.
  std::span<const float> gather(Index first, Index size, Index stride,
                                std::span<float> scratch) const {
    for (Index i = 0; i < size; ++i) {
      const auto out = scratch.subspan(i * cols(), cols());
      const auto from = row(first + i * stride, out);
      if (from.data() != out.data()) std::ranges::copy(from, out.begin());
    }
    return scratch.first(size * cols());
  }

  /// Norms, rounded up.
  std::span<const float> norms() const { return norms_; }
  /// √(mean ‖u‖²), the size of a typical key.
  double typical_norm() const { return typical_norm_; }
  float largest_norm() const { return count_ == 0 ? 0 : *std::ranges::max_element(norms_); }
  /// The mean key in double.
  std::span<const double> mean() const { return mean_; }

 private:
  // Norms and the mean, in blocks whose sums are added in order: the same for any number of
  // threads.
  void measure() {
    constexpr Index block_size = 1024;
    const Index d = cols(), blocks = (count_ + block_size - 1) / block_size;
    norms_.resize(count_);
    std::vector<double> sums(blocks * d, 0.0);
    parallel_for(blocks, [&](Index b) {
      std::vector<float> scratch(d);
      const auto sum = std::span(sums).subspan(b * d, d);
      for (Index i = b * block_size; i < std::min(count_, (b + 1) * block_size); ++i) {
        const auto values = row(i, scratch);
        for (Index j = 0; j < d; ++j) sum[j] += static_cast<double>(values[j]);
        norms_[i] = std::nextafter(static_cast<float>(canonical_norm(values)),
                                   std::numeric_limits<float>::infinity());
      }
    });
    double square = 0;
    for (const float norm : norms_) square += static_cast<double>(norm) * static_cast<double>(norm);
    typical_norm_ = std::sqrt(square / static_cast<double>(std::max<Index>(count_, 1)));
    mean_.assign(d, 0.0);
    for (Index b = 0; b < blocks; ++b)
      for (Index j = 0; j < d; ++j) mean_[j] += sums[b * d + j];
    for (double& value : mean_) value /= static_cast<double>(std::max<Index>(count_, 1));
  }

  const Matrix& keys_;
  std::vector<Id> included_;
  Index count_ = 0;
  std::vector<float> norms_;
  std::vector<double> mean_;
  double typical_norm_ = 0;
};

/// One end of one query: keys that may still be among the k largest of sign · product.
class Candidates {
 public:
  Candidates(float sign, Index k) : sign_(sign), k_(k), limit_(4 * k + 256) {}

  void clear() {
    kept_.clear();
    threshold_ = -std::numeric_limits<float>::infinity();
    limit_ = 4 * k_ + 256;
  }

  float threshold() const { return threshold_; }

  /// `score` is sign · ẑ and `error` its bound; the caller has checked score + error >=
  /// threshold().
  void offer(float score, float error, Index position) {
    kept_.push_back({score, error, position});
    if (static_cast<Index>(kept_.size()) >= limit_) tighten();
  }

  /// Raises the threshold to the k-th largest certain score and drops what lies below it.
  void tighten() {
    if (static_cast<Index>(kept_.size()) < k_) return;
    std::ranges::nth_element(kept_, kept_.begin() + (k_ - 1), std::ranges::greater{},
                             [](const Kept& c) { return c.score - c.error; });
    // One rounding more than the bound counts: step down once.
    const Kept& last = kept_[k_ - 1];
    threshold_ = std::max(threshold_, std::nextafter(last.score - last.error,
                                                     -std::numeric_limits<float>::infinity()));
    std::erase_if(kept_, [&](const Kept& c) { return c.score + c.error < threshold_; });
    // Many ties cannot be dropped; let the list grow rather than tighten at every offer.
    limit_ = std::max(limit_, 2 * static_cast<Index>(kept_.size()));
  }

  /// The k best by the canonical product. `row` gives the key at a position.
  template <class Row>
  void rescore(std::span<const float> query, const Row& row, std::vector<Extreme>& out) {
    tighten();
    out.clear();
    for (const Kept& c : kept_)
      out.push_back({static_cast<Id>(c.position), canonical_dot(query, row(c.position))});
    const auto better = [this](const Extreme& a, const Extreme& b) {
      if (a.value != b.value) return sign_ > 0 ? a.value > b.value : a.value < b.value;
      return a.id < b.id;
    };
    std::ranges::partial_sort(out, out.begin() + std::min<Index>(k_, out.size()), better);
    out.resize(std::min<Index>(k_, out.size()));
  }

 private:
  struct Kept {
    float score, error;
    Index position;
  };

  float sign_;
  Index k_, limit_;
  float threshold_ = -std::numeric_limits<float>::infinity();
  std::vector<Kept> kept_;
};

/// Everything one query accumulates while the key tiles pass by.
struct QueryState {
  explicit QueryState(Index k) : largest(1, k), smallest(-1, k) {}

  Candidates largest, smallest;
  double query_norm = 0;
  float error_per_norm = 0;  // ε = error_per_norm · ‖u‖ + error_floor
  float error_floor = 0;
  float mean = 0;
  double canonical_mean = 0;
  double square = 0, cube = 0, fourth = 0;  // sums of powers about the mean
  float low = 0, bins_per_unit = 0;
  double histogram_low = 0, histogram_high = 0;
  std::vector<Id> histogram;

  void start(std::span<const float> query, std::span<const double> key_mean) {
    largest.clear();
    smallest.clear();
    square = cube = fourth = 0;
    const auto d = static_cast<double>(query.size());
    const double gamma = (d + 4) * 0x1p-23 / (1 - (d + 4) * 0x1p-23);
    // 1 + 2⁻²⁰ rounds up what the conversion to float may round down.
    query_norm = canonical_norm(query);
    error_per_norm = static_cast<float>(gamma * query_norm * (1 + 0x1p-20));
    error_floor = static_cast<float>(2 * d * 0x1p-126);
    std::array<double, 8> partial{};
    for (std::size_t j = 0; j < query.size(); ++j)
      partial[j % 8] += static_cast<double>(query[j]) * key_mean[j];
    canonical_mean = 0;
    for (const double part : partial) canonical_mean += part;
    mean = static_cast<float>(canonical_mean);
  }

  // Mean ± 8 std; a query whose products do not vary gets mean ± 1, which holds them all.
  void set_histogram(double std_estimate) {
    const double reach = std_estimate > 0 ? histogram_reach * std_estimate : 1.0;
    histogram_low = canonical_mean - reach;
    histogram_high = canonical_mean + reach;
    low = static_cast<float>(histogram_low);
    bins_per_unit = static_cast<float>(static_cast<double>(histogram_bins) / (2 * reach));
    histogram.assign(histogram_bins + 2, 0);
  }

  void count(std::span<const float> products) {
    constexpr auto above = static_cast<float>(histogram_bins + 1);
    for (const float z : products) {
      const float bin = std::clamp((z - low) * bins_per_unit + 1.0f, 0.0f, above);
      ++histogram[static_cast<int>(bin)];
    }
  }
};

/// Scans one row of products: candidates of both ends, and the powers about the mean. Knows nothing
/// of where the products came from.
inline void scan(std::span<const float> products, std::span<const float> norms, Index first,
                 QueryState& state) {
  constexpr Index block = 64, lanes = 16;
  const float slope = state.error_per_norm, floor = state.error_floor, mean = state.mean;
  const auto offer = [&](Index i) {
    const float z = products[i], error = slope * norms[i] + floor;
    if (z + error >= state.largest.threshold()) state.largest.offer(z, error, first + i);
    if (error - z >= state.smallest.threshold()) state.smallest.offer(-z, error, first + i);
  };
  const Index size = static_cast<Index>(products.size()), blocked = size - size % block;
  for (Index begin = 0; begin < blocked; begin += block) {
    std::array<float, lanes> top, bottom, s2{}, s3{}, s4{};
    top.fill(-std::numeric_limits<float>::infinity());
    bottom.fill(-std::numeric_limits<float>::infinity());
    for (Index i = begin; i < begin + block; i += lanes)
      for (Index lane = 0; lane < lanes; ++lane) {
        const float z = products[i + lane], error = slope * norms[i + lane] + floor;
        top[lane] = top[lane] > z + error ? top[lane] : z + error;
        bottom[lane] = bottom[lane] > error - z ? bottom[lane] : error - z;
        const float centred = z - mean, squared = centred * centred;
        s2[lane] += squared;
        s3[lane] += squared * centred;
        s4[lane] += squared * squared;
      }
    for (Index lane = 0; lane < lanes; ++lane) {
      state.square += static_cast<double>(s2[lane]);
      state.cube += static_cast<double>(s3[lane]);
      state.fourth += static_cast<double>(s4[lane]);
    }
    if (*std::ranges::max_element(top) >= state.largest.threshold() ||
        *std::ranges::max_element(bottom) >= state.smallest.threshold())
      for (Index i = begin; i < begin + block; ++i) offer(i);
  }
  for (Index i = blocked; i < size; ++i) {
    const double centred = static_cast<double>(products[i] - mean), squared = centred * centred;
    state.square += squared;
    state.cube += squared * centred;
    state.fourth += squared * squared;
    offer(i);
  }
}

/// A strided sample of the keys, from which histogram ranges are set before the pass.
inline std::vector<float> key_sample(const Keys& keys, Index& size) {
  const Index stride = std::max<Index>(1, keys.count() / 1024);
  size = (keys.count() + stride - 1) / stride;
  std::vector<float> sample(size * keys.cols());
  keys.gather(0, size, stride, sample);
  return sample;
}

struct Spread {
  double std, skewness, kurtosis;
};

/// From the mean powers about the mean.
inline Spread spread(double second, double third, double fourth) {
  if (!(second > 0)) return {0, 0, 0};
  const double std = std::sqrt(second);
  return {std, third / (second * std), fourth / (second * second)};
}

/// The moments in double, from all canonical products: for the rare query whose float32 products
/// say nothing about them.
inline Spread careful_spread(std::span<const float> query, const Keys& keys) {
  std::vector<double> products(keys.count());
  std::vector<float> scratch(query.size());
  double mean = 0;
  for (Index i = 0; i < keys.count(); ++i) {
    products[i] = canonical_dot(query, keys.row(i, scratch));
    mean += products[i];
  }
  const auto count = static_cast<double>(products.size());
  mean /= count;
  double second = 0, third = 0, fourth = 0;
  for (const double z : products) {
    const double centred = z - mean, squared = centred * centred;
    second += squared;
    third += squared * centred;
    fourth += squared * squared;
  }
  const double noise = 1e-13 * canonical_norm(query) * keys.typical_norm();
  if (second <= count * noise * noise) return {0, 0, 0};
  return spread(second / count, third / count, fourth / count);
}

/// The moments from the pass, unless rounding or the range of floats could spoil them: a typical
/// rounding error of a product is √d · 2⁻²⁴ ‖w‖ ‖u‖, and 4 · 2⁻²⁴ · 1000 of it keeps std within
/// 1e-3.
inline Spread spread_of(const QueryState& state, std::span<const float> query, const Keys& keys) {
  const auto count = static_cast<double>(keys.count());
  const Spread fast = spread(state.square / count, state.cube / count, state.fourth / count);
  const bool beyond_rounding = fast.std > 4000 * 0x1p-24 * state.query_norm * keys.typical_norm();
  const bool in_range = fast.std > 1e-8 && fast.std < 1e8 && std::isfinite(state.fourth);
  if (state.query_norm == 0 || (beyond_rounding && in_range)) return fast;
  return careful_spread(query, keys);
}

inline double standard_deviation(std::span<const float> products, double mean) {
  double square = 0;
  for (const float z : products)
    square += (static_cast<double>(z) - mean) * (static_cast<double>(z) - mean);
  return std::sqrt(square / static_cast<double>(products.size()));
}

}  // namespace detail

/// Calls sink(query, Extremes) once for each of n queries, from several threads, in no fixed order.
/// fill(query, span<float>) writes the query's d floats. Throws Error{value} for k outside
/// [1, keys kept], for an unknown excluded key, and where a product could overflow a float.
/// Cost: 2 n V d flops in the Gemm, one scan of the products, and about 2k canonical products a
/// query; memory: one tile of products and one of keys per thread.
template <class Fill, class Sink>
void for_each_extremes(Index n, const Fill& fill, const Matrix& keys_matrix, const Sink& sink,
                       const ExtremesOptions& options = {}, const Gemm& gemm = eigen_gemm(),
                       const Progress& progress = {}, Stage stage = "extreme products") {
  const detail::Keys keys(keys_matrix, options.excluded);
  const Index d = keys.cols(), V = keys.count(), k = options.k;
  if (k < 1 || k > V)
    throw Error(ErrorKind::value, "k = " + std::to_string(k) + " must lie between 1 and the " +
                                      std::to_string(V) + " tokens to choose from");
  Index sample_size = 0;
  const auto sample =
      options.histogram ? detail::key_sample(keys, sample_size) : std::vector<float>();
  const Index tiles = (n + options.query_tile - 1) / options.query_tile;

  const auto run_tile = [&](Index tile) {
    const Index first = tile * options.query_tile;
    const Index count = std::min(options.query_tile, n - first);
    std::vector<float> queries(count * d);
    std::vector<detail::QueryState> states(count, detail::QueryState(k));
    for (Index q = 0; q < count; ++q) {
      const auto query = std::span(queries).subspan(q * d, d);
      fill(first + q, query);
      states[q].start(query, keys.mean());
      if (states[q].query_norm * static_cast<double>(keys.largest_norm()) > 1e37)
        throw Error(ErrorKind::value, "weights of row " + std::to_string(first + q) +
                                          " are so large that a logit overflows a float");
    }
    const MatrixView query_view{queries.data(), count, d, d};
    std::vector<float> products(count * std::max(options.key_tile, sample_size));
    if (options.histogram) {
      gemm.multiply(query_view, {sample.data(), sample_size, d, d},
                    {products.data(), count, sample_size, sample_size});
      for (Index q = 0; q < count; ++q)
        states[q].set_histogram(detail::standard_deviation(
            std::span(products).subspan(q * sample_size, sample_size), states[q].canonical_mean));
    }
    std::vector<float> scratch(options.key_tile * d);
    for (Index key = 0; key < V; key += options.key_tile) {
      const Index width = std::min(options.key_tile, V - key);
      const auto block = keys.block(key, width, scratch);
      gemm.multiply(query_view, {block.data(), width, d, d},
                    {products.data(), count, width, width});
      for (Index q = 0; q < count; ++q) {
        const auto row = std::span<const float>(products).subspan(q * width, width);
        detail::scan(row, keys.norms().subspan(key, width), key, states[q]);
        if (options.histogram) states[q].count(row);
      }
    }
    std::vector<Extreme> largest, smallest;
    for (Index q = 0; q < count; ++q) {
      detail::QueryState& state = states[q];
      const auto query = std::span<const float>(queries).subspan(q * d, d);
      const auto row = [&](Index position) { return keys.row(position, scratch); };
      state.largest.rescore(query, row, largest);
      state.smallest.rescore(query, row, smallest);
      for (auto* found : {&largest, &smallest})
        for (Extreme& extreme : *found) extreme.id = keys.id(extreme.id);
      const detail::Spread spread = detail::spread_of(state, query, keys);
      sink(first + q,
           Extremes{largest, smallest, state.canonical_mean, spread.std, spread.skewness,
                    spread.kurtosis, state.histogram, state.histogram_low, state.histogram_high});
    }
  };
  parallel_for(tiles, run_tile, progress, stage);
}

}  // namespace yoneda
