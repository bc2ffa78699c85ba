// The Hodge decomposition of a cochain: what a potential explains, what triangles explain, the
// rest.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/category/cochain.hpp"
#include "yoneda/category/curl_rank.hpp"
#include "yoneda/category/triangles.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/components.hpp"
#include "yoneda/linear/lsqr.hpp"
#include "yoneda/null/verdict.hpp"

namespace yoneda {

/// Parts of ‖y‖² that sum to 1.
struct HodgeShares {
  double gradient = 0, curl = 0, harmonic = 0;
};

struct HodgeOptions {
  LsqrOptions lsqr;
  Index samples = 200;  ///< of the null
  std::uint64_t seed = 1;
};

/// y = Ds + C'φ + h: three parts at right angles.
struct HodgeDecomposition {
  /// [nodes], NaN where a node has no edge. Of ratios: s, of mean 0 in every component. Of layers:
  /// how much larger than others a node's weights are, in log, s of a node that is led to and −s of
  /// one that leads, of mean 0 in each layer of every component.
  std::vector<double> potential;
  std::vector<double> gradient, curl, harmonic;  ///< [m], as the cochain's edges
  HodgeShares share;
  /// What a cochain without structure has on average: the dimensions of the parts over their sum.
  /// Curl and harmonic are NaN where the rank of C was too costly to count.
  HodgeShares chance;
  /// Nodes by potential, highest first, ties by the smaller id: of ratios one list, of layers one
  /// for those that lead and one for those that are led to. Of the component of most nodes alone,
  /// for potentials of different ones cannot be compared.
  std::vector<std::vector<Id>> rankings;
  Partition components;  ///< of the nodes joined; a node without an edge is one of its own
  Index nodes = 0;       ///< that have an edge
  Index parts = 0;       ///< components with an edge
  Index triangles = 0;
  std::optional<Index> curl_rank;
  double overlap = 0;  ///< the largest |inner product| of two parts, over ‖y‖²: rounding
};

namespace detail {

/// The maps of a cochain's complex, from nodes to edges (D: s_to − s_from) and from triangles to
/// edges (C'). Edges and triangles are walked in order, so the sums have one order.
class HodgeComplex {
 public:
  explicit HodgeComplex(const Cochain& y) : edges_(y.edges), scale_(y.nodes, 0.0) {
    for (const Cochain::Edge& e : edges_) ++scale_[e.from], ++scale_[e.to];
    for (double& of_node : scale_) of_node = of_node > 0 ? 1 / std::sqrt(of_node) : 0;
    joined_ = joined(y);
    components_ = connected_components(joined_);
    if (y.kind == CochainKind::ratios) find_triangles();  // layers have none
  }

  Index edge_count() const { return static_cast<Index>(edges_.size()); }
  const Partition& components() const { return components_; }
  const std::vector<TriangleEdges>& triangles() const { return triangles_; }
  const SignedGraph& graph() const { return joined_; }

  /// D with every column divided by the root of its node's degree: far better conditioned where
  /// there are hubs. The gradient is the same.
  Eigen::VectorXd differences(const Eigen::VectorXd& s) const {
    Eigen::VectorXd y(edge_count());
    for (Index e = 0; e < edge_count(); ++e) {
      const auto& [u, v, value] = edges_[e];
      y[e] = scale_[v] * s[v] - scale_[u] * s[u];
    }
    return y;
  }
  Eigen::VectorXd divergence(const Eigen::VectorXd& y) const {
    Eigen::VectorXd s = Eigen::VectorXd::Zero(static_cast<Index>(scale_.size()));
    for (Index e = 0; e < edge_count(); ++e) {
      s[edges_[e].to] += y[e];
      s[edges_[e].from] -= y[e];
    }
    for (std::size_t u = 0; u < scale_.size(); ++u) s[static_cast<Index>(u)] *= scale_[u];
    return s;
  }
  Eigen::VectorXd circulation(const Eigen::VectorXd& phi) const {
    Eigen::VectorXd y = Eigen::VectorXd::Zero(edge_count());
    for (std::size_t t = 0; t < triangles_.size(); ++t) {
      const double x = phi[static_cast<Index>(t)];
      y[triangles_[t].ab] += x;
      y[triangles_[t].bc] += x;
      y[triangles_[t].ac] -= x;
    }
    return y;
  }
  Eigen::VectorXd rotation(const Eigen::VectorXd& y) const {
    Eigen::VectorXd phi(static_cast<Index>(triangles_.size()));
    for (std::size_t t = 0; t < triangles_.size(); ++t)
      phi[static_cast<Index>(t)] = y[triangles_[t].ab] + y[triangles_[t].bc] - y[triangles_[t].ac];
    return phi;
  }

