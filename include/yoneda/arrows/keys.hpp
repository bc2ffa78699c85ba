// The vectors that queries meet (tokens, features), and blocks of them as a fast product takes
// them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "yoneda/arrows/error_bound.hpp"
#include "yoneda/core/buffer.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/linear/gemm.hpp"
#include "yoneda/linear/rounding.hpp"

namespace yoneda::detail {

/// Squared norm and, added to `sum`, the row itself; in double, with the lanes of canonical_dot.
struct MeasureRow {
  template <int floats>
  [[gnu::always_inline]] static inline double run(const float* x, Index size, double* sum) {
    constexpr int lanes = 8, width = floats / 2, parts = lanes / width;  // doubles in a vector
    using Doubles = Vector<double, width>;
    Doubles squares[parts] = {};
    const Index blocked = size - size % lanes;
    for (Index j = 0; j < blocked; j += lanes)
      for (int part = 0; part < parts; ++part) {
        Vector<float, width> values;
        Doubles total;
        __builtin_memcpy(&values, x + j + part * width, sizeof values);
        __builtin_memcpy(&total, sum + j + part * width, sizeof total);
        const Doubles exact = __builtin_convertvector(values, Doubles);
        total += exact;
        squares[part] += exact * exact;
        __builtin_memcpy(sum + j + part * width, &total, sizeof total);
      }
    double partial[lanes];
    __builtin_memcpy(partial, squares, sizeof partial);
    for (Index j = blocked; j < size; ++j) {
      const auto exact = static_cast<double>(x[j]);
      sum[j] += exact;
      partial[j % lanes] += exact * exact;
    }
    double square = 0;
    for (const double part : partial) square += part;
    return square;
  }
};

/// All keys but the excluded ones. A key's position counts those that are left.
class Keys {
 public:
  /// Reads every key once. Throws Error{value} for an unknown excluded key and for a NaN or an
  /// infinity. `keys` must outlive this.
  Keys(const Matrix& keys, std::span<const Id> excluded) : keys_(keys) {
    if (!excluded.empty()) {
      std::vector<char> drop(keys.rows(), 0);
      for (const Id id : excluded) {
        if (id < 0 || id >= keys.rows())
          throw Error(ErrorKind::value, "excluded token " + std::to_string(id) +
                                            " is not in the vocabulary of " +
                                            std::to_string(keys.rows()));
        drop[id] = 1;
      }
      for (Id id = 0; id < keys.rows(); ++id)
        if (!drop[id]) included_.push_back(id);
    }
    count_ = excluded.empty() ? keys.rows() : static_cast<Index>(included_.size());
    measure();
  }

  Index count() const { return count_; }
  Index cols() const { return keys_.cols(); }
  Dtype dtype() const { return keys_.dtype(); }
  Id id(Index position) const {
    return included_.empty() ? static_cast<Id>(position) : included_[position];
  }
  std::span<const float> row(Index position, std::span<float> scratch) const {
    return keys_.row(id(position), scratch);
  }
  /// Keys first, ..., first + count − 1 where they lie, in their own dtype; null where excluded
  /// ones lie between.
  const std::byte* in_place(Index first) const {
    if (!included_.empty()) return nullptr;
    return keys_.bytes().data() + first * cols() * bytes_per_value(keys_.dtype());
  }

  /// Asks the memory for a key that will be read soon: keys that are wanted here and there come
  /// from far away.
  void will_need(Index position) const {
#if defined(__GNUC__)
    constexpr Index line = 64;
    const Index size = cols() * bytes_per_value(keys_.dtype());
    const std::byte* const row = keys_.bytes().data() + id(position) * size;
    for (Index byte = 0; byte < size; byte += line) __builtin_prefetch(row + byte);
#endif
  }

  /// Norms, rounded up.
  std::span<const float> norms() const {
    return norms_;
  }
  /// √(mean ‖u‖²), the size of a typical key.
  double typical_norm() const {
    return typical_norm_;
  }
  float largest_norm() const {
    return largest_norm_;
  }
  /// The mean key in double.
  std::span<const double> mean() const {
    return mean_;
  }

 private:
  // In blocks whose sums are added in order: the same for any number of threads.
  void measure() {
    constexpr Index block_size = 1024;
    const Index d = cols(), blocks = (count_ + block_size - 1) / block_size;
    norms_.resize(count_);
    std::vector<double> sums(blocks * d, 0.0);
    parallel_for(blocks, [&](Index b) {
      std::vector<float> scratch(d);
      double* const sum = sums.data() + b * d;
      for (Index i = b * block_size; i < std::min(count_, (b + 1) * block_size); ++i) {
        const double square = run_on_widest<MeasureRow>(row(i, scratch).data(), d, sum);
        if (!std::isfinite(square))
          throw Error(ErrorKind::value,
                      "row " + std::to_string(id(i)) + " holds a NaN or an infinity");
        norms_[i] = rounded_up(std::sqrt(square));
      }
    });
    largest_norm_ = norms_.empty() ? 0 : std::ranges::max(norms_);
    double square = 0;
    for (const float norm : norms_) square += static_cast<double>(norm) * static_cast<double>(norm);
    typical_norm_ = std::sqrt(square / static_cast<double>(std::max<Index>(count_, 1)));
    mean_.assign(d, 0.0);
    for (Index b = 0; b < blocks; ++b)
      for (Index j = 0; j < d; ++j) mean_[j] += sums[b * d + j];
    for (double& value : mean_) value /= static_cast<double>(std::max<Index>(count_, 1));
  }

