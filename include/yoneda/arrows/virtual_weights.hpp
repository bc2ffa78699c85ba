// Virtual weights: what an upstream feature writes to the residual stream, as a downstream encoder
// reads it.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/core/matrix.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/model/convention.hpp"
#include "yoneda/model/sae.hpp"

namespace yoneda {

/// How a downstream SAE reads the residual stream x: behind a norm of the model, where its encoder
/// comes after one, and through its own centring and scaling.
///     pre = W_enc · scale · centre(γ ∘ norm(x)) + ...
/// The two norms' denominators depend on x. They are left out: on one input they multiply all
/// weights by the same positive number (Dunefsky, Chlenski, Nanda 2024, Transcoders find
/// interpretable LLM feature circuits, holds them fixed likewise).
struct StreamReader {
  Matrix W_enc;               ///< [n, d], one row a feature
  Norm norm = Norm::unknown;  ///< of the model, before the encoder; layer: subtracts the mean
  std::vector<float> gain;    ///< [d], its γ (1 + γ already applied), or empty
  bool centred = false;       ///< the SAE subtracts the mean of its input (InputNorm::layer_norm)
  double scale = 1;           ///< the SAE multiplies its input by this

  Index n() const { return W_enc.rows(); }
  Index d() const { return W_enc.cols(); }

  /// Nothing is done to x before the encoder.
  bool plain() const { return norm != Norm::layer && gain.empty() && !centred && scale == 1; }
};

/// The encoder of an SAE on the residual stream itself; `norm` and `gain` are its caller's to set
/// where it comes behind a norm. A scale that the SAE's file does not tell counts as 1: weights are
/// then right up to that one positive number. Throws Error{value} without an encoder.
inline StreamReader stream_reader(const Sae& sae) {
  if (sae.W_enc.empty())
    throw Error(ErrorKind::value, "this SAE has no encoder (W_enc), so it reads nothing");
  StreamReader reader;
  reader.W_enc = sae.W_enc;
  reader.centred = sae.input_norm == InputNorm::layer_norm;
  if (sae.input_norm == InputNorm::scale && sae.input_scale > 0)
    reader.scale = static_cast<double>(sae.input_scale);
  return reader;
}

/// What the directions an SAE decodes to are multiplied by: 1 / output_scale where it undoes a
/// scaling that its file tells, else 1.
inline double write_scale(const Sae& sae) {
  const bool scaled = sae.input_norm == InputNorm::scale && sae.output_scale > 0;
  return scaled ? 1 / static_cast<double>(sae.output_scale) : 1;
}

/// Throws Error{shape} where writer and reader do not share a residual stream.
inline void require_same_stream(const Matrix& W_dec, const StreamReader& reader) {
  if (W_dec.cols() != reader.d())
    throw Error(ErrorKind::shape,
                "the upstream SAE writes to a space of dimension " + std::to_string(W_dec.cols()) +
                    ", the downstream one reads one of dimension " + std::to_string(reader.d()) +
                    ": they share no residual stream");
  if (!reader.gain.empty() && static_cast<Index>(reader.gain.size()) != reader.d())
    throw Error(ErrorKind::shape, "the norm's gain has " + std::to_string(reader.gain.size()) +
                                      " values, d_model is " + std::to_string(reader.d()));
}

namespace detail {

inline void subtract_mean(std::span<double> x) {
  double mean = 0;
  for (const double value : x) mean += value;
  mean /= static_cast<double>(x.size());
  for (double& value : x) value -= mean;
}

/// One decoder row as the reader's encoder meets it: in double, rounded to float once.
inline void read_direction(std::span<const float> w, const StreamReader& reader,
                           std::span<float> out) {
  std::vector<double> x(w.begin(), w.end());
  if (reader.norm == Norm::layer) subtract_mean(x);
  if (!reader.gain.empty())
    for (std::size_t j = 0; j < x.size(); ++j) x[j] *= static_cast<double>(reader.gain[j]);
  if (reader.centred) subtract_mean(x);
  for (std::size_t j = 0; j < x.size(); ++j) out[j] = static_cast<float>(reader.scale * x[j]);
}

}  // namespace detail

/// W_dec [n, d] with every row as the encoder meets it, W'; then V = W' · W_encᵀ is the matrix of
/// virtual weights (Elhage et al. 2021, A mathematical framework for transformer circuits; of
/// features, Ameisen et al. 2025, Circuit tracing):
///     V[f, g] = W'[f] · W_enc[g]
/// is what feature g's pre-activation gains where feature f fires with 1, along the direct path
/// alone: nothing that attention or an MLP between them makes of f. Raw, not a cosine: a long
/// encoder row does read more. Its unit is that of pre-activations by activation, so weights
/// compare within one pair of SAEs and not between pairs.
///
/// Shares the storage of W_dec where there is nothing to do to its rows. Throws as
/// require_same_stream does. Cost: n d, and 4 n d bytes where something is to do.
inline Matrix read_directions(const Matrix& W_dec, const StreamReader& reader) {
  require_same_stream(W_dec, reader);
  if (reader.plain()) return W_dec;
  constexpr Index block_rows = 256;
  const Index n = W_dec.rows(), d = W_dec.cols();
  std::vector<float> made(n * d);
  parallel_for((n + block_rows - 1) / block_rows, [&](Index block) {
    std::vector<float> scratch(d);
    for (Index f = block * block_rows; f < std::min(n, (block + 1) * block_rows); ++f)
      detail::read_direction(W_dec.row(f, scratch), reader, std::span(made).subspan(f * d, d));
  });
  return Matrix::from(std::move(made), n, d);
}

}  // namespace yoneda
