// One look at a row of products while it is in the cache: which may matter at either end, how large
// the powers are, and into which bin each one falls.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "yoneda/arrows/keys.hpp"
#include "yoneda/core/vector_unit.hpp"

namespace yoneda {

inline constexpr Index histogram_bins = 50;

namespace detail {

inline constexpr Index all_bins = histogram_bins + 2;  ///< below, the bins, above

/// Sums of (ẑ − shift)^p, p = 1, ..., 4.
struct Powers {
  float shift = 0;
  std::array<double, 4> sums{};

  void add(double value) {
    const double centred = value - static_cast<double>(shift);
    double power = 1;
    for (double& sum : sums) sum += power *= centred;
  }
};

/// Counts of ẑ · scale + offset, cut to whole numbers in [0, 51].
struct Bins {
  float scale = 0, offset = 0;
  std::array<Id, all_bins> counts{};
};

/// Products from `high` up or from `low` down deserve a closer look. Neither is NaN.
struct Interesting {
  float high, low;
};

/// The largest row that scan() takes: positions in it are 16 bits.
inline constexpr Index longest_row = 1 << 16;

/// Room for one row, to be used again.
struct ScanScratch {
  std::vector<std::uint16_t> hits;
  std::vector<std::int32_t> bin_of;
};

template <bool binned>
struct ScanRow {
  // Writes positions of interesting products to `hits` and returns how many there are.
  template <int lanes>
  [[gnu::always_inline]] static inline Index run(std::span<const float> row,
                                                 std::span<const Interesting> limits,
                                                 Powers& powers, Bins& bins,
                                                 std::span<std::uint16_t> hits,
                                                 std::span<std::int32_t> bin_of) {
    using Floats = Vector<float, lanes>;
    using Ints = Vector<std::int32_t, lanes>;
    const Floats shift = (Floats{} + powers.shift), scale = (Floats{} + bins.scale),
                 offset = (Floats{} + bins.offset);
    const Ints zero{},
        above = Ints{} + std::bit_cast<std::int32_t>(static_cast<float>(histogram_bins + 1));
    Floats first{}, second{}, third{}, fourth{};
    Index found = 0;
    const Index size = static_cast<Index>(row.size()), blocked = size - size % scan_block;
    for (Index begin = 0; begin < blocked; begin += scan_block) {
      const float* const z = row.data() + begin;
      const Interesting limit = limits[begin / scan_block];
      const Floats high = (Floats{} + limit.high), low = (Floats{} + limit.low);
      Ints interesting{};  // of each lane, bit v for vector v of the block
      for (Index i = 0; i < scan_block; i += lanes) {
        Floats value;
        __builtin_memcpy(&value, z + i, sizeof value);
        const Floats centred = value - shift, squared = centred * centred;
        first += centred;
        second += squared;
        third += squared * centred;
        fourth += squared * squared;
        // Differences have the sign of the comparison. One choice, not two comparisons joined: g++
        // 12 takes comparisons of 16 lanes to pieces where their values are wanted.
        const Floats over = value - high, under = low - value;
        const Floats beyond = over > under ? over : under;
        interesting |= beyond >= Floats{} ? Ints{} + (1 << (i / lanes)) : zero;
        if constexpr (binned) {
          // Floats compare as their bits do, all negative ones like negative integers.
          const Floats bin = value * scale + offset;
          Ints bits;
          __builtin_memcpy(&bits, &bin, sizeof bits);
          bits = bits > zero ? bits : zero;
          bits = bits < above ? bits : above;
          Floats clamped;
          __builtin_memcpy(&clamped, &bits, sizeof clamped);
          const Ints whole = __builtin_convertvector(clamped, Ints);
          __builtin_memcpy(bin_of.data() + begin + i, &whole, sizeof whole);
        }
      }
      Vector<std::int64_t, lanes / 2> pairs;
      __builtin_memcpy(&pairs, &interesting, sizeof pairs);
      std::int64_t any = 0;
      for (int pair = 0; pair < lanes / 2; ++pair) any |= pairs[pair];
      if (any != 0)
        found = list(interesting, static_cast<std::uint32_t>(any | any >> 32), begin, hits, found);
    }
    for (int lane = 0; lane < lanes; ++lane) {
      powers.sums[0] += static_cast<double>(first[lane]);
      powers.sums[1] += static_cast<double>(second[lane]);
      powers.sums[2] += static_cast<double>(third[lane]);
      powers.sums[3] += static_cast<double>(fourth[lane]);
    }
    if constexpr (binned) count(bin_of.first(blocked), bins);
    for (Index i = blocked; i < size; ++i) {
      powers.add(static_cast<double>(row[i]));
      if constexpr (binned)
        ++bins.counts[static_cast<Index>(std::clamp(row[i] * bins.scale + bins.offset, 0.0f,
                                                    static_cast<float>(histogram_bins + 1)))];
      const Interesting limit = limits[i / scan_block];
      if (row[i] >= limit.high || row[i] <= limit.low)
        hits[found++] = static_cast<std::uint16_t>(i);
    }
    return found;
  }

 private:
  // Writes down positions, vector by vector of those in which there are any. Without a branch that
  // no processor could guess.
  template <class Ints>
  [[gnu::always_inline]] static inline Index list(const Ints& interesting, std::uint32_t vectors,
                                                  Index begin, std::span<std::uint16_t> hits,
                                                  Index found) {
    constexpr Index lanes = sizeof(Ints) / sizeof(std::int32_t);
    std::array<std::int32_t, lanes> of_lane;
    __builtin_memcpy(&of_lane, &interesting, sizeof of_lane);
    for (; vectors != 0; vectors &= vectors - 1) {
      const int vector = std::countr_zero(vectors);
      for (Index lane = 0; lane < lanes; ++lane) {
        hits[found] = static_cast<std::uint16_t>(begin + vector * lanes + lane);
        found += of_lane[lane] >> vector & 1;
      }
    }
    return found;
  }

  // In four histograms: one counter raised twice in a row would have to wait for itself.
  [[gnu::always_inline]] static inline void count(std::span<const std::int32_t> bin_of,
                                                  Bins& bins) {
    std::array<std::array<Id, all_bins>, 4> counts;
    std::ranges::fill(std::span(counts.front().data(), 4 * all_bins), 0);
    for (std::size_t i = 0; i < bin_of.size(); i += 4)
      for (std::size_t part = 0; part < 4; ++part) ++counts[part][bin_of[i + part]];
    for (Index bin = 0; bin < all_bins; ++bin)
      for (const auto& part : counts) bins.counts[bin] += part[bin];
  }
};

/// Looks at one row of at most `longest_row` products: adds to the powers and, where asked, to the
/// bins, and returns the interesting positions, ascending, in `scratch`.
/// `limits` has one entry for every scan_block products. Knows nothing of where they came from.
inline std::span<const std::uint16_t> scan(std::span<const float> row,
                                           std::span<const Interesting> limits, bool binned,
                                           Powers& powers, Bins& bins, ScanScratch& scratch) {
  scratch.hits.resize(row.size());
  scratch.bin_of.resize(row.size());
  const std::span<std::uint16_t> hits = scratch.hits;
  const std::span<std::int32_t> bin_of = scratch.bin_of;
  const Index found = binned
                          ? run_on_widest<ScanRow<true>>(row, limits, powers, bins, hits, bin_of)
                          : run_on_widest<ScanRow<false>>(row, limits, powers, bins, hits, bin_of);
  return hits.first(found);
}

}  // namespace detail
}  // namespace yoneda
