// Naturality of a map between SAEs over the tokens: does a feature's match do the same to them?
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "yoneda/arrows/logit_arrows.hpp"
#include "yoneda/category/feature_map.hpp"
#include "yoneda/category/functoriality.hpp"
#include "yoneda/category/profile_agreement.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/linear/gemm.hpp"
#include "yoneda/model/unembedding.hpp"
#include "yoneda/null/rotation.hpp"
#include "yoneda/null/verdict.hpp"

namespace yoneda {

struct NaturalityOptions {
  Convention convention = Convention::automatic;
  Index features = 2048;  ///< of A in the test, at most: a random sample
  Index samples = 99;
  std::uint64_t seed = 1;
};

struct Naturality {
  /// [n_a], of every feature 1 − the correlation over all tokens of its logits with those of its
  /// match: 0 where the match does the same, 1 where it has nothing to do with it. Nothing where a
  /// feature has no match or tells no tokens apart.
  std::vector<std::optional<double>> of_feature;
  NullTest test;  ///< of the mean correlation
};

/// Token profiles of all features of A [n_a, d] beside those of the nearest in B [n_b, d], over all
/// tokens of the model and without holding a profile: a correlation is an inner product in the
/// metric of the unembedding's covariance. Both are made from decoders, as F is, so that most of
/// the agreement is no news; the test is beside whitened rotations of B to which F is fitted again.
///
/// Throws Error{shape} where SAEs and model do not share a stream, Error{value} as resolve() and
/// for bad options, Error{cancelled}. Cost: V d² + n d², and for each of samples + 1 rounds a draw,
/// F n_b d and n_b d².
template <class = void>
Naturality naturality(const Matrix& A, const Matrix& B, const Unembedding& model,
                      const NaturalityOptions& options = {}, const Gemm& gemm = eigen_gemm(),
                      const Progress& progress = {}) {
  require_same_stream(A, model);
  require_same_stream(B, model);
  if (options.features < 1 || options.samples < 1)
    throw Error(ErrorKind::value, "naturality needs at least one feature and one sample");
  const Convention convention = resolve(options.convention, model);
  const KeyProfiles tokens(model.W_U, gemm);
  const auto profiles = [&](const Matrix& W_dec) {
    return tokens.of(logit_directions(W_dec, model, convention));
  };
  const Matrix of_A = profiles(A);
  const FeatureMap F = detail::nearest_of(unit_rows(A), unit_rows(B), gemm);
  const auto agreement = profile_agreement(F, of_A, profiles(B));

  Random stream(options.seed, 1);
  const auto sample = sample_sorted(A.rows(), options.features, stream);
  std::vector<std::optional<double>> looked_at;
  for (const Id f : sample) looked_at.push_back(agreement[f]);
  const auto undefined = std::numeric_limits<double>::quiet_NaN();
  const WhitenedRotation null(B, gemm);
  const Matrix a = unit_rows(take_rows(A, sample)), profiles_a = take_rows(of_A, sample);
  std::vector<double> draws;
  for (Index i = 0; i < options.samples; ++i) {
    progress.check("naturality, null draws",
                   static_cast<double>(i) / static_cast<double>(options.samples));
    const Matrix drawn = null.draw(Random(options.seed, static_cast<std::uint64_t>(i + 2)).bits());
    const FeatureMap fitted = detail::nearest_of(a, unit_rows(drawn), gemm);
    draws.push_back(
        mean_agreement(profile_agreement(fitted, profiles_a, profiles(drawn))).value_or(undefined));
  }
  progress.check("naturality, null draws", 1);

  Naturality found;
  for (const auto& value : agreement)
    found.of_feature.push_back(value ? std::optional(1 - *value) : std::nullopt);
  found.test = judged({"correlation of token profiles", 0, 1, "map", false},
                      mean_agreement(looked_at), std::move(draws));
  found.test.null_kind = "whitened-rotation";
  found.test.keeps =
      "Draws B again and fits the map to it: keeps B's second moment and Mahalanobis geometry, "
      "loses which directions are features.";
  found.test.seed = options.seed;
  return found;
}

}  // namespace yoneda
