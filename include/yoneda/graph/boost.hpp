// A signed graph as Boost.Graph sees it, without a copy.
#pragma once

#include <algorithm>
#include <boost/graph/graph_traits.hpp>
#include <boost/graph/properties.hpp>
#include <boost/iterator/counting_iterator.hpp>
#include <boost/iterator/iterator_facade.hpp>
#include <boost/iterator/transform_iterator.hpp>
#include <boost/property_map/function_property_map.hpp>
#include <boost/property_map/property_map.hpp>
#include <cmath>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/id_pair.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// An edge as one of its ends sees it: Boost.Graph's edge descriptor. Of an undirected graph, u - v
/// seen from u and from v are equal and have the same hash, though source and target are swapped.
template <Direction direction>
struct BoostEdge {
  Id source = -1, target = -1;
  Index slot = -1;  ///< where it is stored: in the graph's columns() and weights()

  /// What tells it from other edges.
  IdPair ends() const {
    const bool swapped = direction == Direction::undirected && target < source;
    return swapped ? IdPair{target, source} : IdPair{source, target};
  }

  friend bool operator==(const BoostEdge& a, const BoostEdge& b) { return a.ends() == b.ends(); }
  friend auto operator<=>(const BoostEdge& a, const BoostEdge& b) { return a.ends() <=> b.ends(); }

  /// For boost::hash; std::hash is the same.
  friend std::size_t hash_value(const BoostEdge& edge) {
    const auto [a, b] = edge.ends();
    const auto high = static_cast<std::uint64_t>(static_cast<std::uint32_t>(a)) << 32;
    return std::hash<std::uint64_t>{}(high | static_cast<std::uint32_t>(b));
  }
};

/// A view of a signed graph that Boost.Graph's algorithms take. It models IncidenceGraph,
/// BidirectionalGraph, AdjacencyGraph, VertexListGraph and EdgeListGraph; its vertex descriptors
/// are the nodes' ids, and its property maps vertex_index, edge_index (0, ..., num_edges − 1, in
/// the order of edges()) and edge_weight (signed). Algorithms that want lengths take a length_map.
///
/// The graph must outlive the view and stay where it is, and so must the view while its iterators
/// and maps are used. Nothing changes once it is made: threads may share it.
///
/// Cost: n log degree and 8n bytes undirected; n + m and 8n + 12m bytes directed, for the edges
/// into each node, which rows do not tell, and 8n more while it is made. Afterwards a step of an
/// iterator takes constant time (all of edges(): n + m), and so does every map, but for edge_index
/// of an undirected edge found at its larger end. That and edge(u, v) search a row: log degree.
///
/// Source: Siek, Lee, Lumsdaine 2002, The Boost Graph Library: user guide and reference manual.
template <Direction direction>
class BoostGraph {
  static constexpr bool is_directed = direction == Direction::directed;

 public:
  /// Throws Error{value} where the graph has the other direction, which Boost.Graph must know when
  /// it compiles.
  explicit BoostGraph(const SignedGraph& graph) : graph_(&graph) {
    if (graph.direction() != direction)
      throw Error(ErrorKind::value, is_directed ? "a directed view of an undirected graph"
                                                : "an undirected view of a directed graph");
    if constexpr (is_directed)
      transpose();
    else
      number_edges();
  }
  BoostGraph(const SignedGraph&&) = delete;  // it would be gone at once

  const SignedGraph& graph() const { return *graph_; }

  // What follows has the names that boost::graph_traits asks for, and its unsigned sizes.
  using vertex_descriptor = Id;
  using edge_descriptor = BoostEdge<direction>;
  using directed_category =
      std::conditional_t<is_directed, boost::bidirectional_tag, boost::undirected_tag>;
  using edge_parallel_category = boost::disallow_parallel_edge_tag;
  struct traversal_category : boost::bidirectional_graph_tag,
                              boost::adjacency_graph_tag,
                              boost::vertex_list_graph_tag,
                              boost::edge_list_graph_tag {};
  using vertices_size_type = std::size_t;
  using edges_size_type = std::size_t;
  using degree_size_type = std::size_t;
  static vertex_descriptor null_vertex() { return -1; }

 private:
  struct OutEdge {
    const BoostGraph* view = nullptr;
    Id node = -1;
    edge_descriptor operator()(Index slot) const {
      return {node, view->graph_->columns()[slot], slot};
    }
  };

  struct InEdge {
    const BoostGraph* view = nullptr;
    Id node = -1;
    edge_descriptor operator()(Index i) const {
      if constexpr (is_directed)
        return {view->in_sources_[i], node, view->in_slots_[i]};
      else
        return {view->graph_->columns()[i], node, i};
    }
  };

  using Counter = boost::counting_iterator<Index, boost::random_access_traversal_tag, Index>;

