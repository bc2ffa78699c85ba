// Where a path of two arrows is cheaper than the arrow that composes it.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "yoneda/category/base.hpp"
#include "yoneda/category/probabilities.hpp"
#include "yoneda/category/selection.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// d(a, c) > d(a, b) + d(b, c).
struct EnrichmentDefect {
  Id a, b, c;
  double direct;   ///< d(a, c)
  double through;  ///< d(a, b) + d(b, c)

  double size() const { return direct - through; }
};

struct EnrichmentDefects {
  Index paths = 0;   ///< a → b → c, three nodes; in an undirected graph both ways are one
  Index direct = 0;  ///< of those, with an arrow a → c
  Index broken = 0;  ///< of those, with a defect
  double sum = 0;    ///< of the defects
  std::vector<EnrichmentDefect> worst;

  /// Of the paths with a direct arrow, the share that it composes; nothing where there are none.
  std::optional<double> enriched_share() const {
    if (direct == 0) return std::nullopt;
    return static_cast<double>(direct - broken) / static_cast<double>(direct);
  }
};

namespace detail {

struct DefectBlock {
  EnrichmentDefects found;
  std::vector<Ranked<std::tuple<Id, Id, Id>>> kept;
};

}  // namespace detail

/// With the weights as probabilities (see probabilities) and d = −log p, a category enriched over
/// [0, ∞] obeys d(a, c) <= d(a, b) + d(b, c), p(a, c) >= p(a, b) · p(b, c). Its defects are
/// max(0, d(a, c) − d(a, b) − d(b, c)) over all paths of two arrows that have a direct arrow beside
/// them. What a path without one would say is not in a sparse graph: there d(a, c) is not infinite,
/// only below what was kept. So shares are of paths that were selected by what is asked, and mean
/// something only beside a null whose graphs are selected alike. A defect counts from 1e-6, a
/// float's rounding. `worst` keeps the largest, ties by ids.
///
/// Throws Error{value} as probabilities. The same for any number of threads. Cost: the paths of two
/// arrows, Σ in-degree · out-degree. Source: Bradley, Terilla, Vlassopoulos 2021, An enriched
/// category theory of language: from syntax to semantics.
inline EnrichmentDefects enrichment_defects(const SignedGraph& graph, Index keep = 50) {
  const SignedGraph p = probabilities(graph);
  const Lawvere base;
  std::vector<double> cost;
  for (const float weight : p.weights()) cost.push_back(base.arrow(weight));
  const auto costs_from = [&](Id u) {
    return std::span(cost).subspan(p.offsets()[u], p.offsets()[u + 1] - p.offsets()[u]);
  };
  constexpr Index block_size = 512;
  constexpr double rounding = 1e-6, none = -1;
  const Index n = p.node_count();
  std::vector<detail::DefectBlock> blocks((n + block_size - 1) / block_size);
  parallel_for(static_cast<Index>(blocks.size()), [&](Index at) {
    EnrichmentDefects& found = blocks[at].found;
    detail::Selector<std::tuple<Id, Id, Id>> worst(Selection::strongest(keep));
    std::vector<double> direct(n, none);
    for (Index i = at * block_size; i < std::min(n, (at + 1) * block_size); ++i) {
      const Id a = static_cast<Id>(i);
      const auto middles = p.neighbors(a);
      for (std::size_t j = 0; j < middles.size(); ++j) direct[middles[j]] = costs_from(a)[j];
      for (std::size_t j = 0; j < middles.size(); ++j) {
        const Id b = middles[j];
        const auto ends = p.neighbors(b);
        for (std::size_t k = 0; k < ends.size(); ++k) {
          const Id c = ends[k];
          if (c == a || (!p.directed() && c < a)) continue;
          ++found.paths;
          if (direct[c] == none) continue;
          ++found.direct;
          const double defect = direct[c] - costs_from(a)[j] - costs_from(b)[k];
          if (defect <= rounding) continue;
          ++found.broken;
          found.sum += defect;
          worst.consider({defect, {a, b, c}});
        }
      }
      for (const Id b : middles) direct[b] = none;
    }
    blocks[at].kept = std::move(worst).take();
  });

  EnrichmentDefects result;
  detail::Selector<std::tuple<Id, Id, Id>> worst(Selection::strongest(keep));
  for (detail::DefectBlock& block : blocks) {
    result.paths += block.found.paths;
    result.direct += block.found.direct;
    result.broken += block.found.broken;
    result.sum += block.found.sum;
    for (auto& defect : block.kept) worst.consider(std::move(defect));
  }
  for (const auto& [size, path] : std::move(worst).take()) {
    const auto [a, b, c] = path;
    const double direct = base.arrow(p.weight(a, c));
    result.worst.push_back({a, b, c, direct, direct - size});
  }
  return result;
}

}  // namespace yoneda
