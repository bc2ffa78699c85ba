// Sparse codes: which features of an SAE fire on an input, and back.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "yoneda/core/matrix.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/vector_unit.hpp"
#include "yoneda/linear/float_rows.hpp"
#include "yoneda/linear/gemm.hpp"
#include "yoneda/model/sae.hpp"
#include "yoneda/sae/input_norm.hpp"
#include "yoneda/sae/pre_activations.hpp"

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

/// All rows as floats: the matrix's own where it is f32, else converted into `storage`.
inline const float* floats_of(const Matrix& matrix, std::vector<float>& storage) {
  if (matrix.dtype() != Dtype::f32) storage.resize(matrix.rows() * matrix.cols());
  return matrix.rows_as_float(0, matrix.rows(), storage).data();
}

/// An SAE's encoder with what decides whether a feature fires. Points into the SAE.
class PreparedEncoder {
 public:
  explicit PreparedEncoder(const Sae& sae) : bias_(sae.b_enc), bound_(sae.n(), 0.0f) {
    bias_.resize(sae.n(), 0.0f);
    if (sae.activation == Activation::jumprelu)
      std::ranges::transform(sae.threshold, bound_.begin(),
                             [](float t) { return std::max(t, 0.0f); });
    encoder_ = {floats_of(sae.W_enc, storage_), bias_.data(), bound_.data(), sae.n(), sae.d_in()};
  }
  PreparedEncoder(const PreparedEncoder&) = delete;
  PreparedEncoder& operator=(const PreparedEncoder&) = delete;

  const Encoder& encoder() const { return encoder_; }

 private:
  std::vector<float> bias_, bound_, storage_;
  Encoder encoder_;
};

/// The largest of each group of consecutive features, by rows, where it is positive.
class GroupMaxima {
 public:
  void start(Index rows, Index groups, Index group_size) {
    lists_.assign(rows, {});
    best_.assign(rows, {0, 0});
    end_ = groups * group_size;
    size_ = group_size;
  }

  void meet(const Tile& tile) {
    const Index rows = static_cast<Index>(best_.size());
    for (Index i = 0; i < tile.features && tile.name(i) < end_; ++i) {
      const Id feature = tile.name(i);
      for (Index row = 0; row < rows; ++row)
        if (const float value = tile.value(i, row); value > best_[row].value)
          best_[row] = {value, feature};
      if ((feature + 1) % size_ == 0) end_group();
    }
  }

  std::span<const ScoredFeature> row(Index row) const { return lists_[row]; }

 private:
  void end_group() {
    for (std::size_t row = 0; row < best_.size(); ++row) {
      if (best_[row].value > 0) lists_[row].push_back(best_[row]);
      best_[row] = {0, 0};
    }
  }

  Index end_ = 0, size_ = 1;
  std::vector<ScoredFeature> best_;
  std::vector<std::vector<ScoredFeature>> lists_;
};

/// What one thread needs to encode, kept from block to block.
struct EncodeScratch {
  std::vector<float> x, products;
  FiringRows firing;
  GroupMaxima groups;
};

/// Consecutive rows of X as the encoder wants them: normalised and centred; in X itself where
/// nothing needs to be done.
inline std::span<const float> encoder_inputs(const Sae& sae, const Matrix& X, Index first,
                                             Index count, std::vector<float>& x) {
  const Index d = X.cols();
  const bool centre = sae.subtract_b_dec && !sae.b_dec.empty();
  x.resize(std::max<std::size_t>(x.size(), count * d));
  const auto rows = X.rows_as_float(first, count, x);
  if (!centre && sae.input_norm == InputNorm::none) return rows;
  if (rows.data() != x.data()) std::ranges::copy(rows, x.begin());
  for (Index i = 0; i < count; ++i) {
    const auto row = std::span(x).subspan(i * d, d);
    if (sae.input_norm != InputNorm::none) normalize(row, row_norm(sae, row));
    if (!centre) continue;
    for (Index j = 0; j < d; ++j) row[j] -= sae.b_dec[j];
  }
  return std::span<const float>(x).first(count * d);
}

inline void append_row(Codes& codes, std::span<const ScoredFeature> firing) {
  for (const auto& [value, feature] : firing) {
    codes.features.push_back(feature);
    codes.values.push_back(value);
  }
  codes.offsets.push_back(static_cast<std::int64_t>(codes.features.size()));
}

/// The codes of `count` rows x.
inline Codes encode_block(const Sae& sae, const Encoder& encoder, const float* x, Index count,
                          const Gemm& gemm, EncodeScratch& scratch) {
  Codes codes;
  const auto encode_with = [&](auto& firing) {
    for_each_tile(encoder, x, count, gemm, scratch.products,
                  [&](const Tile& tile) { firing.meet(tile); });
    for (Index i = 0; i < count; ++i) append_row(codes, firing.row(i));
  };
  if (sae.activation == Activation::groupmax) {
    scratch.groups.start(count, sae.k, encoder.n / sae.k);
    encode_with(scratch.groups);
  } else {
    scratch.firing.start(count, sae.activation == Activation::topk ? sae.k : FiringRows::all);
    encode_with(scratch.firing);
  }
  return codes;
}

