// An SAE as its file describes it: which tensor is what, which way round, and what must be done to
// it. Nothing is read until it is made into a Sae.
#pragma once

#include <optional>
#include <string>

#include "ingest/weights.hpp"
#include "yoneda/io/tensor.hpp"
#include "yoneda/model/sae.hpp"

namespace yoneda::ingest {

struct SaeParts {
  Sae sae;  ///< everything but matrices and vectors

  io::Tensor W_dec;                                  ///< [n, d]
  std::optional<io::Tensor> W_enc = {};              ///< [n, d_in]
  std::optional<io::Tensor> W_skip = {};             ///< [d, d_in]
  std::optional<io::Tensor> b_enc = {}, b_dec = {};  ///< [n], [d]
  std::string stored;  ///< how the file has the decoder: "'W_dec' (F32, 6 x 4), features are rows"

  /// Thresholds of jumprelu: [n], or one number for all, from a tensor or from a configuration.
  std::optional<io::Tensor> threshold = {};
  std::optional<double> threshold_value = {};
  bool threshold_is_log = false;
  bool threshold_over_norm = false;  ///< divided by ‖W_dec[f]‖, of the decoder as stored

  /// A gated encoder fires where W_enc x' + b_gate > 0, with max(exp(r_mag) W_enc x' + b_mag, 0).
  std::optional<io::Tensor> b_gate = {}, b_mag = {}, r_mag = {};

  std::optional<io::Tensor> code_scale = {};  ///< [n]: codes are multiplied by it before decoding
  double decoder_factor = 1;                  ///< W_dec is multiplied by it, W_enc divided
  bool fold_decoder_norms = false;  ///< pre-activations are multiplied by ‖W_dec[f]‖, codes divided

  Index n() const { return W_dec.shape[0]; }
  Index d() const { return W_dec.shape[1]; }
};

/// Takes a tensor as a matrix of rows x cols, stored as cols x rows where `turned`, and notes its
/// name. Throws Error{shape}.
io::Tensor matrix_part(Weights& weights, const std::string& name, Index rows, Index cols,
                       bool turned, Origin& origin);
/// Takes a tensor of `length` numbers, whatever axes of length 1 it has. Throws Error{shape}.
io::Tensor vector_part(Weights& weights, const std::string& name, Index length, Origin& origin);
/// The same, but nothing where there is no such tensor.
std::optional<io::Tensor> vector_if(Weights& weights, const std::string& name, Index length,
                                    Origin& origin);
/// The two lengths of a tensor. Throws Error{shape} unless it has two axes.
std::pair<Index, Index> matrix_shape(const io::Tensor& tensor);
/// How the decoder is stored, in words.
std::string decoder_in_words(const io::Tensor& stored, bool features_are_rows);

/// Reads the weights and does to them what must be done. Throws Error{value} for NaN and infinity,
/// Error{shape} where parts do not fit. Memory: what the Sae keeps, and a few megabytes.
Sae read_sae(const SaeParts& parts);

/// A scalar tensor's number.
double scalar(const io::Tensor& tensor);

}  // namespace yoneda::ingest
