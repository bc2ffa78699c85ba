// The map from a language model's residual stream to its logits.
#pragma once

#include <vector>

#include "yoneda/core/matrix.hpp"
#include "yoneda/model/convention.hpp"
#include "yoneda/model/origin.hpp"

namespace yoneda {

struct Unembedding {
  Matrix W_U;               ///< [V, d], one row a token
  std::vector<float> gain;  ///< [d], γ of the final norm (1 + γ already applied), empty: unknown
  Norm norm = Norm::unknown;
  bool soft_cap =
      false;  ///< the model squashes its logits (Gemma 2), so their mean carries meaning
  Origin origin;

  Index V() const { return W_U.rows(); }
  Index d() const { return W_U.cols(); }
};

/// Replaces `automatic` by what the model's norm asks for, and refuses what the model cannot have.
/// Throws Error{value} where the convention needs a gain that is unknown, or `centered` on RMSNorm.
inline Convention resolve(Convention wanted, const Unembedding& model) {
  const bool known = !model.gain.empty();
  if (wanted == Convention::automatic) {
    if (!known) return Convention::raw;
    return model.norm == Norm::layer ? Convention::centered : Convention::folded;
  }
  if (wanted != Convention::raw && !known)
    throw Error(ErrorKind::value, "convention '" + std::string(name(wanted)) +
                                      "' needs the gain of the final norm, which is unknown here "
                                      "(name its tensor with --norm-gain, or use 'raw')");
  if (wanted == Convention::centered && model.norm != Norm::layer)
    throw Error(ErrorKind::value,
                "convention 'centered' is for LayerNorm models; the final norm "
                "here is " +
                    std::string(name(model.norm)));
  return wanted;
}

}  // namespace yoneda
