// Is a relation one difference? Two nulls tell a difference that belongs to each pair from two
// kinds of word that merely lie apart.
#include <cstdio>
#include <yoneda/yoneda.hpp>

int main() {
  using namespace yoneda;
  constexpr Index V = 500, d = 40;
  constexpr Id m = 12;
  std::vector<IdPair> pairs;
  for (Id i = 0; i < m; ++i) pairs.push_back({2 * i, 2 * i + 1});

  // Second words that are `tie` times their first word, plus one difference, plus noise.
  const auto report = [&](const char* what, float tie) {
    Random random(1);
    std::vector<float> x(V * d), difference(d);
    for (float& value : x) value = static_cast<float>(random.normal());
    for (float& value : difference) value = static_cast<float>(2 * random.normal());
    for (const auto& [a, b] : pairs)
      for (Index j = 0; j < d; ++j)
        x[b * d + j] = tie * x[a * d + j] + difference[j] + 0.4f * x[b * d + j];
    const Representation words = word_representation(Matrix::from(x, V, d));
    const RelationTest test = relation_test(words, pairs, {.samples = 199});
    std::printf("%s: Q %.2f, hit@1 %.2f\n", what, test.q.observed(), test.hit.observed());
    for (const NullTest* null : {&test.q.swap, &test.q.re_pair})
      std::printf("  %-8s Q %.2f on average, p = %.3f: %s\n", null->null_kind.c_str(),
                  null->null_mean, null->p_upper, name(null->verdict).data());
  };
  report("one difference for all pairs", 1);
  report("two kinds of word", 0);
}
