// Bounds of the frustration index, component by component, that a Cholesky factorisation proves.
#pragma once

#include <Eigen/SparseCholesky>
#include <Eigen/SparseCore>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/category/frustration.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/components.hpp"
#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/linear/lanczos.hpp"

namespace yoneda {

struct BoundOptions {
  Index rank = 24;              ///< dimension of the vectors that look for a bound
  Index sweeps = 200;           ///< over all nodes, at most
  double tolerance = 1e-5;      ///< relative change in ten sweeps below which they end
  double largest_factor = 4e7;  ///< entries of a factor; a component that needs more is left to
                                ///< the packing
  double largest_work = 2e9;    ///< products of one factorisation, likewise
};

namespace detail {

/// A component by itself: its nodes are numbered anew, in the old order.
struct Part {
  SignedGraph graph;
  std::vector<Id> nodes;
};

inline std::vector<Part> unbalanced_parts(const SignedGraph& graph,
                                          std::span<const signed char> side) {
  const Partition components = connected_components(graph);
  std::vector<char> unbalanced(components.count, 0);
  std::vector<std::vector<Edge>> edges(components.count);
  std::vector<Id> number(graph.node_count());
  std::vector<Part> parts;
  const auto groups = members(components);
  for (const auto& group : groups)
    for (std::size_t i = 0; i < group.size(); ++i) number[group[i]] = static_cast<Id>(i);
  for (const Edge& e : graph.edges()) {
    const Id c = components.label[e.source];
    edges[c].push_back({number[e.source], number[e.target], e.weight});
    if ((e.weight < 0) == (side[e.source] == side[e.target])) unbalanced[c] = 1;
  }
  for (Index c = 0; c < components.count; ++c)
    if (unbalanced[c])
      parts.push_back(
          {SignedGraph::from_edges(static_cast<Index>(groups[c].size()), std::move(edges[c]),
                                   Direction::undirected, graph.kind()),
           groups[c]});
  return parts;
}

/// What a Cholesky factorisation costs.
struct FactorSize {
  double entries = 0, products = 0;
};

/// Of the graph's own pattern in this order of elimination: row i of the factor is the part of the
/// elimination tree that joins i's neighbours to i (Davis 2006, Direct methods for sparse linear
/// systems, section 4). Gives up beyond `most` entries. Cost: entries.
inline FactorSize factor_size(const SignedGraph& graph, std::span<const Id> order, double most) {
  const Index n = graph.node_count();
  std::vector<Id> place(n), parent(n, -1), seen(n, -1);
  for (Index i = 0; i < n; ++i) place[order[i]] = static_cast<Id>(i);
  std::vector<double> column(n, 1);
  FactorSize size{static_cast<double>(n), 0};
  for (Id i = 0; i < n && size.entries <= most; ++i) {
    seen[i] = i;
    for (const Id neighbor : graph.neighbors(order[i]))
      for (Id j = place[neighbor]; j < i && seen[j] != i; j = parent[j]) {
        if (parent[j] < 0) parent[j] = i;
        seen[j] = i;
        column[j] += 1;
        size.entries += 1;
      }
  }
  for (const double c : column) size.products += c * (c + 1) / 2;
  return size;
}

/// The relaxation of a component's frustration index, with part of every edge left to cycles.
///
/// Sides x ∈ {±1}ⁿ leave frustrated ¼ x'Lx, L = D − A the signed Laplacian of capacities c_e ≥ 0
/// (Kunegis et al. 2010, Spectral analysis of signed graphs for clustering, prediction and
/// visualization). For any y with L − diag(y) positive semidefinite, ¼ x'Lx ≥ ¼ Σ y_i. A constant
/// y = λ_min is the bound n λ_min / 4; a y of its own for each node is the dual of the semidefinite
/// relaxation of maximum cut (Delorme, Poljak 1993, Laplacian eigenvalues and the maximum cut
/// problem; Goemans, Williamson 1995, Improved approximation algorithms for maximum cut) and never
/// less. Cycles that take t_e of edge e keep their amounts frustrated on those parts, so with
/// capacities c_e = |w_e| − t_e both bounds add: at full amounts more than the packing, at none
/// the relaxation alone.
class Relaxation {
 public:
  Relaxation(const SignedGraph& graph, const PackedCycles& cycles, double amount, bool weighted)
      : graph_(graph), packed_(amount * cycles.total), degree_(graph.node_count(), 0) {
    capacity_.reserve(graph.columns().size());
    for (std::size_t i = 0; i < graph.columns().size(); ++i) {
      const float w = graph.weights()[i];
      const double whole = weighted ? std::abs(static_cast<double>(w)) : 1;
      const double left = std::max(0.0, whole - amount * cycles.used[i]);
      capacity_.push_back(w < 0 ? -left : left);
      total_ += whole / 2;
    }
    for (Id u = 0; u < graph.node_count(); ++u)
      for (Index i = graph.offsets()[u]; i < graph.offsets()[u + 1]; ++i)
        degree_[u] += std::abs(capacity_[i]);
  }

