#include "yoneda/arrows/scan.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "random_matrix.hpp"

using namespace yoneda;
using namespace yoneda::detail;

TEST_CASE("a scan finds what a plain loop finds, on every vector unit") {
  for (const Index size : std::array<Index, 7>{1, 5, 63, 64, 65, 200, 1024}) {
    const std::vector<float> row = normals(size, 31);
    const std::vector<Interesting> limits((size + scan_block - 1) / scan_block, {1.5f, -2.0f});
    std::vector<std::uint16_t> expected;
    std::array<double, 4> sums{};
    std::array<Id, all_bins> counts{};
    for (Index i = 0; i < size; ++i) {
      if (row[i] >= 1.5f || row[i] <= -2.0f) expected.push_back(static_cast<std::uint16_t>(i));
      for (int p = 0; p < 4; ++p) sums[p] += std::pow(static_cast<double>(row[i]) - 0.25, p + 1);
      ++counts[static_cast<Index>(std::clamp(row[i] * 40.0f + 26.0f, 0.0f, 51.0f))];
    }
    for (const VectorUnit unit : {VectorUnit::baseline, vector_unit()}) {
      CAPTURE(size);
      Powers powers{.shift = 0.25f};
      Bins bins{.scale = 40, .offset = 26};
      std::vector<std::uint16_t> hits(size);
      std::vector<std::int8_t> bin_of(size);
      const Index found = run_on<ScanRow<true>>(
          unit, std::span<const float>(row), std::span<const Interesting>(limits), powers, bins,
          std::span<std::uint16_t>(hits), std::span<std::int8_t>(bin_of));
      hits.resize(found);
      CHECK(hits == expected);
      for (int p = 0; p < 4; ++p) CHECK(powers.sums[p] == doctest::Approx(sums[p]).epsilon(1e-5));
      Index moved = 0;  // a fused multiplication may fall on the other side of an edge
      for (Index bin = 0; bin < all_bins; ++bin) moved += std::abs(bins.counts[bin] - counts[bin]);
      CHECK(moved <= 2);
      CHECK(std::accumulate(bins.counts.begin(), bins.counts.end(), Index{0}) == size);
    }
  }
}

TEST_CASE("rows longer than a byte counts, in one bin and in all of them") {
  const Index size = 3 * 127 * 32 + 64;
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<Interesting> limits(size / scan_block, {infinity, -infinity});
  for (const Index bins_used : std::array<Index, 3>{1, 2, all_bins}) {
    std::vector<float> row(size);
    std::array<Id, all_bins> expected{};
    for (Index i = 0; i < size; ++i) {
      const Index bin = all_bins - 1 - i % bins_used;
      row[i] = static_cast<float>(bin) + 0.5f;
      ++expected[bin];
    }
    for (const VectorUnit unit : {VectorUnit::baseline, vector_unit()}) {
      CAPTURE(bins_used);
      Powers powers;
      Bins bins{.scale = 1, .offset = 0};
      std::vector<std::uint16_t> hits(size);
      std::vector<std::int8_t> bin_of(size);
      run_on<ScanRow<true>>(unit, std::span<const float>(row), std::span<const Interesting>(limits),
                            powers, bins, std::span<std::uint16_t>(hits),
                            std::span<std::int8_t>(bin_of));
      CHECK(bins.counts == expected);
    }
  }
}

TEST_CASE("values far outside the histogram, and infinite limits") {
  std::vector<float> row(128, 1e30f);
  for (Index i = 0; i < 128; i += 2) row[i] = -1e30f;
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<Interesting> limits(2, Interesting{-infinity, infinity});
  Powers powers;
  Bins bins{.scale = 1e6f, .offset = 3};
  ScanScratch scratch;
  CHECK(scan(row, limits, true, powers, bins, scratch).size() == 128);
  CHECK(bins.counts.front() == 64);
  CHECK(bins.counts.back() == 64);
  limits.assign(2, Interesting{infinity, -infinity});
  CHECK(scan(row, limits, false, powers, bins, scratch).empty());
}
