// Normalised inputs: what an SAE was trained to see, and the way back.
#pragma once

#include <cmath>
#include <span>
#include <string>

#include "yoneda/core/error.hpp"
#include "yoneda/model/sae.hpp"

namespace yoneda {

/// x̃ = (x − shift) · factor, and back: x̂ = (decoded) · undo + shift.
struct RowNorm {
  double shift = 0, factor = 1, undo = 1;
};

/// How one input x [d_in] is normalised (see InputNorm), in double. A constant input is 0 under
/// layer_norm, a zero input stays 0 under unit_norm. Cost: d_in. Layer normalisation as in Gao et
/// al. 2024, Scaling and evaluating sparse autoencoders.
inline RowNorm row_norm(const Sae& sae, std::span<const float> x) {
  const auto d = static_cast<double>(x.size());
  switch (sae.input_norm) {
    case InputNorm::none:
      return {};
    case InputNorm::scale: {
      const auto in = static_cast<double>(sae.input_scale);
      return {0, in, 1 / static_cast<double>(sae.output_scale)};
    }
    case InputNorm::unit_norm: {
      double square = 0;
      for (const float value : x) square += static_cast<double>(value) * static_cast<double>(value);
      const double factor = square > 0 ? std::sqrt(d / square) : 1;
      return {0, factor, 1 / factor};
    }
    case InputNorm::layer_norm:
      break;
  }
  constexpr double epsilon = 1e-5;
  double mean = 0, square = 0;
  for (const float value : x) mean += static_cast<double>(value);
  mean /= d;
  for (const float value : x) {
    const double centred = static_cast<double>(value) - mean;
    square += centred * centred;
  }
  const double std = x.size() > 1 ? std::sqrt(square / (d - 1)) : 0;
  return {mean, 1 / (std + epsilon), std};
}

/// x becomes x̃.
inline void normalize(std::span<float> x, const RowNorm& norm) {
  for (float& value : x)
    value = static_cast<float>((static_cast<double>(value) - norm.shift) * norm.factor);
}

/// Throws Error{value} where inputs were scaled by a number that is not known.
inline void require_input_norm(const Sae& sae) {
  if (sae.input_norm == InputNorm::scale && !(sae.input_scale > 0 && sae.output_scale > 0))
    throw Error(
        ErrorKind::value,
        "this SAE was trained on inputs scaled by one number, which its file does not tell");
}

}  // namespace yoneda