  /// Row by row, past those entries of an undirected row that belong to an edge seen before.
  class EdgeIterator
      : public boost::iterator_facade<EdgeIterator, edge_descriptor, boost::forward_traversal_tag,
                                      edge_descriptor, Index> {
   public:
    EdgeIterator() = default;
    EdgeIterator(const BoostGraph* view, Id row)
        : view_(view), row_(row), slot_(view->first_slot(row)) {
      leave_finished_rows();
    }

   private:
    friend class boost::iterator_core_access;

    edge_descriptor dereference() const { return OutEdge{view_, row_}(slot_); }
    bool equal(const EdgeIterator& other) const { return slot_ == other.slot_; }
    void increment() {
      ++slot_;
      leave_finished_rows();
    }
    void leave_finished_rows() {
      const auto offsets = view_->graph_->offsets();
      while (row_ < view_->graph_->node_count() && slot_ == offsets[row_ + 1])
        slot_ = view_->first_slot(++row_);
    }

    const BoostGraph* view_ = nullptr;
    Id row_ = 0;
    Index slot_ = 0;
  };

  struct WeightOf {
    const BoostGraph* view = nullptr;
    float operator()(const edge_descriptor& edge) const {
      return view->graph_->weights()[edge.slot];
    }
  };

  struct IndexOf {
    const BoostGraph* view = nullptr;
    edges_size_type operator()(const edge_descriptor& edge) const {
      return static_cast<edges_size_type>(view->index_of(edge));
    }
  };

 public:
  using vertex_iterator = boost::counting_iterator<Id, boost::random_access_traversal_tag, Index>;
  using out_edge_iterator = boost::transform_iterator<OutEdge, Counter>;
  using in_edge_iterator = boost::transform_iterator<InEdge, Counter>;
  using adjacency_iterator = const Id*;
  using edge_iterator = EdgeIterator;

  friend std::size_t num_vertices(const BoostGraph& g) {
    return static_cast<std::size_t>(g.graph_->node_count());
  }
  friend std::size_t num_edges(const BoostGraph& g) {
    return static_cast<std::size_t>(g.graph_->edge_count());
  }
  friend std::size_t out_degree(Id v, const BoostGraph& g) {
    return static_cast<std::size_t>(g.graph_->degree(v));
  }
  friend std::size_t in_degree(Id v, const BoostGraph& g) {
    return static_cast<std::size_t>(g.in_offset(v + 1) - g.in_offset(v));
  }
  friend std::size_t degree(Id v, const BoostGraph& g) {
    return out_degree(v, g) + (is_directed ? in_degree(v, g) : 0);
  }

  friend Id source(const edge_descriptor& edge, const BoostGraph&) { return edge.source; }
  friend Id target(const edge_descriptor& edge, const BoostGraph&) { return edge.target; }

  friend std::pair<vertex_iterator, vertex_iterator> vertices(const BoostGraph& g) {
    return {vertex_iterator(0), vertex_iterator(static_cast<Id>(g.graph_->node_count()))};
  }

  /// Every edge once, from its smaller end where undirected; by source, then target.
  friend std::pair<edge_iterator, edge_iterator> edges(const BoostGraph& g) {
    return {edge_iterator(&g, 0), edge_iterator(&g, static_cast<Id>(g.graph_->node_count()))};
  }

  /// The edges of a node, which is their source; by target.
  friend std::pair<out_edge_iterator, out_edge_iterator> out_edges(Id v, const BoostGraph& g) {
    const auto offsets = g.graph_->offsets();
    return {out_edge_iterator(Counter(offsets[v]), OutEdge{&g, v}),
            out_edge_iterator(Counter(offsets[v + 1]), OutEdge{&g, v})};
  }

  /// The edges into a node, which is their target; by source.
  friend std::pair<in_edge_iterator, in_edge_iterator> in_edges(Id v, const BoostGraph& g) {
    return {in_edge_iterator(Counter(g.in_offset(v)), InEdge{&g, v}),
            in_edge_iterator(Counter(g.in_offset(v + 1)), InEdge{&g, v})};
  }

  friend std::pair<adjacency_iterator, adjacency_iterator> adjacent_vertices(Id v,
                                                                             const BoostGraph& g) {
    const auto row = g.graph_->neighbors(v);
    return {row.data(), row.data() + row.size()};
  }

  /// The edge from u to v, and whether there is one.
  friend std::pair<edge_descriptor, bool> edge(Id u, Id v, const BoostGraph& g) {
    const Index slot = g.slot_of(u, v);
    if (slot < 0) return {edge_descriptor{}, false};
    return {edge_descriptor{u, v, slot}, true};
  }

  friend auto get(boost::vertex_index_t, const BoostGraph&) {
    return boost::typed_identity_property_map<Id>{};
  }
  friend auto get(boost::edge_index_t, const BoostGraph& g) {
    return boost::function_property_map<IndexOf, edge_descriptor, edges_size_type>(IndexOf{&g});
  }
  friend auto get(boost::edge_weight_t, const BoostGraph& g) {
    return boost::function_property_map<WeightOf, edge_descriptor, float>(WeightOf{&g});
  }
  template <class Tag, class Key>
  friend auto get(Tag tag, const BoostGraph& g, const Key& key) {
    return get(get(tag, g), key);
  }

