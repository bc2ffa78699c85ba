// What do features do to tokens? Three features and five tokens in the plane.
#include <cstdio>
#include <yoneda/yoneda.hpp>

int main() {
  using namespace yoneda;
  const Matrix W_dec = Matrix::from(std::vector<float>{1, 0, 0, 1, -1, 0.1f}, 3, 2);
  const Vocabulary words({"east", "north", "west", "south", "here"});
  Unembedding model;
  model.W_U = Matrix::from(std::vector<float>{2, 0, 0, 2, -2, 0, 0, -2, 0.1f, 0.1f}, 5, 2);

  ArrowOptions options;
  options.k = 1;
  const LogitArrows arrows = logit_arrows(W_dec, model, options);
  for (Id f = 0; f < arrows.n; ++f)
    std::printf("feature %d raises %s (%.1f), lowers %s (%.1f)\n", f,
                words.text(arrows.positive(f)[0]).c_str(), arrows.positive_values(f)[0],
                words.text(arrows.negative(f)[0]).c_str(), arrows.negative_values(f)[0]);

  for (const Edge& edge : profile_graph(arrows).edges())
    std::printf("features %d and %d: %+.2f\n", edge.source, edge.target, edge.weight);
}
