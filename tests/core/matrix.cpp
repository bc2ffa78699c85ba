#include "yoneda/core/matrix.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>
#include <limits>

using namespace yoneda;

TEST_CASE("every f16 converts as Eigen's half does") {
  for (std::uint32_t bits = 0; bits < 0x10000u; ++bits) {
    const f16 value{static_cast<std::uint16_t>(bits)};
    const float expected =
        Eigen::half_impl::half_to_float(Eigen::half_impl::raw_uint16_to_half(value.bits));
    const float found = to_float(value);
    if (std::isnan(expected)) {
      CHECK(std::isnan(found));
      continue;
    }
    REQUIRE(found == expected);
    REQUIRE(std::signbit(found) == std::signbit(expected));
    REQUIRE(to_f16(found).bits == value.bits);
  }
}

TEST_CASE("floats round to f16 and bf16 as Eigen rounds them, ties and subnormals included") {
  const auto same = [](float x) {
    if (std::isnan(x)) {
      CHECK(std::isnan(to_float(to_f16(x))));
      CHECK(std::isnan(to_float(to_bf16(x))));
      return;
    }
    REQUIRE(to_f16(x).bits == Eigen::half(x).x);
    REQUIRE(to_bf16(x).bits == Eigen::bfloat16(x).value);
  };
  for (std::uint64_t bits = 0; bits < 0x100000000u; bits += 4093)  // a prime stride over all floats
    same(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  for (std::uint32_t bits = 0; bits < 0x10000u; ++bits) {  // exact halves and their neighbours
    const float x = to_float(f16{static_cast<std::uint16_t>(bits)});
    const float next = to_float(f16{static_cast<std::uint16_t>(bits + 1)});
    if (!std::isfinite(x) || !std::isfinite(next)) continue;
    const float middle = x / 2 + next / 2;
    for (const float y : {middle, std::nextafter(middle, 1e9f), std::nextafter(middle, -1e9f)})
      same(y);
  }
}

TEST_CASE("a matrix converts rows only where it must, and its copies share storage") {
  const Matrix whole = Matrix::from(std::vector<float>{1, 2, 3, 4, 5, 6}, 3, 2);
  std::vector<float> scratch(2);
  CHECK(whole.row(1, scratch).data() == reinterpret_cast<const float*>(whole.bytes().data()) + 2);
  const Matrix part = whole.slice(1, 2);
  CHECK(part.rows() == 2);
  CHECK(part(1, 0) == 5);
  CHECK(part.bytes().data() == whole.bytes().data() + 2 * sizeof(float));

  const Matrix half = Matrix::from(std::vector<f16>{to_f16(0.5f), to_f16(-2.0f)}, 1, 2);
  CHECK(half.row(0, scratch).data() == scratch.data());
  CHECK(scratch == std::vector<float>{0.5f, -2.0f});
  CHECK(half(0, 1) == -2.0f);
  const Matrix brain = Matrix::from(std::vector<bf16>{to_bf16(3.0f), to_bf16(-4.0f)}, 2, 1);
  CHECK(to_vector(brain) == std::vector<float>{3.0f, -4.0f});
  CHECK(to_vector(transposed(whole)) == std::vector<float>{1, 3, 5, 2, 4, 6});
  CHECK(to_vector(take_rows(whole, std::vector<Id>{2, 0})) == std::vector<float>{5, 6, 1, 2});
}

TEST_CASE("a matrix outlives whoever made it") {
  Matrix kept;
  {
    const Matrix made = Matrix::from(std::vector<float>(1000, 7.0f), 10, 100);
    kept = made.slice(9, 1);
  }
  CHECK(kept(0, 99) == 7.0f);
}

TEST_CASE("bad matrices are refused") {
  CHECK_THROWS_AS(Matrix::from(std::vector<float>(5), 2, 3), Error);
  CHECK_THROWS_AS(Matrix::from(std::vector<float>(6), 2, 3).slice(1, 2), Error);
  CHECK_THROWS_AS(Matrix::from(std::vector<float>(6), 2, 3).slice(-1, 1), Error);
  CHECK_NOTHROW(require_finite(Matrix::from(std::vector<float>{1, 2}, 2, 1), "W_dec"));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(require_finite(Matrix::from(std::vector<float>{1, nan}, 2, 1), "W_dec"),
                    "W_dec holds a NaN or an infinity (first in row 1)");
}
