// A trained sparse autoencoder.
#pragma once

#include <string_view>
#include <vector>

#include "yoneda/core/matrix.hpp"
#include "yoneda/model/origin.hpp"

namespace yoneda {

enum class Activation {
  unknown,
  relu,      ///< max(pre, 0)
  topk,      ///< the k largest pre-activations, where they are positive
  jumprelu,  ///< pre where it is positive and above the feature's threshold
  groupmax,  ///< features in k consecutive groups of n / k: the largest of each, where positive
};

constexpr std::string_view name(Activation activation) {
  switch (activation) {
    case Activation::unknown:
      return "unknown";
    case Activation::relu:
      return "relu";
    case Activation::topk:
      return "topk";
    case Activation::jumprelu:
      return "jumprelu";
    case Activation::groupmax:
      return "groupmax";
  }
  return "";
}

/// What is done to an input x before anything else, and undone to its reconstruction.
enum class InputNorm {
  none,
  scale,       ///< x · input_scale, one number for all inputs; 0 where the file does not tell it
  unit_norm,   ///< x · √d / ‖x‖
  layer_norm,  ///< (x − mean x) / (std x + 1e-5), std with divisor d − 1
};

constexpr std::string_view name(InputNorm norm) {
  switch (norm) {
    case InputNorm::none:
      return "none";
    case InputNorm::scale:
      return "scale";
    case InputNorm::unit_norm:
      return "unit-norm";
    case InputNorm::layer_norm:
      return "layer-norm";
  }
  return "";
}

/// n features that read a space of dimension d_in and write to one of dimension d; the same space
/// but for transcoders. With x̃ the normalised input and x' = x̃ − b_dec where `subtract_b_dec`, else
/// x' = x̃:
///     pre = W_enc x' + b_enc,   code = activation(pre),   x̂ = W_decᵀ code + b_dec (+ W_skip x̃).
/// Only W_dec must be present; the readers fill in what the file holds.
struct Sae {
  Matrix W_dec;                  ///< [n, d], one row a feature
  Matrix W_enc;                  ///< [n, d_in], one row a feature, or empty
  Matrix W_skip;                 ///< [d, d_in], of a transcoder with a skip connection, or empty
  std::vector<float> b_enc;      ///< [n] or empty
  std::vector<float> b_dec;      ///< [d] or empty
  std::vector<float> threshold;  ///< [n] for jumprelu, else empty
  Activation activation = Activation::unknown;
  Index k = 0;  ///< features kept by topk; groups of groupmax
  bool subtract_b_dec = true;
  InputNorm input_norm = InputNorm::none;
  float input_scale = 1;        ///< of InputNorm::scale
  float output_scale = 1;       ///< x̂ is divided by it: input_scale, but of a transcoder's target
  bool transcoder = false;      ///< x̂ predicts another activation than the input
  bool signed_codes = false;    ///< topk by |pre|, codes may be negative
  bool unit_norm_rows = false;  ///< the reader divided decoder rows by their norms
  Origin origin;

  Index n() const { return W_dec.rows(); }
  Index d() const { return W_dec.cols(); }
  Index d_in() const { return W_enc.empty() ? d() : W_enc.cols(); }
};

}  // namespace yoneda
