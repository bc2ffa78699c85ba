#include "yoneda/linear/float_rows.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "random_matrix.hpp"
#include "yoneda/core/vector_unit.hpp"

using namespace yoneda;

TEST_CASE("products and weighted sums of rows are those of double arithmetic, at every length") {
  for (const Index size : {0, 1, 7, 8, 31, 32, 100, 771}) {
    CAPTURE(size);
    const auto x = normals(size, 1), y = normals(size, 2), rows = normals(9 * size, 3);
    double expected = 0, bound = 1e-30;
    for (Index j = 0; j < size; ++j) {
      const double term = static_cast<double>(x[j]) * static_cast<double>(y[j]);
      expected += term;
      bound += static_cast<double>(size) * 0x1p-23 * std::abs(term);
    }
    CHECK(std::abs(double(float_dot(x.data(), y.data(), size)) - expected) <= bound);
    CHECK(std::abs(double(with_simd<float_dot>(x.data(), y.data(), size)) - expected) <= bound);

    const std::vector<Id> ids{4, 0, 8, 8, 2, 7};
    const auto weights = normals(6, 4);
    for (Index count = 0; count <= 6; ++count) {
      auto sums = x;
      with_simd<add_weighted_rows>(sums.data(), ids.data(), weights.data(), count, rows.data(),
                                   size);
      for (Index j = 0; j < size; ++j) {
        double sum = x[j];
        for (Index i = 0; i < count; ++i)
          sum += double(weights[i]) * double(rows[ids[i] * size + j]);
        REQUIRE(sums[j] == doctest::Approx(sum).epsilon(1e-5).scale(1));
      }
    }
  }
}
