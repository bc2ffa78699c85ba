// One end of one query: which keys may still be among its k largest (or smallest) products.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "yoneda/core/types.hpp"

namespace yoneda::detail {

/// A key whose score, the product or its negative, surely lies in [lower, upper].
struct Candidate {
  float lower, upper;
  Id position;
};

/// Keys that may be among the k of largest score. With τ the k-th largest lower bound, a key whose
/// upper bound lies below τ is none of them. Until k keys are known τ may be guessed; k keys whose
/// lower bounds reach the guess prove it.
class Candidates {
 public:
  explicit Candidates(Index k) : k_(k), limit_(2 * k + 128) {}

  /// Keys with upper bound below this are out.
  float threshold() const { return threshold_; }

  /// Ascending by position.
  std::span<const Candidate> kept() const { return kept_; }

  /// Where keys crowd around τ (thousands of equal tokens) there would be no end of candidates, and
  /// a guess may turn out too high; the query must be answered another way.
  bool overflowed() const { return overflowed_; }

  /// Offered in ascending order of position, with upper >= threshold(). `scratch` is anyone's.
  void offer(float lower, float upper, Id position, std::vector<float>& scratch) {
    kept_.push_back({lower, upper, position});
    if (static_cast<Index>(kept_.size()) >= limit_) tighten(scratch);
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
    if (static_cast<Index>(kept_.size()) < k_) return;
    scratch.clear();
    for (const Candidate& candidate : kept_) scratch.push_back(candidate.lower);
    std::ranges::nth_element(scratch, scratch.begin() + (k_ - 1), std::ranges::greater{});
    raise(scratch[k_ - 1]);
    std::erase_if(kept_, [this](const Candidate& c) { return c.upper < threshold_; });
    // Near ties cannot be dropped; let the list grow rather than tighten at every offer.
    limit_ = std::max(limit_, 2 * static_cast<Index>(kept_.size()));
    if (static_cast<Index>(kept_.size()) > most()) give_up();
  }

  /// After all keys: the last tightening, and the proof of the guess.
  void settle(std::vector<float>& scratch) {
    tighten(scratch);
    const auto reach = std::ranges::count_if(
        kept_, [this](const Candidate& candidate) { return candidate.lower >= guess_; });
    if (!overflowed_ && reach < k_) give_up();
  }

  /// Drops all and takes no more.
  void give_up() {
    overflowed_ = true;
    kept_ = {};
    threshold_ = std::numeric_limits<float>::infinity();
  }

 private:
  Index most() const { return 8 * k_ + 4096; }

  Index k_, limit_;
  float threshold_ = -std::numeric_limits<float>::infinity();
  float guess_ = -std::numeric_limits<float>::infinity();
  bool overflowed_ = false;
  std::vector<Candidate> kept_;
};

/// The k-th largest of the values; they are reordered.
inline float kth_largest(std::span<float> values, Index k) {
  std::ranges::nth_element(values, values.begin() + (k - 1), std::ranges::greater{});
  return values[k - 1];
}

}  // namespace yoneda::detail
