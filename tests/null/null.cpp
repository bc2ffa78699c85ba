#include "yoneda/null/null.hpp"

#include <doctest/doctest.h>

#include "category/graphs.hpp"
#include "yoneda/null/rewire.hpp"
#include "yoneda/null/sign_shuffle.hpp"

using namespace yoneda;

namespace {

constexpr GraphKind all_kinds[] = {GraphKind::user, GraphKind::profile, GraphKind::decoder,
                                   GraphKind::virtual_, GraphKind::flow};

}  // namespace

TEST_CASE(
    "each null is honest for the graphs it was made for, and refused with a reason elsewhere") {
  struct Case {
    const char* null;
    bool user, profile, decoder, product;
    // a word of the reason why it is refused, by kind
    const char *why_user, *why_profile, *why_decoder, *why_product;
  };
  const Case cases[] = {
      {"gaussian", false, true, true, false, "has none", "", "", "loses how the encoder goes"},
      {"whitened-rotation", false, true, true, false, "has none", "", "",
       "loses how the encoder goes"},
      {"rotation", false, true, false, false, "has none", "", "would be the graph itself",
       "loses how the encoder goes"},
      {"joint-rotation", false, false, false, true, "has none", "from the decoder alone",
       "from the decoder alone", ""},
      {"rewire", true, false, false, false, "", "those of no Gram matrix",
       "those of no Gram matrix", "rewired edges would make a false discovery"},
      {"sign", true, false, false, false, "", "shuffled signs would make a false discovery",
       "shuffled signs would make a false discovery",
       "shuffled signs would make a false discovery"},
      {"weights", true, false, false, false, "", "shuffled weights would make a false discovery",
       "shuffled weights would make a false discovery",
       "shuffled weights would make a false discovery"}};
  CHECK(std::size(cases) == null_kinds.size());
  for (const Case& c : cases)
    for (const GraphKind kind : all_kinds) {
      CAPTURE(c.null);
      CAPTURE(name(kind));
      const bool honest = kind == GraphKind::user      ? c.user
                          : kind == GraphKind::profile ? c.profile
                          : kind == GraphKind::decoder ? c.decoder
                                                       : c.product;
      const std::string why = kind == GraphKind::user      ? c.why_user
                              : kind == GraphKind::profile ? c.why_profile
                              : kind == GraphKind::decoder ? c.why_decoder
                                                           : c.why_product;
      const auto reason = objection(c.null, kind);
      REQUIRE(reason.has_value() != honest);
      if (reason) CHECK(reason->find(why) != std::string::npos);
    }
}

TEST_CASE("a reason names a null that is honest; so is the one that suits a kind") {
  for (const GraphKind kind : all_kinds) {
    CAPTURE(name(kind));
    CHECK_FALSE(objection("a null of one's own", kind).has_value());
    const auto standard = default_null(kind);
    if (standard) CHECK_FALSE(objection(*standard, kind).has_value());
    for (const auto null : null_kinds)
      if (const auto reason = objection(null, kind)) {
        const std::size_t use = reason->rfind("; use ");
        REQUIRE(use != std::string::npos);
        const std::size_t first = use + 6;
        const std::string named = reason->substr(first, reason->find_first_of(" ,", first) - first);
        CHECK_FALSE(objection(named, kind).has_value());
        CHECK(std::ranges::find(null_kinds, named) != null_kinds.end());
      }
  }
  CHECK(default_null(GraphKind::profile) == "gaussian");
  CHECK(default_null(GraphKind::decoder) == "gaussian");
  CHECK(default_null(GraphKind::user) == "sign");
  CHECK(default_null(GraphKind::virtual_) == "joint-rotation");
  CHECK_FALSE(default_null(GraphKind::flow).has_value());
}

TEST_CASE("the refusal is an error that says why") {
  const SignedGraph gram =
      SignedGraph::from_edges(3, {{0, 1, 1}}, Direction::undirected, GraphKind::profile);
  CHECK_THROWS_WITH_AS(
      sign_shuffle(gram),
      "the null 'sign' is refused for a profile graph: a Gram matrix is nearly balanced by "
      "construction, so shuffled signs would make a false discovery; use gaussian",
      Error);
  CHECK_THROWS_AS(rewire(gram), Error);
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
