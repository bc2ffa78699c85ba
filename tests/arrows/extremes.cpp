#include "yoneda/arrows/extremes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "emulated_bf16.hpp"
#include "random_matrix.hpp"

using namespace yoneda;

TEST_CASE(
    "the extremes of queries that share half their numbers with a key are those of sorting all") {
  const Index n = 37, V = 411, d = 19, k = 9;
  const auto made = normals(V * d, 1);
  std::vector<float> values = normals(n * d, 2);
  for (Index q = 0; q < n; ++q)
    std::copy_n(made.begin() + 3 * q * d, d / 2, values.begin() + q * d);
  const Matrix keys = Matrix::from(made, V, d);
  for (const Gemm& gemm : {eigen_gemm(), emulated::gemm(), emulated::packed_gemm()})
    for (const Index block : {1, 10, 8192}) {
      const std::array<Id, 3> excluded{0, 3, 410};
      ExtremesOptions options;
      options.k = k;
      options.query_block = block;
      options.excluded = excluded;
      std::vector<int> calls(n, 0);
      std::vector<std::vector<Extreme>> largest(n), smallest(n);
      const auto fill = [&](Index q, std::span<float> to) {
        std::copy_n(values.begin() + q * d, d, to.begin());
      };
      const auto sink = [&](Index q, const Extremes& found) {
        ++calls[q];
        largest[q].assign(found.largest.begin(), found.largest.end());
        smallest[q].assign(found.smallest.begin(), found.smallest.end());
      };
      for_each_extremes(n, fill, keys, sink, options, gemm);
      CHECK(calls == std::vector<int>(n, 1));
      for (Index q = 0; q < n; ++q) {
        std::vector<std::pair<double, Id>> all;
        for (Id key = 0; key < V; ++key)
          if (key != 0 && key != 3 && key != 410)
            all.emplace_back(canonical_dot(std::span(values).subspan(q * d, d),
                                           std::span(made).subspan(key * d, d)),
                             key);
        std::ranges::sort(all, [](const auto& a, const auto& b) {
          return a.first > b.first || (a.first == b.first && a.second < b.second);
        });
        for (Index i = 0; i < k; ++i) {
          CHECK(largest[q][i].id == all[i].second);
          CHECK(largest[q][i].value == all[i].first);
          CHECK(smallest[q][i].id == all[all.size() - 1 - i].second);
          CHECK(smallest[q][i].value == all[all.size() - 1 - i].first);
        }
      }
    }
}

