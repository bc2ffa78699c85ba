// A trained sparse autoencoder.
#pragma once

#include <string_view>
#include <vector>

#include "yoneda/core/matrix.hpp"
#include "yoneda/model/origin.hpp"

namespace yoneda {

enum class Activation { unknown, relu, topk, jumprelu };

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
  }
  return "";
}

/// n features over a space of dimension d. With x' = x − b_dec where `subtract_b_dec`, else x' = x:
///     pre = W_enc x' + b_enc,   code = activation(pre),   x̂ = W_decᵀ code + b_dec.
/// Only W_dec must be present; the readers fill in what the file holds.
struct Sae {
  Matrix W_dec;                  ///< [n, d], one row a feature
  Matrix W_enc;                  ///< [n, d], one row a feature, or empty
  std::vector<float> b_enc;      ///< [n] or empty
  std::vector<float> b_dec;      ///< [d] or empty
  std::vector<float> threshold;  ///< [n] for jumprelu, else empty
  Activation activation = Activation::unknown;
  Index k = 0;  ///< features kept by topk
  bool subtract_b_dec = true;
  Origin origin;

  Index n() const { return W_dec.rows(); }
  Index d() const { return W_dec.cols(); }
};

}  // namespace yoneda
