#include "io/ggml_blocks.hpp"

#include <cstdint>
#include <cstring>

#include "io/unaligned.hpp"
#include "yoneda/core/dtype.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda::io {
namespace {

float half(const std::byte* from) {
  return to_float(load<f16>(from));
}

float number(std::int32_t whole) {
  return static_cast<float>(whole);
}

// `width` bits of a byte, from bit `first` on.
std::int32_t bits(std::byte byte, Index first, int width) {
  return (std::to_integer<std::int32_t>(byte) >> first) & ((1 << width) - 1);
}

// A few bits of each of the bytes that a run of numbers has, the same of all: what a compiler makes
// vectors of.
struct Strip {
  const std::byte* bytes;
  Index first;  // bit
  int width;

  std::int32_t operator[](Index i) const { return bits(bytes[i], first, width); }
};

// 4 bits of each of 32 numbers: the low halves of 16 bytes, then their high halves. This and all
// below: from number `from` on, up to the next multiple of 16.
Strip nibbles(const std::byte* q, Index from) {
  return {q + from % 16, from / 16 * 4, 4};
}

// What the formats of 256 numbers have of 4 bits: four stretches of 64, each in the low, then the
// high halves of 32 bytes.
Strip long_nibbles(const std::byte* q, Index from) {
  return {q + from / 64 * 32 + from % 32, from / 32 % 2 * 4, 4};
}

// The same in two stretches of 128, each in 64 bytes.
Strip longer_nibbles(const std::byte* q, Index from) {
  return {q + from / 128 * 64 + from % 64, from / 64 % 2 * 4, 4};
}

// Of 2 bits: two stretches of 128, each in 32 bytes that hold every 32nd number.
Strip pairs_of_bits(const std::byte* q, Index from) {
  return {q + from / 128 * 32 + from % 32, from / 32 % 4 * 2, 2};
}

// Of 1 bit: 32 bytes that hold every 32nd number.
Strip long_bits(const std::byte* q, Index from) {
  return {q + from % 32, from / 32, 1};
}

// Scales and minima of Q4_K and Q5_K: 8 of each, of 6 bits, in 12 bytes. The first four of a kind
// have the low 6 bits of a byte each; the others have 4 bits in the last four bytes, and their
// upper 2 in the upper bits of the first ones.
struct Scales {
  const std::byte* s;

  std::int32_t scale(Index j) const {
    return j < 4 ? bits(s[j], 0, 6) : bits(s[j + 4], 0, 4) | bits(s[j - 4], 6, 2) << 4;
  }
  std::int32_t minimum(Index j) const {
    return j < 4 ? bits(s[j + 4], 0, 6) : bits(s[j + 4], 4, 4) | bits(s[j], 6, 2) << 4;
  }
};

// Of Q3_K: 16 of 6 bits in 12 bytes; the low 4 bits in eight of them, the upper 2 in four.
std::int32_t q3_scale(const std::byte* s, Index j) {
  return (bits(s[j % 8], j / 8 * 4, 4) | bits(s[8 + j % 4], j / 4 * 2, 2) << 4) - 32;
}

// Formats of 256 numbers, in groups of 16 with a factor each and something that is taken off;
// quants(from) gives the integers of a group.
template <class Quants, class Factor, class Least>
void decode_groups(float* y, const Quants& quants, const Factor& factor, const Least& least) {
  for (Index from = 0; from < 256; from += 16) {
    const auto q = quants(from);
    const float a = factor(from), b = least(from);
    for (Index i = 0; i < 16; ++i) y[from + i] = a * number(q(i)) - b;
  }
}

// The same with nothing taken off: minus zero stays what it is.
template <class Quants, class Factor>
void decode_groups(float* y, const Quants& quants, const Factor& factor) {
  for (Index from = 0; from < 256; from += 16) {
    const auto q = quants(from);
    const float a = factor(from);
    for (Index i = 0; i < 16; ++i) y[from + i] = a * number(q(i));
  }
}

// Formats of 32 numbers: value(number, q) for each, in two halves.
template <class Value>
void decode_halves(const std::byte* q, float* y, const Value& value) {
  for (const Index from : {0, 16}) {
    const Strip strip = nibbles(q, from);
    for (Index i = 0; i < 16; ++i) y[from + i] = value(from + i, strip[i]);
  }
}

std::int32_t fifth_bit(std::uint32_t bits_of_all, Index i) {
  return static_cast<std::int32_t>(bits_of_all >> i & 1) << 4;
}

}  // namespace

