// What becomes of every feature of one SAE in another: matched, split, absorbed or lost.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "yoneda/category/feature_map.hpp"
#include "yoneda/category/functoriality.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/linear/gemm.hpp"
#include "yoneda/null/rotation.hpp"

namespace yoneda {

enum class Fate {
  matched,   ///< it and its nearest are each other's nearest
  split,     ///< it is the nearest of several
  absorbed,  ///< its nearest is nearer to another
  lost,      ///< nothing is as near as chance seldom comes
};

constexpr std::string_view name(Fate fate) {
  switch (fate) {
    case Fate::matched:
      return "matched";
    case Fate::split:
      return "split";
    case Fate::absorbed:
      return "absorbed";
    case Fate::lost:
      return "lost";
  }
  return "";
}

/// The same of a feature of B, seen from A.
constexpr std::string_view origin_name(Fate fate) {
  switch (fate) {
    case Fate::matched:
      return "matched";
    case Fate::split:
      return "joins";  // several of A
    case Fate::absorbed:
      return "part";  // of a feature of A that is nearer to another
    case Fate::lost:
      return "new";
  }
  return "";
}

struct CorrespondenceOptions {
  Index candidates = 32;  ///< of every feature, for the one-to-one map
  double chance = 0.01;   ///< the share of null features with a nearest as near as what counts
  double floor = 0;       ///< a least cosine besides
  Index features = 2048;  ///< looked at in each null draw, at most
  Index samples = 20;     ///< null draws
  std::uint64_t seed = 1;
};

/// Two SAEs A and B side by side.
struct Correspondence {
  FeatureMap forward;   ///< A to B, the nearest
  FeatureMap backward;  ///< B to A, the nearest: from the larger to the smaller, what a feature is
                        ///< a part of
  FeatureMap pairing;   ///< A to B, one to one
  double forward_floor = 0, backward_floor = 0;    ///< cosines below are those of chance
  double forward_chance = 0, backward_chance = 0;  ///< the mean nearest cosine of null features
  std::vector<Fate> fate;                          ///< [n_a]
  std::vector<Fate> origin;  ///< [n_b], the same with A and B exchanged, see origin_name()
};

/// For every feature of A the features of B that it is the nearest of, above chance, ascending: the
/// parts it is split into, where there are several. Cost: n_a + n_b.
inline std::vector<std::vector<Id>> parts(const Correspondence& found) {
  std::vector<std::vector<Id>> parts(found.forward.size());
  for (Id g = 0; g < static_cast<Id>(found.backward.size()); ++g)
    if (const Id f = found.backward.target[g];
        f >= 0 && static_cast<double>(found.backward.cosine[g]) >= found.backward_floor)
      parts[f].push_back(g);
  return parts;
}

namespace detail {

/// Nearest cosines that null features have: rows of `from` with whitened rotations of `to`.
struct ChanceCosine {
  double mean, high;  ///< `high`: a share `chance` of them reaches it
};

template <class = void>
ChanceCosine chance_cosine(const Matrix& from, const Matrix& to,
                           const CorrespondenceOptions& options, std::uint64_t stream,
                           const Gemm& gemm, const Progress& progress) {
  Random random(options.seed, stream);
  const std::vector<Id> sample = sample_sorted(from.rows(), options.features, random);
  const Matrix looked_at = take_rows(from, sample);
  const WhitenedRotation null(to, gemm);
  std::vector<double> cosines;
  for (Index i = 0; i < options.samples; ++i) {
    progress.check("chance of a match",
                   static_cast<double>(i) / static_cast<double>(options.samples));
    const Matrix drawn = unit_rows(null.draw(random.bits()));
    for (const float cosine : nearest_of(looked_at, drawn, gemm).cosine)
      cosines.push_back(static_cast<double>(cosine));
  }
  std::ranges::sort(cosines);
  const auto count = static_cast<double>(cosines.size());
  double mean = 0;
  for (const double cosine : cosines) mean += cosine / count;
  const auto reached = static_cast<Index>(options.chance * count + 1e-9);
  if (reached < 1)
    throw Error(ErrorKind::value, "a chance of one in " +
                                      std::to_string(std::llround(1 / options.chance)) +
                                      " cannot be told from " + std::to_string(cosines.size()) +
                                      " null features: draw more samples");
  return {mean, cosines[cosines.size() - static_cast<std::size_t>(reached)]};
}

inline std::vector<Fate> fates(const FeatureMap& forward, double forward_floor,
                               const FeatureMap& backward, double backward_floor) {
  std::vector<Index> parts(forward.size(), 0);
  for (Id g = 0; g < static_cast<Id>(backward.size()); ++g)
    if (const Id f = backward.target[g];
        f >= 0 && static_cast<double>(backward.cosine[g]) >= backward_floor)
      ++parts[f];
  std::vector<Fate> fates;
  for (Id f = 0; f < static_cast<Id>(forward.size()); ++f) {
    const Id g = forward.target[f];
    const bool near = g >= 0 && static_cast<double>(forward.cosine[f]) >= forward_floor;
    fates.push_back(parts[f] > 1              ? Fate::split
                    : !near                   ? Fate::lost
                    : backward.target[g] == f ? Fate::matched
                                              : Fate::absorbed);
  }
  return fates;
}

}  // namespace detail

/// Compares decoders A [n_a, d] and B [n_b, d]. A match counts where its cosine is one that only a
/// share `chance` of A's features reaches with its nearest among B's directions drawn again (a
/// whitened rotation), so that it depends on dimension, width and shape; and the floor given.
/// Throws as nearest_features does, and Error{value} for bad options. Cost: (2 + 2 samples F / n)
/// products of n_a n_b d and the assignment.
template <class = void>
Correspondence correspondence(const Matrix& A, const Matrix& B,
                              const CorrespondenceOptions& options = {},
                              const Gemm& gemm = eigen_gemm(), const Progress& progress = {}) {
  if (options.samples < 1 || options.features < 1 || !(options.chance > 0 && options.chance < 1))
    throw Error(ErrorKind::value,
                "chance matches need at least one sample and one feature, and a share between 0 "
                "and 1");
  Correspondence found;
  const PairWeights candidates =
      nearest_features(A, B, options.candidates, gemm, progress, "matching, A to B");
  found.forward = best_match(candidates);
  found.backward = best_match(nearest_features(B, A, 1, gemm, progress, "matching, B to A"));
  found.pairing = one_to_one(candidates);
  const Matrix a = unit_rows(A), b = unit_rows(B);
  const auto there = detail::chance_cosine(a, B, options, 2, gemm, progress);
  const auto back = detail::chance_cosine(b, A, options, 3, gemm, progress);
  found.forward_chance = there.mean;
  found.backward_chance = back.mean;
  found.forward_floor = std::max(options.floor, there.high);
  found.backward_floor = std::max(options.floor, back.high);
  found.fate =
      detail::fates(found.forward, found.forward_floor, found.backward, found.backward_floor);
  found.origin =
      detail::fates(found.backward, found.backward_floor, found.forward, found.forward_floor);
  return found;
}

}  // namespace yoneda
