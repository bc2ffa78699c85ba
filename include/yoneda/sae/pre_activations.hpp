// An encoder's output for a block of rows, tile after tile: never rows x features at once.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "yoneda/linear/gemm.hpp"
#include "yoneda/sae/firing.hpp"

namespace yoneda::detail {

/// Rows that one task encodes, by their number alone: enough for the product to be efficient (the
/// encoder is read once a block), few enough for every thread to have some.
inline Index rows_per_block(Index rows) {
  return std::clamp<Index>(padded_rows((rows + 7) / 8), 32, 128);
}

/// Features that meet a block of rows at a time: 1 MB of products, still in the cache when read.
inline Index features_per_tile(Index stride) {
  return 262144 / stride;
}

inline Index blocks_of(Index count, Index block) {
  return (count + block - 1) / block;
}

/// An encoder with all that decides whether a feature fires.
struct Encoder {
  const float* weights;       ///< [n, d]
  const float *bias, *bound;  ///< [n]; see Tile
  Index n, d;
};

/// Hands W_enc x of `rows` rows x [rows, d] to sink(Tile) tile by tile, features ascending.
/// The encoder comes first in the product: its rows are many, those of x few, and products of that
/// form are faster by a tenth.
template <class Sink>
void for_each_tile(const Encoder& encoder, const float* x, Index rows, const Gemm& gemm,
                   std::vector<float>& products, const Sink& sink) {
  const Index d = encoder.d, stride = padded_rows(rows), tile = features_per_tile(stride);
  products.resize(std::max<std::size_t>(products.size(), std::min(tile, encoder.n) * stride));
  for (Index first = 0; first < encoder.n; first += tile) {
    const Index features = std::min(tile, encoder.n - first);
    gemm.multiply({encoder.weights + first * d, features, d, d}, {x, rows, d, d},
                  {products.data(), features, rows, stride});
    sink(Tile{products.data(), features, stride, encoder.bias + first, encoder.bound + first,
              static_cast<Id>(first)});
  }
}

}  // namespace yoneda::detail
