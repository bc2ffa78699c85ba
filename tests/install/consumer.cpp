// A program of somebody else's: installed headers, Eigen, and no library to link.
#include <cstdio>
#include <yoneda/yoneda.hpp>

int main() {
  using namespace yoneda;
  const SignedGraph graph = SignedGraph::from_edges(3, {{0, 1, 1.0f}, {1, 2, 1.0f}, {0, 2, -1.0f}},
                                                    Direction::undirected, GraphKind::user);
  const Balance found = balance(graph);
  const Matrix W_dec = Matrix::from(std::vector<float>{1, 0, 0, 1, -1, 0}, 3, 2);
  std::printf("%s %ld\n", found.balanced() ? "balanced" : "not balanced",
              static_cast<long>(decoder_graph(W_dec).edge_count()));
}
