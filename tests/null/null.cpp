#include "yoneda/null/null.hpp"

#include <doctest/doctest.h>

#include "category/graphs.hpp"
#include "yoneda/null/gaussian.hpp"
#include "yoneda/null/sign_shuffle.hpp"

using namespace yoneda;

TEST_CASE(
    "each null is honest for the graphs it was made for, and refused with a reason elsewhere") {
  struct Case {
    GraphKind kind;
    bool gaussian, sign;
  };
  for (const Case& c :
       {Case{GraphKind::user, false, true}, Case{GraphKind::profile, true, false},
        Case{GraphKind::decoder, true, false}, Case{GraphKind::virtual_, false, false},
        Case{GraphKind::flow, false, false}}) {
    CAPTURE(name(c.kind));
    CHECK(objection("gaussian", c.kind).has_value() != c.gaussian);
    CHECK(objection("sign", c.kind).has_value() != c.sign);
    const auto standard = default_null(c.kind);
    if (standard) CHECK_FALSE(objection(*standard, c.kind).has_value());
    CHECK_FALSE(objection("a null of one's own", c.kind).has_value());
  }
  CHECK(default_null(GraphKind::profile) == "gaussian");
  CHECK(default_null(GraphKind::decoder) == "gaussian");
  CHECK(default_null(GraphKind::user) == "sign");
  CHECK_FALSE(default_null(GraphKind::flow).has_value());
  CHECK_FALSE(default_null(GraphKind::virtual_).has_value());
}

TEST_CASE("the refusal is an error that says why") {
  const SignedGraph gram =
      SignedGraph::from_edges(3, {{0, 1, 1}}, Direction::undirected, GraphKind::profile);
  CHECK_THROWS_WITH_AS(
      sign_shuffle(gram),
      "the null 'sign' is refused for a profile graph: a Gram matrix is nearly balanced by "
      "construction, so shuffled signs would make a false discovery; use gaussian",
      Error);
  // The null that suits an encoder and a decoder is named, though it cannot be drawn yet.
  for (const GraphKind kind : {GraphKind::virtual_, GraphKind::flow})
    for (const char* null : {"gaussian", "sign"})
      CHECK(objection(null, kind)->find("joint-rotation") != std::string::npos);
  try {
    require_honest("gaussian", GraphKind::user);
    FAIL("was not refused");
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::value);
  }
}

TEST_CASE("shuffled signs keep edges, absolute weights and the number of negative ones") {
  Random random(1);
  const SignedGraph graph = random_graph(40, 0.3, 0.3, random);
  const Null null = sign_shuffle(graph);
  CHECK(null.kind == "sign");
  const SignedGraph drawn = null.draw(5);
  const auto before = graph.edges(), after = drawn.edges();
  REQUIRE(before.size() == after.size());
  int moved = 0, balance = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    REQUIRE(before[i].source == after[i].source);
    REQUIRE(before[i].target == after[i].target);
    REQUIRE(std::abs(before[i].weight) == std::abs(after[i].weight));
    moved += before[i].weight != after[i].weight;
    balance += (before[i].weight < 0) - (after[i].weight < 0);
  }
  CHECK(moved > 20);
  CHECK(balance == 0);
  CHECK(null.draw(5).edges().front().weight == after.front().weight);
}

TEST_CASE("each edge is negative as often as any other") {
  const SignedGraph graph =
      user_graph(5, {{0, 1, -1}, {1, 2, 1}, {2, 3, -1}, {3, 4, 1}, {0, 4, 1}});
  std::vector<int> negative(5, 0);
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    const auto edges = sign_shuffled(graph, seed).edges();
    for (std::size_t i = 0; i < 5; ++i) negative[i] += edges[i].weight < 0;
  }
  for (const int times : negative) CHECK(std::abs(times - 2000) < 140);  // 4 standard errors
}
