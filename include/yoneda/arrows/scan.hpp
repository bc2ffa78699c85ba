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
  std::vector<std::int8_t> bin_of;
};

template <bool binned>
struct ScanRow {
  // Writes positions of interesting products to `hits` and returns how many there are.
  template <int lanes>
  [[gnu::always_inline]] static inline Index run(std::span<const float> row,
                                                 std::span<const Interesting> limits,
                                                 Powers& powers, Bins& bins,
                                                 std::span<std::uint16_t> hits,
                                                 std::span<std::int8_t> bin_of) {
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
          const auto whole = __builtin_convertvector(__builtin_convertvector(clamped, Ints),
                                                     Vector<std::int8_t, lanes>);
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
    constexpr int bytes_at_once = lanes < 8 ? 16 : 32;  // g++ 12 keeps comparisons of these whole
    if constexpr (binned) count<bytes_at_once>(bin_of.first(blocked), bins);
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

  // Bin by bin, `width` values at a time, where counters would wait for each other. From the middle
  // outwards until all are counted, which for most rows is long before the last bin.
  template <int width>
  [[gnu::always_inline]] static inline void count(std::span<const std::int8_t> bin_of, Bins& bins) {
    constexpr Index middle = all_bins / 2, most = 127 * width;  // as far as a byte counts
    static_assert(all_bins == 2 * middle && scan_block % width == 0);
    const auto size = static_cast<Index>(bin_of.size());
    for (Index begin = 0; begin < size; begin += most) {
      const Index end = begin + most < size ? begin + most : size;
      Index left = end - begin;
      for (Index step = 0; left > 0; ++step) {
        const Index above = middle + step, below = middle - 1 - step;
        const Pair found = count_pair<width>(bin_of.data() + begin, end - begin, above, below);
        bins.counts[above] += static_cast<Id>(found.above);
        bins.counts[below] += static_cast<Id>(found.below);
        left -= found.above + found.below;
      }
    }
  }

  struct Pair {
    Index above, below;
  };

  // How many of at most 127 · width bytes, a multiple of width, are one number, how many another.
  template <int width>
  [[gnu::always_inline]] static inline Pair count_pair(const std::int8_t* bytes, Index size,
                                                       Index above, Index below) {
    using Bytes = Vector<std::int8_t, width>;
    const Bytes upper = Bytes{} + static_cast<std::int8_t>(above),
                lower = Bytes{} + static_cast<std::int8_t>(below);
    Bytes of_upper{}, of_lower{};
    for (Index i = 0; i < size; i += width) {
      Bytes value;
      __builtin_memcpy(&value, bytes + i, sizeof value);
      of_upper -= value == upper;  // true is -1
      of_lower -= value == lower;
    }
    return {sum_of_bytes<width / 8>(of_upper), sum_of_bytes<width / 8>(of_lower)};
  }

  // In halves, as four sums of 16 bits a word; at most 127 · 32 in all.
  template <int words, class Bytes>
  [[gnu::always_inline]] static inline Index sum_of_bytes(const Bytes& bytes) {
    Vector<std::uint64_t, words> sums;
    __builtin_memcpy(&sums, &bytes, sizeof sums);
    constexpr std::uint64_t every_other = 0x00ff00ff00ff00ff;
    sums = (sums & every_other) + (sums >> 8 & every_other);
    std::uint64_t sum = 0;
    for (int word = 0; word < words; ++word) sum += sums[word];
    return static_cast<Index>(sum * 0x0001000100010001 >> 48);
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
  const std::span<std::int8_t> bin_of = scratch.bin_of;
  const Index found = binned
                          ? run_on_widest<ScanRow<true>>(row, limits, powers, bins, hits, bin_of)
                          : run_on_widest<ScanRow<false>>(row, limits, powers, bins, hits, bin_of);
  return hits.first(found);
}

}  // namespace detail
}  // namespace yoneda
