// Which features act on few tokens, and which act on a given one?
#include <cstdio>
#include <yoneda/yoneda.hpp>

int main() {
  using namespace yoneda;
  const Vocabulary words({"red", "green", "blue", "one", "two", "three", "the", "of"});
  Unembedding model;
  model.W_U = Matrix::from(
      std::vector<float>{3, 0, 1, 2, 0, 1, 2, 1, 1, 0, 3, 1, 0, 2, 1, 0, 2, 2, 0, 0, 1, 0, 0, 2}, 8,
      3);
  // colours, numbers, numbers against colours, everything alike
  const Matrix W_dec = Matrix::from(std::vector<float>{1, 0, 0, 0, 2, 0, -1, 1, 0, 0, 0, 1}, 4, 3);
  ArrowOptions options;
  options.k = 2;
  const LogitArrows arrows = logit_arrows(W_dec, model, options);

  for (const Id f : features_by(arrows, FeatureStatistic::peak))
    std::printf("feature %d: peak %.2f, skewness %+.2f, raises %s and %s\n", f,
                value_of(arrows, FeatureStatistic::peak, f), arrows.skewness[f],
                words.text(arrows.positive(f)[0]).c_str(),
                words.text(arrows.positive(f)[1]).c_str());

  for (const Id token : tokens_of_word(words, "red", words.size())) {
    const TokenArrows found = arrows_of_token(arrows, token);
    for (const TokenArrow& arrow : found.raised)
      std::printf("red is raised by feature %d, by %.1f deviations\n", arrow.feature, arrow.z);
    for (const TokenArrow& arrow : found.lowered)
      std::printf("red is lowered by feature %d, by %.1f deviations\n", arrow.feature, arrow.z);
  }
}
