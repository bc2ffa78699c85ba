#include "yoneda/graph/boost.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/functional/hash.hpp>
#include <boost/graph/betweenness_centrality.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/connected_components.hpp>
#include <boost/graph/dijkstra_shortest_paths.hpp>
#include <boost/graph/filtered_graph.hpp>
#include <boost/graph/graph_concepts.hpp>
#include <boost/graph/kruskal_min_spanning_tree.hpp>
#include <boost/graph/reverse_graph.hpp>
#include <boost/graph/strong_components.hpp>
#include <boost/graph/topological_sort.hpp>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include "category/graphs.hpp"
#include "yoneda/core/disjoint_sets.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/graph/components.hpp"
#include "yoneda/graph/topological_order.hpp"

using namespace yoneda;

namespace {

using Undirected = BoostGraph<Direction::undirected>;
using Directed = BoostGraph<Direction::directed>;
constexpr double infinity = std::numeric_limits<double>::infinity();

template <class G>
void models_the_concepts() {
  using Vertex = typename G::vertex_descriptor;
  using Edge = typename G::edge_descriptor;
  BOOST_CONCEPT_ASSERT((boost::IncidenceGraphConcept<G>));
  BOOST_CONCEPT_ASSERT((boost::BidirectionalGraphConcept<G>));
  BOOST_CONCEPT_ASSERT((boost::AdjacencyGraphConcept<G>));
  BOOST_CONCEPT_ASSERT((boost::VertexListGraphConcept<G>));
  BOOST_CONCEPT_ASSERT((boost::EdgeListGraphConcept<G>));
  BOOST_CONCEPT_ASSERT((boost::ReadablePropertyGraphConcept<G, Vertex, boost::vertex_index_t>));
  BOOST_CONCEPT_ASSERT((boost::ReadablePropertyGraphConcept<G, Edge, boost::edge_index_t>));
  BOOST_CONCEPT_ASSERT((boost::ReadablePropertyGraphConcept<G, Edge, boost::edge_weight_t>));
  using Lengths = decltype(absolute_weight_map(std::declval<const G&>()));
  BOOST_CONCEPT_ASSERT((boost::ReadablePropertyMapConcept<Lengths, Edge>));
}

/// Random graphs of 0 to 9 nodes, some without an edge.
SignedGraph small_graph(Direction direction, std::uint64_t seed) {
  Random random(seed);
  const Index n = static_cast<Index>(seed % 10);
  const double density = 0.5 * random.uniform();
  if (direction == Direction::directed) return random_directed_graph(n, density, seed);
  return random_graph(n, density, 0.5, random);
}

template <class Check>
void on_small_graphs(Direction direction, Check check) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) check(small_graph(direction, seed));
}

using Table = std::vector<std::vector<double>>;

/// Lengths of shortest walks between all nodes, by Floyd and Warshall.
template <class Length>
Table shortest(const SignedGraph& graph, Length length) {
  const Index n = graph.node_count();
  Table found(n, std::vector<double>(n, infinity));
  for (Index v = 0; v < n; ++v) found[v][v] = 0;
  for (const Edge& e : graph.edges()) {
    found[e.source][e.target] = length(e.weight);
    if (!graph.directed()) found[e.target][e.source] = length(e.weight);
  }
  for (Index via = 0; via < n; ++via)
    for (Index u = 0; u < n; ++u)
      for (Index v = 0; v < n; ++v)
        found[u][v] = std::min(found[u][v], found[u][via] + found[via][v]);
  return found;
}

double step(float) {
  return 1;
}

/// A vector as a map from nodes.
template <class T, class G>
auto by_node(std::vector<T>& values, const G& view) {
  return boost::make_iterator_property_map(values.begin(), get(boost::vertex_index, view));
}

/// How many steps Boost's breadth-first search takes from a node to every other.
template <class G>
std::vector<double> steps_from(Id start, const G& view) {
  std::vector<double> steps(num_vertices(view), infinity);
  steps[start] = 0;
  const auto recorder = boost::record_distances(by_node(steps, view), boost::on_tree_edge());
  boost::breadth_first_search(view, start, boost::visitor(boost::make_bfs_visitor(recorder)));
  return steps;
}

template <class Range>
auto list(const Range& range) {
  return std::vector(range.first, range.second);
}