  /// Looks for y: unit vectors v_i, each in turn turned to g_i = Σ_j c_ij sign_ij v_j, which
  /// minimises ¼ Σ_ij L_ij v_i·v_j, with y_i = D_ii − ‖g_i‖ where they come to rest (Wang, Chang,
  /// Kolter 2017, The mixing method). The value is an estimate: nothing is proved yet.
  double look(const BoundOptions& options, std::uint64_t seed) {
    const Index n = graph_.node_count(), r = options.rank;
    std::vector<double> v(n * r), g(r);
    Random random(seed);
    for (double& x : v) x = random.normal();
    for (Id u = 0; u < n; ++u) scale(std::span(v).subspan(u * r, r));
    pull_.assign(n, 0);
    double before = 0, value = 0;
    for (Index sweep = 1; sweep <= options.sweeps; ++sweep) {
      double sum = 0;
      for (Id u = 0; u < n; ++u) {
        std::ranges::fill(g, 0);
        for (Index i = graph_.offsets()[u]; i < graph_.offsets()[u + 1]; ++i) {
          const double c = capacity_[i];
          const double* other = v.data() + graph_.columns()[i] * r;
          for (Index k = 0; k < r; ++k) g[k] += c * other[k];
        }
        pull_[u] = scale(g);
        if (pull_[u] > 0) std::ranges::copy(g, v.begin() + u * r);
        sum += degree_[u] - pull_[u];
      }
      value = packed_ + sum / 4;
      if (sweep % 10 != 0) continue;
      if (sweep > 10 && before - value <= options.tolerance * value) break;
      before = value;
    }
    return value;
  }

  /// A bound that holds: M = diag(‖g_i‖ + δ) − A is factorised, with δ so large that no pivot is
  /// negative; then y_i = D_ii − M_ii, and the bound is the packed amounts + ¼ Σ (y_i − c).
  ///
  /// Rounding. A Cholesky factorisation in floating point that runs to its end proves that M + cI
  /// is positive semidefinite for c = γ/(1 − γ) · tr M, γ = (n + 2)u / (1 − (n + 2)u), u = 2⁻⁵³,
  /// in whatever order the sums are made (Rump 2006, Verification of positive definiteness, theorem
  /// 2.3; numbers here are far from underflow). Capacities, degrees and the sum are each off by at
  /// most (m + n)u of the total capacity, which is taken off as well. Nothing where even a large δ
  /// fails.
  template <class = void>
  std::optional<double> certify() const {
    const double mean = 2 * total_ / static_cast<double>(graph_.node_count());
    double delta = 1e-5 * mean + 1.5 * std::max(0.0, -lowest());
    for (int attempt = 0; attempt < 4; ++attempt, delta *= 8)
      if (const auto bound = certified_at(delta)) return bound;
    return std::nullopt;
  }