void decode_q4_0(const std::byte* block, float* y) {
  const float d = half(block);
  decode_halves(block + 2, y, [d](Index, std::int32_t q) { return d * number(q - 8); });
}

void decode_q4_1(const std::byte* block, float* y) {
  const float d = half(block), m = half(block + 2);
  decode_halves(block + 4, y, [d, m](Index, std::int32_t q) { return d * number(q) + m; });
}

void decode_q5_0(const std::byte* block, float* y) {
  const float d = half(block);
  const auto high = load<std::uint32_t>(block + 2);
  decode_halves(block + 6, y, [d, high](Index i, std::int32_t q) {
    return d * number((q | fifth_bit(high, i)) - 16);
  });
}

void decode_q5_1(const std::byte* block, float* y) {
  const float d = half(block), m = half(block + 2);
  const auto high = load<std::uint32_t>(block + 4);
  decode_halves(block + 8, y, [d, m, high](Index i, std::int32_t q) {
    return d * number(q | fifth_bit(high, i)) + m;
  });
}

void decode_q8_0(const std::byte* block, float* y) {
  const float d = half(block);
  for (Index i = 0; i < 32; ++i) y[i] = d * number(load<std::int8_t>(block + 2 + i));
}

void decode_q2_k(const std::byte* block, float* y) {
  const float d = half(block + 80), d_min = half(block + 82);
  decode_groups(
      y,
      [q = block + 16](Index from) {  // behind 16 bytes of scales and minima
        return [strip = pairs_of_bits(q, from)](Index i) { return strip[i]; };
      },
      [&](Index from) { return d * number(bits(block[from / 16], 0, 4)); },
      [&](Index from) { return d_min * number(bits(block[from / 16], 4, 4)); });
}

void decode_q3_k(const std::byte* block, float* y) {
  const float d = half(block + 108);
  decode_groups(
      y,
      [block](Index from) {
        // The upper bit is stored the other way round: where it is missing, 4 are taken off.
        return [low = pairs_of_bits(block + 32, from), high = long_bits(block, from)](Index i) {
          return low[i] - 4 * (1 - high[i]);
        };
      },
      [&](Index from) { return d * number(q3_scale(block + 96, from / 16)); });
}

void decode_q4_k(const std::byte* block, float* y) {
  const float d = half(block), d_min = half(block + 2);
  const Scales scales{block + 4};
  decode_groups(
      y,
      [q = block + 16](Index from) {
        return [strip = long_nibbles(q, from)](Index i) { return strip[i]; };
      },
      [&](Index from) { return d * number(scales.scale(from / 32)); },
      [&](Index from) { return d_min * number(scales.minimum(from / 32)); });
}

void decode_q5_k(const std::byte* block, float* y) {
  const float d = half(block), d_min = half(block + 2);
  const Scales scales{block + 4};
  decode_groups(
      y,
      [block](Index from) {
        return [low = long_nibbles(block + 48, from), high = long_bits(block + 16, from)](Index i) {
          return low[i] | high[i] << 4;
        };
      },
      [&](Index from) { return d * number(scales.scale(from / 32)); },
      [&](Index from) { return d_min * number(scales.minimum(from / 32)); });
}

void decode_q6_k(const std::byte* block, float* y) {
  const float d = half(block + 208);
  const std::byte* const scales = block + 192;
  decode_groups(
      y,
      [block](Index from) {
        return [low = longer_nibbles(block, from), high = pairs_of_bits(block + 128, from)](
                   Index i) { return (low[i] | high[i] << 4) - 32; };
      },
      [&](Index from) { return d * number(load<std::int8_t>(scales + from / 16)); });
}

void decode_q8_k(const std::byte* block, float* y) {
  const auto d = load<float>(block);
  for (Index i = 0; i < 256; ++i) y[i] = d * number(load<std::int8_t>(block + 4 + i));
}

}  // namespace yoneda::io
