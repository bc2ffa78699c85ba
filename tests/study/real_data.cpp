// Arrows of real weights: every feature against the definition, by both products, for any number of
// threads.
#include <doctest/doctest.h>
#include <omp.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "yoneda/arrows/junk.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/ingest/sae.hpp"
#include "yoneda/ingest/unembedding.hpp"
#include "yoneda/ingest/vocabulary.hpp"
#include "yoneda/onednn/gemm.hpp"
#include "yoneda/study/sources.hpp"
#include "yoneda/study/steps.hpp"

using namespace yoneda;

namespace {

/// The canonical logit, from the design's words: w'_j = float(w_j γ_j), products and sums in
/// double, eight interleaved partial sums added in order.
std::vector<double> canonical_logits(const Matrix& W_dec, Index f, const Unembedding& model,
                                     const std::vector<float>& W_U, bool fold) {
  const Index d = model.d();
  std::vector<float> w(d);
  for (Index j = 0; j < d; ++j) w[j] = fold ? W_dec(f, j) * model.gain[j] : W_dec(f, j);
  std::vector<double> logits(model.V());
  for (Index t = 0; t < model.V(); ++t) {
    double partial[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    for (Index j = 0; j < d; ++j)
      partial[j % 8] += static_cast<double>(w[j]) * static_cast<double>(W_U[t * d + j]);
    for (const double p : partial) logits[t] += p;
  }
  return logits;
}

/// How many features' arrows, minimum or maximum differ from all logits sorted by (value, id).
Index features_that_differ(const LogitArrows& arrows, const Matrix& W_dec,
                           const Unembedding& model) {
  const bool fold = arrows.convention == Convention::folded;
  const std::vector<float> W_U = to_vector(model.W_U);
  std::vector<char> differs(arrows.n, 0);
  parallel_for(arrows.n, [&](Index f) {
    const auto logits = canonical_logits(W_dec, f, model, W_U, fold);
    std::vector<Id> order(logits.size());
    for (std::size_t t = 0; t < order.size(); ++t) order[t] = static_cast<Id>(t);
    const auto holds = [&](std::span<const Id> tokens, std::span<const float> values) {
      for (std::size_t i = 0; i < tokens.size(); ++i)
        if (tokens[i] != order[i] || values[i] != static_cast<float>(logits[order[i]]))
          return false;
      return true;
    };
    const auto id = static_cast<Id>(f);
    std::ranges::stable_sort(order, std::ranges::greater{}, [&](Id t) { return logits[t]; });
    bool same = holds(arrows.positive(id), arrows.positive_values(id));
    same = same && arrows.max[f] == static_cast<float>(logits[order.front()]);
    std::ranges::sort(order);
    std::ranges::stable_sort(order, std::ranges::less{}, [&](Id t) { return logits[t]; });
    same = same && holds(arrows.negative(id), arrows.negative_values(id));
    same = same && arrows.min[f] == static_cast<float>(logits[order.front()]);
    differs[f] = !same;
  });
  return std::ranges::count(differs, 1);
}

void check(const Sae& sae, const Unembedding& model, Convention convention) {
  ArrowOptions options;
  options.convention = convention;
  const int before = omp_get_max_threads();
  std::vector<LogitArrows> results;
  for (const Gemm& gemm : {onednn_gemm(), eigen_gemm()})
    for (const int threads : {1, 2, 3}) {
      omp_set_num_threads(threads);
      results.push_back(logit_arrows(sae.W_dec, model, options, gemm));
    }
  omp_set_num_threads(before);
  CHECK(results.front().convention == convention);
  CHECK(features_that_differ(results.front(), sae.W_dec, model) == 0);
  for (std::size_t i = 1; i < results.size(); ++i) {
    CHECK(results[i].positive_tokens == results[0].positive_tokens);
    CHECK(results[i].positive_logits == results[0].positive_logits);
    CHECK(results[i].negative_tokens == results[0].negative_tokens);
    CHECK(results[i].negative_logits == results[0].negative_logits);
    CHECK(results[i].mean == results[0].mean);
    const std::size_t same_gemm = i < 3 ? 0 : 3;
    CHECK(results[i].std == results[same_gemm].std);
    CHECK(results[i].kurtosis == results[same_gemm].kurtosis);
    CHECK(results[i].histogram == results[same_gemm].histogram);
  }
}

study::Sources demo() {
  study::SourceOptions options;
  options.sae = YONEDA_DEMO_DATA "/sae";
  options.model = YONEDA_DEMO_DATA "/words.safetensors";
  options.vocabulary = YONEDA_DEMO_DATA "/words.txt";
  return study::open_sources(options);
}

}  // namespace

TEST_CASE("arrows of the demo's SAE") {
  const study::Sources sources = demo();
  CHECK(sources.sae.n() == 2048);
  CHECK(sources.vocabulary.size() == 20000);
  check(sources.sae, sources.model, Convention::raw);
}

TEST_CASE("arrows of a real language model's SAE, folded and raw") {
  const std::string path = YONEDA_SHARED_DATA "/stories260K/sae_after_block4.safetensors";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: no shared data");
    return;
  }
  const Unembedding model = ingest::load_unembedding(path);
  const Sae sae = ingest::load_sae(path, {}, model.d());
  for (const Convention convention : {Convention::folded, Convention::raw})
    check(sae, model, convention);
}

TEST_CASE("unused tokens of a real language model: from its vocabulary, and from weights alone") {
  const std::string folder = YONEDA_SHARED_DATA "/stories260K";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: no shared data");
    return;
  }
  const Unembedding model = ingest::load_unembedding(folder + "/sae_after_block4.safetensors");
  const Vocabulary vocabulary = ingest::load_vocabulary(folder + "/vocab.json");
  const std::vector<Id> unused = unused_tokens(vocabulary, model.V());
  CHECK(unused == std::vector<Id>{195, 196, 248, 249, 250, 251, 252, 253, 254, 255, 256, 257, 258});
  const JunkTokens shown = junk_tokens(model.W_U, {unused});
  const JunkTokens found = junk_tokens(model.W_U);
  CHECK(found.reference == JunkReference::found);
  // Of 512 tokens, 256 are single bytes, and stories are told in whole letters: nearly all of these
  // are unused. Ids 3 to 258 are bytes, 0 to 2 are special, the letters begin at 259; of those from
  // there on only characters that no story has are junk.
  const std::set<std::string> strange{"â", "€", "™", "|", "~"};
  for (const JunkTokens* junk : {&shown, &found}) {
    CHECK(junk->tokens.size() > 225);
    CHECK(junk->tokens.size() < 250);
    for (const Id token : junk->tokens)
      if (token > 258) CHECK(strange.count(vocabulary.text(token)) == 1);
    CHECK(junk->typical > 0.9);
    CHECK(junk->spread < 1e-6);
  }
  // Letters, and pieces of words that any story has; "e" is a byte as well, which is not used.
  for (const std::string used : {"e", " a", " the", "he", "on", " upon"}) {
    double farthest = 0;
    for (Id token = 0; token < model.V(); ++token)
      if (vocabulary.text(token) == used) farthest = std::max(farthest, shown.indicator[token]);
    CAPTURE(used);
    CHECK(farthest > 0.3);
  }
}

TEST_CASE("word vectors hold no junk") {
  const JunkTokens junk = junk_tokens(demo().model.W_U);
  CHECK(junk.tokens.empty());
  CHECK(junk.reference == JunkReference::none);
}