  /// M with its lower half stored.
  template <class = void>
  Eigen::SparseMatrix<double> lower_half(double delta) const {
    const Index n = graph_.node_count();
    Eigen::SparseMatrix<double> M(n, n);
    std::vector<int> sizes(n);
    for (Id u = 0; u < n; ++u) sizes[u] = static_cast<int>(graph_.degree(u)) + 1;
    M.reserve(sizes);
    for (Id u = 0; u < n; ++u) {
      M.insert(u, u) = pull_[u] + delta;
      for (Index i = graph_.offsets()[u]; i < graph_.offsets()[u + 1]; ++i)
        if (graph_.columns()[i] > u) M.insert(graph_.columns()[i], u) = -capacity_[i];
    }
    M.makeCompressed();
    return M;
  }

  /// M, dense.
  template <class = void>
  Eigen::MatrixXd matrix(double delta) const {
    return Eigen::MatrixXd(lower_half(delta)).template selfadjointView<Eigen::Lower>();
  }

  /// The bound at one δ.
  template <class = void>
  std::optional<double> certified_at(double delta) const {
    using Sparse = Eigen::SparseMatrix<double>;
    const Index n = graph_.node_count();
    double trace = 0, sum = 0;
    for (Id u = 0; u < n; ++u) {
      trace += pull_[u] + delta;
      sum += degree_[u] - (pull_[u] + delta);
    }
    const Eigen::SimplicialLLT<Sparse> factor(lower_half(delta));
    if (factor.info() != Eigen::Success) return std::nullopt;
    const Sparse& L = factor.matrixL().nestedExpression();
    for (Index j = 0; j < n; ++j)
      if (!(L.valuePtr()[L.outerIndexPtr()[j]] > 0)) return std::nullopt;  // not a number
    constexpr double u = std::numeric_limits<double>::epsilon() / 2;
    const auto nodes = static_cast<double>(n);
    const double gamma = (nodes + 2) * u / (1 - (nodes + 2) * u);
    const double unseen = nodes * gamma / (1 - gamma) * trace;
    const double rounding =
        8 * (nodes + static_cast<double>(graph_.edge_count())) * u * (total_ + trace);
    return packed_ + (sum - unseen) / 4 - rounding;
  }

 private:
  static double scale(std::span<double> values) {
    double square = 0;
    for (const double x : values) square += x * x;
    const double norm = std::sqrt(square);
    if (norm > 0)
      for (double& x : values) x /= norm;
    return norm;
  }

  /// About the lowest eigenvalue of diag(‖g‖) − A, from above.
  template <class = void>
  double lowest() const {
    Random random(1);
    Eigen::VectorXd start(graph_.node_count());
    for (double& x : start) x = random.normal();
    const auto product = [this](const Eigen::VectorXd& x) {
      Eigen::VectorXd image(x.size());
      for (Id u = 0; u < graph_.node_count(); ++u) {
        double sum = pull_[u] * x[u];
        for (Index i = graph_.offsets()[u]; i < graph_.offsets()[u + 1]; ++i)
          sum -= capacity_[i] * x[graph_.columns()[i]];
        image[u] = sum;
      }
      return image;
    };
    return gauss_quadrature(lanczos(product, start, 60)).nodes[0];
  }