  /// The scaled potential whose gradient is nearest to y.
  Eigen::VectorXd potential(const Eigen::VectorXd& y, const LsqrOptions& options) const {
    return lsqr([this](const Eigen::VectorXd& s) { return differences(s); },
                [this](const Eigen::VectorXd& x) { return divergence(x); }, y, options)
        .x;
  }
  /// The combination of triangles nearest to y.
  Eigen::VectorXd curl(const Eigen::VectorXd& y, const LsqrOptions& options) const {
    if (triangles_.empty()) return Eigen::VectorXd::Zero(edge_count());
    return circulation(lsqr([this](const Eigen::VectorXd& phi) { return circulation(phi); },
                            [this](const Eigen::VectorXd& x) { return rotation(x); }, y, options)
                           .x);
  }
  double scale(Id node) const { return scale_[node]; }

 private:
  static SignedGraph joined(const Cochain& y) {
    std::vector<Edge> edges;
    edges.reserve(y.edges.size());
    for (const Cochain::Edge& e : y.edges) edges.push_back({e.from, e.to, 1});
    return SignedGraph::from_edges(y.nodes, std::move(edges), Direction::undirected,
                                   GraphKind::user);
  }

  void find_triangles() {
    const auto place = [this](Id u, Id v) {
      const auto found = std::ranges::lower_bound(
          edges_, std::pair(u, v), {}, [](const auto& e) { return std::pair(e.from, e.to); });
      return static_cast<Id>(found - edges_.begin());
    };
    for_each_triangle(joined_, [&](const Triangle& t) {
      triangles_.push_back({place(t.a, t.b), place(t.b, t.c), place(t.a, t.c)});
    });
  }

