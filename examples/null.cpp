// The obvious null is often the wrong one: a graph of random directions looks highly structured
// beside shuffled signs, and is nothing special beside random directions.
#include <cstdio>
#include <yoneda/yoneda.hpp>

int main() {
  using namespace yoneda;
  Random random(1);
  std::vector<float> values(300 * 20);
  for (float& value : values) value = static_cast<float>(random.normal());
  const Matrix W_dec = Matrix::from(values, 300, 20);

  const auto construction = [](const Matrix& W) { return decoder_graph(W, {8, 0.0}); };
  const SignedGraph graph = construction(W_dec);
  const auto report = [](const NullTest& test) {
    std::printf("%s null: observed %.3f, null %.3f, verdict: %s\n", test.null_kind.c_str(),
                test.observed, test.null_mean, name(test.verdict).data());
  };
  report(compare_with(gaussian(W_dec, construction), triangle_balance_statistic(), graph, 40, 1));

  // The same edges, passed off as a graph of which nothing is known.
  const SignedGraph anonymous =
      SignedGraph::from_edges(300, graph.edges(), Direction::undirected, GraphKind::user);
  report(compare_with(sign_shuffle(anonymous), triangle_balance_statistic(), anonymous, 40, 1));
}
