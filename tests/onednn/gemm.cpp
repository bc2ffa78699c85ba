#include <doctest/doctest.h>

#include <cmath>
#include <span>
#include <vector>

#include "random_matrix.hpp"
#include "yoneda/core/buffer.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/onednn/gemm.hpp"

using namespace yoneda;

namespace {

/// Whether each of m rows of n products, `stride` apart, lies within the rounding of float32 sums;
/// a(i, p) and b(j, p) are the factors.
template <class A, class B>
void check_products(std::span<const float> c, Index m, Index n, Index k, Index stride, const A& a,
                    const B& b) {
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < n; ++j) {
      double expected = 0, size = 0;
      for (Index p = 0; p < k; ++p) {
        const double term = static_cast<double>(a(i, p)) * static_cast<double>(b(j, p));
        expected += term;
        size += std::abs(term);
      }
      const auto found = static_cast<double>(c[i * stride + j]);
      CHECK(std::abs(found - expected) <= static_cast<double>(k + 1) * 0x1p-23 * size + 1e-30);
    }
}

}  // namespace

TEST_CASE("both products equal double arithmetic, at every edge of a tile and with strides") {
  for (const Gemm& gemm : {eigen_gemm(), onednn_gemm()}) {
    CAPTURE(gemm.name);
    for (const auto& [m, n, k] : {std::tuple<Index, Index, Index>{1, 1, 1},
                                  {3, 7, 5},
                                  {64, 1, 100},
                                  {1, 64, 100},
                                  {17, 129, 33},
                                  {128, 512, 64}}) {
      const Index a_stride = k + 3, b_stride = k + 1, c_stride = n + 2;
      const auto a = normals(m * a_stride, 1), b = normals(n * b_stride, 2);
      std::vector<float> c(m * c_stride, -99.0f);
      gemm.multiply({a.data(), m, k, a_stride}, {b.data(), n, k, b_stride},
                    {c.data(), m, n, c_stride});
      check_products(
          c, m, n, k, c_stride, [&](Index i, Index p) { return a[i * a_stride + p]; },
          [&](Index j, Index p) { return b[j * b_stride + p]; });
      for (Index i = 0; i < m; ++i)
        CHECK(c[i * c_stride + n] == -99.0f);  // beyond the row: untouched
    }
  }
}

TEST_CASE("a product has the same bits from every thread, inside and outside a parallel loop") {
  const Index m = 96, n = 333, k = 100;
  const auto a = normals(m * k, 3), b = normals(n * k, 4);
  for (const Gemm& gemm : {eigen_gemm(), onednn_gemm()}) {
    CAPTURE(gemm.name);
    std::vector<float> alone(m * n);
    gemm.multiply({a.data(), m, k, k}, {b.data(), n, k, k}, {alone.data(), m, n, n});
    std::vector<std::vector<float>> together(16, std::vector<float>(alone.size()));
    parallel_for(16, [&](Index i) {
      gemm.multiply({a.data(), m, k, k}, {b.data(), n, k, k}, {together[i].data(), m, n, n});
    });
    for (const auto& result : together) CHECK(result == alone);
  }
}

TEST_CASE("the bfloat16 product, where the processor has one, sums exact products in float32") {
  const Gemm& gemm = onednn_gemm();
  CHECK(static_cast<bool>(gemm.multiply_bf16) == (gemm.name == "onednn-bf16"));
  CHECK_FALSE(onednn_f32_gemm().multiply_bf16);
  if (!gemm.multiply_bf16) {
    MESSAGE("skipped: this processor has no bfloat16 product");
    return;
  }
  for (const auto& [m, n, k] : {std::tuple<Index, Index, Index>{1, 1, 1},
                                {3, 7, 5},
                                {17, 129, 33},
                                {128, 512, 64},
                                {1, 1024, 100},
                                {64, 1000, 257}}) {
    CAPTURE(n);
    std::vector<bf16> a, b;
    for (const float x : normals(m * k, 5)) a.push_back(to_bf16(x));
    for (const float x : normals(n * k, 6)) b.push_back(to_bf16(x));
    const auto check = [&](std::span<const float> c) {
      check_products(
          c, m, n, k, n, [&](Index i, Index p) { return to_float(a[i * k + p]); },
          [&](Index j, Index p) { return to_float(b[j * k + p]); });
    };
    std::vector<float> c(m * n), again(m * n);
    gemm.multiply_bf16({a.data(), m, k, k}, {b.data(), n, k, k}, {c.data(), m, n, n});
    check(c);
    // Laid out once, B meets any number of rows.
    const auto [size, pack, multiply] = gemm.packed_bf16;
    const Index room = size(n, k), beyond = 32;
    Buffer<bf16> packed(room + beyond);
    std::ranges::fill(packed.span(), to_bf16(-99));
    pack({b.data(), n, k, k}, packed.data());
    for (Index i = 0; i < beyond; ++i) CHECK(to_float(packed.data()[room + i]) == -99.0f);
    multiply({a.data(), m, k, k}, packed.data(), {again.data(), m, n, n});
    check(again);
  }
}