TEST_CASE("queries that meet the keys in smaller groups find the same bits") {
  const Index n = 300, V = 2000, d = 24;
  const auto made = normals(V * d, 3), values = normals(n * d, 4);
  const Matrix keys = Matrix::from(made, V, d);
  const auto fill = [&](Index q, std::span<float> to) {
    std::copy_n(values.begin() + q * d, d, to.begin());
  };
  for (const Gemm& gemm : {eigen_gemm(), emulated::gemm(), emulated::packed_gemm()}) {
    std::vector<std::vector<double>> whole;
    for (const Index memory : {Index{128} << 20, Index{500'000}, Index{1}}) {
      ExtremesOptions options;
      options.k = 10;
      options.memory = memory;
      std::vector<std::vector<double>> all(n);
      for_each_extremes(
          n, fill, keys,
          [&](Index q, const Extremes& found) {
            for (const auto end : {found.largest, found.smallest})
              for (const Extreme& extreme : end)
                all[q].insert(all[q].end(), {static_cast<double>(extreme.id), extreme.value});
            all[q].insert(all[q].end(), {found.mean, found.std, found.skewness, found.kurtosis,
                                         found.histogram_low, found.histogram_high});
            all[q].insert(all[q].end(), found.histogram.begin(), found.histogram.end());
          },
          options, gemm);
      if (whole.empty()) whole = all;
      CHECK(all == whole);
    }
  }
}

TEST_CASE("how many of a sample a guess counts on") {
  // P(X >= 7) = 9.5e-5 and P(X >= 6) = 6.6e-4 for a mean of 1.02; P(X >= 1) = 1e-5 for one of 1e-5.
  CHECK(detail::rarely_reached(1.02, 1e-4) == 7);
  CHECK(detail::rarely_reached(1e-5, 1e-4) == 1);
  CHECK(detail::rarely_reached(50, 1e-4) > 75);
  CHECK(detail::rarely_reached(50, 1e-4) < 85);
  CHECK(detail::rarely_reached(5000, 1e-4) >= 5000);
}

TEST_CASE("a sample that misleads costs time, not truth") {
  // Every so manieth key, the ones that are looked at first, is three times as long as the others.
  const Index V = 9000, d = 6, n = 12, k = 30, stride = V / 1024;
  auto values = normals(V * d, 3);
  for (Index key = 0; key < V; ++key)
    for (Index j = 0; j < d; ++j) values[key * d + j] *= key % stride == 0 ? 3.0f : 1.0f;
  SUBCASE("the few that are looked at are all there are of their kind") {}
  SUBCASE("only the first of them") {
    for (Index key = 40 * stride; key < V; ++key)
      for (Index j = 0; j < d; ++j) values[key * d + j] *= 0.01f;
  }
  const Matrix keys = Matrix::from(values, V, d), queries = random_matrix(n, d, 4);
  for (const Gemm& gemm : {eigen_gemm(), emulated::gemm(), emulated::packed_gemm()}) {
    ExtremesOptions options;
    options.k = k;
    const auto fill = [&](Index q, std::span<float> to) {
      std::ranges::copy(queries.row(q, to), to.begin());
    };
    const auto sink = [&](Index q, const Extremes& found) {
      std::vector<float> unused;
      const auto query = queries.row(q, unused);
      std::vector<std::pair<double, Id>> all;
      for (Id key = 0; key < V; ++key)
        all.emplace_back(canonical_dot(query, keys.row(key, unused)), key);
      std::ranges::sort(all, [](const auto& a, const auto& b) {
        return a.first > b.first || (a.first == b.first && a.second < b.second);
      });
      Index wrong = 0;
      for (Index i = 0; i < k; ++i)
        wrong += found.largest[i].id != all[i].second ||
                 found.smallest[i].id != all[all.size() - 1 - i].second;
      CHECK(wrong == 0);
    };
    for_each_extremes(n, fill, keys, sink, options, gemm);
  }
}

TEST_CASE("an end of endless ties does not blind the other") {
  // So many keys tie for the smallest that their candidates overflow, before the largest come.
  constexpr Index ties = 20'000, others = 500, k = 3;
  for (const float sign : {1.0f, -1.0f}) {
    std::vector<float> values(ties, -sign);
    for (Index i = 0; i < others; ++i) values.push_back(sign * static_cast<float>(1 + i % 250));
    const Index V = ties + others;
    const Matrix keys = Matrix::from(std::move(values), V, 1);
    std::vector<Id> largest, smallest;
    ExtremesOptions options;
    options.k = k;
    for_each_extremes(
        1, [](Index, std::span<float> to) { to[0] = 1; }, keys,
        [&](Index, const Extremes& found) {
          for (const Extreme& extreme : found.largest) largest.push_back(extreme.id);
          for (const Extreme& extreme : found.smallest) smallest.push_back(extreme.id);
        },
        options);
    std::vector<Id>& rare = sign > 0 ? largest : smallest;
    std::vector<Id>& tied = sign > 0 ? smallest : largest;
    CHECK(rare == std::vector<Id>{ties + 249, ties + 499, ties + 248});
    CHECK(tied == std::vector<Id>{0, 1, 2});
  }
}

TEST_CASE("more extremes than keys, and none, are refused") {
  const Matrix keys = random_matrix(5, 3, 1);
  const auto fill = [](Index, std::span<float> to) { std::ranges::fill(to, 1.0f); };
  const auto sink = [](Index, const Extremes&) {};
  for (const Index k : {0, 6}) {
    ExtremesOptions options;
    options.k = k;
    CHECK_THROWS_AS(for_each_extremes(2, fill, keys, sink, options), Error);
  }
}
