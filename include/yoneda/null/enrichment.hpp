// Token sets against features: which features raise or lower the tokens of a set, and would a
// random direction as well?
//
// With w the logit direction of a feature, ū_S the mean row of W_U over a set S, ū and Σ mean and
// covariance of all rows, the mean standardised logit of the set is
//     z = (1/|S|) Σ_{t ∈ S} (z_t − mean) / std = w · (ū_S − ū) / √(w' Σ w).
// The tokens of a set worth naming point the same way, so any direction raises all of them or
// none, and z spreads much wider than a mean of |S| tokens drawn by chance. Shuffled tokens
// measure that coherence alone: they call 64% of random directions significant at 5%. So it is the
// direction that is drawn: from a gaussian with the second moment C of the SAE's own logit
// directions, with mean and std over the vocabulary of its own.
//
// z does not see the length of a direction. Given the second moment, a row of gaussian_rows() is
// C^½ times a vector whose direction is uniform, so its z has the law of that of R g, g standard
// normal, R R' = C. With R' Σ R = Q Λ Q' and a = Q' R' (ū_S − ū) that is the law of
//     z = a · g / √(Σ_i λ_i g_i²),
// and a draw costs d instead of V d.
#pragma once

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/arrows/logit_arrows.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/linear/dot.hpp"
#include "yoneda/model/unembedding.hpp"
#include "yoneda/null/gaussian.hpp"
#include "yoneda/null/token_set.hpp"
#include "yoneda/null/verdict.hpp"
#include "yoneda/stats/false_discovery.hpp"
#include "yoneda/stats/permutation.hpp"

namespace yoneda {

struct EnrichmentOptions {
  Convention convention = Convention::automatic;
  std::vector<Id> excluded;  ///< tokens treated as though the vocabulary lacked them
  Index samples = 100'000;   ///< random directions
  std::uint64_t seed = 1;
  double rate = 0.05;  ///< of false discoveries among what is called significant
};

namespace detail {

/// The tokens of a set, ascending and each once.
inline std::vector<Id> checked_set(const TokenSet& set, Index V, std::span<const char> excluded) {
  const auto refuse = [&](const std::string& reason) {
    throw Error(ErrorKind::value, "token set '" + set.name + "' " + reason);
  };
  std::vector<Id> tokens = set.tokens;
  std::ranges::sort(tokens);
  tokens.erase(std::ranges::unique(tokens).begin(), tokens.end());
  for (const Id token : tokens) {
    if (token < 0 || token >= V)
      refuse("holds token " + std::to_string(token) + ", which is not in the vocabulary of " +
             std::to_string(V));
    if (excluded[token]) refuse("holds token " + std::to_string(token) + ", which is left out");
  }
  if (static_cast<Index>(tokens.size()) < least_set_size)
    refuse("has " + std::to_string(tokens.size()) + " tokens; it takes at least " +
           std::to_string(least_set_size));
  return tokens;
}

/// Standard deviation of every direction's logits over the vocabulary; 0 where they do not vary
/// beyond rounding.
template <class = void>
std::vector<double> spreads(const Matrix& directions, const RowMoments& vocabulary) {
  constexpr Index block = 64;
  const Index n = directions.rows(), d = directions.cols();
  std::vector<double> stds(n, 0.0);
  parallel_for((n + block - 1) / block, [&](Index b) {
    const Index first = b * block, count = std::min(block, n - first);
    std::vector<float> scratch(count * d);
    const auto values = directions.rows_as_float(first, count, scratch);
    const Eigen::MatrixXd W =
        Eigen::Map<const Eigen::MatrixXf>(values.data(), d, count).cast<double>();
    const Eigen::MatrixXd product = vocabulary.covariance * W;
    for (Index i = 0; i < count; ++i) {
      const double variance = W.col(i).dot(product.col(i));
      if (variance > vocabulary.rounding() * W.col(i).squaredNorm())
        stds[first + i] = std::sqrt(variance);
    }
  });
  return stds;
}

/// z of every feature on the tokens of a set, whose rows of W_U are given: from canonical logits.
template <class = void>
std::vector<double> set_scores(const Matrix& directions, const Matrix& rows,
                               const RowMoments& vocabulary, std::span<const double> stds) {
  const Index n = directions.rows(), d = directions.cols();
  std::vector<double> z(n, 0.0);
  parallel_for(n, [&](Index f) {
    if (stds[f] == 0) return;
    std::vector<float> unused;
    const auto w = directions.row(f, unused);
    double sum = 0;
    for (Index i = 0; i < rows.rows(); ++i) sum += canonical_dot(w, rows.row(i, unused));
    const double mean =
        Eigen::Map<const Eigen::VectorXf>(w.data(), d).cast<double>().dot(vocabulary.mean);
    z[f] = (sum / static_cast<double>(rows.rows()) - mean) / stds[f];
  });
  return z;
}

/// The law of z of a random direction: λ [r], all positive, and a row a_S [r] for each set.
struct DirectionLaw {
  Eigen::VectorXd variances;
  Eigen::MatrixXd loadings;

