// Rows of floats rounded to bfloat16, and what the rounding took.
#pragma once

#include <array>
#include <cmath>
#include <span>

#include "yoneda/core/dtype.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/core/vector_unit.hpp"

namespace yoneda {

/// Sums of squares of x, of x̂ = bf16(x) and of x − x̂.
struct SquaredNorms {
  double whole = 0, rounded = 0, residue = 0;
};

namespace detail {

/// What a bf16 product makes of a float: rounded to nearest, ties to even; subnormals are zero.
inline bf16 flushed_bf16(float x) {
  const bf16 rounded = to_bf16(x);
  return (rounded.bits & 0x7f80u) == 0 ? bf16{} : rounded;
}

/// Eight sums side by side in every unit, so that the norms do not depend on it.
struct RoundRow {
  template <int floats>
  [[gnu::always_inline]] static inline SquaredNorms run(const float* x, const float* centre,
                                                        Index size, bf16* out) {
    constexpr int lanes = 8, width = floats / 2, parts = lanes / width;  // doubles in a vector
    using Floats = Vector<float, width>;
    using Bits = Vector<std::uint32_t, width>;
    using Doubles = Vector<double, width>;
    Doubles wholes[parts] = {}, roundeds[parts] = {}, residues[parts] = {};
    const Index blocked = size - size % lanes;
    for (Index j = 0; j < blocked; j += lanes)
      for (int part = 0; part < parts; ++part) {
        const Index at = j + part * width;
        Floats value, from;
        __builtin_memcpy(&value, x + at, sizeof value);
        __builtin_memcpy(&from, centre + at, sizeof from);
        const Doubles exact =
            __builtin_convertvector(value, Doubles) - __builtin_convertvector(from, Doubles);
        const Floats near = __builtin_convertvector(exact, Floats);
        Bits bits;
        __builtin_memcpy(&bits, &near, sizeof bits);
        bits = (bits + 0x7fffu + ((bits >> 16) & 1u)) & 0xffff0000u;
        const auto normal = (bits & 0x7f800000u) != 0;
        Bits keep;
        __builtin_memcpy(&keep, &normal, sizeof keep);
        bits &= keep;
        Floats kept;
        __builtin_memcpy(&kept, &bits, sizeof kept);
        const Doubles seen = __builtin_convertvector(kept, Doubles), lost = exact - seen;
        wholes[part] += exact * exact;
        roundeds[part] += seen * seen;
        residues[part] += lost * lost;
        const auto halves = __builtin_convertvector(bits >> 16, Vector<std::uint16_t, width>);
        __builtin_memcpy(static_cast<void*>(out + at), &halves, sizeof halves);
      }
    SquaredNorms sums;
    for (int part = 0; part < parts; ++part)
      for (int lane = 0; lane < width; ++lane) {
        sums.whole += wholes[part][lane];
        sums.rounded += roundeds[part][lane];
        sums.residue += residues[part][lane];
      }
    for (Index j = blocked; j < size; ++j) {
      const double exact = static_cast<double>(x[j]) - static_cast<double>(centre[j]);
      out[j] = flushed_bf16(static_cast<float>(exact));
      const double seen = static_cast<double>(to_float(out[j])), lost = exact - seen;
      sums.whole += exact * exact;
      sums.rounded += seen * seen;
      sums.residue += lost * lost;
    }
    return sums;
  }
};

}  // namespace detail

/// out = bf16(x − centre), all of one length; what a product takes for zero becomes zero. Cost: one
/// pass.
inline SquaredNorms round_to_bf16(std::span<const float> x, std::span<const float> centre,
                                  std::span<bf16> out) {
  return run_on_widest<detail::RoundRow>(x.data(), centre.data(), static_cast<Index>(x.size()),
                                         out.data());
}

}  // namespace yoneda