/// That every edge is where the graph's own list has it, from both ends.
template <Direction direction>
void check_structure(const SignedGraph& graph) {
  const BoostGraph<direction> view(graph);
  using Descriptor = BoostEdge<direction>;
  const auto n = static_cast<Id>(graph.node_count());
  const std::vector<Edge> expected = graph.edges();
  REQUIRE(num_vertices(view) == static_cast<std::size_t>(n));
  REQUIRE(num_edges(view) == expected.size());
  const auto index = get(boost::edge_index, view);

  std::size_t count = 0;
  for (const Descriptor& e : list(edges(view))) {
    REQUIRE(count < expected.size());
    REQUIRE(source(e, view) == expected[count].source);
    REQUIRE(target(e, view) == expected[count].target);
    REQUIRE(get(boost::edge_weight, view, e) == expected[count].weight);
    REQUIRE(get(index, e) == count++);
  }
  REQUIRE(count == expected.size());

  std::unordered_set<Descriptor, boost::hash<Descriptor>> distinct;
  std::set<Descriptor> sorted;
  std::vector<Id> all;
  for (const Id v : list(vertices(view))) {
    all.push_back(v);
    REQUIRE(get(boost::vertex_index, view, v) == v);
    std::multiset<std::pair<Id, Id>> out, in;  // neighbour, index
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const auto [s, t, weight] = expected[i];
      if (s == v || (!graph.directed() && t == v)) out.insert({s == v ? t : s, static_cast<Id>(i)});
      if (t == v || (!graph.directed() && s == v)) in.insert({t == v ? s : t, static_cast<Id>(i)});
    }
    REQUIRE(out_degree(v, view) == out.size());
    REQUIRE(in_degree(v, view) == in.size());
    REQUIRE(degree(v, view) == (graph.directed() ? in.size() + out.size() : out.size()));
    std::multiset<std::pair<Id, Id>> found_out, found_in;
    std::vector<Id> neighbors;
    for (const Descriptor& e : list(out_edges(v, view))) {
      REQUIRE(source(e, view) == v);
      REQUIRE(get(boost::edge_weight, view, e) == graph.weight(v, target(e, view)));
      found_out.insert({target(e, view), static_cast<Id>(get(index, e))});
      neighbors.push_back(target(e, view));
      distinct.insert(e);
      sorted.insert(e);
    }
    for (const Descriptor& e : list(in_edges(v, view))) {
      REQUIRE(target(e, view) == v);
      REQUIRE(get(boost::edge_weight, view, e) == graph.weight(source(e, view), v));
      found_in.insert({source(e, view), static_cast<Id>(get(index, e))});
      REQUIRE(distinct.insert(e).first->ends() == e.ends());
      REQUIRE(std::hash<Descriptor>{}(e) == hash_value(*distinct.find(e)));
      sorted.insert(e);
    }
    REQUIRE(found_out == out);
    REQUIRE(found_in == in);
    REQUIRE(list(adjacent_vertices(v, view)) == neighbors);
  }
  REQUIRE(static_cast<Index>(all.size()) == n);
  REQUIRE(distinct.size() == expected.size());
  REQUIRE(sorted.size() == expected.size());

  for (Id u = 0; u < n; ++u)
    for (Id v = 0; v < n; ++v) {
      const auto [e, found] = edge(u, v, view);
      REQUIRE(found == (graph.weight(u, v) != 0));
      if (!found) continue;
      REQUIRE((source(e, view) == u && target(e, view) == v));
      REQUIRE(get(boost::edge_weight, view, e) == graph.weight(u, v));
      const auto [back, there] = edge(v, u, view);
      REQUIRE((there && back == e) == !graph.directed());
    }
}

template <Direction direction>
void check_distances(const SignedGraph& graph) {
  const BoostGraph<direction> view(graph);
  const auto n = static_cast<Id>(graph.node_count());
  const auto size = [](float weight) { return std::abs(static_cast<double>(weight)); };
  const Table by_size = shortest(graph, size), by_steps = shortest(graph, step);
  for (Id start = 0; start < n; ++start) {
    std::vector<double> distance(n);
    std::vector<Id> before(n);
    boost::dijkstra_shortest_paths(view, start,
                                   boost::weight_map(absolute_weight_map(view))
                                       .distance_map(by_node(distance, view))
                                       .predecessor_map(by_node(before, view))
                                       .distance_inf(infinity));
    for (Id v = 0; v < n; ++v) {
      REQUIRE((distance[v] == by_size[start][v] ||
               distance[v] == doctest::Approx(by_size[start][v]).epsilon(1e-12)));
      if (v != start && distance[v] < infinity)
        REQUIRE(distance[v] == distance[before[v]] + size(graph.weight(before[v], v)));
    }
    REQUIRE(steps_from(start, view) == by_steps[start]);
    const std::vector<double> against = steps_from(start, boost::make_reverse_graph(view));
    for (Id v = 0; v < n; ++v) REQUIRE(against[v] == by_steps[v][start]);
  }
}

