// 16-bit floating point storage and the dtypes a Matrix can hold.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "yoneda/core/types.hpp"

namespace yoneda {

/// IEEE 754 binary16, storage only.
struct f16 {
  std::uint16_t bits = 0;
};

/// bfloat16: the upper half of a binary32, storage only.
struct bf16 {
  std::uint16_t bits = 0;
};

enum class Dtype { f32, f16, bf16 };

constexpr Index bytes_per_value(Dtype dtype) {
  return dtype == Dtype::f32 ? 4 : 2;
}

/// Spelled as safetensors spells it.
constexpr std::string_view name(Dtype dtype) {
  return dtype == Dtype::f32 ? "F32" : dtype == Dtype::f16 ? "F16" : "BF16";
}

constexpr float to_float(float value) {
  return value;
}

constexpr float to_float(bf16 value) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value.bits) << 16);
}

/// Exact for every finite value, infinity and NaN. The exponent is moved by one multiplication with
/// 2^112, which also normalises subnormals.
constexpr float to_float(f16 value) {
  const std::uint32_t sign = static_cast<std::uint32_t>(value.bits & 0x8000u) << 16;
  const std::uint32_t magnitude = value.bits & 0x7fffu;
  if (magnitude >= 0x7c00u)  // infinity or NaN keeps its payload
    return std::bit_cast<float>(sign | 0x7f800000u | ((magnitude & 0x3ffu) << 13));
  const float scaled = std::bit_cast<float>(magnitude << 13) * 0x1p112f;
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(scaled));
}

/// Rounds to nearest, ties to even; overflow gives infinity.
constexpr f16 to_f16(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000u);
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  const auto with_sign = [sign](std::uint32_t low) {
    return f16{static_cast<std::uint16_t>(sign | low)};
  };
  if (magnitude > 0x7f800000u) return with_sign(0x7e00u);   // NaN
  if (magnitude >= 0x477ff000u) return with_sign(0x7c00u);  // rounds past 65504
  if (magnitude < 0x38800000u) {  // below 2^-14: adding 0.5 aligns the rounding to units of 2^-24
    const float aligned = std::bit_cast<float>(magnitude) + 0.5f;
    return with_sign(std::bit_cast<std::uint32_t>(aligned) - 0x3f000000u);
  }
  const std::uint32_t odd = (magnitude >> 13) & 1u;
  return with_sign((magnitude - 0x38000000u + 0xfffu + odd) >> 13);
}

/// Rounds to nearest, ties to even.
constexpr bf16 to_bf16(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return bf16{static_cast<std::uint16_t>((bits >> 16) | 0x40u)};
  return bf16{static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16)};
}

}  // namespace yoneda
