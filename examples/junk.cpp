// Which tokens did a model hardly ever see? Their rows of the unembedding all point one way.
#include <cstdio>
#include <yoneda/yoneda.hpp>

int main() {
  using namespace yoneda;
  constexpr Index V = 1000, d = 32;
  Random random(1);
  std::vector<float> rows(V * d);
  for (float& value : rows) value = static_cast<float>(random.normal());
  // Tokens 10 to 29 never came next in training: pushed along one direction, and nothing else.
  for (Index t = 10; t < 30; ++t)
    for (Index j = 0; j < d; ++j) rows[t * d + j] = 1.0f + 0.01f * rows[t * d + j];
  Unembedding model;
  model.W_U = Matrix::from(rows, V, d);

  // A vocabulary names some of them, or nothing is known.
  for (const std::vector<Id>& unused : {std::vector<Id>{10, 11, 12}, std::vector<Id>{}}) {
    const JunkTokens junk = junk_tokens(model.W_U, {unused});
    std::printf("reference %s: tokens %s, within %.4f of it where others lie at %.2f\n",
                name(junk.reference).data(), id_ranges(junk.tokens).c_str(), junk.threshold,
                junk.typical);
  }

  // Arrows without them. The feature would raise them all.
  const Matrix W_dec = Matrix::from(std::vector<float>(d, 1.0f), 1, d);
  ArrowOptions options;
  options.k = 3;
  const auto print = [&](const char* what) {
    const LogitArrows arrows = logit_arrows(W_dec, model, options);
    std::printf("%s:", what);
    for (const Id token : arrows.positive(0)) std::printf(" %d", token);
    std::printf("\n");
  };
  print("raised");
  const std::vector<Id> junk = junk_tokens(model.W_U).tokens;
  options.excluded = junk;
  print("raised, junk left out");
}
