// One end of one query: which keys may still be among its k largest (or smallest) products.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "yoneda/core/types.hpp"
#include "yoneda/core/vector_unit.hpp"

namespace yoneda::detail {

/// How many values are at least `least`.
[[gnu::always_inline]] inline std::int32_t count_from(const float* values, Index size,
                                                      float least) {
  std::int32_t found = 0;
  for (Index i = 0; i < size; ++i) found += values[i] >= least ? 1 : 0;
  return found;
}

struct SmallestAndLargest {
  float smallest, largest;
};

/// Of the values that are at least `least`; infinity and its negative where there are none.
struct RangeFrom {
  template <int lanes>
  [[gnu::always_inline]] static inline SmallestAndLargest run(const float* values, Index size,
                                                              float least) {
    using Floats = Vector<float, lanes>;
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const Floats from = Floats{} + least, nothing = Floats{} + infinity;
    Floats small = nothing, large = -nothing;
    Index i = 0;
    for (; i + lanes <= size; i += lanes) {
      Floats value;
      __builtin_memcpy(&value, values + i, sizeof value);
      const Floats wanted = value >= from ? value : nothing;
      small = wanted < small ? wanted : small;
      large = value > large ? value : large;
    }
    SmallestAndLargest found{infinity, -infinity};
    for (int lane = 0; lane < lanes; ++lane) {
      found.smallest = std::min(found.smallest, small[lane]);
      found.largest = std::max(found.largest, large[lane]);
    }
    for (; i < size; ++i) {
      if (values[i] >= least) found.smallest = std::min(found.smallest, values[i]);
      found.largest = std::max(found.largest, values[i]);
    }
    if (!(found.largest >= least)) found.largest = -infinity;
    return found;
  }
};

/// The whole numbers of 32 bits in the order of the floats, and back.
inline std::int32_t in_order(std::int32_t bits) {
  return bits < 0 ? bits ^ 0x7fffffff : bits;
}

/// The k-th largest of the values, none of them NaN. By halving the range of floats: a few counts
/// of values side by side cost less than one element of them put in the wrong place by a branch
/// that nothing could foretell.
inline float kth_largest(std::span<const float> values, Index k) {
  const auto size = static_cast<Index>(values.size());
  const auto range_from = [&](float least) {
    return run_on_widest<RangeFrom>(values.data(), size, least);
  };
  const auto value_at = [](std::int64_t at) {
    return std::bit_cast<float>(in_order(static_cast<std::int32_t>(at)));
  };
  const auto [smallest, largest] = range_from(-std::numeric_limits<float>::infinity());
  std::int64_t low = in_order(std::bit_cast<std::int32_t>(smallest)),
               high = in_order(std::bit_cast<std::int32_t>(largest));
  while (low < high) {  // k values reach `low`, fewer than k exceed `high`
    const std::int64_t middle = low + (high - low + 1) / 2;
    const Index reach = with_simd<count_from>(values.data(), size, value_at(middle));
    if (reach >= k)
      low = middle;
    else
      high = middle - 1;
    if (reach == k) break;
  }
  return range_from(value_at(low)).smallest;
}

/// A key whose score, the product or its negative, surely lies in [lower, upper].
struct Candidate {
  float lower, upper;
  Id position;
};

/// Keys that may be among the k of largest score. With τ the k-th largest lower bound, a key whose
/// upper bound lies below τ is none of them. Until k keys are known τ may be guessed; k keys that
/// reach the guess prove it, which whoever computes their scores will see.
class Candidates {
 public:
  /// `room` is for the first of them, room_for(k) are usual; more than that take memory of their
  /// own.
  Candidates(Index k, std::span<Candidate> room) : k_(k), limit_(room_for(k)), room_(room) {}
  explicit Candidates(Index k) : Candidates(k, {}) {}

  static Index room_for(Index k) { return k + k / 2 + 75; }  // rounding keeps 92 of k = 50

  /// Keys with upper bound below this are out.
  float threshold() const { return threshold_; }

  /// Ascending by position.
  std::span<const Candidate> kept() const { return room_.first(size_); }

  /// Where keys crowd around τ (thousands of equal tokens) there would be no end of candidates; the
  /// query must be answered another way.
  bool overflowed() const { return overflowed_; }

  /// Offered in ascending order of position, with upper >= threshold(). `scratch` is anyone's.
  void offer(float lower, float upper, Id position, std::vector<float>& scratch) {
    if (size_ == room_.size()) grow();
    room_[size_++] = {lower, upper, position};
    if (static_cast<Index>(size_) >= limit_) tighten(scratch);
  }

  /// k keys are known whose scores reach `certain`.
  void raise(float certain) {
    // One rounding more than the bound counts: step down once.
    threshold_ =
        std::max(threshold_, std::nextafter(certain, -std::numeric_limits<float>::infinity()));
  }

  /// Takes `threshold` for one that k keys will reach; nothing has been offered yet.
  void guess(float threshold) {
    if (!overflowed_) threshold_ = guess_ = threshold;
  }

  /// From now on scores are less by `offset`; nothing has been offered yet.
  void move(double offset) {
    if (overflowed_) return;
    const double moved = static_cast<double>(threshold_) - offset;
    const double slack = 0x1p-22 * (std::abs(static_cast<double>(threshold_)) + std::abs(offset));
    threshold_ = static_cast<float>(std::isfinite(threshold_) ? moved - slack : moved);
    if (std::isfinite(guess_)) guess_ = threshold_;
  }

  /// Raises the threshold to the k-th largest lower bound and drops what lies below it.
  void tighten(std::vector<float>& scratch) {
    if (static_cast<Index>(size_) < k_) return;
    scratch.clear();
    for (const Candidate& candidate : kept()) scratch.push_back(candidate.lower);
    raise(kth_largest(scratch, k_));
    std::size_t left = 0;
    for (std::size_t i = 0; i < size_; ++i) {  // without a branch: it would be wrong half the time
      const Candidate candidate = room_[i];
      room_[left] = candidate;
      left += candidate.upper >= threshold_ ? 1 : 0;
    }
    size_ = left;
    // Near ties cannot be dropped; let the list grow rather than tighten at every offer.
    limit_ = std::max(limit_, static_cast<Index>(size_ + size_ / 4 + 16));
    if (static_cast<Index>(size_) > most()) give_up();
  }

  /// Whether the k of largest score are all among the kept ones, where the k-th of those surely
  /// reaches `certain`: otherwise the guess was too high.
  bool holds_best(double certain) const { return certain >= static_cast<double>(guess_); }

  /// Drops all and takes no more.
  void give_up() {
    overflowed_ = true;
    size_ = 0;
    grown_ = {};
    room_ = {};
    threshold_ = std::numeric_limits<float>::infinity();
  }

 private:
  Index most() const { return 8 * k_ + 4096; }

  void grow() {
    std::vector<Candidate> larger(std::max<std::size_t>(64, 2 * size_));
    std::ranges::copy(kept(), larger.begin());
    grown_ = std::move(larger);
    room_ = grown_;
  }

  Index k_, limit_;
  float threshold_ = -std::numeric_limits<float>::infinity();
  float guess_ = -std::numeric_limits<float>::infinity();
  bool overflowed_ = false;
  std::span<Candidate> room_;  // the first size_ are kept
  std::size_t size_ = 0;
  std::vector<Candidate> grown_;  // the room, once more was needed than was given
};

}  // namespace yoneda::detail
