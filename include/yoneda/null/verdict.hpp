// What may be said of a value beside the values of a null: the verdict and its reason.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/stats/permutation.hpp"

namespace yoneda {

enum class Verdict {
  commutes,      ///< more than the null explains
  does_not,      ///< no more than the null explains
  forced,        ///< the null reaches nearly the best value: the construction does, not the model
  underpowered,  ///< not even a perfect value could be told from the null
};

constexpr std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::commutes:
      return "commutes";
    case Verdict::does_not:
      return "does not";
    case Verdict::forced:
      return "forced";
    case Verdict::underpowered:
      return "underpowered";
  }
  return "";
}

/// A number that says how well something commutes, and its range. Either end may be the better one:
/// {"triangle balance", 0, 1}, {"frustrated share of edges", 1, 0}. Reasons call what is tested by
/// `of`, and print a range within [0, 1] in percent where it is a share of something.
struct Quantity {
  std::string name;
  double worst;
  double best;  ///< reached where everything commutes; infinite where there is no such value
  std::string of = "graph";
  bool share = true;

  bool higher_is_better() const { return best > worst; }
};

struct VerdictRule {
  double alpha = 0.05;   ///< significance
  double forced = 0.95;  ///< forced where the null mean comes this far from worst to best
  double effect = 0;     ///< the least that matters, of a quantity with a best value
};

/// Throws Error{value} for a test without draws.
inline void require_samples(Index samples) {
  if (samples < 1)
    throw Error(ErrorKind::value,
                "a null test needs at least one sample, not " + std::to_string(samples));
}

/// One quantity against one null. Values that are undefined are NaN.
struct NullTest {
  std::string statistic, null_kind, keeps;
  double observed = 0;
  double null_mean = 0, null_sd = 0;  ///< over the draws where it is defined
  double effect = 0;                ///< (observed − mean) / (best − mean): 1 at the best value
  double excess = 0;                ///< observed / mean, of a quantity without a best value
  double p_upper = 1, p_lower = 1;  ///< of a value as large, as small; 1 where undefined
  std::vector<double> draws;
  Index samples = 0;
  std::uint64_t seed = 0;
  Verdict verdict = Verdict::underpowered;
  std::string reason;  ///< of the verdict, in a sentence
};

namespace detail {

inline std::string number(const char* format, double value) {
  std::array<char, 64> text{};
  static_cast<void>(std::snprintf(text.data(), text.size(), format, value));
  return text.data();
}

/// 18.0% for a share of something, else five digits or, of large counts, all there are.
inline std::string value_text(const Quantity& quantity, double value) {
  const auto [low, high] = std::minmax(quantity.worst, quantity.best);
  if (!quantity.share) return number("%.3f", value);
  if (low >= 0 && high <= 1) return number("%.1f%%", 100 * value);
  return number(std::abs(value) < 1e5 ? "%.5g" : "%.0f", value);
}

inline std::string p_text(double p) {
  return "p = " + number("%.2g", p);
}

}  // namespace detail

