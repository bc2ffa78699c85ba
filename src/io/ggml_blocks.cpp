#include "io/ggml_blocks.hpp"

#include <array>
#include <cstdint>
#include <cstring>

#include "yoneda/core/dtype.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda::io {
namespace {

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

float half(const std::byte* from) {
  return to_float(load<f16>(from));
}

// `width` bits of a byte, from bit `first` on.
Index bits(std::byte byte, Index first, Index width) {
  return (std::to_integer<Index>(byte) >> first) & ((Index{1} << width) - 1);
}

float number(Index whole) {
  return static_cast<float>(whole);
}

// 4 bits of each of 32 numbers: the low halves of 16 bytes, then their high halves.
Index nibble(const std::byte* q, Index i) {
  return bits(q[i % 16], i / 16 * 4, 4);
}

// Bit i of 32.
Index bit(const std::byte* q, Index i) {
  return bits(q[i / 8], i % 8, 1);
}

// What the formats of 256 numbers have of 4 bits: four stretches of 64, each like nibble() of 64.
Index long_nibble(const std::byte* q, Index i) {
  return bits(q[i / 64 * 32 + i % 32], i / 32 % 2 * 4, 4);
}

// Of 2 bits: two stretches of 128, each in 32 bytes that hold every 32nd number.
Index pair_of_bits(const std::byte* q, Index i) {
  return bits(q[i / 128 * 32 + i % 32], i / 32 % 4 * 2, 2);
}

// Of 1 bit: 32 bytes that hold every 32nd number.
Index long_bit(const std::byte* q, Index i) {
  return bits(q[i % 32], i / 32, 1);
}

// Scales and minima of Q4_K and Q5_K: 8 of each, of 6 bits, in 12 bytes. The first four of a kind
// have the low 6 bits of a byte each; the others have 4 bits in the last four bytes, and their
// upper 2 in the upper bits of the first ones.
struct Scales {
  const std::byte* s;

  Index scale(Index j) const {
    return j < 4 ? bits(s[j], 0, 6) : bits(s[j + 4], 0, 4) | bits(s[j - 4], 6, 2) << 4;
  }
  Index minimum(Index j) const {
    return j < 4 ? bits(s[j + 4], 0, 6) : bits(s[j + 4], 4, 4) | bits(s[j], 6, 2) << 4;
  }
};

// Of Q3_K: 16 of 6 bits in 12 bytes; the low 4 bits in eight of them, the upper 2 in four.
Index q3_scale(const std::byte* s, Index j) {
  return (bits(s[j % 8], j / 8 * 4, 4) | bits(s[8 + j % 4], j / 4 * 2, 2) << 4) - 32;
}

// The formats of 256 numbers in groups with a scale and a minimum each.
template <class Quant, class Scale, class Minimum>
void decode_groups(Index group, float d, float d_min, float* y, const Quant& quant,
                   const Scale& scale, const Minimum& minimum) {
  for (Index first = 0; first < 256; first += group) {
    const float factor = d * number(scale(first / group));
    const float least = d_min * number(minimum(first / group));
    for (Index i = first; i < first + group; ++i) y[i] = factor * number(quant(i)) - least;
  }
}

// The same without minima.
template <class Quant, class Scale>
void decode_groups(float d, float* y, const Quant& quant, const Scale& scale) {
  for (Index first = 0; first < 256; first += 16) {
    const float factor = d * number(scale(first / 16));
    for (Index i = first; i < first + 16; ++i) y[i] = factor * number(quant(i));
  }
}

}  // namespace

void decode_q4_0(const std::byte* block, float* y) {
  const float d = half(block);
  for (Index i = 0; i < 32; ++i) y[i] = d * number(nibble(block + 2, i) - 8);
}

void decode_q4_1(const std::byte* block, float* y) {
  const float d = half(block), m = half(block + 2);
  for (Index i = 0; i < 32; ++i) y[i] = d * number(nibble(block + 4, i)) + m;
}

void decode_q5_0(const std::byte* block, float* y) {
  const float d = half(block);
  const std::byte *high = block + 2, *low = block + 6;
  for (Index i = 0; i < 32; ++i) y[i] = d * number((nibble(low, i) | bit(high, i) << 4) - 16);
}

void decode_q5_1(const std::byte* block, float* y) {
  const float d = half(block), m = half(block + 2);
  const std::byte *high = block + 4, *low = block + 8;
  for (Index i = 0; i < 32; ++i) y[i] = d * number(nibble(low, i) | bit(high, i) << 4) + m;
}

void decode_q8_0(const std::byte* block, float* y) {
  const float d = half(block);
  for (Index i = 0; i < 32; ++i) y[i] = d * number(load<std::int8_t>(block + 2 + i));
}

void decode_q2_k(const std::byte* block, float* y) {
  const std::byte* const q = block + 16;  // behind 16 bytes of scales and minima
  decode_groups(
      16, half(block + 80), half(block + 82), y, [q](Index i) { return pair_of_bits(q, i); },
      [block](Index j) { return bits(block[j], 0, 4); },
      [block](Index j) { return bits(block[j], 4, 4); });
}

void decode_q3_k(const std::byte* block, float* y) {
  const std::byte *q = block + 32, *scales = block + 96;
  // The upper bit is stored the other way round: where it is missing, 4 are taken off.
  decode_groups(
      half(block + 108), y,
      [block, q](Index i) { return pair_of_bits(q, i) - 4 * (1 - long_bit(block, i)); },
      [scales](Index j) { return q3_scale(scales, j); });
}

void decode_q4_k(const std::byte* block, float* y) {
  const Scales scales{block + 4};
  const std::byte* const q = block + 16;
  decode_groups(
      32, half(block), half(block + 2), y, [q](Index i) { return long_nibble(q, i); },
      [scales](Index j) { return scales.scale(j); },
      [scales](Index j) { return scales.minimum(j); });
}

void decode_q5_k(const std::byte* block, float* y) {
  const Scales scales{block + 4};
  const std::byte *high = block + 16, *low = block + 48;
  decode_groups(
      32, half(block), half(block + 2), y,
      [high, low](Index i) { return long_nibble(low, i) | long_bit(high, i) << 4; },
      [scales](Index j) { return scales.scale(j); },
      [scales](Index j) { return scales.minimum(j); });
}

void decode_q6_k(const std::byte* block, float* y) {
  const std::byte *low = block, *high = block + 128, *scales = block + 192;
  // The low 4 bits: two stretches of 128, each in the low, then the high halves of 64 bytes.
  const auto lower = [low](Index i) { return bits(low[i / 128 * 64 + i % 64], i / 64 % 2 * 4, 4); };
  decode_groups(
      half(block + 208), y,
      [&lower, high](Index i) { return (lower(i) | pair_of_bits(high, i) << 4) - 32; },
      [scales](Index j) { return Index{load<std::int8_t>(scales + j)}; });
}

void decode_q8_k(const std::byte* block, float* y) {
  const auto d = load<float>(block);
  for (Index i = 0; i < 256; ++i) y[i] = d * number(load<std::int8_t>(block + 4 + i));
}

}  // namespace yoneda::io
