// Equations between paths of a graph of your own: which hold, and which fail worst?
#include <cstdio>
#include <yoneda/yoneda.hpp>

int main() {
  using namespace yoneda;
  const char* names[] = {"metre", "foot", "inch", "yard"};
  enum : Id { metre, foot, inch, yard };
  // How many of the target are in one of the source; someone took a yard for two feet.
  const SignedGraph graph = SignedGraph::from_edges(4,
                                                    {{metre, foot, 3.28084f},
                                                     {foot, inch, 12},
                                                     {metre, inch, 39.3701f},
                                                     {yard, foot, 2},
                                                     {yard, inch, 36},
                                                     {metre, yard, 1.09361f}},
                                                    Direction::directed, GraphKind::user);
  const std::vector<Equation> equations{
      {"metres to inches", {metre, foot, inch}, {metre, inch}, 1e-5},
      {"yards to inches", {yard, foot, inch}, {yard, inch}, 1e-5},
      {"metres to feet", {metre, yard, foot}, {metre, foot}, 1e-5},
      {"metres to inches by yards", {metre, yard, inch}, {metre, inch}, 1e-5},
  };
  for (const Failure<Weight>& failure : failures(equations, graph, Weight{}))
    std::printf("%s: %.4f, not %.4f\n", equations[failure.equation].name.c_str(), failure.left,
                failure.right);

  // Only sizes are wrong: in the base of signs everything commutes.
  std::printf("signs commute: %s\n", commutes(equations, graph, Sign{}) ? "yes" : "no");

  // Without writing equations: every pair of parallel paths, decided by potentials.
  const auto sweep = potential_sweep(graph, Weight{}, {.tolerance = 1e-5});
  for (const auto& [equation, discrepancy, left, right] : sweep.failures) {
    for (const Id node : sweep.equations[equation].left) std::printf("%s ", names[node]);
    std::printf("is %.4f, ", left);
    for (const Id node : sweep.equations[equation].right) std::printf("%s ", names[node]);
    std::printf("is %.4f\n", right);
  }
}
