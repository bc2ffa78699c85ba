// 8-bit floating point: what each of the 256 bytes stands for.
#pragma once

#include <array>

namespace yoneda::io {

/// E4M3: four bits of exponent and three of mantissa, no infinity, NaN where all are ones, up to
/// 448; E5M2: the upper half of a binary16 (Micikevicius et al. 2022, FP8 Formats for Deep
/// Learning). The FNUZ ones have a bias one larger, and one NaN in the place of minus zero. E8M0: a
/// power of two without a sign, 2^(byte - 127), 255 a NaN (Rouhani et al. 2023, Microscaling Data
/// Formats for Deep Learning).
enum class Float8 { e4m3, e5m2, e4m3fnuz, e5m2fnuz, e8m0 };

/// All numbers of a format, by byte.
const std::array<float, 256>& floats_of(Float8 format);

}  // namespace yoneda::io
