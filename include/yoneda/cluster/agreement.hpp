// How far two partitions of the same nodes agree.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/partition.hpp"

namespace yoneda {

namespace detail {

/// Sizes of the groups of a, of b, and of every non-empty intersection with the two it lies in.
/// A node labelled -1 is a group of its own.
struct Contingency {
  struct Cell {
    Index row, column, size;
  };
  Index total = 0;
  std::vector<Index> rows, columns;
  std::vector<Cell> cells;
};

inline Contingency contingency(const Partition& a, const Partition& b) {
  if (a.label.size() != b.label.size())
    throw Error(ErrorKind::shape, "partitions of " + std::to_string(a.label.size()) + " and " +
                                      std::to_string(b.label.size()) + " nodes");
  Contingency table;
  table.total = static_cast<Index>(a.label.size());
  table.rows.assign(a.count, 0);
  table.columns.assign(b.count, 0);
  const auto group = [](Id label, std::vector<Index>& sizes) {
    if (label >= static_cast<Index>(sizes.size()))
      throw Error(ErrorKind::value, "label " + std::to_string(label) + " in a partition of " +
                                        std::to_string(sizes.size()) + " groups");
    return static_cast<Index>(label);
  };
  std::vector<std::pair<Index, Index>> pairs;
  pairs.reserve(a.label.size());
  Index lone_a = a.count, lone_b = b.count;
  for (std::size_t i = 0; i < a.label.size(); ++i)
    pairs.emplace_back(a.label[i] < 0 ? lone_a++ : group(a.label[i], table.rows),
                       b.label[i] < 0 ? lone_b++ : group(b.label[i], table.columns));
  table.rows.resize(lone_a, 0);
  table.columns.resize(lone_b, 0);
  std::ranges::sort(pairs);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    ++table.rows[pairs[i].first];
    ++table.columns[pairs[i].second];
    if (i == 0 || pairs[i] != pairs[i - 1])
      table.cells.push_back({pairs[i].first, pairs[i].second, 0});
    ++table.cells.back().size;
  }
  return table;
}

/// Σ n log n over the sizes.
inline double n_log_n(const std::vector<Index>& sizes) {
  double sum = 0;
  for (const Index size : sizes)
    if (size > 0) sum += static_cast<double>(size) * std::log(static_cast<double>(size));
  return sum;
}

}  // namespace detail

/// The adjusted Rand index: 1 for equal partitions, 0 on average for independent ones of the same
/// group sizes, and
///
///   (S − E) / (½(P + Q) − E),  S = Σ_ij C(n_ij, 2),  P = Σ_i C(a_i, 2),  Q = Σ_j C(b_j, 2),
///
/// E = PQ / C(n, 2). 1 where the denominator vanishes: both one group, or both all singletons.
/// Nodes labelled -1 are groups of their own. Throws Error{shape} for different node counts,
/// Error{value} for a label beyond the count. Cost: n log n.
/// Source: Hubert, Arabie 1985, Comparing partitions.
inline double adjusted_rand_index(const Partition& a, const Partition& b) {
  const detail::Contingency table = detail::contingency(a, b);
  const auto choose_two = [](Index n) {
    return static_cast<double>(n) * static_cast<double>(n - 1) / 2;
  };
  double together = 0, together_a = 0, together_b = 0;
  for (const auto& cell : table.cells) together += choose_two(cell.size);
  for (const Index size : table.rows) together_a += choose_two(size);
  for (const Index size : table.columns) together_b += choose_two(size);
  const double all = choose_two(table.total);
  const double expected = all > 0 ? together_a * together_b / all : 0;
  const double most = (together_a + together_b) / 2;
  return most == expected ? 1 : (together - expected) / (most - expected);
}

