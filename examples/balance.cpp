// Is a signed graph balanced, and if not, where does it fail?
//     a friend of a friend is a friend; an enemy's enemy is a friend
#include <cstdio>
#include <yoneda/yoneda.hpp>

int main() {
  using namespace yoneda;
  const char* names[] = {"cat", "dog", "tax", "fee", "pet"};
  const SignedGraph graph = SignedGraph::from_edges(
      5, {{0, 1, 0.9f}, {2, 3, 0.8f}, {0, 2, -0.7f}, {1, 3, -0.6f}, {0, 4, 0.9f}, {2, 4, 0.5f}},
      Direction::undirected, GraphKind::user);

  const Balance found = balance(graph);
  std::printf("balanced: %s\n", found.balanced() ? "yes" : "no");
  std::printf("a cycle whose signs multiply to minus:");
  for (const Id node : found.certificate) std::printf(" %s", names[node]);
  std::printf("\n");

  const Frustration frustrated = frustration(graph);
  std::printf("edges to flip: between %.0f and %.0f\n", frustrated.lower, frustrated.upper);
}
