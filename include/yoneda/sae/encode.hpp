// Sparse codes: which features of an SAE fire on an input, and back.
#pragma once

#include <algorithm>
#include <ranges>
#include <span>
#include <string>
#include <vector>

#include "yoneda/core/matrix.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/linear/gemm.hpp"
#include "yoneda/model/sae.hpp"
#include "yoneda/sae/input_norm.hpp"

namespace yoneda {

/// What fires on each input, by rows (CSR): features ascending within a row, values positive.
struct Codes {
  Index n = 0;  ///< features of the SAE
  std::vector<std::int64_t> offsets{0};
  std::vector<Id> features;
  std::vector<float> values;

  Index rows() const { return static_cast<Index>(offsets.size()) - 1; }
  std::span<const Id> active(Index row) const { return of_row<Id>(features, row); }
  std::span<const float> strengths(Index row) const { return of_row<float>(values, row); }

 private:
  template <class T>
  std::span<const T> of_row(const std::vector<T>& all, Index row) const {
    return std::span(all).subspan(offsets[row], offsets[row + 1] - offsets[row]);
  }
};

/// Throws Error where the parts of an SAE do not fit each other, or where it cannot encode: no
/// encoder, no activation function, codes that may be negative, inputs scaled nobody knows how.
inline void require_encoder(const Sae& sae) {
  const auto require_size = [](const std::vector<float>& values, Index expected, const char* what) {
    if (static_cast<Index>(values.size()) != expected)
      throw Error(ErrorKind::shape, std::string(what) + " has " + std::to_string(values.size()) +
                                        " values, expected " + std::to_string(expected));
  };
  if (sae.W_enc.empty()) throw Error(ErrorKind::value, "this SAE has no encoder (W_enc)");
  if (sae.W_enc.rows() != sae.n())
    throw Error(ErrorKind::shape, "W_enc has " + std::to_string(sae.W_enc.rows()) +
                                      " rows, W_dec " + std::to_string(sae.n()));
  if (!sae.b_enc.empty()) require_size(sae.b_enc, sae.n(), "b_enc");
  if (!sae.b_dec.empty()) require_size(sae.b_dec, sae.d(), "b_dec");
  if (sae.subtract_b_dec && !sae.b_dec.empty() && sae.d_in() != sae.d())
    throw Error(ErrorKind::shape, "b_dec has " + std::to_string(sae.d()) +
                                      " values, the inputs that it centres " +
                                      std::to_string(sae.d_in()));
  if (sae.activation == Activation::unknown)
    throw Error(ErrorKind::value, "the activation function of this SAE is not known");
  if (sae.activation == Activation::jumprelu) require_size(sae.threshold, sae.n(), "threshold");
  const bool counted = sae.activation == Activation::topk || sae.activation == Activation::groupmax;
  if (counted && (sae.k < 1 || sae.k > sae.n()))
    throw Error(ErrorKind::value,
                "k = " + std::to_string(sae.k) + " of " + std::to_string(sae.n()) + " features");
  if (sae.signed_codes)
    throw Error(ErrorKind::value,
                "this SAE is signed: its codes may be negative, which codes here never are");
  require_input_norm(sae);
}

namespace detail {

struct ScoredFeature {
  float value;
  Id feature;
};

/// The k largest positive values among the candidates (ascending ids), ties to the smaller id; left
/// in `best`, ascending by id. One comparison for nearly every candidate; a heap for the rest.
template <class Ids>
void keep_largest(std::span<const float> values, const Ids& candidates, Index k,
                  std::vector<ScoredFeature>& best) {
  const auto better = [](const ScoredFeature& a, const ScoredFeature& b) {
    return a.value > b.value || (a.value == b.value && a.feature < b.feature);
  };
  best.clear();
  float floor = 0;
  for (const Id feature : candidates) {
    const float value = values[feature];
    if (!(value > floor)) continue;
    if (static_cast<Index>(best.size()) == k) {
      std::ranges::pop_heap(best, better);  // the worst goes to the back
      best.pop_back();
    }
    best.push_back({value, feature});
    std::ranges::push_heap(best, better);
    if (static_cast<Index>(best.size()) == k) floor = best.front().value;
  }
  std::ranges::sort(best, {}, &ScoredFeature::feature);
}

/// How many rows meet all n features at a time: a buffer of about 256 kB, by the shape alone.
inline Index rows_per_block(Index n) {
  return std::clamp<Index>(65536 / n, 4, 64);
}

inline Index blocks_of(Index count, Index block) {
  return (count + block - 1) / block;
}

/// out = x W_encᵀ + b_enc for `rows` rows x. b_enc may be empty.
inline void pre_activations(const float* x, Index rows, std::span<const float> W_enc,
                            std::span<const float> b_enc, Index n, Index d, const Gemm& gemm,
                            std::span<float> out) {
  gemm.multiply({x, rows, d, d}, {W_enc.data(), n, d, d}, {out.data(), rows, n, n});
  if (b_enc.empty()) return;
  for (Index i = 0; i < rows; ++i)
    for (Index f = 0; f < n; ++f) out[i * n + f] += b_enc[f];
}

/// The features that fire for one row of pre-activations.
inline void fire(const Sae& sae, std::span<const float> pre, std::vector<ScoredFeature>& firing) {
  const Id n = static_cast<Id>(sae.n());
  if (sae.activation == Activation::topk)
    return keep_largest(pre, std::views::iota(Id{0}, n), sae.k, firing);
  firing.clear();
  if (sae.activation == Activation::groupmax) {
    const Id group = static_cast<Id>(sae.n() / sae.k);
    for (Id first = 0; first < group * static_cast<Id>(sae.k); first += group) {
      const auto best = std::ranges::max_element(pre.subspan(first, group));
      if (*best > 0) firing.push_back({*best, static_cast<Id>(best - pre.begin())});
    }
    return;
  }
  const bool jump = sae.activation == Activation::jumprelu;
  for (Id f = 0; f < n; ++f)
    if (pre[f] > 0 && (!jump || pre[f] > sae.threshold[f])) firing.push_back({pre[f], f});
}

inline void append_row(Codes& codes, std::span<const ScoredFeature> firing) {
  for (const auto& [value, feature] : firing) {
    codes.features.push_back(feature);
    codes.values.push_back(value);
  }
  codes.offsets.push_back(static_cast<std::int64_t>(codes.features.size()));
}

/// The codes of consecutive blocks of rows as one.
inline Codes joined(Index n, const std::vector<Codes>& blocks) {
  Codes all;
  all.n = n;
  for (const Codes& block : blocks) {
    const std::int64_t before = all.offsets.back();
    for (Index i = 0; i < block.rows(); ++i) all.offsets.push_back(before + block.offsets[i + 1]);
    all.features.insert(all.features.end(), block.features.begin(), block.features.end());
    all.values.insert(all.values.end(), block.values.begin(), block.values.end());
  }
  return all;
}

/// out += Σ value · W_dec[feature] over one row's code, in order of the features.
inline void add_decoded(std::span<const Id> features, std::span<const float> values,
                        std::span<const float> W_dec, std::span<float> out) {
  const std::size_t d = out.size();
  for (std::size_t i = 0; i < features.size(); ++i) {
    const auto direction = W_dec.subspan(features[i] * d, d);
    for (std::size_t j = 0; j < d; ++j) out[j] += values[i] * direction[j];
  }
}

}  // namespace detail

/// The code of every row of X [rows, d]. topk keeps the k largest pre-activations, ties to the
/// smaller id, and of those the positive ones; relu the positive ones; jumprelu the positive ones
/// above the feature's threshold; groupmax the largest of each group, where positive. Inputs are
/// normalised as the SAE asks for. The same bits for any number of threads.
/// Throws Error{shape}, Error{value} (see require_encoder; NaN or infinity in X).
/// Cost: 2 · rows · n · d operations; memory: the encoder as floats and rows_per_block x n a
/// thread.
inline Codes encode(const Sae& sae, const Matrix& X, const Gemm& gemm = eigen_gemm(),
                    const Progress& progress = {}) {
  require_encoder(sae);
  const Index n = sae.n(), d = sae.d_in();
  if (X.cols() != d)
    throw Error(ErrorKind::shape, "inputs of dimension " + std::to_string(X.cols()) +
                                      " for an SAE of dimension " + std::to_string(d));
  require_finite(X, "the input");
  const std::vector<float> W_enc = to_vector(sae.W_enc);
  const bool centre = sae.subtract_b_dec && !sae.b_dec.empty();
  const Index block_rows = detail::rows_per_block(n);
  std::vector<Codes> blocks(detail::blocks_of(X.rows(), block_rows));
  parallel_for(
      static_cast<Index>(blocks.size()),
      [&](Index block) {
        const Index first = block * block_rows, count = std::min(block_rows, X.rows() - first);
        std::vector<float> x = to_vector(X.slice(first, count)), pre(count * n);
        if (sae.input_norm != InputNorm::none)
          for (Index i = 0; i < count; ++i) {
            const auto row = std::span(x).subspan(i * d, d);
            normalize(row, row_norm(sae, row));
          }
        if (centre)
          for (Index i = 0; i < count * d; ++i) x[i] -= sae.b_dec[i % d];
        detail::pre_activations(x.data(), count, W_enc, sae.b_enc, n, d, gemm, pre);
        std::vector<detail::ScoredFeature> firing;
        for (Index i = 0; i < count; ++i) {
          detail::fire(sae, std::span(pre).subspan(i * n, n), firing);
          detail::append_row(blocks[block], firing);
        }
      },
      progress, "encoding");
  return detail::joined(n, blocks);
}

/// W_decᵀ code + b_dec for every row of `codes`, [rows, d] in f32: the reconstruction of normalised
/// inputs, without W_skip. Summed in order of the features. Throws Error{shape} where the codes are
/// of another SAE. Cost: active · d.
inline Matrix decode(const Sae& sae, const Codes& codes) {
  const Index d = sae.d();
  if (codes.n != sae.n())
    throw Error(ErrorKind::shape, "codes over " + std::to_string(codes.n) +
                                      " features for an SAE of " + std::to_string(sae.n()));
  if (!sae.b_dec.empty() && static_cast<Index>(sae.b_dec.size()) != d)
    throw Error(ErrorKind::shape, "b_dec has " + std::to_string(sae.b_dec.size()) +
                                      " values, expected " + std::to_string(d));
  const std::vector<float> W_dec = to_vector(sae.W_dec);
  std::vector<float> decoded(codes.rows() * d, 0.0f);
  constexpr Index block_rows = 256;
  parallel_for(detail::blocks_of(codes.rows(), block_rows), [&](Index block) {
    const Index last = std::min((block + 1) * block_rows, codes.rows());
    for (Index row = block * block_rows; row < last; ++row) {
      const auto out = std::span(decoded).subspan(row * d, d);
      if (!sae.b_dec.empty()) std::ranges::copy(sae.b_dec, out.begin());
      detail::add_decoded(codes.active(row), codes.strengths(row), W_dec, out);
    }
  });
  return Matrix::from(std::move(decoded), codes.rows(), d);
}

/// x̂ for every row of X [rows, d]: decoded, and the normalisation of inputs undone. `codes` are
/// those of X. Throws what decode() throws, and Error{value} where the decoder predicts
/// something else (transcoders; into_residual). Cost: see decode().
inline Matrix reconstruct(const Sae& sae, const Codes& codes, const Matrix& X) {
  if (sae.transcoder) throw Error(ErrorKind::value, "a transcoder does not reconstruct its input");
  Matrix decoded = decode(sae, codes);
  if (sae.input_norm == InputNorm::none) return decoded;
  const Index d = sae.d();
  std::vector<float> values = to_vector(decoded), scratch(d);
  for (Index i = 0; i < X.rows(); ++i) {
    const RowNorm norm = row_norm(sae, X.row(i, scratch));
    for (float& value : std::span(values).subspan(i * d, d))
      value = static_cast<float>(static_cast<double>(value) * norm.undo + norm.shift);
  }
  return Matrix::from(std::move(values), X.rows(), d);
}

}  // namespace yoneda