namespace detail {

/// The entropy of a grouping of `total` nodes, in nats.
inline double entropy(const std::vector<Index>& sizes, Index total) {
  if (total == 0) return 0;
  const auto n = static_cast<double>(total);
  return std::max(0.0, std::log(n) - n_log_n(sizes) / n);
}

/// How often each size occurs, ascending; empty groups do not count.
inline std::vector<std::pair<Index, Index>> size_counts(std::vector<Index> sizes) {
  std::erase(sizes, 0);
  std::ranges::sort(sizes);
  std::vector<std::pair<Index, Index>> counts;
  for (const Index size : sizes) {
    if (counts.empty() || counts.back().first != size) counts.emplace_back(size, 0);
    ++counts.back().second;
  }
  return counts;
}

/// The mean mutual information of two groupings of these sizes where one is permuted over the
/// nodes: the size of an intersection is hypergeometric.
inline double expected_mutual_information(const Contingency& table) {
  const Index N = table.total;
  std::vector<double> log_factorial(N + 1, 0);
  for (Index i = 2; i <= N; ++i)
    log_factorial[i] = log_factorial[i - 1] + std::log(static_cast<double>(i));
  const auto log_choose = [&](Index n, Index k) {
    return log_factorial[n] - log_factorial[k] - log_factorial[n - k];
  };
  double sum = 0;
  const auto columns = size_counts(table.columns);
  for (const auto& [a, times_a] : size_counts(table.rows))
    for (const auto& [b, times_b] : columns) {
      double of_pair = 0;
      for (Index both = std::max<Index>(1, a + b - N); both <= std::min(a, b); ++both) {
        const double chance =
            std::exp(log_choose(a, both) + log_choose(N - a, b - both) - log_choose(N, b));
        const auto n = static_cast<double>(both);
        of_pair += chance * n / static_cast<double>(N) *
                   std::log(static_cast<double>(N) * n /
                            (static_cast<double>(a) * static_cast<double>(b)));
      }
      sum += static_cast<double>(times_a) * static_cast<double>(times_b) * of_pair;
    }
  return sum;
}

}  // namespace detail

/// The adjusted mutual information: 1 for equal partitions, 0 on average for independent ones of
/// the same group sizes,
///
///   (I(a; b) − E) / (½(H(a) + H(b)) − E),
///
/// E the mean of I over permutations of the nodes. 1 where the denominator vanishes. Nodes labelled
/// -1 are groups of their own. Throws as adjusted_rand_index does. Cost: n log n, and the sum of
/// the smaller sizes over all pairs of different sizes. Source: Vinh, Epps, Bailey 2010,
/// Information theoretic measures for clusterings comparison.
inline double adjusted_mutual_information(const Partition& a, const Partition& b) {
  const detail::Contingency table = detail::contingency(a, b);
  if (table.total == 0) return 1;
  std::vector<Index> cells;
  for (const auto& cell : table.cells) cells.push_back(cell.size);
  const double of_a = detail::entropy(table.rows, table.total),
               of_b = detail::entropy(table.columns, table.total);
  const double shared = of_a + of_b - detail::entropy(cells, table.total);
  const double expected = detail::expected_mutual_information(table);
  const double most = (of_a + of_b) / 2;
  return most - expected <= 1e-12 * std::max(1.0, most) ? 1
                                                        : (shared - expected) / (most - expected);
}

/// The group of another partition that a group is most like.
struct GroupMatch {
  Id group = -1;       ///< of the other partition; -1 where it shares no node with any
  double jaccard = 0;  ///< nodes in both by nodes in either
};

/// For every group of `a` the group of `b` with the largest Jaccard index, ties to the smaller
/// number. Nodes labelled -1 count in the size of no group. Throws as adjusted_rand_index does.
/// Cost: n log n.
inline std::vector<GroupMatch> best_matches(const Partition& a, const Partition& b) {
  const detail::Contingency table = detail::contingency(a, b);
  std::vector<GroupMatch> best(a.count);
  for (const auto& [row, column, size] : table.cells) {
    if (row >= a.count || column >= b.count) continue;  // a node without a group
    const Index either = table.rows[row] + table.columns[column] - size;
    const double jaccard = static_cast<double>(size) / static_cast<double>(either);
    if (jaccard > best[row].jaccard) best[row] = {static_cast<Id>(column), jaccard};
  }
  return best;
}

/// The variation of information in nats, H(a|b) + H(b|a): a metric, 0 for equal partitions, at
/// most log n. Nodes labelled -1 are groups of their own. Throws as adjusted_rand_index does. Cost:
/// n log n. Source: Meilă 2007, Comparing clusterings: an information based distance.
inline double variation_of_information(const Partition& a, const Partition& b) {
  const detail::Contingency table = detail::contingency(a, b);
  if (table.total == 0) return 0;
  std::vector<Index> cells;
  for (const auto& cell : table.cells) cells.push_back(cell.size);
  const double distance =
      detail::n_log_n(table.rows) + detail::n_log_n(table.columns) - 2 * detail::n_log_n(cells);
  return std::max(0.0, distance / static_cast<double>(table.total));
}

}  // namespace yoneda
