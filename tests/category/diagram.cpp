#include "yoneda/category/diagram.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>
#include <cmath>
#include <limits>
#include <vector>

#include "category/graphs.hpp"
#include "yoneda/category/linear_base.hpp"

using namespace yoneda;
using doctest::Approx;

TEST_CASE("the composite of a path, and of parts of it") {
  const SignedGraph graph = user_graph(4, {{0, 1, 0.5f}, {1, 2, -4}, {2, 3, -0.25f}});
  const std::vector<Id> path{0, 1, 2, 3};
  CHECK(composite(Sign{}, graph, path) == 1);
  CHECK(composite(Weight{}, graph, path) == Approx(0.5));
  CHECK(composite(Weight{}, graph, std::vector<Id>{0, 1, 2}) == Approx(-2));
  CHECK(composite(Weight{}, graph, std::vector<Id>{2}) == 1);
  const SignedGraph directed = directed_graph(2, {{0, 1, -1}});
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

TEST_CASE("arrows may come from anywhere: matrices compose in the order of the path") {
  Random random(1);
  std::vector<Eigen::MatrixXd> arrow;  // of u -> u + 1, from 2 + u dimensions to 3 + u
  for (Index u = 0; u < 3; ++u)
    arrow.push_back(Eigen::MatrixXd::NullaryExpr(2 + u, 3 + u, [&] { return random.normal(); }));
  const auto arrow_of = [&arrow](Id u, Id) -> const Eigen::MatrixXd& { return arrow[u]; };
  const auto found = composite(Linear{2}, arrow_of, std::vector<Id>{0, 1, 2, 3});
  CHECK((found - arrow[0] * (arrow[1] * arrow[2])).norm() < 1e-12);
}

TEST_CASE("joined mediators are matrix products: sums, cheapest paths, likeliest paths") {
  Random random(2);
  const Index a = 2, b = 5, c = 4;
  const SignedGraph graph = [&] {  // a -> b -> c -> the last node, not every edge there
    std::vector<Edge> edges;
    const auto join = [&](Index from, Index count, Index to, Index targets) {
      for (Index u = from; u < from + count; ++u)
        for (Index v = to; v < to + targets; ++v)
          if (random.uniform() < 0.7)
            edges.push_back({static_cast<Id>(u), static_cast<Id>(v),
                             static_cast<float>(2 * random.uniform() - 1)});
    };
    join(0, a, a, b);
    join(a, b, a + b, c);
    join(a + b, c, a + b + c, 1);
    return directed_graph(a + b + c + 1, std::move(edges));
  }();
  const auto block = [&](Index from, Index rows, Index to, Index columns) -> Eigen::MatrixXd {
    return Eigen::MatrixXd::NullaryExpr(rows, columns, [&](Index i, Index j) {
      return static_cast<double>(graph.weight(static_cast<Id>(from + i), static_cast<Id>(to + j)));
    });
  };
  const Eigen::MatrixXd F = block(0, a, a, b), G = block(a, b, a + b, c),
                        H = block(a + b, c, a + b + c, 1);
  const Eigen::MatrixXd product = F * G * H;
  const auto last = static_cast<Id>(a + b + c);
  const std::vector<Id> middle{2, 3, 4, 5, 6}, next{7, 8, 9, 10};
  for (Id f = 0; f < a; ++f) {
    const std::vector<std::vector<Id>> steps{{f}, middle, next, {last}};
    CHECK(joined_composite(Real{}, graph, steps) == Approx(product(f, 0)));
    double likeliest = 0;
    for (Index i = 0; i < b; ++i)
      for (Index j = 0; j < c; ++j)
        likeliest = std::max(likeliest, std::abs(F(f, i) * G(i, j) * H(j, 0)));
    CHECK(joined_composite(Probability{}, graph, steps) == Approx(likeliest));
    CHECK(joined_composite(Lawvere{}, graph, steps) == Approx(-std::log(likeliest)));
  }
  // a set at either end joins over it as well
  const std::vector<std::vector<Id>> both{{0, 1}, middle, next, {last}};
  CHECK(joined_composite(Real{}, graph, both) == Approx(product(0, 0) + product(1, 0)));
}

TEST_CASE("joined mediators: none, one step, twice the same, rectangular matrices") {
  const SignedGraph graph = directed_graph(3, {{0, 1, 0.5f}, {1, 2, 0.5f}});
  using Steps = std::vector<std::vector<Id>>;
  CHECK(joined_composite(Real{}, graph, Steps{{0}, {}, {2}}) == 0);
  CHECK(joined_composite(Lawvere{}, graph, Steps{{0}, {2}}) ==
        std::numeric_limits<double>::infinity());
  CHECK(joined_composite(Real{}, graph, Steps{{1}}) == 1);
  CHECK(joined_composite(Real{}, graph, Steps{{0}, {1}, {2}}) == 0.25);
  CHECK_THROWS_AS(joined_composite(Real{}, graph, Steps{}), Error);
  CHECK_THROWS_AS(joined_composite(Real{}, graph, Steps{{0}, {3}}), Error);
  CHECK_THROWS_WITH_AS(joined_composite(Real{}, graph, Steps{{0}, {1, 1}, {2}}),
                       "node 1 is given twice in one step of a path, and its paths would be joined "
                       "twice",
                       Error);
  const auto arrow_of = [](Id u, Id v) -> Eigen::MatrixXd {
    return u == 0 ? Eigen::MatrixXd::Constant(1, 3, v) : Eigen::MatrixXd::Constant(3, 2, u);
  };
  const auto sum = joined_composite(Linear{3}, arrow_of, Steps{{0}, {1, 2}, {5}});
  CHECK(sum == Eigen::MatrixXd::Constant(1, 2, 3 * (1 + 4)));
}

TEST_CASE("failures are ranked, with both values") {
  const SignedGraph graph =
      directed_graph(4, {{0, 1, 2}, {1, 3, 3}, {0, 2, -1}, {2, 3, 6}, {0, 3, 6}});
  const std::vector<Equation> equations{
      {"holds", {0, 1, 3}, {0, 3}},
      {"sign", {0, 2, 3}, {0, 3}},
      {"also sign", {0, 1, 3}, {0, 2, 3}},
      {"tolerated", {0, 1}, {0, 1}},
  };
  const auto in_sign = failures(equations, graph, Sign{});
  REQUIRE(in_sign.size() == 2);
  CHECK(in_sign[0].equation == 1);  // equally bad: in the order of the list
  CHECK(in_sign[1].equation == 2);
  CHECK(in_sign[0].left == -1);
  CHECK(in_sign[0].right == 1);
  CHECK(in_sign[0].discrepancy == 1);
  CHECK_FALSE(commutes(equations, graph, Sign{}));

  // 1 · 8, 4 · 7 and 7 along the three paths
  const auto arrow_of = [](Id u, Id v) { return u == 0 && v == 3 ? 7.0 : v * v - u + 0.0; };
  const auto in_real = failures(equations, arrow_of, Real{});
  REQUIRE(in_real.size() == 3);
  CHECK(in_real[0].equation == 1);
  CHECK(in_real[0].left == 28);
  CHECK(in_real[0].discrepancy == Approx(0.75));
  CHECK(in_real[1].equation == 2);
  CHECK(in_real[1].discrepancy == Approx(20.0 / 28));
  CHECK(in_real[2].equation == 0);
  CHECK(in_real[2].discrepancy == Approx(1.0 / 8));
  const std::vector<Equation> tolerant{{"", {0, 1, 3}, {0, 3}, 0.2}};
  CHECK(commutes(tolerant, arrow_of, Real{}));
  CHECK(commutes(std::span<const Equation>{}, graph, Sign{}));
}

TEST_CASE("a loop against the identity, and discrepancies that are no numbers, are failures") {
  const SignedGraph graph = directed_graph(2, {{0, 1, 2}, {1, 0, 0.5f}});
  const std::vector<Equation> loop{{"there and back", {0, 1, 0}, {0}}};
  CHECK(commutes(loop, graph, Weight{}));
  const auto broken = [](Id, Id) { return std::numeric_limits<double>::quiet_NaN(); };
  const auto found = failures(loop, broken, Real{});
  REQUIRE(found.size() == 1);
  CHECK(found[0].discrepancy == std::numeric_limits<double>::infinity());
}

TEST_CASE("equations that are none are refused by place and name") {
  const SignedGraph graph = directed_graph(3, {{0, 1, 1}, {1, 2, 1}, {0, 2, 1}});
  const auto refused = [&graph](const Equation& equation, const char* message) {
    const std::vector<Equation> list{{"fine", {0, 1, 2}, {0, 2}}, equation};
    CHECK_THROWS_WITH_AS(failures(list, graph, Sign{}), message, Error);
  };
  refused({"x", {0, 1}, {0, 2}},
          "equation 1 (x): the left side goes from 0 to 1, the right from 0 to 2: both need the "
          "same ends");
  refused({"", {0, 1}, {}}, "equation 1: an equation has a side without nodes");
  refused({"", {0, 2}, {0, 2}, -1},
          "equation 1: the tolerance -1.000000 must be a number that is not negative");
  refused({"y", {2, 0}, {2, 0}}, "equation 1 (y): step 2 - 0 of a path is no edge");
  refused({"y", {5}, {5}}, "equation 1 (y): node 5 of a path is not one of the 3 of the graph");
}
