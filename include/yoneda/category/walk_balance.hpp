// Walk balance: closed walks of every length by their sign, the longer the less they count.
#pragma once

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "yoneda/category/balance.hpp"
#include "yoneda/category/cycle_balance.hpp"
#include "yoneda/category/frustration.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/linear/lanczos.hpp"

namespace yoneda {

struct WalkBalanceOptions {
  double beta = 1;          ///< > 0: every edge of a walk counts β times its weight
  bool weighted = true;     ///< else every edge counts ±β
  Index exact_up_to = 256;  ///< nodes; larger graphs are sampled
  Index probes = 64;        ///< random vectors of the sample, at least 2
  std::uint64_t seed = 0;
};

namespace detail {

/// βA or β|A| as its products.
class WalkMatrix {
 public:
  WalkMatrix(const SignedGraph& graph, const WalkBalanceOptions& options, bool absolute)
      : graph_(graph) {
    entries_.reserve(graph.weights().size());
    for (const float w : graph.weights()) {
      const double size = options.beta * (options.weighted ? std::abs(static_cast<double>(w)) : 1);
      entries_.push_back(w < 0 && !absolute ? -size : size);
    }
  }

  Eigen::VectorXd operator()(const Eigen::VectorXd& x) const {
    Eigen::VectorXd image(x.size());
    for (Id u = 0; u < graph_.node_count(); ++u) {
      double sum = 0;
      for (Index i = graph_.offsets()[u]; i < graph_.offsets()[u + 1]; ++i)
        sum += entries_[i] * x[graph_.columns()[i]];
      image[u] = sum;
    }
    return image;
  }

  Eigen::MatrixXd dense() const {
    const Index n = graph_.node_count();
    Eigen::MatrixXd A = Eigen::MatrixXd::Zero(n, n);
    for (Id u = 0; u < n; ++u)
      for (Index i = graph_.offsets()[u]; i < graph_.offsets()[u + 1]; ++i)
        A(u, graph_.columns()[i]) = entries_[i];
    return A;
  }

 private:
  const SignedGraph& graph_;
  std::vector<double> entries_;
};

/// log Σ w_i e^{x_i}, without overflow.
template <class = void>
double log_sum_exp(const Eigen::ArrayXd& x, const Eigen::ArrayXd& w) {
  const double largest = x.maxCoeff();
  return largest + std::log((w * (x - largest).exp()).sum());
}

/// log tr e^{M} by all eigenvalues.
template <class = void>
double log_trace_exp(const WalkMatrix& M) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(M.dense(), Eigen::EigenvaluesOnly);
  if (solver.info() != Eigen::Success)
    throw Error(ErrorKind::numeric, "the eigenvalues of the adjacency matrix did not converge");
  return log_sum_exp(solver.eigenvalues(), Eigen::ArrayXd::Ones(solver.eigenvalues().size()));
}

/// log z'e^{M}z by Lanczos' quadrature, with twice as many steps until the log no longer moves.
template <class = void>
double log_quadratic_form(const WalkMatrix& M, const Eigen::VectorXd& z) {
  double before = std::numeric_limits<double>::quiet_NaN();
  for (Index steps = 16;; steps *= 2) {
    const Quadrature rule = gauss_quadrature(lanczos(M, z, steps));
    const double now = log_sum_exp(rule.nodes, rule.weights) + 2 * std::log(z.norm());
    if (rule.nodes.size() < steps || std::abs(now - before) < 1e-9 || steps > 512) return now;
    before = now;
  }
}

}  // namespace detail

/// Walk balance (Estrada, Benzi 2014, Walk-based measure of balance in signed networks): of all
/// closed walks, each of length l counted with β^l / l! and the product of its |weights|, the
/// positive ones less the negative, by all. 1 for a balanced graph, up to rounding (and, sampled,
/// the error) only there; towards
/// 0 the more frustrated. Triangles are its shortest walks that can be negative.
///
/// Scale. A is the matrix of weights as stored, so that weak edges count little; Estrada and Benzi
/// use ±1 (`weighted` off), where the walks along the hubs of a graph drown all others. The value
/// depends on β and on the unit of the weights; compare graphs at one β, and with a null.
/// Everything is computed in logarithms, so that no spectral radius is too large.
///
/// Up to `exact_up_to` nodes all eigenvalues are computed. Beyond, stochastic Lanczos quadrature
/// (Ubaru, Chen, Saad 2017, Fast estimation of tr(f(A)) via stochastic Lanczos quadrature): tr f(A)
/// ≈ the mean of z'f(A)z over probes z of random signs. Where z probes |A|, Sz probes A, S good
/// sides (found by descent alone): then a nearly balanced graph, whose A is nearly S|A|S, has an
/// error of nearly 0. The error is one standard error of the ratio, by its linear terms. Seeded;
/// the same for any number of threads.
///
/// Throws Error{value} for a directed graph, for β that is not positive and finite, and for fewer
/// than two probes. Cost: n³; sampled, probes · about 100 · m.
template <class = void>
WalkBalance walk_balance(const SignedGraph& graph, const WalkBalanceOptions& options = {}) {
  require_undirected(graph, "walk balance");
  if (!(options.beta > 0) || !std::isfinite(options.beta))
    throw Error(ErrorKind::value,
                "walk balance needs a positive beta, not " + std::to_string(options.beta));
  if (options.probes < 2)
    throw Error(ErrorKind::value, "the error of walk balance needs at least 2 probes, not " +
                                      std::to_string(options.probes));
  if (balance(graph).balanced()) return {};
  const detail::WalkMatrix A{graph, options, false}, size{graph, options, true};
  WalkBalance result;
  const Index n = graph.node_count();
  if (n <= options.exact_up_to) {
    result.log_value = std::min(0.0, detail::log_trace_exp(A) - detail::log_trace_exp(size));
    result.value = std::exp(result.log_value);
    return result;
  }
  const auto side = best_switching(graph, {.weighted = options.weighted, .runs = 0}).side;
  Eigen::ArrayXd above(options.probes), below(options.probes);
  parallel_for(options.probes, [&](Index probe) {
    Random random(options.seed, static_cast<std::uint64_t>(probe));
    Eigen::VectorXd z(n), turned(n);
    for (Index u = 0; u < n; ++u) {
      z[u] = random.below(2) == 0 ? -1 : 1;
      turned[u] = side[u] * z[u];
    }
    above[probe] = detail::log_quadratic_form(A, turned);
    below[probe] = detail::log_quadratic_form(size, z);
  });
  const double largest_above = above.maxCoeff(), largest_below = below.maxCoeff();
  above = (above - largest_above).exp();
  below = (below - largest_below).exp();
  const double ratio = above.mean() / below.mean();
  const auto count = static_cast<double>(options.probes);
  const double deviation =
      std::sqrt((above - ratio * below).square().sum() / (count * (count - 1)));
  result.exact = false;
  result.log_value = std::min(0.0, std::log(ratio) + largest_above - largest_below);
  result.value = std::exp(result.log_value);
  result.error = result.value * (deviation / above.mean());
  return result;
}

}  // namespace yoneda
