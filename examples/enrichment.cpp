// Does a feature raise the tokens of a set? The obvious null, shuffled tokens, says yes to most
// random directions: the tokens of a set worth naming point the same way.
#include <cstdio>
#include <yoneda/yoneda.hpp>

int main() {
  using namespace yoneda;
  constexpr Index V = 800, d = 16, n = 200;
  Random random(1);
  std::vector<float> rows(V * d), directions(n * d);
  for (float& value : rows) value = static_cast<float>(random.normal());
  for (float& value : directions) value = static_cast<float>(random.normal());
  // Tokens 0 to 14 are a kind: they share a direction. Feature 5 is made to raise them.
  TokenSet kind{"a kind", {}};
  for (Id t = 0; t < 15; ++t) {
    kind.tokens.push_back(t);
    for (Index j = 0; j < d; ++j) rows[t * d + j] += 1.5f;
  }
  for (Index j = 0; j < d; ++j) directions[5 * d + j] += 6.0f;
  Unembedding model;
  model.W_U = Matrix::from(rows, V, d);

  const Enrichment found = enrichment(Matrix::from(directions, n, d), model, {&kind, 1});
  const SetEnrichment& set = found.sets[0];
  const double shuffled_sd = set.null_sd / set.coherence;
  Index by_shuffling = 0;
  for (const double z : set.z) by_shuffling += std::abs(z) > 1.96 * shuffled_sd;
  std::printf("random directions have z = %.1f ± %.1f, %.1f times as wide as shuffled tokens say\n",
              set.null_mean, set.null_sd, set.coherence);
  std::printf("significant at 5%% by shuffled tokens: %d of %d features\n",
              static_cast<int>(by_shuffling), static_cast<int>(n));
  std::printf("%s: %s\n  %s\n", set.name.c_str(), name(set.verdict).data(), set.reason.c_str());
  std::printf("feature 5: z = %.1f, q = %.4f\n", set.z[5], set.q[5]);
}
