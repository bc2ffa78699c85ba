// Which of very many diagrams are kept: all, the strongest, or a seeded sample.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// Selection::all(), Selection::strongest(1000), Selection::sample(1000, seed).
struct Selection {
  enum class Kind { all, strongest, sample };

  Kind kind = Kind::all;
  Index count = 0;  ///< how many are kept at most; all knows no limit
  std::uint64_t seed = 0;

  static Selection all() { return {}; }

  /// Those of greatest strength, ties by smaller ids. It selects on the weights: shares of such a
  /// selection say nothing of the rest.
  static Selection strongest(Index count) { return {Kind::strongest, count, 0}; }

  /// Every set of `count` equally likely: shares of it estimate those of all.
  static Selection sample(Index count, std::uint64_t seed) { return {Kind::sample, count, seed}; }
};

namespace detail {

template <class T>
struct Ranked {
  double strength;
  T item;
};

/// Takes items one after another and keeps what a Selection asks for, in memory for those kept
/// alone. Items have a total order. Strongest: a heap with the weakest on top. Sample: a reservoir
/// that draws how many items to pass over, so that passing over costs nothing (Li 1994,
/// Reservoir-sampling algorithms of time complexity O(n(1+log(N/n))), algorithm L).
template <class T>
class Selector {
 public:
  /// Throws Error{value} for a count below 1 of strongest and sample.
  explicit Selector(const Selection& selection) : selection_(selection), random_(selection.seed) {
    if (selection.kind != Selection::Kind::all && selection.count < 1)
      throw Error(ErrorKind::value, "a selection of diagrams needs a count of at least 1, not " +
                                        std::to_string(selection.count));
  }

  bool by_strength() const { return selection_.kind == Selection::Kind::strongest; }

  /// Whether an item of at most this strength could still be kept.
  bool may_keep(double strength) const {
    return !by_strength() || size() < selection_.count || strength >= kept_.front().strength;
  }

  /// `count` more items. at(i) makes the i-th, a Ranked; it is called for those wanted, ascending.
  template <class At>
  void offer(Index count, At&& at) {
    switch (selection_.kind) {
      case Selection::Kind::all:
        for (Index i = 0; i < count; ++i) kept_.push_back(at(i));
        break;
      case Selection::Kind::strongest:
        for (Index i = 0; i < count; ++i) consider(at(i));
        break;
      case Selection::Kind::sample:
        for (; next_ < total_ + count; advance()) {
          Ranked<T> item = at(next_ - total_);
          if (size() < selection_.count)
            kept_.push_back(std::move(item));
          else
            kept_[random_.below(selection_.count)] = std::move(item);
        }
        break;
    }
    total_ += count;
  }

  /// Of strongest alone: counts items apart from offering those worth it to consider().
  void count(Index more) { total_ += more; }
  void consider(Ranked<T> item) {
    if (size() < selection_.count) {
      kept_.push_back(std::move(item));
      std::ranges::push_heap(kept_, stronger);
    } else if (stronger(item, kept_.front())) {
      std::ranges::pop_heap(kept_, stronger);
      kept_.back() = std::move(item);
      std::ranges::push_heap(kept_, stronger);
    }
  }

  Index total() const { return total_; }

  /// Strongest first, else by items.
  std::vector<Ranked<T>> take() && {
    if (by_strength())
      std::ranges::sort(kept_, stronger);
    else
      std::ranges::sort(kept_, {}, &Ranked<T>::item);
    return std::move(kept_);
  }

 private:
  static bool stronger(const Ranked<T>& a, const Ranked<T>& b) {
    return a.strength != b.strength ? a.strength > b.strength : a.item < b.item;
  }

  Index size() const { return static_cast<Index>(kept_.size()); }

  /// Moves next_ to the next item that enters the reservoir.
  void advance() {
    if (size() < selection_.count) {
      ++next_;
      return;
    }
    const auto log_uniform = [this] { return std::log(1 - random_.uniform()); };
    log_largest_ += log_uniform() / static_cast<double>(selection_.count);
    const double passed = std::floor(log_uniform() / std::log1p(-std::exp(log_largest_)));
    constexpr double never = 0x1p62;
    next_ = passed < never ? next_ + 1 + static_cast<Index>(passed) : Index{1} << 62;
  }

  Selection selection_;
  Random random_;
  std::vector<Ranked<T>> kept_;
  Index total_ = 0;
  Index next_ = 0;          // of sample: the next item that is kept
  double log_largest_ = 0;  // the log of Li's W
};

/// Offers every pair of routes between the same two ends. strengths: one for each route,
/// descending; make(a, b, copy) makes the diagrams of routes a < b, `copies` of them, all of
/// strength strengths[a] · strengths[b] up to rounding.
template <class T, class Make>
void offer_pairs(Selector<T>& selector, const std::vector<double>& strengths, Index copies,
                 const Make& make) {
  const auto routes = static_cast<Index>(strengths.size());
  const Index pairs = routes * (routes - 1) / 2;
  if (!selector.by_strength()) {
    Index a = 0, before = 0;  // pairs whose first route is before a
    selector.offer(pairs * copies, [&](Index i) {
      while (i / copies >= before + routes - 1 - a) before += routes - 1 - a, ++a;
      return make(a, a + 1 + i / copies - before, i % copies);
    });
    return;
  }
  selector.count(pairs * copies);
  constexpr double rounding = 1 + 1e-12;
  for (Index a = 0; a + 1 < routes; ++a) {
    for (Index b = a + 1; b < routes; ++b) {
      if (!selector.may_keep(strengths[a] * strengths[b] * rounding)) {
        if (b == a + 1) return;
        break;
      }
      for (Index copy = 0; copy < copies; ++copy) selector.consider(make(a, b, copy));
    }
  }
}

}  // namespace detail

}  // namespace yoneda
