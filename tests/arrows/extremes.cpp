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
  for (const Gemm& gemm : {eigen_gemm(), emulated::gemm()})
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
