// Do maps between three SAEs compose: is a feature's match in B's match in C its own match in C?
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/category/feature_map.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/linear/gemm.hpp"
#include "yoneda/null/rotation.hpp"
#include "yoneda/null/verdict.hpp"

namespace yoneda {

struct FunctorialityOptions {
  Index features = 2048;  ///< of A that are looked at, at most: a random sample
  Index samples = 99;     ///< draws of each null
  std::uint64_t seed = 1;
};

/// One feature of A and where the two ways lead.
struct FunctorialFeature {
  Id feature;
  Id via = -1;                                                  ///< F_AB(f)
  Id through = -1;                                              ///< F_BC(F_AB(f))
  Id direct = -1;                                               ///< F_AC(f)
  float cosine_via = 0, cosine_through = 0, cosine_direct = 0;  ///< of the three steps
  double by_chance = 0;  ///< the share of draws in which its ways meet, under the kindest null

  bool commutes() const { return direct >= 0 && through == direct; }
};

struct Functoriality {
  std::vector<FunctorialFeature> features;  ///< those looked at, ascending
  std::array<NullTest, 3> tests;            ///< B drawn again, C, both; of the share that commutes
  Index commuting = 0;

  /// The test against the null that comes nearest.
  const NullTest& test() const {
    return *std::ranges::max_element(tests, {}, &NullTest::null_mean);
  }
  /// How many of those that commute would by chance: an estimate from above.
  double by_chance() const { return test().null_mean * static_cast<double>(features.size()); }
};

namespace detail {

/// The nearest of `to` for every row of `from`; both have rows of length 1.
template <class = void>
FeatureMap nearest_of(const Matrix& from, const Matrix& to, const Gemm& gemm) {
  return best_match(nearest_unit_rows(from, to, 1, gemm, {}, "matching features"));
}

/// F and then the map from `from` to `to`, of which only what F reaches is made.
template <class = void>
FeatureMap after(const FeatureMap& F, const Matrix& from, const Matrix& to, const Gemm& gemm) {
  std::vector<Id> reached;
  for (const Id g : F.target)
    if (g >= 0) reached.push_back(g);
  std::ranges::sort(reached);
  reached.erase(std::ranges::unique(reached).begin(), reached.end());
  const FeatureMap next = nearest_of(take_rows(from, reached), to, gemm);
  FeatureMap composite{to.rows(), {}, {}};
  for (const Id g : F.target) {
    const auto at = std::ranges::lower_bound(reached, g) - reached.begin();
    composite.target.push_back(g >= 0 ? next.target[at] : -1);
    composite.cosine.push_back(g >= 0 ? next.cosine[at] : 0.0f);
  }
  return composite;
}

/// Counts, feature by feature, where two maps agree, and returns the share.
inline double agreement_of(const FeatureMap& through, const FeatureMap& direct,
                           std::vector<Index>& counts) {
  Index agreeing = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const bool same = direct.target[i] >= 0 && through.target[i] == direct.target[i];
    counts[i] += same;
    agreeing += same;
  }
  return static_cast<double>(agreeing) / static_cast<double>(counts.size());
}

}  // namespace detail

/// The share of features f of A with F_BC(F_AB(f)) = F_AC(f), F the nearest feature by cosine of
/// decoder rows. Maps that follow what the model computes compose; nearest neighbours in a crowd do
/// not. The nulls are whitened rotations of B, of C and of both, keeping their second moments and
/// Mahalanobis geometry, with all maps fitted again; the verdict is that of the null that comes
/// nearest (`test()`). Where two of the three are nearly the same SAE that null comes close to the
/// truth, and rightly: through a copy of A every map composes. Decoders [n_a, d], [n_b, d], [n_c,
/// d].
///
/// The same bits for any Gemm and number of threads. Throws Error{shape} for SAEs of different
/// spaces, Error{value} for bad options and weights that are not finite, Error{cancelled} where
/// progress asks to stop. Cost, for each of samples + 1 rounds: F (4 n_c + n_b) d products for F
/// features looked at, and two draws, (n_b + n_c) d² + d³.
template <class = void>
Functoriality functoriality(const Matrix& A, const Matrix& B, const Matrix& C,
                            const FunctorialityOptions& options = {},
                            const Gemm& gemm = eigen_gemm(), const Progress& progress = {}) {
  detail::require_one_space(A, B);
  detail::require_one_space(A, C);
  if (options.features < 1 || options.samples < 1)
    throw Error(ErrorKind::value, "functoriality needs at least one feature and one sample");
  require_finite(A, "the decoder of A");
  Random stream(options.seed, 1);
  const std::vector<Id> sample = sample_sorted(A.rows(), options.features, stream);
  const Matrix a = unit_rows(take_rows(A, sample)), b = unit_rows(B), c = unit_rows(C);
  const WhitenedRotation of_B(B, gemm), of_C(C, gemm);  // which refuse what is not finite
  const FeatureMap AB = detail::nearest_of(a, b, gemm);
  const FeatureMap AC = detail::nearest_of(a, c, gemm);
  const FeatureMap ABC = detail::after(AB, b, c, gemm);

  std::array<std::vector<double>, 3> shares;
  std::array<std::vector<Index>, 3> counts;
  counts.fill(std::vector<Index>(sample.size(), 0));
  for (Index i = 0; i < options.samples; ++i) {
    progress.check("functoriality, null draws",
                   static_cast<double>(i) / static_cast<double>(options.samples));
    const auto seed = [&](Index which) {
      return Random(options.seed, static_cast<std::uint64_t>(2 * i + which)).bits();
    };
    const Matrix b_drawn = unit_rows(of_B.draw(seed(2)));
    const Matrix c_drawn = unit_rows(of_C.draw(seed(3)));
    const FeatureMap to_b = detail::nearest_of(a, b_drawn, gemm);
    const FeatureMap to_c = detail::nearest_of(a, c_drawn, gemm);
    const auto note = [&](std::size_t null, const FeatureMap& through, const FeatureMap& direct) {
      shares[null].push_back(detail::agreement_of(through, direct, counts[null]));
    };
    note(0, detail::after(to_b, b_drawn, c, gemm), AC);
    note(1, detail::after(AB, b, c_drawn, gemm), to_c);
    note(2, detail::after(to_b, b_drawn, c_drawn, gemm), to_c);
  }
  progress.check("functoriality, null draws", 1);

  Functoriality found;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const Index most = std::max({counts[0][i], counts[1][i], counts[2][i]});
    found.features.push_back({sample[i], AB.target[i], ABC.target[i], AC.target[i], AB.cosine[i],
                              ABC.cosine[i], AC.cosine[i],
                              static_cast<double>(most) / static_cast<double>(options.samples)});
    found.commuting += found.features.back().commutes();
  }
  const double share =
      static_cast<double>(found.commuting) / static_cast<double>(found.features.size());
  constexpr std::array which{"B", "C", "B and C"};
  for (std::size_t null = 0; null < which.size(); ++null) {
    NullTest& test = found.tests[null];
    test = judged({"share of features whose maps compose", 0, 1, "map"}, share,
                  std::move(shares[null]));
    test.null_kind = "whitened-rotation";
    test.keeps = std::string("Draws ") + which[null] +
                 " again and fits all maps to it: keeps second moments and Mahalanobis geometry, "
                 "loses which directions are features.";
    test.seed = options.seed;
  }
  return found;
}

}  // namespace yoneda
