#include "yoneda/arrows/error_bound.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "emulated_bf16.hpp"
#include "random_matrix.hpp"
#include "yoneda/linear/dot.hpp"
#include "yoneda/linear/rounding.hpp"

using namespace yoneda;

TEST_CASE("rounding to bfloat16: nearest, ties to even, subnormals to zero, norms as measured") {
  for (const Index size : std::array<Index, 4>{1, 7, 8, 29}) {
    std::vector<float> x = normals(size, 41), centre = normals(size, 42);
    x[0] = 1e-39f;
    centre[0] = 0;
    std::vector<bf16> rounded(size);
    const SquaredNorms norms = round_to_bf16(x, centre, rounded);
    double whole = 0, kept = 0, lost = 0;
    for (Index j = 0; j < size; ++j) {
      const double exact = static_cast<double>(x[j]) - static_cast<double>(centre[j]);
      const bf16 expected = j == 0 ? bf16{} : to_bf16(static_cast<float>(exact));
      CHECK(rounded[j].bits == expected.bits);
      const auto seen = static_cast<double>(to_float(expected));
      whole += exact * exact;
      kept += seen * seen;
      lost += (exact - seen) * (exact - seen);
    }
    CHECK(norms.whole == doctest::Approx(whole).epsilon(1e-14));
    CHECK(norms.rounded == doctest::Approx(kept).epsilon(1e-14));
    CHECK(norms.residue == doctest::Approx(lost).epsilon(1e-14));
  }
}

TEST_CASE("the bound holds for the worst product allowed, and is within a factor of what happens") {
  for (const double scale : {1.0, 1e-19, 1e15}) {
    for (const Index d : std::array<Index, 4>{1, 3, 64, 700}) {
      const Index n = 20, V = 30;
      std::vector<float> W = normals(n * d, 43), U = normals(V * d, 44);
      for (float& w : W) w = static_cast<float>(scale * static_cast<double>(w));
      const std::vector<float> zero(d, 0.0f);
      std::vector<bf16> w_rounded(n * d), u_rounded(V * d);
      std::vector<ErrorBound> bounds;
      std::vector<float> norms, residues, products(n * V);
      for (Index i = 0; i < n; ++i) {
        const auto row = std::span<const float>(W).subspan(i * d, d);
        const SquaredNorms norm = round_to_bf16(row, zero, std::span(w_rounded).subspan(i * d, d));
        bounds.push_back(error_bound(
            {std::sqrt(norm.whole), std::sqrt(norm.rounded), std::sqrt(norm.residue)}, d));
      }
      for (Index t = 0; t < V; ++t) {
        const auto row = std::span<const float>(U).subspan(t * d, d);
        const SquaredNorms norm = round_to_bf16(row, zero, std::span(u_rounded).subspan(t * d, d));
        norms.push_back(rounded_up(std::sqrt(norm.whole)));
        residues.push_back(rounded_up(std::sqrt(norm.residue)));
      }
      emulated::multiply_backwards({w_rounded.data(), n, d, d}, {u_rounded.data(), V, d, d},
                                   {products.data(), n, V, V});
      double closest = 0;
      for (Index i = 0; i < n; ++i)
        for (Index t = 0; t < V; ++t) {
          const double z = canonical_dot(std::span<const float>(W).subspan(i * d, d),
                                         std::span<const float>(U).subspan(t * d, d));
          const double error = std::abs(static_cast<double>(products[i * V + t]) - z);
          const auto bound = static_cast<double>(bounds[i](norms[t], residues[t]));
          REQUIRE(error <= bound);
          closest = std::max(closest, error / bound);
        }
      CAPTURE(d);
      CHECK(closest > 0.5 / std::sqrt(static_cast<double>(d)));
    }
  }
}
