// Mediated composition: is what a feature of one SAE does to another what it does through few
// features of a third?
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "yoneda/arrows/virtual_weights.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/linear/gemm.hpp"
#include "yoneda/model/sae.hpp"
#include "yoneda/null/rotation.hpp"
#include "yoneda/null/verdict.hpp"

namespace yoneda {

/// Three SAEs on one residual stream: b reads what a writes, c reads what both write. W_dec^a is
/// therefore met by two readers, and both must share its space.
struct Mediation {
  Matrix a_writes;       ///< W_dec^a [n_a, d]
  StreamReader b_reads;  ///< W_enc^b [n_b, d] and what lies before it
  Matrix b_writes;       ///< W_dec^b [n_b, d]
  StreamReader c_reads;  ///< W_enc^c [n_c, d]
};

/// Of SAEs on the residual stream itself. By which numbers a and b divide what they write does not
/// matter here: no correlation changes.
inline Mediation mediation(const Sae& a, const Sae& b, const Sae& c) {
  return {a.W_dec, stream_reader(b), b.W_dec, stream_reader(c)};
}

struct MediationOptions {
  std::vector<Index> k{1, 4, 16, 64};  ///< mediators per feature; n_b is always added
  double reach = 0.9;                  ///< how many mediators does it take to come that far?
  Index curve = 256;                   ///< so many mediators are followed one by one
  Index features = 2048;               ///< of a, at most: a seeded sample; of b and c, all
  Index samples = 200;
  std::uint64_t seed = 1;
  Index failures = 50;
};

/// A feature of a, with the correlation of what it does through few mediators with what it does.
struct MediatedFeature {
  Id feature;
  std::vector<double> rho;        ///< for each k tested
  std::vector<double> null_mean;  ///< the same feature through random mediators
  std::vector<Id> mediators;      ///< its strongest ones, at most 4
};

struct MediatedComposition {
  std::vector<Index> k;                      ///< ascending; the last is n_b
  std::vector<NullTest> tests;               ///< one for each k
  std::vector<double> curve, null_curve;     ///< ρ_1, ρ_2, ... and their null means
  double reach = 0;                          ///< the ρ that is asked for
  std::optional<Index> needed, null_needed;  ///< mediators that reach it; nothing: more
  Index features = 0;                        ///< of a, that the means are over
  Index n_a = 0, n_b = 0, n_c = 0;
  Index unread = 0;  ///< features of the sample that c does not read at all, left out
  /// The features mediated worst: by ρ at `failures_at` mediators, lowest first.
  std::vector<MediatedFeature> failures;
  Index failures_at = 0;
};

namespace detail {

/// What does not change where b is drawn again.
struct MediationFrame {
  Matrix a;                // [F, d]: as b reads them
  Eigen::MatrixXd direct;  // [r, F]: as c reads them, so that products are covariances over c
  Eigen::MatrixXd spread;  // [d, r]: a root of the covariance of c's encoder rows
  Eigen::MatrixXd size;    // [d, s]: a root of their second moment
};

/// ρ of every feature, [F, K] for K mediators followed one by one, and for all of them.
struct MediatedRows {
  Index K = 0;
  std::vector<double> each, all;
  std::vector<Id> mediators;  // [F, 4], -1: none
};

/// What an SAE b offers between the two others.
struct Mediators {
  Matrix reads;                  // [n, d]: encoder rows times strength, which rank mediators
  std::vector<double> strength;  // [n]: ‖V_bc[g, :]‖ up to a factor
  Eigen::MatrixXd writes;        // [r, n]: as c reads them, so that products are covariances over c
  Eigen::MatrixXd through;       // [d, r]: from what is read to what is written, through all
};

template <class = void>
Eigen::MatrixXd columns_of(const Matrix& rows) {
  using Columns = Eigen::Map<const Eigen::MatrixXf>;
  const std::vector<float> values = to_vector(rows);
  return Columns(values.data(), rows.cols(), rows.rows()).template cast<double>();
}

/// A · B in double, column blocks in parallel.
template <class = void>
Eigen::MatrixXd product(const Eigen::MatrixXd& A, const Eigen::MatrixXd& B) {
  constexpr Index tile = 128;
  Eigen::MatrixXd C(A.rows(), B.cols());
  parallel_for((B.cols() + tile - 1) / tile, [&](Index t) {
    const Index first = t * tile, count = std::min(tile, B.cols() - first);
    C.middleCols(first, count).noalias() = A * B.middleCols(first, count);
  });
  return C;
}

template <class = void>
MediationFrame mediation_frame(const Mediation& m, std::span<const Id> features) {
  MediationFrame frame;
  const Matrix sample = take_rows(m.a_writes, features);
  frame.a = read_directions(sample, m.b_reads);
  const Eigen::MatrixXd C = second_moment(m.c_reads.W_enc);
  const Eigen::VectorXd mean = columns_of(m.c_reads.W_enc).rowwise().mean();
  frame.size = square_root(C);
  frame.spread = square_root(C - mean * mean.transpose());
  frame.direct = product(frame.spread.transpose(), columns_of(read_directions(sample, m.c_reads)));
  return frame;
}

template <class = void>
Mediators mediators(const MediationFrame& frame, const EncoderDecoder& b,
                    const StreamReader& c_reads) {
  Mediators made;
  const Eigen::MatrixXd written = columns_of(read_directions(b.W_dec, c_reads));
  made.writes = product(frame.spread.transpose(), written);
  const Eigen::VectorXd strength = product(frame.size.transpose(), written).colwise().norm();
  made.strength.assign(strength.data(), strength.data() + strength.size());
  Eigen::MatrixXd reads = columns_of(b.W_enc);
  made.through = product(reads, made.writes.transpose());
  reads = reads * strength.asDiagonal();
  made.reads = as_matrix(reads.transpose());
  return made;
}

/// The `count` largest |scores|, largest first, ties by smaller id.
inline void strongest_ids(std::span<const float> scores, Index count, std::vector<Id>& order) {
  order.resize(scores.size());
  for (std::size_t g = 0; g < scores.size(); ++g) order[g] = static_cast<Id>(g);
  const auto stronger = [scores](Id g, Id h) {
    const float x = std::abs(scores[g]), y = std::abs(scores[h]);
    return x != y ? x > y : g < h;
  };
  const auto end = order.begin() + count;
  if (end != order.end()) std::nth_element(order.begin(), end, order.end(), stronger);
  std::sort(order.begin(), end, stronger);
}

inline double correlation(double product, double x_square, double y_square) {
  if (!(x_square > 0) || !(y_square > 0)) return 0;
  return std::clamp(product / std::sqrt(x_square * y_square), -1.0, 1.0);
}

/// ρ of one feature, mediator after mediator: of y_k = Σ V_ab[f, g] V_bc[g, :] with x = V_ac[f, :].
template <class = void>
void follow(std::span<const float> scores, std::span<const Id> order, const Mediators& b,
            const Eigen::VectorXd& x, std::span<double> rho) {
  const double x_square = x.squaredNorm();
  Eigen::VectorXd y = Eigen::VectorXd::Zero(x.size());
  double last = 0;
  for (std::size_t i = 0; i < rho.size(); ++i) {
    const Id g = order[i];
    if (b.strength[g] > 0 && scores[g] != 0) {
      y += (static_cast<double>(scores[g]) / b.strength[g]) * b.writes.col(g);
      last = correlation(x.dot(y), x_square, y.squaredNorm());
    }
    rho[i] = last;
  }
}

template <class = void>
MediatedRows mediated_rows(const MediationFrame& frame, const Mediators& b, Index K,
                           const Gemm& gemm) {
  constexpr Index tile = 32, named = 4;
  const Index F = frame.a.rows(), n = b.reads.rows(), d = frame.a.cols();
  MediatedRows rows{K, std::vector<double>(F * K), std::vector<double>(F),
                    std::vector<Id>(F * named, -1)};
  const Eigen::MatrixXd through = b.through.transpose();
  std::vector<float> unused;
  const auto reads = b.reads.rows_as_float(0, n, unused);
  parallel_for((F + tile - 1) / tile, [&](Index t) {
    const Index first = t * tile, count = std::min(tile, F - first);
    std::vector<float> none, scores(count * n);
    const auto a = frame.a.rows_as_float(first, count, none);
    gemm.multiply({a.data(), count, d, d}, {reads.data(), n, d, d}, {scores.data(), count, n, n});
    const Eigen::MatrixXd composite = through * columns_of(frame.a.slice(first, count));
    std::vector<Id> order;
    for (Index i = 0; i < count; ++i) {
      const Index f = first + i;
      const Eigen::VectorXd x = frame.direct.col(f);
      const auto row = std::span(scores).subspan(i * n, n);
      strongest_ids(row, K, order);
      follow(row, order, b, x, std::span(rows.each).subspan(f * K, K));
      rows.all[f] =
          correlation(x.dot(composite.col(i)), x.squaredNorm(), composite.col(i).squaredNorm());
      for (Index j = 0; j < std::min({named, K, n}); ++j)
        if (row[order[j]] != 0) rows.mediators[f * named + j] = order[j];
    }
  });
  return rows;
}

/// The mean over features, one by one and for all mediators, in order.
struct MediatedMeans {
  std::vector<double> curve;
  double all = 0;
};

inline MediatedMeans means_of(const MediatedRows& rows) {
  const Index F = static_cast<Index>(rows.all.size());
  MediatedMeans means{std::vector<double>(rows.K, 0.0), 0};
  for (Index f = 0; f < F; ++f) {
    for (Index k = 0; k < rows.K; ++k)
      means.curve[k] += rows.each[f * rows.K + k] / static_cast<double>(F);
    means.all += rows.all[f] / static_cast<double>(F);
  }
  return means;
}

/// The k to test: those given that are below n, and n.
inline std::vector<Index> tested_k(const MediationOptions& options, Index n) {
  std::vector<Index> k = options.k;
  std::ranges::sort(k);
  if (!k.empty() && k.front() < 1)
    throw Error(ErrorKind::value,
                "a number of mediators must be at least 1, not " + std::to_string(k.front()));
  std::erase_if(k, [n](Index count) { return count >= n; });
  k.erase(std::ranges::unique(k).begin(), k.end());
  k.push_back(n);
  return k;
}

/// Of the features that c reads at all: nothing correlates with what is constant.
template <class = void>
std::vector<Id> read_by_c(const Mediation& m, std::span<const Id> features) {
  const MediationFrame frame = mediation_frame(m, features);
  const Eigen::VectorXd squares = frame.direct.colwise().squaredNorm();
  const double largest = squares.size() > 0 ? squares.maxCoeff() : 0;
  std::vector<Id> read;
  for (std::size_t i = 0; i < features.size(); ++i)
    if (squares(static_cast<Index>(i)) > 1e-12 * largest) read.push_back(features[i]);
  if (read.empty())
    throw Error(ErrorKind::value, "c reads nothing of what the features of a write");
  return read;
}

inline std::optional<Index> first_reaching(std::span<const double> curve, double rho) {
  const auto found = std::ranges::find_if(curve, [rho](double x) { return x >= rho; });
  if (found == curve.end()) return std::nullopt;
  return found - curve.begin() + 1;
}

/// The test of ρ_n, which no draw changes by more than rounding does. Where one did, it would be a
/// test like the others.
inline NullTest kept_test(double observed, std::vector<double> draws, const Quantity& quantity) {
  const bool kept =
      std::ranges::all_of(draws, [&](double draw) { return std::abs(draw - observed) < 1e-4; });
  NullTest test = judged(quantity, observed, std::move(draws));
  if (!kept) return test;
  test.verdict = Verdict::forced;
  test.effect = 0;
  test.p_upper = test.p_lower = 1;
  test.reason =
      "Through all mediators together it is " + number("%.3f", observed) +
      " in every draw: the null keeps it exactly, for it depends on W_enc'W_dec alone, so "
      "it says nothing of single features.";
  return test;
}

inline void require_valid(const Mediation& m, const MediationOptions& options) {
  if (m.a_writes.empty() || m.b_writes.empty() || m.c_reads.W_enc.empty())
    throw Error(ErrorKind::value, "mediated composition needs three SAEs with features");
  require_same_stream(m.a_writes, m.b_reads);
  require_same_stream(m.a_writes, m.c_reads);
  require_same_stream(m.b_writes, m.c_reads);
  require_finite(m.a_writes, "W_dec of a");
  require_finite(m.c_reads.W_enc, "W_enc of c");
  if (options.samples < 1 || options.features < 1 || options.curve < 0)
    throw Error(ErrorKind::value,
                "mediated composition needs at least one sample and one feature, and no negative "
                "length of its curve");
}

}  // namespace detail

/// With V_ab = W_dec^a · W_enc^b', V_bc and V_ac likewise (see read_directions), T_k keeps of every
/// row f of V_ab the k mediators g with the largest |V_ab[f, g]| · ‖V_bc[g, :]‖. Then
///     ρ_k = mean over f of corr over h of (T_k V_ab · V_bc)[f, h] with V_ac[f, h].
/// ρ_n says how well b as a whole passes on what c reads; ρ_k for small k whether single features
/// of b do. The null is a joint rotation of b: it keeps ρ_n exactly, and nothing of which
/// directions are features. So where ρ_k is above it, a's features reach c through b's features
/// more than through random directions that make the same of what they read as a whole. A verdict
/// is "forced" where the null mean reaches .95, on a scale from 0, no relation, to 1.
///
/// No matrix n x n is held: correlations over h are products of directions in the metric of the
/// covariance of W_enc^c, over all of its rows; scores |V_ab| go through `gemm` in tiles. A
/// composite that is 0 correlates by 0. The same for any number of threads.
///
/// Throws Error{shape} where the SAEs share no residual stream or encoder and decoder of b differ
/// in number, Error{value} for bad options, values that are not finite, or where c reads nothing
/// that a writes; Error{cancelled} where progress asks to stop. Cost, for each of samples + 1
/// rounds: F n_b d for the scores, F · max(curve, k) · d for the curve, n_b d² and (2 d)³ for a
/// draw.
template <class = void>
MediatedComposition mediated_composition(const Mediation& m, const MediationOptions& options = {},
                                         const Gemm& gemm = eigen_gemm(),
                                         const Progress& progress = {}) {
  detail::require_valid(m, options);
  MediatedComposition result;
  result.n_a = m.a_writes.rows();
  result.n_b = m.b_writes.rows();
  result.n_c = m.c_reads.n();
  result.reach = options.reach;
  result.k = detail::tested_k(options, result.n_b);
  Random stream(options.seed, 1);
  const std::vector<Id> sample = sample_sorted(result.n_a, options.features, stream);
  const std::vector<Id> features = detail::read_by_c(m, sample);
  result.features = static_cast<Index>(features.size());
  result.unread = static_cast<Index>(sample.size() - features.size());

  const Index tested = static_cast<Index>(result.k.size()) - 1;  // but for n
  const Index longest = tested > 0 ? result.k[tested - 1] : 1;
  const Index K = std::min(result.n_b, std::max(options.curve, longest));
  const JointRotation rotation(m.b_writes, m.b_reads.W_enc, gemm);
  const detail::MediationFrame frame = detail::mediation_frame(m, features);
  const auto rows_of = [&](const EncoderDecoder& b) {
    return detail::mediated_rows(frame, detail::mediators(frame, b, m.c_reads), K, gemm);
  };
  const auto rho_at = [&](const detail::MediatedRows& rows, Index f, Index t) {
    return t == tested ? rows.all[f] : rows.each[f * K + result.k[t] - 1];
  };
  const detail::MediatedRows observed = rows_of({m.b_writes, m.b_reads.W_enc});

  const double share = 1 / static_cast<double>(options.samples);
  std::vector<std::vector<double>> draws(tested + 1);
  std::vector<double> of_feature(result.features * (tested + 1), 0.0);
  result.null_curve.assign(K, 0.0);
  for (Index i = 0; i < options.samples; ++i) {
    progress.check("null draws", static_cast<double>(i) * share);
    const auto rows =
        rows_of(rotation.draw(Random(options.seed, static_cast<std::uint64_t>(i + 2)).bits()));
    const detail::MediatedMeans means = detail::means_of(rows);
    for (Index k = 0; k < K; ++k) result.null_curve[k] += means.curve[k] * share;
    for (Index t = 0; t <= tested; ++t)
      draws[t].push_back(t == tested ? means.all : means.curve[result.k[t] - 1]);
    for (Index f = 0; f < result.features; ++f)
      for (Index t = 0; t <= tested; ++t)
        of_feature[f * (tested + 1) + t] += rho_at(rows, f, t) * share;
  }
  progress.check("null draws", 1);

  const detail::MediatedMeans means = detail::means_of(observed);
  result.curve = means.curve;
  result.needed = detail::first_reaching(result.curve, options.reach);
  result.null_needed = detail::first_reaching(result.null_curve, options.reach);
  for (Index t = 0; t <= tested; ++t) {
    const Quantity quantity{"mediated correlation", 0, 1, "mediation", false};
    const double value = t == tested ? means.all : means.curve[result.k[t] - 1];
    NullTest test = t == tested ? detail::kept_test(value, std::move(draws[t]), quantity)
                                : judged(quantity, value, std::move(draws[t]));
    test.null_kind = "joint-rotation";
    test.keeps =
        "Keeps all second moments of b's encoder and decoder, so what its features together pass "
        "on; loses the directions of single features.";
    test.seed = options.seed;
    result.tests.push_back(std::move(test));
  }

  const Index at = tested / 2;  // neither the first nor nearly all
  result.failures_at = result.k[at];
  for (Index f = 0; f < result.features; ++f) {
    MediatedFeature failure{features[f], {}, {}, {}};
    for (Index t = 0; t <= tested; ++t) {
      failure.rho.push_back(rho_at(observed, f, t));
      failure.null_mean.push_back(of_feature[f * (tested + 1) + t]);
    }
    for (Index j = 0; j < 4; ++j)
      if (const Id g = observed.mediators[f * 4 + j]; g >= 0) failure.mediators.push_back(g);
    result.failures.push_back(std::move(failure));
  }
  std::ranges::sort(result.failures, {}, [at](const MediatedFeature& failure) {
    return std::pair(failure.rho[at], failure.feature);
  });
  if (static_cast<Index>(result.failures.size()) > options.failures)
    result.failures.resize(options.failures);
  return result;
}

}  // namespace yoneda
