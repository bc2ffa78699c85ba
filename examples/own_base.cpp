// A base of your own in ten lines: delays in steps of a pipeline, where the slowest route decides.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <yoneda/yoneda.hpp>

struct Delay {
  using value = double;
  value arrow(float weight) const { return static_cast<double>(weight); }
  value unit(yoneda::Id) const { return 0; }
  value zero() const { return -std::numeric_limits<double>::infinity(); }  // no route
  value compose(value first, value then) const { return first + then; }
  value join(value f, value g) const { return std::max(f, g); }
  double discrepancy(value f, value g) const { return f == g ? 0 : std::abs(f - g); }
};
static_assert(yoneda::JoinBase<Delay>);

int main() {
  using namespace yoneda;
  // 0 → 1 → 3, 0 → 2 → 3, and 0 → 3 at once
  const SignedGraph graph =
      SignedGraph::from_edges(4, {{0, 1, 2}, {1, 3, 3}, {0, 2, 4}, {2, 3, 2}, {0, 3, 6}},
                              Direction::directed, GraphKind::user);

  const std::vector<std::vector<Id>> any_middle{{0}, {1, 2}, {3}};
  std::printf("through 1: %g\n", composite(Delay{}, graph, std::vector<Id>{0, 1, 3}));
  std::printf("the slowest of both: %g\n", joined_composite(Delay{}, graph, any_middle));

  const Equations routes = parallel_paths(graph, 2);
  std::printf("pairs of parallel routes: %d\n", static_cast<int>(routes.total));
  for (const auto& failure : failures(routes.list, graph, Delay{})) {
    for (const Id node : routes.list[failure.equation].left) std::printf("%d ", node);
    std::printf("takes %g, ", failure.left);
    for (const Id node : routes.list[failure.equation].right) std::printf("%d ", node);
    std::printf("takes %g\n", failure.right);
  }
}
