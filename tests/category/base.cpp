#include "yoneda/category/base.hpp"

#include <doctest/doctest.h>

#include <Eigen/QR>
#include <cmath>
#include <limits>
#include <vector>

#include "category/graphs.hpp"
#include "yoneda/category/linear_base.hpp"
#include "yoneda/category/probabilities.hpp"

using namespace yoneda;
using doctest::Approx;

static_assert(Base<Sign> && Base<Weight>);
static_assert(!JoinBase<Sign> && !JoinBase<Weight>);  // two paths of opposite sign have no join
static_assert(JoinBase<Real> && JoinBase<Lawvere> && JoinBase<Probability> && JoinBase<Linear>);

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Lengths {  // no discrepancy
  using value = int;
  value arrow(float) const { return 1; }
  value unit(Id) const { return 0; }
  value compose(value f, value g) const { return f + g; }
};
static_assert(!Base<Lengths>);

/// Values drawn, and beside them those a base may stumble over.
template <Base B, class Draw>
std::vector<typename B::value> some_values(const B& base, const Draw& draw) {
  std::vector<typename B::value> values{base.unit(3)};
  for (int i = 0; i < 8; ++i) values.push_back(draw());
  if constexpr (JoinBase<B>) values.push_back(base.zero());
  return values;
}

template <Base B, class Draw>
void obeys_the_laws(const B& base, const Draw& draw) {
  const auto values = some_values(base, draw);
  const auto same = [&base](const auto& f, const auto& g) {
    return base.discrepancy(f, g) < 1e-12;
  };
  for (const auto& f : values) {
    CHECK(base.discrepancy(base.compose(base.unit(3), f), f) == 0);
    CHECK(base.discrepancy(base.compose(f, base.unit(3)), f) == 0);
    CHECK(base.discrepancy(f, f) == 0);
    for (const auto& g : values) {
      CHECK(base.discrepancy(f, g) == base.discrepancy(g, f));
      CHECK(base.discrepancy(f, g) >= 0);  // and so is a number
      for (const auto& h : values)
        CHECK(same(base.compose(base.compose(f, g), h), base.compose(f, base.compose(g, h))));
    }
  }
}

template <JoinBase B, class Draw>
void joins(const B& base, const Draw& draw, bool idempotent) {
  const auto values = some_values(base, draw);
  // Sums may cancel: what they leave is compared with what they were made of.
  const auto same = [&base](const auto& f, const auto& g) { return base.discrepancy(f, g) < 1e-9; };
  for (const auto& f : values) {
    CHECK(base.discrepancy(base.join(base.zero(), f), f) == 0);
    CHECK(base.discrepancy(base.compose(base.zero(), f), base.zero()) == 0);
    CHECK(base.discrepancy(base.compose(f, base.zero()), base.zero()) == 0);
    if (idempotent) CHECK(base.discrepancy(base.join(f, f), f) == 0);
    for (const auto& g : values) {
      CHECK(base.discrepancy(base.join(f, g), base.join(g, f)) == 0);
      for (const auto& h : values) {
        CHECK(same(base.join(base.join(f, g), h), base.join(f, base.join(g, h))));
        CHECK(same(base.compose(base.join(f, g), h),
                   base.join(base.compose(f, h), base.compose(g, h))));
        CHECK(same(base.compose(h, base.join(f, g)),
                   base.join(base.compose(h, f), base.compose(h, g))));
      }
    }
  }
}

}  // namespace

TEST_CASE("bases are associative, have units, and a symmetric discrepancy that is 0 on equals") {
  Random random(1);
  const auto weight = [&] { return static_cast<float>(random.normal()); };
  const auto small = [&] { return static_cast<float>(2 * random.uniform() - 1); };
  const Linear linear{3};
  const auto matrix = [&]() -> Eigen::MatrixXd {
    return Eigen::MatrixXd::NullaryExpr(3, 3, [&] { return random.normal(); });
  };
  for (int round = 0; round < 5; ++round) {
    obeys_the_laws(Sign{}, [&] { return Sign{}.arrow(weight()); });
    obeys_the_laws(Weight{}, [&] { return Weight{}.arrow(weight()); });
    obeys_the_laws(Real{}, [&] { return Real{}.arrow(weight()); });
    obeys_the_laws(Lawvere{}, [&] { return Lawvere{}.arrow(small()); });
    obeys_the_laws(Probability{}, [&] { return Probability{}.arrow(small()); });
    obeys_the_laws(linear, matrix);
  }
}

TEST_CASE("joins are commutative monoids over which composition distributes") {
  Random random(2);
  const auto small = [&] { return static_cast<float>(2 * random.uniform() - 1); };
  for (int round = 0; round < 5; ++round) {
    joins(
        Real{}, [&] { return random.normal(); }, false);
    joins(
        Lawvere{}, [&] { return Lawvere{}.arrow(small()); }, true);
    joins(
        Probability{}, [&] { return Probability{}.arrow(small()); }, true);
    joins(
        Linear{2},
        [&]() -> Eigen::MatrixXd {
          return Eigen::MatrixXd::NullaryExpr(2, 2, [&] { return random.normal(); });
        },
        false);
  }
}

TEST_CASE("discrepancies: a factor of e is 1, a change of sign is 1") {
  CHECK(Sign{}.discrepancy(1, -1) == 1);
  CHECK(Weight{}.discrepancy(2, 2 * std::exp(1.0)) == Approx(1));
  CHECK(Weight{}.discrepancy(-3, 3) == Approx(1));
  CHECK(Weight{}.discrepancy(-3, -3) == 0);
}

