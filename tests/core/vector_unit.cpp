#include "yoneda/core/vector_unit.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "yoneda/core/types.hpp"

using namespace yoneda;

namespace {

[[gnu::always_inline]] inline Index add_products(float* sums, const float* x, Index size) {
  for (Index i = 0; i < size; ++i) sums[i] += x[i] * x[i];
  return size;
}

}  // namespace

TEST_CASE("a kernel does the same however it is compiled") {
  for (const Index size : {0, 1, 7, 8, 100}) {
    std::vector<float> x(size), sums(size, 0.5f), expected = sums;
    for (Index i = 0; i < size; ++i) x[i] = static_cast<float>(i) / 8;  // exact products
    CHECK(with_simd<add_products>(sums.data(), x.data(), size) == size);
    add_products(expected.data(), x.data(), size);
    CHECK(sums == expected);
  }
}
