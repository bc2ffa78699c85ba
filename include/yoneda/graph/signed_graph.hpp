// A sparse graph with signed weights, in compressed rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

struct Edge {
  Id source, target;
  float weight;
};

enum class Direction { undirected, directed };

/// How a graph was made, which decides what its statistics can mean and which nulls are honest.
enum class GraphKind {
  user,      ///< read from a user's file: nothing is known
  profile,   ///< Gram matrix of token profiles
  decoder,   ///< Gram matrix of decoder rows
  virtual_,  ///< W_dec^a · W_enc^b: cross-Gram
  flow,      ///< feature to token to feature
};

constexpr std::string_view name(GraphKind kind) {
  switch (kind) {
    case GraphKind::user:
      return "user";
    case GraphKind::profile:
      return "profile";
    case GraphKind::decoder:
      return "decoder";
    case GraphKind::virtual_:
      return "virtual";
    case GraphKind::flow:
      return "flow";
  }
  return "";
}

/// n nodes, weighted edges of either sign, rows sorted by column. An undirected graph stores each
/// edge in both rows. Immutable once made; no self-loops, no parallel edges, no zero or non-finite
/// weights.
class SignedGraph {
 public:
  SignedGraph() = default;

  /// Builds the rows. An undirected edge is given once, in either direction.
  /// Throws Error{value} for a node outside [0, n), a self-loop, an edge given twice, or a weight
  /// that is zero or not finite. Cost: m log m.
  static SignedGraph from_edges(Index n, std::vector<Edge> edges, Direction direction,
                                GraphKind kind) {
    if (direction == Direction::undirected) {
      edges.reserve(2 * edges.size());
      for (std::size_t i = 0, m = edges.size(); i < m; ++i)
        edges.push_back({edges[i].target, edges[i].source, edges[i].weight});
    }
    std::ranges::sort(edges, {}, [](const Edge& e) { return std::tie(e.source, e.target); });
    SignedGraph graph;
    graph.direction_ = direction;
    graph.kind_ = kind;
    graph.offsets_.assign(n + 1, 0);
    graph.columns_.reserve(edges.size());
    graph.weights_.reserve(edges.size());
    for (std::size_t i = 0; i < edges.size(); ++i) {
      require_valid(edges[i], n);
      if (i > 0 && edges[i - 1].source == edges[i].source && edges[i - 1].target == edges[i].target)
        throw Error(ErrorKind::value, "edge " + text(edges[i]) + " is given more than once");
      ++graph.offsets_[edges[i].source + 1];
      graph.columns_.push_back(edges[i].target);
      graph.weights_.push_back(edges[i].weight);
    }
    for (std::size_t i = 1; i < graph.offsets_.size(); ++i)
      graph.offsets_[i] += graph.offsets_[i - 1];
    return graph;
  }

  Index node_count() const { return static_cast<Index>(offsets_.size()) - 1; }

  /// Edges as a person counts them: an undirected edge once.
  Index edge_count() const {
    const auto stored = static_cast<Index>(columns_.size());
    return directed() ? stored : stored / 2;
  }

  bool directed() const { return direction_ == Direction::directed; }
  Direction direction() const { return direction_; }
  GraphKind kind() const { return kind_; }

  std::span<const std::int64_t> offsets() const { return offsets_; }
  std::span<const Id> columns() const { return columns_; }
  std::span<const float> weights() const { return weights_; }

  /// Neighbours of a node, ascending, and the weights of those edges.
  std::span<const Id> neighbors(Id node) const { return row_of(columns(), node); }
  std::span<const float> weights(Id node) const { return row_of(weights(), node); }
  Index degree(Id node) const { return static_cast<Index>(neighbors(node).size()); }

  /// The weight of an edge, 0 where there is none. Cost: log degree.
  float weight(Id source, Id target) const {
    const auto row = neighbors(source);
    const auto found = std::ranges::lower_bound(row, target);
    if (found == row.end() || *found != target) return 0;
    return weights(source)[found - row.begin()];
  }

  /// Every edge once (source < target where undirected), by source, then target.
  std::vector<Edge> edges() const {
    std::vector<Edge> list;
    list.reserve(edge_count());
    for (Id source = 0; source < node_count(); ++source) {
      const auto targets = neighbors(source);
      for (std::size_t i = 0; i < targets.size(); ++i)
        if (directed() || source < targets[i])
          list.push_back({source, targets[i], weights(source)[i]});
    }
    return list;
  }

 private:
  static std::string text(const Edge& e) {
    return std::to_string(e.source) + " - " + std::to_string(e.target);
  }

  static void require_valid(const Edge& e, Index n) {
    if (e.source < 0 || e.source >= n || e.target < 0 || e.target >= n)
      throw Error(ErrorKind::value,
                  "edge " + text(e) + " leaves the graph of " + std::to_string(n) + " nodes");
    if (e.source == e.target) throw Error(ErrorKind::value, "edge " + text(e) + " is a self-loop");
    if (!std::isfinite(e.weight) || e.weight == 0)
      throw Error(ErrorKind::value, "edge " + text(e) + " has weight " + std::to_string(e.weight) +
                                        "; weights are finite and not zero");
  }

  template <class T>
  std::span<const T> row_of(std::span<const T> values, Id node) const {
    const auto begin = offsets_[static_cast<std::size_t>(node)];
    const auto end = offsets_[static_cast<std::size_t>(node) + 1];
    return values.subspan(begin, end - begin);
  }

  std::vector<std::int64_t> offsets_{0};
  std::vector<Id> columns_;
  std::vector<float> weights_;
  Direction direction_ = Direction::undirected;
  GraphKind kind_ = GraphKind::user;
};

}  // namespace yoneda
