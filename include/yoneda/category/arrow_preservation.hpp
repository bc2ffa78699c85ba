// Does a map between two SAEs, fitted on their decoders, preserve arrows that come from elsewhere?
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/category/feature_map.hpp"
#include "yoneda/category/functoriality.hpp"
#include "yoneda/category/profile_agreement.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/graph/decoder.hpp"
#include "yoneda/linear/gemm.hpp"
#include "yoneda/model/sae.hpp"
#include "yoneda/null/rotation.hpp"
#include "yoneda/null/verdict.hpp"
#include "yoneda/sae/coactivation.hpp"
#include "yoneda/sae/encode.hpp"
#include "yoneda/stats/ranks.hpp"

namespace yoneda {

struct PreservationOptions {
  Index features = 2048;  ///< of A that are looked at, at most: a random sample
  Index neighbors = 16;   ///< strongest co-activations of each, with features it fires with at all
  Index samples = 99;
  std::uint64_t seed = 1;
};

struct Preservation {
  NullTest test;
  Index compared = 0;  ///< arrows of A, or features whose arrows were compared together
  Index merged = 0;    ///< arrows left out, for both their ends go to one feature
};

namespace detail {

inline constexpr const char* joint_rotation_keeps =
    "Turns encoder and decoder of B together and fits the map again: keeps all their second "
    "moments, and with them how the encoder goes with the decoder; loses which directions are "
    "features.";

template <class Score>
NullTest preservation_test(const std::string& quantity, const Sae& B, double observed,
                           const PreservationOptions& options, const Gemm& gemm,
                           const Progress& progress, const Score& score) {
  const JointRotation rotation(B.W_dec, B.W_enc, gemm);
  std::vector<double> draws;
  for (Index i = 0; i < options.samples; ++i) {
    progress.check(quantity, static_cast<double>(i) / static_cast<double>(options.samples));
    const EncoderDecoder drawn =
        rotation.draw(Random(options.seed, static_cast<std::uint64_t>(i + 2)).bits());
    draws.push_back(score(drawn));
  }
  NullTest test = judged({quantity, 0, 1, "map", false}, observed, std::move(draws));
  test.null_kind = "joint-rotation";
  test.keeps = joint_rotation_keeps;
  test.seed = options.seed;
  return test;
}

inline void require_valid(const Sae& A, const Sae& B, const PreservationOptions& options) {
  require_one_space(A.W_dec, B.W_dec);
  if (A.W_enc.empty() || B.W_enc.empty())
    throw Error(ErrorKind::value,
                std::string("SAE ") + (A.W_enc.empty() ? "A" : "B") +
                    " has no encoder, and arrows that decoders do not tell come from encoders");
  if (options.features < 1 || options.samples < 1 || options.neighbors < 1)
    throw Error(ErrorKind::value,
                "a test of arrows needs at least one feature, one neighbour and one sample");
}

/// One arrow of A.
struct Coactivation {
  Id f, g;
  double weight;
};

/// The strongest co-activations of each of some features, every pair once.
inline std::vector<Coactivation> strongest_coactivations(const Codes& codes, const Firings& fired,
                                                         std::span<const Id> features,
                                                         Index neighbors) {
  std::vector<std::vector<Coactivation>> of_each(features.size());
  constexpr Index block = 32;
  parallel_for((static_cast<Index>(features.size()) + block - 1) / block, [&](Index b) {
    std::vector<Index> both(fired.n(), 0);
    const Index last = std::min(static_cast<Index>(features.size()), (b + 1) * block);
    for (Index i = b * block; i < last; ++i) {
      const Id f = features[i];
      std::vector<Id> met;
      for (const Id row : fired.of(f))
        for (const Id g : codes.active(row))
          if (g != f && both[g]++ == 0) met.push_back(g);
      std::vector<Neighbor> candidates;
      for (const Id g : met) {
        candidates.push_back(
            {g, coactivation(fired.rows, fired.count(f), fired.count(g), both[g])});
        both[g] = 0;
      }
      for (const Neighbor& kept : strongest(candidates, {.neighbors = neighbors}))
        of_each[i].push_back({std::min(f, kept.id), std::max(f, kept.id), kept.weight});
    }
  });
  std::vector<Coactivation> all;
  for (const auto& some : of_each) all.insert(all.end(), some.begin(), some.end());
  const auto ends = [](const Coactivation& edge) { return std::pair(edge.f, edge.g); };
  std::ranges::sort(all, {}, ends);
  all.erase(std::ranges::unique(all, {}, ends).begin(), all.end());
  return all;
}

/// Where each feature fires if it does so on its strongest rows alone, as often as it is told:
/// features whose threshold was set for other directions would fire always or never, and features
/// of TopK that lost their norms never win.
template <class = void>
Codes firing_as_often(const Sae& sae, const Firings& as, const Matrix& X, const Gemm& gemm) {
  const Index N = X.rows(), d = X.cols(), n = sae.n();
  std::vector<float> scratch, inputs(N * d);
  std::ranges::copy(encoder_inputs(sae, X, 0, N, scratch), inputs.begin());
  std::vector<float> storage;
  const float* W_enc = floats_of(sae.W_enc, storage);
  std::vector<std::vector<Id>> rows(n);
  constexpr Index tile = 64;
  parallel_for((n + tile - 1) / tile, [&](Index t) {
    const Index first = t * tile, count = std::min(tile, n - first);
    std::vector<float> pre(count * N);
    gemm.multiply({W_enc + first * d, count, d, d}, {inputs.data(), N, d, d},
                  {pre.data(), count, N, N});
    std::vector<Id> order(N);
    for (Index i = 0; i < count; ++i) {
      const auto values = std::span<const float>(pre).subspan(i * N, N);
      for (Index row = 0; row < N; ++row) order[row] = static_cast<Id>(row);
      const Index fires = as.count(static_cast<Id>(first + i));
      const auto end = order.begin() + fires;
      if (end != order.end())
        std::nth_element(order.begin(), end, order.end(), [values](Id a, Id b) {
          return values[a] != values[b] ? values[a] > values[b] : a < b;
        });
      rows[first + i].assign(order.begin(), end);
    }
  });
  std::vector<std::vector<Id>> active(N);
  for (Id f = 0; f < static_cast<Id>(n); ++f)
    for (const Id row : rows[f]) active[row].push_back(f);
  Codes codes;
  codes.n = n;
  for (const auto& features : active) {
    codes.features.insert(codes.features.end(), features.begin(), features.end());
    codes.offsets.push_back(static_cast<std::int64_t>(codes.features.size()));
  }
  codes.values.assign(codes.features.size(), 1.0f);
  return codes;
}

/// Features that the arrows join, ascending.
inline std::vector<Id> ends_of(std::span<const Coactivation> arrows) {
  std::vector<Id> ends;
  for (const auto& [f, g, weight] : arrows) ends.push_back(f), ends.push_back(g);
  std::ranges::sort(ends);
  ends.erase(std::ranges::unique(ends).begin(), ends.end());
  return ends;
}

/// corr over arrows (f, g) of φ_A(f, g) with φ_B(F f, F g). F is of the features `ends`.
inline Preservation preserved(std::span<const Coactivation> arrows, std::span<const Id> ends,
                              const FeatureMap& F, const Firings& in_B) {
  std::vector<double> weights(arrows.size());
  std::vector<char> kept(arrows.size(), 0);
  Preservation found;
  const auto target = [&](Id f) {
    return F.target[std::ranges::lower_bound(ends, f) - ends.begin()];
  };
  for (std::size_t i = 0; i < arrows.size(); ++i) {
    const Id f = target(arrows[i].f), g = target(arrows[i].g);
    found.merged += f == g && f >= 0;
    kept[i] = f >= 0 && g >= 0 && f != g;
  }
  constexpr Index block = 256;
  parallel_for((static_cast<Index>(arrows.size()) + block - 1) / block, [&](Index b) {
    const auto last = std::min(arrows.size(), static_cast<std::size_t>((b + 1) * block));
    for (auto i = static_cast<std::size_t>(b * block); i < last; ++i)
      if (kept[i]) weights[i] = coactivation(in_B, target(arrows[i].f), target(arrows[i].g));
  });
  std::vector<double> x, y;
  for (std::size_t i = 0; i < arrows.size(); ++i)
    if (kept[i]) x.push_back(arrows[i].weight), y.push_back(weights[i]);
  found.compared = static_cast<Index>(x.size());
  found.test.observed = correlation(x, y).value_or(std::numeric_limits<double>::quiet_NaN());
  return found;
}

}  // namespace detail

/// Do features that fire together in A go to features that fire together in B? F sends every
/// feature to the nearest by decoder; arrows are φ over the rows of X [N, d_in], best rows that
/// neither SAE was trained on. The statistic is the correlation of φ_A(f, g) with φ_B(F f, F g)
/// over A's strongest arrows; those whose ends B joins in one feature are left out. The null turns
/// B's encoder and decoder together and fits F again. So that a drawn feature fires at all,
/// everywhere, in A, in B and in the draws, a feature counts as firing on the rows where its
/// pre-activation is largest, as many as it really fires on: of ReLU and JumpReLU features that is
/// what they do, of TopK features nearly.
///
/// Throws Error{shape, value} as nearest_features() and encode() do, for SAEs without encoders, and
/// where A fires on nothing; Error{cancelled}. Cost, for each of samples + 1 rounds: N n_b d, a
/// draw, and F n_b d.
template <class = void>
Preservation preserved_coactivation(const Sae& A, const Sae& B, const Matrix& X,
                                    const PreservationOptions& options = {},
                                    const Gemm& gemm = eigen_gemm(),
                                    const Progress& progress = {}) {
  detail::require_valid(A, B, options);
  const Firings real_A = firings(encode(A, X, gemm, progress)),
                real_B = firings(encode(B, X, gemm, progress));
  const Codes codes_A = detail::firing_as_often(A, real_A, X, gemm);
  Random stream(options.seed, 1);
  const auto sample = sample_sorted(A.n(), options.features, stream);
  const auto arrows =
      detail::strongest_coactivations(codes_A, firings(codes_A), sample, options.neighbors);
  if (arrows.empty())
    throw Error(ErrorKind::value, "no two features of A fire together on these activations");
  const auto ends = detail::ends_of(arrows);
  const Matrix a = unit_rows(take_rows(A.W_dec, ends));
  const auto preserved_by = [&](const EncoderDecoder& b) {
    Sae sae = B;
    sae.W_dec = b.W_dec;
    sae.W_enc = b.W_enc;
    const FeatureMap F = detail::nearest_of(a, unit_rows(b.W_dec), gemm);
    return detail::preserved(arrows, ends, F,
                             firings(detail::firing_as_often(sae, real_B, X, gemm)));
  };
  Preservation found = preserved_by({B.W_dec, B.W_enc});
  found.test = detail::preservation_test(
      "correlation of co-activations", B, found.test.observed, options, gemm, progress,
      [&](const EncoderDecoder& drawn) { return preserved_by(drawn).test.observed; });
  return found;
}

/// Do features of A go to features of B that read a third SAE's features alike? The arrows are the
/// virtual weights V_CA[h, f] = W_dec^C[h] · W_enc^A[f], for all h; the statistic is the mean over
/// features f of the correlation over h of V_CA[h, f] with V_CB[h, F f]. F is fitted on decoders,
/// the arrows come from encoders. The null turns B's encoder and decoder together and fits F again.
///
/// Throws as nearest_features() and KeyProfiles do, and Error{value} for SAEs without encoders.
/// Cost, for each of samples + 1 rounds: a draw, F n_b d, and n_b d².
template <class = void>
Preservation preserved_virtual_weights(const Sae& A, const Sae& B, const Sae& C,
                                       const PreservationOptions& options = {},
                                       const Gemm& gemm = eigen_gemm(),
                                       const Progress& progress = {}) {
  detail::require_valid(A, B, options);
  Random stream(options.seed, 1);
  const auto sample = sample_sorted(A.n(), options.features, stream);
  const Matrix a = unit_rows(take_rows(A.W_dec, sample));
  const KeyProfiles keys(C.W_dec, gemm);
  const Matrix read_by_A = keys.of(take_rows(A.W_enc, sample));
  const auto agreement = [&](const EncoderDecoder& b) {
    const FeatureMap F = detail::nearest_of(a, unit_rows(b.W_dec), gemm);
    return profile_agreement(F, read_by_A, keys.of(b.W_enc));
  };
  const auto observed = agreement({B.W_dec, B.W_enc});
  const auto undefined = std::numeric_limits<double>::quiet_NaN();
  Preservation found;
  found.compared = std::ranges::count_if(observed, [](const auto& x) { return x.has_value(); });
  found.test = detail::preservation_test(
      "correlation of virtual weights from C", B, mean_agreement(observed).value_or(undefined),
      options, gemm, progress, [&](const EncoderDecoder& drawn) {
        return mean_agreement(agreement(drawn)).value_or(undefined);
      });
  return found;
}

}  // namespace yoneda
