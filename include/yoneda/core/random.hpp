// Seeded random numbers that are the same with every standard library.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "yoneda/core/types.hpp"

namespace yoneda {

/// A stream of random numbers. The engine is std::mt19937_64, whose output the standard fixes; the
/// distributions are our own, because the standard leaves theirs to the library.
class Random {
 public:
  /// Streams of one seed are independent: give each sample, row or block its own.
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0)
      : engine_(mix(seed + 0x9e3779b97f4a7c15u * mix(stream + 1))) {}

  std::uint64_t bits() { return engine_(); }

  /// Uniform on [0, 1), 53 bits.
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

  /// Uniform on {0, ..., bound - 1}, bound > 0, without bias: values of the last, incomplete run of
  /// length `bound` are drawn again.
  Index below(Index bound) {
    const auto range = static_cast<std::uint64_t>(bound);
    const std::uint64_t limit = std::uint64_t(-1) - (std::uint64_t(-1) % range + 1) % range;
    std::uint64_t draw = engine_();
    while (draw > limit) draw = engine_();
    return static_cast<Index>(draw % range);
  }

  /// Standard normal, by the polar method (Marsaglia, Bray 1964, A convenient method for generating
  /// normal variables).
  double normal() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    double u, v, square;
    do {
      u = 2 * uniform() - 1;
      v = 2 * uniform() - 1;
      square = u * u + v * v;
    } while (square >= 1 || square == 0);
    const double scale = std::sqrt(-2 * std::log(square) / square);
    spare_ = v * scale;
    has_spare_ = true;
    return u * scale;
  }

 private:
  // splitmix64 (Steele, Lea, Flood 2014, Fast splittable pseudorandom number generators): spreads
  // neighbouring seeds over the whole range.
  static std::uint64_t mix(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
  }

  std::mt19937_64 engine_;
  double spare_ = 0;
  bool has_spare_ = false;
};

/// Shuffles in place, every order equally likely (Fisher, Yates).
template <class T>
void shuffle(std::span<T> values, Random& random) {
  for (Index i = static_cast<Index>(values.size()) - 1; i > 0; --i)
    std::swap(values[i], values[random.below(i + 1)]);
}

/// 0, ..., count - 1 in random order.
inline std::vector<Id> permutation(Index count, Random& random) {
  std::vector<Id> order(count);
  std::iota(order.begin(), order.end(), Id{0});
  shuffle(std::span<Id>(order), random);
  return order;
}

/// `count` different numbers of 0, ..., population - 1, ascending; all of them where count is
/// larger. Selection sampling (Knuth, The Art of Computer Programming 2, algorithm 3.4.2 S).
inline std::vector<Id> sample_sorted(Index population, Index count, Random& random) {
  std::vector<Id> chosen;
  chosen.reserve(std::min(population, count));
  for (Index i = 0; i < population; ++i) {
    const Index wanted = count - static_cast<Index>(chosen.size());
    if (wanted <= 0) break;
    if (static_cast<double>(population - i) * random.uniform() < static_cast<double>(wanted))
      chosen.push_back(static_cast<Id>(i));
  }
  return chosen;
}

}  // namespace yoneda