  const std::vector<Cochain::Edge>& edges_;
  std::vector<double> scale_;  // [n]
  SignedGraph joined_;
  Partition components_;
  std::vector<TriangleEdges> triangles_;
};

inline Eigen::VectorXd values_of(const Cochain& y) {
  Eigen::VectorXd values(y.size());
  for (Index e = 0; e < y.size(); ++e) values[e] = y.edges[e].value;
  return values;
}

inline std::vector<double> listed(const Eigen::VectorXd& values) {
  return {values.data(), values.data() + values.size()};
}

/// Of layers, which nodes lead: 1, and 0 for all others. Of ratios all 0.
inline std::vector<char> leading(const Cochain& y) {
  std::vector<char> leads(y.nodes, 0);
  if (y.kind == CochainKind::layers)
    for (const Cochain::Edge& e : y.edges) leads[e.from] = 1;
  return leads;
}

/// The potential as HodgeDecomposition has it.
inline std::vector<double> centred_potential(const HodgeComplex& complex, const Cochain& y,
                                             const Eigen::VectorXd& scaled) {
  const Partition& components = complex.components();
  const std::vector<char> leads = leading(y);
  std::vector<double> s(y.nodes), sum(2 * components.count, 0.0), size(2 * components.count, 0.0);
  const auto group = [&](Id u) { return 2 * components.label[u] + leads[u]; };
  for (Id u = 0; u < y.nodes; ++u) {
    s[u] = complex.scale(u) > 0 ? complex.scale(u) * scaled[u]
                                : std::numeric_limits<double>::quiet_NaN();
    if (leads[u]) s[u] = -s[u];
    sum[group(u)] += s[u];
    ++size[group(u)];
  }
  for (Id u = 0; u < y.nodes; ++u) s[u] -= sum[group(u)] / size[group(u)];
  return s;
}

inline std::vector<std::vector<Id>> rankings(const HodgeDecomposition& found, const Cochain& y) {
  const std::vector<char> leads = leading(y);
  std::vector<std::vector<Id>> lists(y.kind == CochainKind::layers ? 2 : 1);
  for (Id u = 0; u < y.nodes; ++u)
    if (found.components.label[u] == 0)  // the largest
      lists[y.kind == CochainKind::layers && !leads[u] ? 1 : 0].push_back(u);
  for (std::vector<Id>& list : lists)
    std::ranges::stable_sort(list, std::greater<>(), [&](Id u) { return found.potential[u]; });
  return lists;
}

/// Which edges are of a spanning forest.
inline std::vector<char> forest_edges(const Cochain& y) {
  DisjointSets sets(y.nodes);
  std::vector<char> in_forest;
  in_forest.reserve(y.edges.size());
  for (const Cochain::Edge& e : y.edges) {
    in_forest.push_back(sets.find(e.from) != sets.find(e.to));
    sets.join(e.from, e.to);
  }
  return in_forest;
}

/// Dimensions over their sum. The mean of layers was taken off, a gradient: one dimension less.
inline HodgeShares chance_shares(const HodgeDecomposition& found, const Cochain& y) {
  const double constant = y.kind == CochainKind::layers ? 1 : 0;
  const double all = static_cast<double>(y.size()) - constant;
  constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  HodgeShares chance{(static_cast<double>(found.nodes - found.parts) - constant) / all, unknown,
                     unknown};
  if (!found.curl_rank) return chance;
  chance.curl = static_cast<double>(*found.curl_rank) / all;
  chance.harmonic = std::max(0.0, 1 - chance.gradient - chance.curl);
  return chance;
}

template <class = void>
HodgeDecomposition decomposed(const HodgeComplex& complex, const Cochain& cochain,
                              const LsqrOptions& options) {
  HodgeDecomposition result;
  const Eigen::VectorXd y = values_of(cochain);
  const Eigen::VectorXd s = complex.potential(y, options);
  const Eigen::VectorXd gradient = complex.differences(s);
  const Eigen::VectorXd curl = complex.curl(y - gradient, options);
  const Eigen::VectorXd harmonic = y - gradient - curl;
  const double whole = y.squaredNorm();
  result.overlap = std::max({std::abs(gradient.dot(curl)), std::abs(gradient.dot(harmonic)),
                             std::abs(curl.dot(harmonic))}) /
                   whole;
  if (!(result.overlap < 1e-6))
    throw Error(ErrorKind::numeric,
                "the parts of the Hodge decomposition are not at right angles (" +
                    std::to_string(result.overlap) + " of y): ask for a smaller tolerance");
  result.share = {gradient.squaredNorm() / whole, curl.squaredNorm() / whole,
                  harmonic.squaredNorm() / whole};
  result.potential = centred_potential(complex, cochain, s);
  result.gradient = listed(gradient);
  result.curl = listed(curl);
  result.harmonic = listed(harmonic);
  return result;
}

}  // namespace detail

/// y = Ds + C'φ + h, with D the differences of a potential over edges, C the sums round the
/// triangles that are filled (every three nodes joined in y), and h what neither explains, a flow
/// round holes. Ds says how far a ranking of the nodes makes the numbers (a gradient commutes round
/// every cycle), C'φ where a triangle contradicts it, h where only longer cycles do: no triangle
/// fills those, so whether they should commute stays undecided.
///
/// A gradient share of (n − c)/m comes by chance, n the nodes and c the components joined, m the
/// edges, and a curl share of rank(C)/m; of layers the constant does not count, and it is
/// (n − c − 1)/(m − 1).
///
/// Throws Error{numeric} as lsqr, or where the parts are not at right angles. Cost: that of lsqr
/// with m and with the triangles' number, and curl_rank; memory: edges and triangles. Source:
/// Jiang, Lim, Yao, Ye 2011, Statistical ranking and combinatorial Hodge theory.
template <class = void>
HodgeDecomposition hodge_decomposition(const Cochain& y, const LsqrOptions& options = {}) {
  const detail::HodgeComplex complex(y);
  HodgeDecomposition result = detail::decomposed(complex, y, options);
  result.components = complex.components();
  result.nodes = std::ranges::count_if(result.potential, [](double s) { return !std::isnan(s); });
  result.parts = result.components.count - (y.nodes - result.nodes);
  result.triangles = static_cast<Index>(complex.triangles().size());
  result.curl_rank = result.triangles == 0
                         ? std::optional<Index>(0)
                         : curl_rank(complex.triangles(), detail::forest_edges(y));
  result.chance = detail::chance_shares(result, y);
  result.rankings = detail::rankings(result, y);
  return result;
}

namespace detail {

/// The cochain drawn again. Ratios: each gets a sign by chance, as if either end could be the
/// higher. Layers: the numbers permuted over the edges of the pair of layers.
inline Eigen::VectorXd drawn_cochain(const Cochain& y, Random& random) {
  Eigen::VectorXd values = values_of(y);
  if (y.kind == CochainKind::layers) {
    shuffle(std::span<double>(values.data(), static_cast<std::size_t>(values.size())), random);
  } else {
    for (double& value : values)
      if (random.below(2) == 1) value = -value;
  }
  return values;
}

}  // namespace detail

/// The gradient share against the null and, where there are triangles, the curl share, which is
/// better small. Ratios: signs drawn by chance. Layers: numbers permuted over the edges. That some
/// features are longer vectors than others is enough to beat that one, and so are edges that were
/// chosen by either end: two SAEs of random directions do. Its "commutes" says that sizes split
/// into two factors, not that a model made them so.
///
/// The same for any number of threads. Throws Error{value} for samples < 1, Error{cancelled} where
/// progress asks to stop, and as hodge_decomposition. Cost: samples · lsqr.
template <class = void>
std::vector<NullTest> hodge_tests(const Cochain& y, const HodgeDecomposition& found,
                                  const HodgeOptions& options = {}, const Progress& progress = {}) {
  require_samples(options.samples);
  const detail::HodgeComplex complex(y);
  std::vector<double> gradients(options.samples), curls(options.samples);
  parallel_for(
      options.samples,
      [&](Index i) {
        Random random(options.seed, static_cast<std::uint64_t>(i));
        const Eigen::VectorXd drawn = detail::drawn_cochain(y, random);
        const double whole = drawn.squaredNorm();
        const Eigen::VectorXd gradient =
            complex.differences(complex.potential(drawn, options.lsqr));
        gradients[i] = gradient.squaredNorm() / whole;
        curls[i] = complex.curl(drawn - gradient, options.lsqr).squaredNorm() / whole;
      },
      progress, "null draws");
  std::vector<NullTest> tests;
  tests.push_back(
      judged({"gradient share", 0, 1, "cochain"}, found.share.gradient, std::move(gradients)));
  if (found.triangles > 0)
    tests.push_back(judged({"curl share", 1, 0, "cochain"}, found.share.curl, std::move(curls)));
  for (NullTest& test : tests) {
    const bool ratios = y.kind == CochainKind::ratios;
    test.null_kind = ratios ? "sign-flips" : "permuted-weights";
    test.keeps = ratios ? "Keeps which nodes are joined and how unequal the two weights of each "
                          "pair are; loses which of the two is larger."
                        : "Keeps the edges and all weights; loses which edge has which weight, and "
                          "so that all weights of a feature with a long vector are large.";
    test.seed = options.seed;
  }
  return tests;
}

}  // namespace yoneda