struct Positive {
  const Undirected* view = nullptr;
  bool operator()(const BoostEdge<Direction::undirected>& e) const {
    return get(boost::edge_weight, *view, e) > 0;
  }
};

template <class G>
std::vector<Id> boost_components(const G& view) {
  std::vector<Id> label(num_vertices(view));
  boost::connected_components(view, by_node(label, view));
  return label;
}

/// The same groups under any numbers.
void check_same_groups(const std::vector<Id>& a, const std::vector<Id>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) REQUIRE((a[i] == a[j]) == (b[i] == b[j]));
}

/// The least weight of a spanning forest, by all sets of edges.
double least_forest(const SignedGraph& graph, Index size) {
  const auto edges = graph.edges();
  double least = infinity;
  for (std::size_t chosen = 0; chosen < std::size_t{1} << edges.size(); ++chosen) {
    DisjointSets sets(graph.node_count());
    Index joined = 0;
    double sum = 0;
    bool forest = true;
    for (std::size_t i = 0; i < edges.size() && forest; ++i) {
      if ((chosen >> i & 1) == 0) continue;
      forest = sets.find(edges[i].source) != sets.find(edges[i].target);
      sets.join(edges[i].source, edges[i].target);
      ++joined;
      sum += edges[i].weight;
    }
    if (forest && joined == size) least = std::min(least, sum);
  }
  return least;
}

}  // namespace

TEST_CASE("views model Boost.Graph's concepts") {
  models_the_concepts<Undirected>();
  models_the_concepts<Directed>();
  CHECK(boost::is_undirected_graph<Undirected>::value);
  CHECK(boost::is_directed_bidirectional_graph<Directed>::value);
  CHECK(boost::graph_traits<Directed>::null_vertex() == -1);
  CHECK(!std::is_constructible_v<Undirected, SignedGraph>);  // nor from a graph about to go
}

TEST_CASE("a view has the graph's edges, from both ends") {
  on_small_graphs(Direction::undirected, check_structure<Direction::undirected>);
  on_small_graphs(Direction::directed, check_structure<Direction::directed>);
}

TEST_CASE("Boost's shortest paths are those of Floyd and Warshall") {
  on_small_graphs(Direction::undirected, check_distances<Direction::undirected>);
  on_small_graphs(Direction::directed, check_distances<Direction::directed>);
}

TEST_CASE("Boost's components are ours, of all edges and of positive ones") {
  on_small_graphs(Direction::undirected, [](const SignedGraph& graph) {
    const Undirected view(graph);
    check_same_groups(boost_components(view), connected_components(graph).label);
    std::vector<Edge> positive = graph.edges();
    std::erase_if(positive, [](const Edge& e) { return e.weight < 0; });
    check_same_groups(boost_components(boost::filtered_graph(view, Positive{&view})),
                      connected_components(user_graph(graph.node_count(), positive)).label);
  });
}

TEST_CASE("Boost's strong components reach each other, and its order has every edge forward") {
  int acyclic = 0;
  on_small_graphs(Direction::directed, [&](const SignedGraph& graph) {
    const Directed view(graph);
    const auto n = static_cast<Id>(graph.node_count());
    std::vector<Id> label(n);
    boost::strong_components(view, by_node(label, view));
    const Table reached = shortest(graph, step);
    for (Id u = 0; u < n; ++u)
      for (Id v = 0; v < n; ++v)
        REQUIRE((label[u] == label[v]) == (reached[u][v] + reached[v][u] < infinity));

    std::vector<Id> order;  // from the end
    if (!topological_order(graph).acyclic()) {
      REQUIRE_THROWS_AS(boost::topological_sort(view, std::back_inserter(order)), boost::not_a_dag);
      return;
    }
    ++acyclic;
    boost::topological_sort(view, std::back_inserter(order));
    std::vector<Id> place(n, -1);
    for (Id i = 0; i < n; ++i) place[order[i]] = n - i;
    REQUIRE(static_cast<Id>(order.size()) == n);
    for (const Edge& e : graph.edges()) REQUIRE(place[e.source] < place[e.target]);
  });
  CHECK(acyclic > 20);
  CHECK(acyclic < 180);
}

