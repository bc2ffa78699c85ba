// Which features of a later layer read what an earlier layer's features write? Two tiny SAEs on one
// residual stream of three dimensions.
#include <cstdio>
#include <yoneda/yoneda.hpp>

int main() {
  using namespace yoneda;
  const char* writers[] = {"cat", "king", "however"};
  const char* readers[] = {"animal", "monarchy", "plain statement"};
  Sae early, late;
  early.W_dec = Matrix::from(std::vector<float>{1, 0, 0, 0.2f, 1, 0, 0, 0, 1}, 3, 3);
  late.W_dec = Matrix::from(std::vector<float>{1, 0, 0, 0, 1, 0, 0, 0, -1}, 3, 3);
  late.W_enc = Matrix::from(std::vector<float>{1.5f, 0, 0, -0.5f, 1, 0, 0, 0, -0.8f}, 3, 3);

  NeighborOptions options;
  options.neighbors = 2;
  const SignedGraph graph = virtual_graph(early, late, options);
  const Id n = static_cast<Id>(early.n());  // nodes from n on are features of the later SAE
  for (const Edge& edge : graph.edges())
    std::printf("%s %s %s (%+.2f)\n", writers[edge.source], edge.weight > 0 ? "feeds" : "inhibits",
                readers[edge.target - n], edge.weight);

  // Do the signs agree round every square, whichever way one goes?
  const CycleBalance squares = square_balance(without_directions(graph));
  std::printf("squares: %td balanced, %td not\n", squares.balanced, squares.unbalanced);
}