 private:
  /// How many edges come before those that edges() finds in the row of a node.
  Index edges_before(Id node) const {
    return is_directed ? graph_->offsets()[node] : edges_before_[node];
  }

  /// Of the edges that edges() finds in a row, which are at its end: those before have a target
  /// that is smaller, and were found there. Of the row after the last: where rows end.
  Index first_slot(Id row) const {
    const auto offsets = graph_->offsets();
    if (row == graph_->node_count()) return offsets[row];
    return offsets[row + 1] - (edges_before(row + 1) - edges_before(row));
  }

  Index slot_of(Id source, Id target) const {
    const auto row = graph_->neighbors(source);
    const auto found = std::ranges::lower_bound(row, target);
    if (found == row.end() || *found != target) return -1;
    return graph_->offsets()[source] + (found - row.begin());
  }

  Index index_of(const edge_descriptor& edge) const {
    if constexpr (is_directed) return edge.slot;
    const auto [smaller, larger] = edge.ends();
    const Index row_end = graph_->offsets()[smaller + 1];
    const Index slot = edge.slot < row_end ? edge.slot : slot_of(smaller, larger);
    return edges_before_[smaller + 1] - (row_end - slot);
  }

  Index in_offset(Id node) const {
    return is_directed ? in_offsets_[node] : graph_->offsets()[node];
  }

  void number_edges() {
    const Index n = graph_->node_count();
    edges_before_.assign(n + 1, 0);
    for (Id u = 0; u < n; ++u) {
      const auto row = graph_->neighbors(u);
      edges_before_[u + 1] = edges_before_[u] + (row.end() - std::ranges::upper_bound(row, u));
    }
  }

  void transpose() {
    const Index n = graph_->node_count();
    const auto columns = graph_->columns();
    in_offsets_.assign(n + 1, 0);
    for (const Id target : columns) ++in_offsets_[target + 1];
    for (Id v = 0; v < n; ++v) in_offsets_[v + 1] += in_offsets_[v];
    in_sources_.resize(columns.size());
    in_slots_.resize(columns.size());
    std::vector<Index> next(in_offsets_);
    for (Id u = 0; u < n; ++u)
      for (Index slot = graph_->offsets()[u]; slot < graph_->offsets()[u + 1]; ++slot) {
        const Index i = next[columns[slot]]++;
        in_sources_[i] = u;
        in_slots_[i] = slot;
      }
  }

  const SignedGraph* graph_;
  std::vector<Index> edges_before_;  // [n + 1] undirected alone
  std::vector<Index> in_offsets_;    // [n + 1] directed alone, as are:
  std::vector<Id> in_sources_;       // [m] by target, then source
  std::vector<Index> in_slots_;      // [m]
};

namespace detail {

template <class Weights, class F>
struct LengthOf {
  Weights weights;
  F length;

  template <class Edge>
  double operator()(const Edge& edge) const {
    const float weight = get(weights, edge);
    const auto found = static_cast<double>(length(weight));
    if (!(found >= 0))
      throw Error(ErrorKind::value, "edge " + std::to_string(edge.source) + " - " +
                                        std::to_string(edge.target) + " of weight " +
                                        std::to_string(weight) + " has length " +
                                        std::to_string(found) + "; lengths are not negative");
    return found;
  }
};

}  // namespace detail

/// Lengths of edges as a function of their weights, for algorithms that add them up. An infinite
/// length closes an edge. Throws Error{value}, where an algorithm asks for it, for a length that is
/// negative or NaN. Cost: a call of the function each time.
template <Direction direction, class F>
requires std::is_invocable_r_v<double, const F&, float>
auto length_map(const BoostGraph<direction>& view, F length) {
  const auto weights = get(boost::edge_weight, view);
  using Function = detail::LengthOf<std::remove_const_t<decltype(weights)>, F>;
  return boost::function_property_map<Function, BoostEdge<direction>, double>(
      Function{weights, std::move(length)});
}

/// |weight| as a length.
template <Direction direction>
auto absolute_weight_map(const BoostGraph<direction>& view) {
  return length_map(view, [](float weight) { return std::abs(weight); });
}

}  // namespace yoneda

namespace boost {

/// The type of what get(tag, view) returns.
template <yoneda::Direction direction, class Tag>
struct property_map<yoneda::BoostGraph<direction>, Tag> {
  using const_type =
      decltype(get(std::declval<Tag>(), std::declval<const yoneda::BoostGraph<direction>&>()));
  using type = const_type;
};

}  // namespace boost

template <yoneda::Direction direction>
struct std::hash<yoneda::BoostEdge<direction>> {
  std::size_t operator()(const yoneda::BoostEdge<direction>& edge) const {
    return hash_value(edge);
  }
};
