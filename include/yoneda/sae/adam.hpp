// The optimiser Adam (Kingma, Ba 2015, Adam: a method for stochastic optimization).
#pragma once

#include <cmath>

#include "yoneda/core/types.hpp"

namespace yoneda::detail {

/// One step's constants.
struct AdamStep {
  float beta1, beta2, rate, root_correction, epsilon;
};

/// Step t = 1, 2, ...: the moments start at zero, which the corrections make up for.
inline AdamStep adam_step(double beta1, double beta2, double epsilon, double learning_rate,
                          Index t) {
  const auto steps = static_cast<double>(t);
  return {.beta1 = static_cast<float>(beta1),
          .beta2 = static_cast<float>(beta2),
          .rate = static_cast<float>(learning_rate / (1 - std::pow(beta1, steps))),
          .root_correction = static_cast<float>(1 / std::sqrt(1 - std::pow(beta2, steps))),
          .epsilon = static_cast<float>(epsilon)};
}

/// Moments of a parameter that is left alone halve every few steps until they are subnormal, which
/// many processors compute with a hundred times slower. So small they move nothing.
[[gnu::always_inline]] inline float without_subnormals(float x) {
  return std::abs(x) < 1e-30f ? 0.0f : x;
}

/// w moves against gradient − along · w; a kernel (see core/vector_unit.hpp). Square roots are
/// vectors only under -fno-math-errno, which changes no result.
[[gnu::always_inline]] inline void adam(float* __restrict w, const float* __restrict gradient,
                                        float along, float* __restrict first,
                                        float* __restrict second, Index size,
                                        const AdamStep& step) {
  const auto [beta1, beta2, rate, root_correction, epsilon] = step;
  for (Index i = 0; i < size; ++i) {
    const float g = gradient[i] - along * w[i];
    const float m = without_subnormals(beta1 * first[i] + (1 - beta1) * g);
    const float v = without_subnormals(beta2 * second[i] + (1 - beta2) * g * g);
    w[i] -= rate * m / (std::sqrt(v) * root_correction + epsilon);
    first[i] = m;
    second[i] = v;
  }
}

}  // namespace yoneda::detail
