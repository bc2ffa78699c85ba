#include "io/float8.hpp"

#include <bit>
#include <cstdint>
#include <limits>

namespace yoneda::io {
namespace {

using Table = std::array<float, 256>;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

// For exponents of normal floats.
constexpr float power_of_two(int exponent) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(exponent + 127) << 23);
}

// Sign, exponent and mantissa as IEEE 754 has them, but for infinities and NaN.
constexpr Table plain(int mantissa_bits, int bias) {
  Table table{};
  const int ones = (1 << mantissa_bits) - 1;
  for (int byte = 0; byte < 256; ++byte) {
    const int exponent = (byte & 0x7f) >> mantissa_bits, mantissa = byte & ones;
    const int whole = exponent == 0 ? mantissa : mantissa + ones + 1;  // with the leading one
    const int scale = (exponent == 0 ? 1 : exponent) - bias - mantissa_bits;
    const float magnitude = static_cast<float>(whole) * power_of_two(scale);
    table[static_cast<std::size_t>(byte)] = byte < 0x80 ? magnitude : -magnitude;
  }
  return table;
}

constexpr Table e4m3 = [] {
  Table table = plain(3, 7);
  table[0x7f] = table[0xff] = nan;
  return table;
}();

constexpr Table e5m2 = [] {
  Table table = plain(2, 15);
  table[0x7c] = infinity;
  table[0xfc] = -infinity;
  for (const std::size_t sign : {0x00, 0x80})
    for (const std::size_t low : {0x7d, 0x7e, 0x7f}) table[sign | low] = nan;
  return table;
}();

constexpr Table unsigned_zero(Table table) {
  table[0x80] = nan;
  return table;
}

constexpr Table e4m3fnuz = unsigned_zero(plain(3, 8));
constexpr Table e5m2fnuz = unsigned_zero(plain(2, 16));

constexpr Table e8m0 = [] {
  Table table{};
  table[0] = power_of_two(-126) / 2;
  for (int byte = 1; byte < 255; ++byte)
    table[static_cast<std::size_t>(byte)] = power_of_two(byte - 127);
  table[255] = nan;
  return table;
}();

}  // namespace

const Table& floats_of(Float8 format) {
  switch (format) {
    case Float8::e4m3:
      return e4m3;
    case Float8::e5m2:
      return e5m2;
    case Float8::e4m3fnuz:
      return e4m3fnuz;
    case Float8::e5m2fnuz:
      return e5m2fnuz;
    case Float8::e8m0:
      break;
  }
  return e8m0;
}

}  // namespace yoneda::io