  template <class = void>
  DirectionLaw(const Matrix& directions, const RowMoments& vocabulary,
               const Eigen::MatrixXd& offsets) {
    const Eigen::MatrixXd R = second_moment_root(directions);
    if (R.cols() > 0) {
      const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(R.transpose() *
                                                                 vocabulary.covariance * R);
      if (eigen.info() != Eigen::Success)
        throw Error(ErrorKind::numeric, "the eigenvalues of a covariance did not converge");
      const Eigen::VectorXd& values = eigen.eigenvalues();  // ascending
      const Index kept = (values.array() > vocabulary.rounding() * R.squaredNorm()).count();
      variances = values.tail(kept);
      loadings = offsets * R * eigen.eigenvectors().rightCols(kept);
    }
    if (variances.size() == 0)
      throw Error(ErrorKind::value, "no feature moves any logit: there is nothing to compare");
  }

  /// The largest z of each set: Cauchy and Schwarz, at g_i = a_i / λ_i.
  template <class = void>
  Eigen::VectorXd best() const {
    return (loadings.array().square().rowwise() / variances.transpose().array())
        .rowwise()
        .sum()
        .sqrt();
  }

  /// z [sets, samples] of random directions; block b of them from stream b of the seed.
  template <class = void>
  Eigen::MatrixXd draw(Index samples, std::uint64_t seed, const Progress& progress) const {
    constexpr Index block = 256;
    Eigen::MatrixXd z(loadings.rows(), samples);
    const auto fill = [&](Index b) {
      Random random(seed, static_cast<std::uint64_t>(b));
      const Index first = b * block, count = std::min(block, samples - first);
      Eigen::MatrixXd g(variances.size(), count);
      for (Index i = 0; i < count; ++i)
        for (Index j = 0; j < g.rows(); ++j) g(j, i) = random.normal();
      const Eigen::RowVectorXd std =
          (variances.transpose() * g.array().square().matrix()).cwiseSqrt();
      z.middleCols(first, count) = (loadings * g).array().rowwise() / std.array();
    };
    parallel_for((samples + block - 1) / block, fill, progress, "random directions");
    return z;
  }
};

/// permutation_p for many values against the same draws, in log N each. Throws nothing.
class Draws {
 public:
  explicit Draws(std::vector<double> values) : values_(std::move(values)) {
    std::ranges::sort(values_);
  }
  double upper(double z) const {
    return share(values_.end() - std::ranges::lower_bound(values_, z));
  }
  double lower(double z) const {
    return share(std::ranges::upper_bound(values_, z) - values_.begin());
  }

