// Does what one layer's features do to a later layer go through single features of the layer
// between? Here every feature of `early` is made of two features of `middle`.
#include <cstdio>
#include <yoneda/yoneda.hpp>

int main() {
  using namespace yoneda;
  constexpr Index n = 60, d = 40;
  const auto normals = [](Index rows, std::uint64_t seed) {
    Random random(seed);
    std::vector<float> values(rows * d);
    for (float& value : values) value = static_cast<float>(random.normal());
    return Matrix::from(values, rows, d);
  };
  Sae early, middle, late;
  middle.W_dec = middle.W_enc = normals(n, 1);
  late.W_dec = late.W_enc = normals(100, 2);
  std::vector<float> values(n * d);
  for (Id f = 0; f < n; ++f)
    for (Id j = 0; j < d; ++j)
      values[f * d + j] = middle.W_dec(f, j) - middle.W_dec((f + 7) % n, j);
  early.W_dec = Matrix::from(values, n, d);

  MediationOptions options;
  options.k = {1, 2, 8};
  options.samples = 99;
  const MediatedComposition found = mediated_composition(mediation(early, middle, late), options);
  for (std::size_t i = 0; i < found.k.size(); ++i) {
    const NullTest& test = found.tests[i];
    std::printf("through %2td features: %.2f, through random ones %.2f: %s\n", found.k[i],
                test.observed, test.null_mean, name(test.verdict).data());
  }
}
