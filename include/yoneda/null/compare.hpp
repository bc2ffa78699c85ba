// A graph's statistics beside those of graphs drawn from a null.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/null/null.hpp"
#include "yoneda/null/verdict.hpp"

namespace yoneda {

/// A quantity of a graph: Statistic{"triangle balance", 0, 1, of}. `of` returns nothing where the
/// graph has nothing to compute it from. It may be called from several threads at once and must
/// return the same for the same graph.
struct Statistic {
  Quantity quantity;
  std::function<std::optional<double>(const SignedGraph&)> of;
};

/// Tests every statistic on the same `samples` null graphs, in the order given. `graph` must have
/// been made by the very construction that the null repeats, on the same subsample: then p is of
/// "this graph is a draw from that null". Draw i has a seed of its own, derived from `seed`;
/// results are the same for any number of threads. Graphs are drawn one after the other, a few at a
/// time, and their statistics computed in parallel.
///
/// Throws Error{value} for samples < 1 or a null that is not honest for this kind of graph (see
/// require_honest), Error{cancelled} where progress asks to stop, and what the null or a statistic
/// throws. Cost: samples · (a draw + its statistics).
///
/// also(i, drawn) is called for every draw besides, so that what is more than a number of a graph
/// can be had of the same draws; it may run on several threads at once and write only what belongs
/// to i.
inline std::vector<NullTest> compare_with(
    const Null& null, std::span<const Statistic> statistics, const SignedGraph& graph,
    Index samples, std::uint64_t seed, const Progress& progress = {}, const VerdictRule& rule = {},
    const std::function<void(Index i, const SignedGraph& drawn)>& also = {}) {
  require_samples(samples);
  require_honest(null.kind, graph.kind());
  constexpr Index at_once = 16;
  const auto count = static_cast<Index>(statistics.size());
  std::vector<std::vector<double>> draws(count, std::vector<double>(samples));
  for (Index first = 0; first < samples; first += at_once) {
    std::vector<SignedGraph> drawn;
    for (Index i = first; i < std::min(first + at_once, samples); ++i) {
      progress.check("null draws", static_cast<double>(i) / static_cast<double>(samples));
      drawn.push_back(null.draw(Random(seed, static_cast<std::uint64_t>(i)).bits()));
    }
    const Index tasks = count + (also ? 1 : 0);
    parallel_for(static_cast<Index>(drawn.size()) * tasks, [&](Index task) {
      const Index i = task / tasks, s = task % tasks;
      if (s == count) return also(first + i, drawn[i]);
      draws[s][first + i] =
          statistics[s].of(drawn[i]).value_or(std::numeric_limits<double>::quiet_NaN());
    });
  }
  progress.check("null draws", 1);

  std::vector<NullTest> tests;
  for (Index s = 0; s < count; ++s) {
    const Statistic& statistic = statistics[s];
    NullTest test = judged(statistic.quantity, statistic.of(graph), std::move(draws[s]), rule);
    test.null_kind = null.kind;
    test.keeps = null.keeps;
    test.seed = seed;
    tests.push_back(std::move(test));
  }
  return tests;
}

/// The same for one statistic.
inline NullTest compare_with(const Null& null, const Statistic& statistic, const SignedGraph& graph,
                             Index samples, std::uint64_t seed, const Progress& progress = {},
                             const VerdictRule& rule = {}) {
  return compare_with(null, std::span(&statistic, 1), graph, samples, seed, progress, rule).front();
}

}  // namespace yoneda