 private:
  double share(std::ptrdiff_t count) const {
    return static_cast<double>(1 + count) / static_cast<double>(1 + values_.size());
  }
  std::vector<double> values_;
};

/// The standard deviation of the mean of `size` of V standardised logits drawn without replacement:
/// what shuffled tokens take z to have.
inline double shuffled_sd(Index size, Index V) {
  const auto s = static_cast<double>(size), v = static_cast<double>(V);
  return V > 1 ? std::sqrt((v - s) / (v - 1) / s) : 0;
}

inline std::string counted(Index count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

/// Verdict and reason of a set whose q are known.
inline void conclude(SetEnrichment& set, const Enrichment& all, double p_of_best, double tests) {
  for (std::size_t f = 0; f < set.q.size(); ++f)
    if (set.q[f] <= all.rate) ++(set.z[f] > 0 ? set.raised_by : set.lowered_by);
  const std::string rate = "q <= " + number("%.2g", all.rate);
  if (set.raised_by + set.lowered_by > 0) {
    set.verdict = Verdict::commutes;
    set.reason = "Of " + counted(all.n, "feature") + ", " + std::to_string(set.raised_by) +
                 " raise and " + std::to_string(set.lowered_by) + " lower its " +
                 counted(static_cast<Index>(set.tokens.size()), "token") +
                 " more than random directions do (" + rate + ").";
  } else if (p_of_best * tests > all.rate) {
    set.verdict = Verdict::underpowered;
    set.reason = "Even a feature made for it, with z = " + number("%.3g", set.best) +
                 ", would not stand out alone among " + number("%.0f", tests) +
                 " tests (p = " + number("%.2g", p_of_best) + ").";
  } else {
    set.verdict = Verdict::does_not;
    set.reason = "No feature raises or lowers its " +
                 counted(static_cast<Index>(set.tokens.size()), "token") +
                 " more than random directions do (" + rate + ").";
  }
}

/// Says how many features must reach the least p there is before a set counts.
inline void note_floor(Enrichment& all, double least, double tests) {
  const double needed = std::ceil(least * tests / all.rate - 1e-9);
  if (needed <= 1) return;
  all.notes.push_back(std::to_string(all.samples) + " random directions give no p below " +
                      number("%.2g", least) + ", and over " + number("%.0f", tests) +
                      " tests (features times sets) no set counts until " + number("%.0f", needed) +
                      " of its features reach it; with " +
                      number("%.0f", std::ceil(tests / all.rate)) + " a single one counts");
}

/// The sets, checked, without any scores yet.
inline std::vector<SetEnrichment> checked_sets(std::span<const TokenSet> sets, Index V,
                                               std::span<const Id> left_out) {
  std::vector<char> excluded(V, 0);
  for (const Id token : left_out) excluded[token] = 1;
  const auto kept = std::ranges::count(excluded, 0);
  std::vector<SetEnrichment> checked;
  for (const TokenSet& set : sets) {
    SetEnrichment made;
    made.name = set.name;
    made.tokens = checked_set(set, V, excluded);
    if (static_cast<Index>(made.tokens.size()) == kept)
      throw Error(ErrorKind::value, "token set '" + set.name + "' is the whole vocabulary");
    checked.push_back(std::move(made));
  }
  return checked;
}

/// Fills in what random directions gave, and p. Returns the p of the best z there is.
inline double compare(SetEnrichment& set, std::vector<double> drawn, Index V) {
  const NullSummary summary = null_summary(drawn);
  set.null_mean = summary.mean;
  set.null_sd = summary.sd;
  set.coherence = summary.sd / shuffled_sd(static_cast<Index>(set.tokens.size()), V);
  std::vector<double> sizes(drawn);
  for (double& size : sizes) size = std::abs(size);
  const Draws either(std::move(drawn)), size_alone(std::move(sizes));
  for (const double z : set.z) {
    set.p_upper.push_back(either.upper(z));
    set.p_lower.push_back(either.lower(z));
    set.p.push_back(size_alone.upper(std::abs(z)));
  }
  return size_alone.upper(set.best);
}

/// q of every feature: at most `rate` for what is significant at that rate, over features and sets.
/// A set is selected by the smallest q within it (Simes 1986) among all sets' (Benjamini, Hochberg
/// 1995); within R selected ones of S, features are tested at rate R / S. So many features of one
/// set do not lower the bar for another (Benjamini, Bogomolov 2014).
inline void adjust(std::vector<SetEnrichment>& sets, double rate) {
  std::vector<double> smallest;
  for (SetEnrichment& set : sets) {
    set.q = false_discovery_rate(set.p);
    smallest.push_back(std::ranges::min(set.q));
  }
  const auto of_sets = false_discovery_rate(smallest);
  const auto selected = std::ranges::count_if(of_sets, [&](double q) { return q <= rate; });
  for (std::size_t s = 0; s < sets.size(); ++s) {
    // a set that is not selected would have been one more
    const auto among = static_cast<double>(of_sets[s] <= rate ? selected : selected + 1);
    for (double& q : sets[s].q) q = std::min(1.0, q * (static_cast<double>(sets.size()) / among));
  }
}

}  // namespace detail

/// Tests every feature of W_dec [n, d] on every set, both ends, with p = (1 + #{null >= value}) /
/// (1 + N) over N random directions pooled for all features (a null direction is no feature's
/// own), and the rate of false discoveries held over features and sets on p of |z|: the share of
/// false ones, averaged over the sets called, is at most `rate`. p is of "this direction is a draw
/// from the gaussian null": exact where the SAE's directions are gaussian, a little small where a
/// few of them are extreme (5.9% at 5%, for the other 496 of 500 features, with four of 14 standard
/// deviations among them).
///
/// Verdict on a set: commutes where a feature has q <= rate; underpowered where even the best z
/// would not reach it alone; does not, otherwise. The same for any number of threads.
///
/// Throws Error{shape} where decoder and model differ in d, Error{value} for values that are not
/// finite, for no sets, samples < 1, a rate outside (0, 1), a set of fewer than three tokens, of
/// tokens unknown or left out, or of the whole vocabulary, and where no feature moves any logit;
/// Error{cancelled}. Cost: V d² + n d² + d³ + N r (1 + sets), r <= min(n, d); memory: n d + d² + N
/// sets, and V d where tokens are left out.
template <class = void>
Enrichment enrichment(const Matrix& W_dec, const Unembedding& model, std::span<const TokenSet> sets,
                      const EnrichmentOptions& options = {}, const Progress& progress = {}) {
  constexpr Stage stage = "token sets";
  require_same_stream(W_dec, model);
  require_finite(W_dec, "W_dec");
  require_finite(model.W_U, "W_U");
  if (sets.empty()) throw Error(ErrorKind::value, "enrichment of no token sets");
  require_samples(options.samples);
  if (!(options.rate > 0 && options.rate < 1))
    throw Error(ErrorKind::value,
                "a rate of false discoveries lies between 0 and 1, both excluded");
  const Matrix W_U = without_rows(model.W_U, options.excluded);

  Enrichment made;
  made.sets = detail::checked_sets(sets, model.V(), options.excluded);
  made.n = W_dec.rows();
  made.convention = resolve(options.convention, model);
  made.samples = options.samples;
  made.seed = options.seed;
  made.rate = options.rate;
  made.null_kind = "gaussian";
  made.keeps =
      "Keeps the second moment of the SAE's logit directions, the unembedding and the sets; loses "
      "norms, clusters and skew of the directions.";

  progress.check(stage, 0);
  const RowMoments vocabulary = row_moments(W_U);
  progress.check(stage, 0.5);
  const Matrix directions = logit_directions(W_dec, model, made.convention);
  const auto stds = detail::spreads(directions, vocabulary);
  Eigen::MatrixXd offsets(static_cast<Index>(sets.size()), W_dec.cols());
  for (Index s = 0; s < offsets.rows(); ++s) {
    SetEnrichment& set = made.sets[s];
    const Matrix rows = take_rows(model.W_U, set.tokens);
    set.z = detail::set_scores(directions, rows, vocabulary, stds);
    offsets.row(s) = mean_row(rows) - vocabulary.mean;
  }
  progress.check(stage, 0.7);
  const detail::DirectionLaw law(directions, vocabulary, offsets);
  progress.check(stage, 1);

  const Eigen::MatrixXd drawn = law.draw(options.samples, options.seed, progress);
  const Eigen::VectorXd best = law.best();
  std::vector<double> p_of_best;
  for (Index s = 0; s < offsets.rows(); ++s) {
    made.sets[s].best = best(s);
    p_of_best.push_back(
        detail::compare(made.sets[s], {drawn.row(s).begin(), drawn.row(s).end()}, W_U.rows()));
  }
  detail::adjust(made.sets, options.rate);
  const double tests = static_cast<double>(made.n) * static_cast<double>(sets.size());
  for (std::size_t s = 0; s < made.sets.size(); ++s)
    detail::conclude(made.sets[s], made, p_of_best[s], tests);
  // More directions help where none came near the best z there is.
  const double least = 1 / (1 + static_cast<double>(made.samples));
  bool at_floor = false;
  for (std::size_t s = 0; s < made.sets.size(); ++s)
    at_floor |= made.sets[s].verdict == Verdict::underpowered && p_of_best[s] < 1.5 * least;
  if (at_floor) detail::note_floor(made, least, tests);
  return made;
}

}  // namespace yoneda