TEST_CASE("Kruskal's forest weighs least of all, signs counted") {
  int compared = 0;
  on_small_graphs(Direction::undirected, [&](const SignedGraph& graph) {
    if (graph.edge_count() > 12) return;
    ++compared;
    const Undirected view(graph);
    std::vector<BoostEdge<Direction::undirected>> forest;
    boost::kruskal_minimum_spanning_tree(view, std::back_inserter(forest));
    const Index size = graph.node_count() - connected_components(graph).count;
    REQUIRE(static_cast<Index>(forest.size()) == size);
    double sum = 0;
    for (const auto& e : forest) sum += get(boost::edge_weight, view, e);
    REQUIRE(sum == doctest::Approx(least_forest(graph, size)).epsilon(1e-12));
  });
  CHECK(compared > 100);
}

TEST_CASE("an edge's index keeps what an algorithm finds of it from either end") {
  const SignedGraph path = user_graph(5, {{3, 1, -1}, {1, 4, 2}, {4, 0, -3}});
  const Undirected view(path);  // 3 - 1 - 4 - 0, and 2 alone; edges 0 - 4, 1 - 3, 1 - 4
  std::vector<double> through(3, 0);
  const auto centrality =
      boost::make_iterator_property_map(through.begin(), get(boost::edge_index, view));
  boost::brandes_betweenness_centrality(
      view,
      boost::edge_centrality_map(centrality).vertex_index_map(get(boost::vertex_index, view)));
  CHECK(through == std::vector<double>{3, 3, 4});  // pairs of nodes whose paths cross it
}

TEST_CASE("graphs without edges or nodes") {
  for (const Index n : {Index{0}, Index{1}, Index{3}}) {
    const SignedGraph undirected = user_graph(n, {}), directed = directed_graph(n, {});
    check_structure<Direction::undirected>(undirected);
    check_structure<Direction::directed>(directed);
    check_distances<Direction::undirected>(undirected);
    check_distances<Direction::directed>(directed);
    std::vector<Id> label(n);
    const Undirected both_ways(undirected);
    const Directed one_way(directed);
    CHECK(boost::connected_components(both_ways, by_node(label, both_ways)) == n);
    CHECK(boost::strong_components(one_way, by_node(label, one_way)) == n);
  }
  const SignedGraph none;
  check_structure<Direction::undirected>(none);
}

TEST_CASE("lengths that no path can have are refused, infinite ones close an edge") {
  const SignedGraph graph = user_graph(3, {{0, 1, 0.5f}, {1, 2, -0.25f}, {0, 2, 2}});
  const Undirected view(graph);
  std::vector<double> distance(3);
  const auto go = [&](auto lengths) {
    boost::dijkstra_shortest_paths(
        view, 0,
        boost::weight_map(lengths).distance_map(by_node(distance, view)).distance_inf(infinity));
  };
  CHECK_THROWS_WITH_AS(
      go(length_map(view, [](float weight) { return -std::log(std::abs(weight)); })),
      "edge 0 - 2 of weight 2.000000 has length -0.693147; lengths are not negative", Error);
  CHECK_THROWS_AS(go(length_map(view, [](float weight) { return std::sqrt(weight); })), Error);
  CHECK_THROWS_AS(go(get(boost::edge_weight, view)), boost::negative_edge);  // Boost's own
  go(length_map(view, [](float weight) { return weight > 0 ? weight : infinity; }));
  CHECK(distance == std::vector<double>{0, 0.5, 2});
}

TEST_CASE("a view of the other direction is refused") {
  const SignedGraph undirected = user_graph(2, {{0, 1, 1}}),
                    directed = directed_graph(2, {{0, 1, 1}});
  CHECK_THROWS_WITH_AS(Directed{undirected}, "a directed view of an undirected graph", Error);
  CHECK_THROWS_WITH_AS(Undirected{directed}, "an undirected view of a directed graph", Error);
}
