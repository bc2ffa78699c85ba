// An SAE whose features live before a linear map, as an SAE that writes to the residual stream.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/core/matrix.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/linear/dot.hpp"
#include "yoneda/linear/gemm.hpp"
#include "yoneda/model/sae.hpp"

namespace yoneda {

namespace detail {

/// Throws Error{shape} where the map does not start where the SAE ends.
inline void require_map(const Sae& sae, const Matrix& W_O, std::span<const float> gain) {
  const auto require = [](const char* what, Index found, const char* unit, Index expected) {
    if (found != expected)
      throw Error(ErrorKind::shape, std::string(what) + " has " + std::to_string(found) + " " +
                                        unit + ", expected " + std::to_string(expected));
  };
  const Index d_out = W_O.empty() ? sae.d() : W_O.cols();
  if (!W_O.empty()) require("the output projection", W_O.rows(), "inputs", sae.d());
  if (!gain.empty())
    require("the post-norm's gain", static_cast<Index>(gain.size()), "values", d_out);
  if (sae.b_dec.empty()) return;
  require("b_dec", static_cast<Index>(sae.b_dec.size()), "values", sae.d());
  if (sae.subtract_b_dec && !sae.W_enc.empty())
    require("W_enc, from whose input b_dec is subtracted,", sae.W_enc.cols(), "columns", sae.d());
}

/// (rows · map)∘gain, map_T being the map's transpose [d_out, d_in] or empty. Blocks of fixed size
/// go through `gemm`, so the bits do not depend on the number of threads.
inline Matrix mapped_rows(const Matrix& rows, const Matrix& map_T, std::span<const float> gain,
                          const Gemm& gemm) {
  constexpr Index block_rows = 256;
  const Index n = rows.rows(), d_in = rows.cols(), d_out = map_T.empty() ? d_in : map_T.rows();
  const std::vector<float> B = to_vector(map_T);
  std::vector<float> out(n * d_out);
  parallel_for((n + block_rows - 1) / block_rows, [&](Index block) {
    const Index first = block * block_rows, count = std::min(block_rows, n - first);
    std::vector<float> scratch(count * d_in);
    const auto a = rows.rows_as_float(first, count, scratch);
    const auto c = std::span(out).subspan(first * d_out, count * d_out);
    if (B.empty())
      std::ranges::copy(a, c.begin());
    else
      gemm.multiply({a.data(), count, d_in, d_in}, {B.data(), d_out, d_in, d_in},
                    {c.data(), count, d_out, d_out});
    if (gain.empty()) return;
    for (std::size_t i = 0; i < c.size(); ++i) c[i] *= gain[i % gain.size()];
  });
  return Matrix::from(std::move(out), n, d_out);
}

/// (x · map)∘gain of one row, in double.
inline std::vector<float> mapped_row(std::span<const float> x, const Matrix& map_T,
                                     std::span<const float> gain) {
  std::vector<float> out(x.begin(), x.end()), scratch(x.size());
  if (!map_T.empty()) out.resize(map_T.rows());
  for (Index j = 0; j < static_cast<Index>(out.size()); ++j) {
    const double value =
        map_T.empty() ? static_cast<double>(x[j]) : canonical_dot(x, map_T.row(j, scratch));
    out[j] = static_cast<float>(value * (gain.empty() ? 1.0 : static_cast<double>(gain[j])));
  }
  return out;
}

/// b_enc − W_enc b_dec: the encoder of x − b_dec as one of x.
inline std::vector<float> centred_bias(const Sae& sae) {
  std::vector<float> bias = sae.b_enc, scratch(sae.W_enc.cols());
  bias.resize(sae.n());
  for (Index f = 0; f < sae.n(); ++f)
    bias[f] = static_cast<float>(static_cast<double>(bias[f]) -
                                 canonical_dot(sae.W_enc.row(f, scratch), sae.b_dec));
  return bias;
}

}  // namespace detail

/// The same features with directions in the residual stream: W_dec' = (W_dec · W_O)∘gain and
/// b_dec' = (b_dec · W_O)∘gain. W_O [d_z, d_model] is what leads from the SAE's space to the stream
/// (attention heads: W_O; neurons: W_out), `gain` [d_model] the γ of a norm behind it (Gemma 2 and
/// 3, OLMo 2); either may be empty.
///
/// Codes are those of `sae` on the same inputs: the encoder goes on reading vectors of d_z, so that
/// W_enc may have another width than W_dec, and where b_dec was subtracted from the input b_enc
/// does it instead (b_enc' = b_enc − W_enc b_dec). Without a gain, decoding then gives the decoded
/// vector · W_O. A norm also divides by the root mean square of the whole output, which depends on
/// the input: with a gain, directions are right up to that positive factor.
///
/// The same bits for any number of threads. Throws Error{shape} where sizes do not fit.
/// Cost: 2 · n · d_z · d_model operations; memory: the new decoder, W_O as floats.
template <class = void>
Sae into_residual(const Sae& sae, const Matrix& W_O, std::span<const float> gain,
                  const Gemm& gemm = eigen_gemm()) {
  detail::require_map(sae, W_O, gain);
  if (W_O.empty() && gain.empty()) return sae;
  const Matrix map_T = W_O.empty() ? Matrix() : transposed(W_O);
  Sae made = sae;
  made.W_dec = detail::mapped_rows(sae.W_dec, map_T, gain, gemm);
  if (!sae.b_dec.empty()) {
    if (sae.subtract_b_dec && !sae.W_enc.empty()) made.b_enc = detail::centred_bias(sae);
    made.b_dec = detail::mapped_row(sae.b_dec, map_T, gain);
  }
  made.subtract_b_dec = false;
  return made;
}

}  // namespace yoneda