/// The codes of consecutive blocks of rows as one.
inline Codes joined(Index n, const std::vector<Codes>& blocks) {
  Codes all;
  all.n = n;
  std::size_t rows = 0, firings = 0;
  for (const Codes& block : blocks) {
    rows += static_cast<std::size_t>(block.rows());
    firings += block.features.size();
  }
  all.offsets.reserve(rows + 1);
  all.features.reserve(firings);
  all.values.reserve(firings);
  for (const Codes& block : blocks) {
    const std::int64_t before = all.offsets.back();
    for (Index i = 0; i < block.rows(); ++i) all.offsets.push_back(before + block.offsets[i + 1]);
    all.features.insert(all.features.end(), block.features.begin(), block.features.end());
    all.values.insert(all.values.end(), block.values.begin(), block.values.end());
  }
  return all;
}

}  // namespace detail

/// The code of every row of X [rows, d]. topk keeps the k largest pre-activations, ties to the
/// smaller id, and of those the positive ones; relu the positive ones; jumprelu the positive ones
/// above the feature's threshold; groupmax the largest of each group, where positive. Inputs are
/// normalised as the SAE asks for. The same bits for any number of threads.
/// Throws Error{shape}, Error{value} (see require_encoder; NaN or infinity in X).
/// Cost: 2 · rows · n · d operations; memory: the codes twice, 1 MB and 128 rows a thread, and the
/// encoder as floats where it is not stored so.
template <class = void>
Codes encode(const Sae& sae, const Matrix& X, const Gemm& gemm = eigen_gemm(),
             const Progress& progress = {}) {
  require_encoder(sae);
  if (X.cols() != sae.d_in())
    throw Error(ErrorKind::shape, "inputs of dimension " + std::to_string(X.cols()) +
                                      " for an SAE of dimension " + std::to_string(sae.d_in()));
  require_finite(X, "the input");
  const detail::PreparedEncoder prepared(sae);
  const Index block_rows = detail::rows_per_block(X.rows());
  std::vector<Codes> blocks(detail::blocks_of(X.rows(), block_rows));
  std::vector<detail::EncodeScratch> scratches(thread_count());
  parallel_for(
      static_cast<Index>(blocks.size()),
      [&](Index block) {
        detail::EncodeScratch& scratch = scratches[thread_index()];
        const Index first = block * block_rows, count = std::min(block_rows, X.rows() - first);
        const auto x = detail::encoder_inputs(sae, X, first, count, scratch.x);
        blocks[block] =
            detail::encode_block(sae, prepared.encoder(), x.data(), count, gemm, scratch);
      },
      progress, "encoding");
  return detail::joined(sae.n(), blocks);
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
  std::vector<float> storage, decoded(codes.rows() * d, 0.0f);
  const float* W_dec = detail::floats_of(sae.W_dec, storage);
  constexpr Index block_rows = 256;
  parallel_for(detail::blocks_of(codes.rows(), block_rows), [&](Index block) {
    const Index last = std::min((block + 1) * block_rows, codes.rows());
    for (Index row = block * block_rows; row < last; ++row) {
      const auto out = std::span(decoded).subspan(row * d, d);
      if (!sae.b_dec.empty()) std::ranges::copy(sae.b_dec, out.begin());
      with_simd<add_weighted_rows>(out.data(), codes.active(row).data(),
                                   codes.strengths(row).data(),
                                   static_cast<Index>(codes.active(row).size()), W_dec, d);
    }
  });
  return Matrix::from(std::move(decoded), codes.rows(), d);
}

/// x̂ for every row of X [rows, d]: decoded, and the normalisation of inputs undone. `codes` are
/// those of X. Throws what decode() throws, Error{value} for a transcoder, whose decoder predicts
/// something else, and Error{shape} for codes of other rows or a decoder of another dimension.
/// Cost: see decode().
inline Matrix reconstruct(const Sae& sae, const Codes& codes, const Matrix& X) {
  if (sae.transcoder) throw Error(ErrorKind::value, "a transcoder does not reconstruct its input");
  if (X.cols() != sae.d())
    throw Error(ErrorKind::shape, "inputs of dimension " + std::to_string(X.cols()) +
                                      " and a decoder of dimension " + std::to_string(sae.d()));
  if (X.rows() != codes.rows())
    throw Error(ErrorKind::shape, std::to_string(codes.rows()) + " rows of codes for " +
                                      std::to_string(X.rows()) + " rows of inputs");
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