TEST_CASE("the discrepancy of reals is relative, and defined at 0 and where numbers are huge") {
  CHECK(Real{}.discrepancy(0, 0) == 0);
  CHECK(Real{}.discrepancy(0, -0.0) == 0);
  CHECK(Real{}.discrepancy(0, 1e-300) == 1);
  CHECK(Real{}.discrepancy(3, 4) == Approx(0.25));
  CHECK(Real{}.discrepancy(3e10, 4e10) == Approx(0.25));
  CHECK(Real{}.discrepancy(1.5, -1.5) == 2);
  CHECK(Real{}.discrepancy(1e308, -1e308) == 2);
}

TEST_CASE("costs are −log p, with no path at infinity") {
  const Lawvere costs;
  const Probability chances;
  CHECK(costs.arrow(-0.25f) == Approx(std::log(4.0)));
  CHECK(costs.arrow(1) == 0);
  CHECK_FALSE(std::signbit(costs.arrow(1)));
  CHECK(costs.discrepancy(infinity, infinity) == 0);
  CHECK(costs.discrepancy(infinity, 1) == infinity);
  CHECK(costs.compose(infinity, 0.5) == infinity);
  CHECK(costs.join(infinity, 0.5) == 0.5);
  CHECK(chances.discrepancy(0, 0) == 0);
  CHECK(chances.discrepancy(0, 0.5) == infinity);
  CHECK(chances.arrow(1 + 1e-7f) == 1);  // a cosine that rounding left above 1
  CHECK_THROWS_AS(costs.arrow(1.5f), Error);
  CHECK_THROWS_AS(chances.arrow(-1.5f), Error);
  CHECK_THROWS_AS(chances.arrow(std::numeric_limits<float>::quiet_NaN()), Error);
}

TEST_CASE("probability is the twin of Lawvere under −log") {
  Random random(3);
  for (int round = 0; round < 200; ++round) {
    const double p = 1 - random.uniform(), q = 1 - random.uniform();
    const double a = Lawvere::cost(p), b = Lawvere::cost(q);
    CHECK(Lawvere::cost(Probability{}.compose(p, q)) == Approx(Lawvere{}.compose(a, b)));
    CHECK(Lawvere::cost(Probability{}.join(p, q)) == Lawvere{}.join(a, b));
    CHECK(Probability{}.discrepancy(p, q) == Lawvere{}.discrepancy(a, b));
    const auto w = static_cast<float>(p);
    CHECK(Lawvere::cost(Probability{}.arrow(w)) == Lawvere{}.arrow(w));
  }
}

TEST_CASE("matrices compose as rows see them, and need not be square") {
  const Linear base{2};
  CHECK(base.arrow(-3) == -3 * Eigen::MatrixXd::Identity(2, 2));
  Eigen::MatrixXd f(1, 2), g(2, 3);
  f << 1, 2;
  g << 1, 0, 3, 0, 1, -1;
  Eigen::MatrixXd both(1, 3);
  both << 1, 2, 1;
  CHECK(base.compose(f, g) == both);
  CHECK_THROWS_WITH_AS(base.compose(g, f), "matrices of 2 x 3 and 1 x 2 cannot be composed", Error);
  CHECK_THROWS_WITH_AS(base.join(f, g), "matrices of 1 x 2 and 2 x 3 cannot be joined", Error);
  CHECK_THROWS_AS(base.discrepancy(f, both), Error);
}

TEST_CASE("the discrepancy of matrices is relative in norm, and 0 between zeros") {
  const Linear base{4};
  CHECK(base.discrepancy(base.zero(), base.zero()) == 0);
  CHECK(base.discrepancy(base.zero(), base.unit(0)) == 1);
  CHECK(base.discrepancy(base.unit(0), base.arrow(-1)) == 2);
  // ‖Q − I‖² = 2r − 2 tr Q for an orthogonal Q
  Random random(4);
  const Eigen::MatrixXd A = Eigen::MatrixXd::NullaryExpr(4, 4, [&] { return random.normal(); });
  const Eigen::MatrixXd Q = A.householderQr().householderQ();
  CHECK(base.discrepancy(Q, base.unit(0)) == Approx(std::sqrt((8 - 2 * Q.trace()) / 4)));
}

TEST_CASE("probabilities: sizes where undirected, shares of the row where directed") {
  const SignedGraph undirected = probabilities(user_graph(3, {{0, 1, -0.5f}, {1, 2, 1.0000001f}}));
  CHECK(undirected.weight(1, 0) == 0.5f);
  CHECK(undirected.weight(1, 2) == 1);
  const SignedGraph directed = probabilities(SignedGraph::from_edges(
      3, {{0, 1, 30}, {0, 2, -10}, {1, 2, 1e-30f}}, Direction::directed, GraphKind::user));
  CHECK(directed.directed());
  CHECK(directed.weight(0, 1) == 0.75f);
  CHECK(directed.weight(0, 2) == 0.25f);
  CHECK(directed.weight(1, 2) == 1);
  CHECK(probabilities(SignedGraph{}).edge_count() == 0);
  // an edge too weak for a float beside its row stays an edge
  const SignedGraph faint = probabilities(SignedGraph::from_edges(
      3, {{0, 1, 1e30f}, {0, 2, 1e-30f}}, Direction::directed, GraphKind::user));
  CHECK(faint.weight(0, 2) > 0);
  CHECK_THROWS_WITH_AS(
      probabilities(user_graph(3, {{0, 1, -1.5f}})),
      "edge 0 - 1 has weight -1.500000, which is no probability: an undirected graph needs weights "
      "between -1 and 1 (divide all by the largest); a directed graph's rows are scaled",
      Error);
}