  const Matrix& keys_;
  std::vector<Id> included_;
  Index count_ = 0;
  std::vector<float> norms_;
  std::vector<double> mean_;
  double typical_norm_ = 0;
  float largest_norm_ = 0;
};

/// What the fast product multiplies.
enum class FirstPass { f32, bf16 };

/// Keys whose bounds are looked at together: as many products are scanned before one branch.
inline constexpr Index scan_block = 64;

/// Some keys as the fast product takes them: a view of the matrix where its numbers are of the
/// right kind already, else a copy. For bf16 made from wider numbers, `centre` is subtracted first:
/// that changes all products of a query by the same amount and so no order, and where keys share a
/// large mean it makes them, and with them the error bound, small.
class KeyBlock {
 public:
  KeyBlock(const Keys& keys, FirstPass pass, std::span<const float> centre)
      : keys_(keys), pass_(pass), centre_(centre) {}

  /// Keys first, first + stride, ..., `size` of them. Reads and rounds in parallel.
  void take(Index first, Index size, Index stride = 1) {
    first_ = first;
    size_ = size;
    packed_tile_ = 0;
    const bool kept_kind = keys_.dtype() == (pass_ == FirstPass::f32 ? Dtype::f32 : Dtype::bf16);
    data_ = stride == 1 && kept_kind ? keys_.in_place(first) : nullptr;
    norms_.resize(size);
    residues_.assign(size, 0.0f);
    if (!data_) {
      const Index values = size * keys_.cols();
      if (pass_ == FirstPass::f32)
        make_room(floats_, values);
      else
        make_room(halves_, values);
    }
    parallel_for((size + scan_block - 1) / scan_block,
                 [&](Index block) { take_block(block, stride); });
  }

  /// Lays out halves, `tile` keys at a time, as a product with many queries reads them. Until the
  /// next take(); in parallel.
  void pack(const PackedBf16& layout, Index tile) {
    const Index whole = layout.size(std::min(tile, size_), keys_.cols()), line = 32;
    packed_stride_ = (whole + line - 1) / line * line;
    const Index tiles = (size_ + tile - 1) / tile;
    make_room(packed_, tiles * packed_stride_);
    packed_tile_ = tile;
    parallel_for(tiles, [&](Index t) {
      layout.pack(halves(t * tile, std::min(tile, size_ - t * tile)),
                  packed_.data() + t * packed_stride_);
    });
  }

  Index first() const { return first_; }
  Index size() const { return size_; }
  std::span<const float> norms() const { return norms_; }
  std::span<const float> residues() const { return residues_; }

  /// Keys begin, ..., begin + count − 1 of this block.
  MatrixView floats(Index begin, Index count) const {
    const Index d = keys_.cols();
    const auto* from = data_ ? reinterpret_cast<const float*>(data_) : floats_.data();
    return {from + begin * d, count, d, d};
  }
  Bf16View halves(Index begin, Index count) const {
    const Index d = keys_.cols();
    const auto* from = data_ ? reinterpret_cast<const bf16*>(data_) : halves_.data();
    return {from + begin * d, count, d, d};
  }
  /// The tile that begins with key `begin`; null where nothing is packed.
  const bf16* packed(Index begin) const {
    return packed_tile_ == 0 ? nullptr : packed_.data() + begin / packed_tile_ * packed_stride_;
  }

 private:
  template <class T>
  static void make_room(Buffer<T>& buffer, Index values) {
    if (static_cast<Index>(buffer.span().size()) < values) buffer = Buffer<T>(values);
  }

  void take_block(Index block, Index stride) {
    const Index begin = block * scan_block, end = std::min(size_, begin + scan_block);
    std::vector<float> scratch(keys_.cols());
    for (Index i = begin; i < end; ++i) take_row(i, first_ + i * stride, scratch);
  }

  void take_row(Index i, Index position, std::span<float> scratch) {
    norms_[i] = keys_.norms()[position];
    if (data_) return;
    const Index d = keys_.cols();
    const auto values = keys_.row(position, scratch);
    if (pass_ == FirstPass::f32) {
      std::ranges::copy(values, floats_.data() + i * d);
      return;
    }
    const SquaredNorms norms = round_to_bf16(values, centre_, halves_.span().subspan(i * d, d));
    norms_[i] = rounded_up(std::sqrt(norms.whole));
    residues_[i] = rounded_up(std::sqrt(norms.residue));
  }

  const Keys& keys_;
  FirstPass pass_;
  std::span<const float> centre_;
  Index first_ = 0, size_ = 0;
  const std::byte* data_ = nullptr;
  Buffer<float> floats_;
  Buffer<bf16> halves_, packed_;
  Index packed_tile_ = 0, packed_stride_ = 0;  // keys and values of one tile; 0: nothing is packed
  std::vector<float> norms_, residues_;
};

}  // namespace yoneda::detail
