// A sheaf of categories beside sheaves whose pairs are drawn again.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/category/sheaf.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/null/verdict.hpp"

namespace yoneda {

struct SheafNullOptions {
  Index samples = 200;
  std::uint64_t seed = 1;
};

/// The mean over triangles; nothing where there are none.
inline std::optional<double> mean_holonomy(const std::vector<SheafTriangle>& triangles) {
  if (triangles.empty()) return std::nullopt;
  double sum = 0;
  for (const SheafTriangle& triangle : triangles) sum += triangle.holonomy;
  return sum / static_cast<double>(triangles.size());
}

/// The pairs re-matched: on every edge the partners of its features in another order.
template <class = void>
SheafData rematched(const SheafData& data, std::uint64_t seed) {
  SheafData drawn = data;
  Random random(seed);
  for (std::size_t e = 0; e < data.edges.size(); ++e) {
    const std::vector<Id> order = permutation(data.edges[e].y.cols(), random);
    for (std::size_t i = 0; i < order.size(); ++i)
      drawn.edges[e].y.col(static_cast<Index>(i)) = data.edges[e].y.col(order[i]);
  }
  return drawn;
}

/// The mean holonomy of triangles and the smallest eigenvalue, both better small, against pairs
/// re-matched within every edge. On a graph of the decoder's own cosines, and as far as another
/// follows them, the pairs were chosen for being near in the space that the stalks are cut from, so
/// that maps are near to the identity there; the null does not repeat that choice. Hold the values
/// against those of ambient_sheaf, too, which needs no pairs: where those are as small, "commutes"
/// says that neighbours are neighbours, and no more.
///
/// The same for any number of threads. Throws Error{value} for samples < 1, Error{cancelled} where
/// progress asks to stop. Cost: samples · (fitted_sheaf + sheaf_spectrum).
template <class = void>
std::vector<NullTest> sheaf_tests(const SheafData& data, const SheafNullOptions& options = {},
                                  const Progress& progress = {}) {
  require_samples(options.samples);
  constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> holonomy(options.samples), smallest(options.samples);
  parallel_for(
      options.samples,
      [&](Index i) {
        const Sheaf drawn = fitted_sheaf(
            rematched(data, Random(options.seed, static_cast<std::uint64_t>(i)).bits()));
        holonomy[i] = mean_holonomy(triangle_holonomies(drawn)).value_or(undefined);
        smallest[i] = sheaf_spectrum(drawn).smallest.value_or(undefined);
      },
      progress, "null draws");
  const Sheaf sheaf = fitted_sheaf(data);
  std::vector<NullTest> tests;
  tests.push_back(judged({"triangle holonomy", 1, 0, "connection", false},
                         mean_holonomy(triangle_holonomies(sheaf)), std::move(holonomy)));
  tests.push_back(judged({"smallest eigenvalue", 1, 0, "connection", false},
                         sheaf_spectrum(sheaf).smallest, std::move(smallest)));
  for (NullTest& test : tests) {
    test.null_kind = "re-matched-pairs";
    test.keeps =
        "Keeps the stalks, which categories are joined and which features are paired at all; loses "
        "which feature is paired with which.";
    test.seed = options.seed;
  }
  return tests;
}

}  // namespace yoneda