/// The verdict on an observed value, given the values of the null draws (NaN: undefined there). The
/// rule, in this order:
///   1. underpowered where the quantity is undefined on the graph or on any draw: leaving those
///      draws out would bias the rest;
///   2. forced where the mean draw comes `forced` of the way from worst to best;
///   3. underpowered where a planted positive, the best value itself, would not reach alpha: too
///      few draws, or too little to count at these sizes;
///   4. commutes where p <= alpha, on the side of the better values, and the effect matters;
///   5. does not, otherwise.
/// p is the chance of such a value if the graph were a draw from this null, never the chance that
/// composition holds. Fills everything but null_kind, keeps and seed. Cost: draws.
inline NullTest judged(const Quantity& quantity, std::optional<double> observed,
                       std::vector<double> draws, const VerdictRule& rule = {}) {
  constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
  const auto text = [&quantity](double x) { return detail::value_text(quantity, x); };
  const std::string nulls = "null " + quantity.of + "s";
  NullTest test;
  test.statistic = quantity.name;
  test.samples = static_cast<Index>(draws.size());
  test.observed = observed.value_or(undefined);
  test.draws = std::move(draws);
  test.null_mean = test.null_sd = test.effect = test.excess = undefined;
  const auto conclude = [&test](Verdict verdict, std::string reason) {
    test.verdict = verdict;
    test.reason = std::move(reason);
    return std::move(test);
  };

  std::vector<double> defined;
  std::ranges::copy_if(test.draws, std::back_inserter(defined),
                       [](double x) { return !std::isnan(x); });
  const auto null = null_summary(defined);
  if (null.samples > 0) test.null_mean = null.mean, test.null_sd = null.sd;
  if (std::isnan(test.observed))
    return conclude(Verdict::underpowered, "This " + quantity.of + " has nothing to compute the " +
                                               quantity.name + " from.");
  if (null.samples < test.samples)
    return conclude(Verdict::underpowered, std::to_string(test.samples - null.samples) + " of " +
                                               std::to_string(test.samples) + " " + nulls +
                                               " have nothing to compute the " + quantity.name +
                                               " from, and the others alone would mislead.");

  const TailP tails = permutation_p(test.observed, defined);
  test.p_upper = tails.upper;
  test.p_lower = tails.lower;
  const bool has_best = std::isfinite(quantity.best);
  if (!has_best && test.null_mean != 0) test.excess = test.observed / test.null_mean;
  if (has_best && quantity.best != test.null_mean)
    test.effect = (test.observed - test.null_mean) / (quantity.best - test.null_mean);

  const double reached = (test.null_mean - quantity.worst) / (quantity.best - quantity.worst);
  if (reached >= rule.forced)
    return conclude(Verdict::forced, "Null " + quantity.of + "s have a " + quantity.name + " of " +
                                         text(test.null_mean) + " on average, almost the best of " +
                                         text(quantity.best) +
                                         ": the construction forces it, so the " + quantity.of +
                                         "'s " + text(test.observed) + " is no evidence.");

  const double least = 1 / (1 + static_cast<double>(test.samples));
  if (least > rule.alpha)
    return conclude(Verdict::underpowered,
                    std::to_string(test.samples) + " " + nulls + " cannot give a p below " +
                        detail::number("%.2g", least) + "; at least " +
                        detail::number("%.0f", std::ceil(1 / rule.alpha - 1 - 1e-9)) +
                        " are needed.");
  const auto better_tail = [&quantity](const TailP& p) {
    return quantity.higher_is_better() ? p.upper : p.lower;
  };
  const double p_of_best = better_tail(permutation_p(quantity.best, defined));
  if (p_of_best > rule.alpha)
    return conclude(Verdict::underpowered,
                    "Even the best " + quantity.name + ", " + text(quantity.best) +
                        ", would not stand out at this size: " + nulls + " often reach it (" +
                        detail::p_text(p_of_best) + ").");

  const double p = better_tail(tails);
  const bool high = quantity.higher_is_better();
  std::string observed_text = "The " + quantity.name + " is " + text(test.observed);
  if (std::isfinite(test.excess))  // no best value to measure the way to
    observed_text += ", " + detail::number("%.2f", test.excess) + " times the mean of the null";
  const std::string null_text = text(test.null_mean) + " ± " + text(test.null_sd) + " of " + nulls;
  if (p <= rule.alpha) {
    const std::string beside = observed_text + (high ? ", above the " : ", below the ") +
                               null_text + " (" + detail::p_text(p) + ")";
    if (test.effect < rule.effect)  // not so where there is no best value: NaN
      return conclude(Verdict::does_not, beside + ", but " + text(test.observed) +
                                             " is next to nothing of what " + text(quantity.best) +
                                             " would be.");
    return conclude(Verdict::commutes, beside + ".");
  }
  const double p_worse = high ? tails.lower : tails.upper;
  if (p_worse <= rule.alpha) {
    const bool of_commuting = std::isfinite(quantity.best);  // else a mere count
    return conclude(
        Verdict::does_not,
        observed_text + (of_commuting ? ", worse than the " : ", below the ") + null_text + " (" +
            detail::p_text(p_worse) +
            (of_commuting ? "): the " + quantity.of + " commutes less than its null." : ")."));
  }
  return conclude(Verdict::does_not, observed_text + ", no better than the " + null_text + " (" +
                                         detail::p_text(p) + ").");
}

/// Of tests that must all say "commutes", the one that settles what may be said: one that does not,
/// else one that is forced, else one that is underpowered. The first of several; `tests` is not
/// empty.
inline const NullTest& deciding(std::initializer_list<const NullTest*> tests) {
  for (const Verdict verdict : {Verdict::does_not, Verdict::forced, Verdict::underpowered})
    for (const NullTest* test : tests)
      if (test->verdict == verdict) return *test;
  return **tests.begin();
}

namespace detail {

/// Rounded to 2^-40, so that arrangements that differ in nothing but the order of sums tie.
inline double rounded(double x) {
  return std::round(x * 0x1p40) * 0x1p-40;
}

}  // namespace detail

}  // namespace yoneda