  const SignedGraph& graph_;
  double packed_, total_ = 0;
  std::vector<double> capacity_;  // left by the cycles, with the edge's sign
  std::vector<double> degree_;    // D_ii
  std::vector<double> pull_;      // ‖g_i‖
};

/// The order in which Eigen will eliminate the nodes.
template <class = void>
std::vector<Id> elimination_order(const SignedGraph& graph) {
  const Index n = graph.node_count();
  Eigen::SparseMatrix<double> pattern(n, n);
  std::vector<int> sizes(n);
  for (Id u = 0; u < n; ++u) sizes[u] = static_cast<int>(graph.degree(u)) + 1;
  pattern.reserve(sizes);
  for (Id u = 0; u < n; ++u) {
    pattern.insert(u, u) = 1;
    for (const Id v : graph.neighbors(u))
      if (v > u) pattern.insert(v, u) = 1;
  }
  Eigen::PermutationMatrix<Eigen::Dynamic, Eigen::Dynamic, int> order;
  Eigen::AMDOrdering<int>()(pattern.selfadjointView<Eigen::Lower>(), order);
  return {order.indices().data(), order.indices().data() + n};
}

template <class = void>
bool can_factorise(const SignedGraph& graph, const BoundOptions& limits) {
  const FactorSize size = factor_size(graph, elimination_order(graph), limits.largest_factor);
  return size.entries <= limits.largest_factor && size.products <= limits.largest_work;
}

/// How much of the packed cycles goes with the best relaxation: the value is concave in it.
constexpr std::array<double, 5> amounts{0, 0.25, 0.5, 0.75, 1};

template <class = void>
std::optional<double> certified_bound(const SignedGraph& graph, const PackedCycles& cycles,
                                      bool weighted, std::uint64_t seed,
                                      const BoundOptions& options) {
  std::vector<Relaxation> tried;
  std::array<double, amounts.size()> value{};
  for (const double amount : amounts) tried.emplace_back(graph, cycles, amount, weighted);
  parallel_for(static_cast<Index>(tried.size()),
               [&](Index i) { value[i] = tried[i].look(options, seed); });
  const auto best = std::ranges::max_element(value) - value.begin();
  const auto bound = tried[best].certify();
  if (!bound) return std::nullopt;
  // A number of edges is whole.
  return std::max(0.0, weighted ? *bound : std::ceil(*bound));
}

}  // namespace detail

/// The frustration index of every component that is not balanced, between bounds, and of the graph,
/// their sum (so that a balanced component costs nothing). From above: the best sides found. From
/// below, the larger of two, each valid whatever the search found: a packing of edge-disjoint
/// negative cycles, and a bound that a Cholesky factorisation proves (see Relaxation). Where the
/// factor would be too large, or the packing already meets the sides, the packing stands alone, and
/// a note says so in the first case. The same for any number of threads.
///
/// Throws Error{value} for a directed graph. Cost: that of frustration, then per component 5 ·
/// sweeps · m · rank and a factorisation or two: of 2,048 nodes and 20,000 edges about 1 s, of
/// twice as many nodes eight times that, which is the default limit.
template <class = void>
FrustrationBounds frustration_bounds(const SignedGraph& graph,
                                     const FrustrationOptions& options = {},
                                     const BoundOptions& limits = {}) {
  const Switching best = best_switching(graph, options);
  FrustrationBounds result;
  result.total.upper = best.frustrated;
  Index left = 0, left_nodes = 0;
  for (const detail::Part& part : detail::unbalanced_parts(graph, best.side)) {
    std::vector<signed char> side;
    for (const Id node : part.nodes) side.push_back(best.side[node]);
    const PackedCycles cycles = packed_negative_cycles(part.graph, side, options.weighted);
    ComponentFrustration found;
    found.first = part.nodes.front();
    found.nodes = part.graph.node_count();
    found.edges = part.graph.edge_count();
    found.upper = frustration_of(part.graph, side, options.weighted);
    found.packing = std::min(found.upper, cycles.total);
    if (found.packing < found.upper) {
      if (detail::can_factorise(part.graph, limits))
        found.certified =
            detail::certified_bound(part.graph, cycles, options.weighted, options.seed, limits);
      else
        ++left, left_nodes = std::max(left_nodes, found.nodes);
    }
    found.lower = std::max(found.packing, std::min(found.upper, found.certified.value_or(0)));
    result.total.lower += found.lower;
    (found.lower > found.packing ? result.by_factorisation : result.by_packing) += found.lower;
    result.components.push_back(found);
  }
  result.total.lower = std::min(result.total.lower, result.total.upper);
  if (left > 0)
    result.notes.push_back(
        "the lower bound of frustration is that of packed cycles alone in " + std::to_string(left) +
        (left == 1 ? " component, of " : " components, the largest of ") +
        std::to_string(left_nodes) + " nodes: a factorisation that proves more would be too large");
  if (graph.edge_count() > 0) {
    const double total = total_capacity(graph, options.weighted);
    result.total.share_lower = result.total.lower / total;
    result.total.share_upper = result.total.upper / total;
  }
  result.total.side = best.side;
  return result;
}

}  // namespace yoneda
