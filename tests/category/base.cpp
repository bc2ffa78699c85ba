#include "yoneda/category/base.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "category/graphs.hpp"

using namespace yoneda;
using doctest::Approx;

static_assert(Base<Sign>);
static_assert(Base<Weight>);

namespace {

struct Lengths {  // no discrepancy
  using value = int;
  value arrow(float) const { return 1; }
  value unit(Id) const { return 0; }
  value compose(value f, value g) const { return f + g; }
};
static_assert(!Base<Lengths>);

template <Base B>
void obeys_the_laws(const B& base) {
  Random random(1);
  const auto arrow = [&] { return base.arrow(static_cast<float>(random.normal())); };
  for (int round = 0; round < 100; ++round) {
    const auto f = arrow(), g = arrow(), h = arrow();
    CHECK(base.discrepancy(base.compose(base.unit(3), f), f) == 0);
    CHECK(base.discrepancy(base.compose(f, base.unit(3)), f) == 0);
    CHECK(base.discrepancy(base.compose(base.compose(f, g), h),
                           base.compose(f, base.compose(g, h))) < 1e-12);
    CHECK(base.discrepancy(f, g) == base.discrepancy(g, f));
  }
}

}  // namespace

TEST_CASE("bases are associative and have units") {
  obeys_the_laws(Sign{});
  obeys_the_laws(Weight{});
}

TEST_CASE("discrepancies: a factor of e is 1, a change of sign is 1") {
  CHECK(Sign{}.discrepancy(1, -1) == 1);
  CHECK(Weight{}.discrepancy(2, 2 * std::exp(1.0)) == Approx(1));
  CHECK(Weight{}.discrepancy(-3, 3) == Approx(1));
  CHECK(Weight{}.discrepancy(-3, -3) == 0);
}

TEST_CASE("the composite of a path, and of parts of it") {
  const SignedGraph graph = user_graph(4, {{0, 1, 0.5f}, {1, 2, -4}, {2, 3, -0.25f}});
  const std::vector<Id> path{0, 1, 2, 3};
  CHECK(composite(Sign{}, graph, path) == 1);
  CHECK(composite(Weight{}, graph, path) == Approx(0.5));
  CHECK(composite(Weight{}, graph, std::vector<Id>{0, 1, 2}) == Approx(-2));
  CHECK(composite(Weight{}, graph, std::vector<Id>{2}) == 1);
  const SignedGraph directed =
      SignedGraph::from_edges(2, {{0, 1, -1}}, Direction::directed, GraphKind::user);
  CHECK(composite(Sign{}, directed, std::vector<Id>{0, 1}) == -1);
  CHECK_THROWS_AS(composite(Sign{}, directed, std::vector<Id>{1, 0}), Error);
}

TEST_CASE("what is no path is refused") {
  const SignedGraph graph = user_graph(3, {{0, 1, 1}});
  CHECK_THROWS_WITH(composite(Sign{}, graph, std::vector<Id>{0, 2}),
                    "step 0 - 2 of a path is no edge");
  CHECK_THROWS_AS(composite(Sign{}, graph, std::vector<Id>{0, 7}), Error);
  CHECK_THROWS_AS(composite(Sign{}, graph, std::vector<Id>{-1}), Error);
  CHECK_THROWS_AS(composite(Sign{}, graph, std::vector<Id>{}), Error);
}
