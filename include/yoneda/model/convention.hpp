// What "the logit of a token under a feature" means: the four conventions.
#pragma once

#include <optional>
#include <string_view>

#include "yoneda/core/error.hpp"

namespace yoneda {

/// The final norm of the language model.
enum class Norm { unknown, rms, layer };

/// With gain γ of the final norm, W_dec[f] a decoder row and W_U[t] the unembedding of a token:
enum class Convention {
  automatic,  ///< centered for LayerNorm, folded for RMSNorm, raw where the gain is unknown
  raw,        ///< z = W_dec[f] · W_U[t]
  folded,     ///< z = W_dec[f] · (γ ∘ W_U[t])
  centered,   ///< z = (W_dec[f] − mean(W_dec[f])) · (γ ∘ W_U[t]); LayerNorm models only
  transformer_lens,  ///< centered (RMSNorm: folded), minus the mean over tokens unless soft-capped
};

constexpr std::string_view name(Convention convention) {
  switch (convention) {
    case Convention::automatic:
      return "automatic";
    case Convention::raw:
      return "raw";
    case Convention::folded:
      return "folded";
    case Convention::centered:
      return "centered";
    case Convention::transformer_lens:
      return "transformer-lens";
  }
  return "";
}

constexpr std::string_view name(Norm norm) {
  switch (norm) {
    case Norm::unknown:
      return "unknown";
    case Norm::rms:
      return "RMSNorm";
    case Norm::layer:
      return "LayerNorm";
  }
  return "";
}

constexpr std::optional<Convention> convention_from(std::string_view text) {
  for (const auto candidate : {Convention::automatic, Convention::raw, Convention::folded,
                               Convention::centered, Convention::transformer_lens})
    if (text == name(candidate)) return candidate;
  return std::nullopt;
}

}  // namespace yoneda
