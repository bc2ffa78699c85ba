// Four vectors side by side: products of a sparse matrix and of a basis with all of them at once.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <vector>

#include "yoneda/core/parallel.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/core/vector_unit.hpp"
#include "yoneda/linear/sparse_product.hpp"

namespace yoneda {

/// How many vectors a block has. Their entries of one row fill a vector register of AVX2, so what a
/// product reads of a matrix serves four vectors, with no more instructions than for one.
constexpr Index block_width = 4;

/// Vectors as columns, in memory row after row: [n, 4].
using VectorBlock = Eigen::Matrix<double, Eigen::Dynamic, block_width, Eigen::RowMajor>;

/// A basis as columns, in memory row after row: [n, room], of which the first columns are in use.
using Basis = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

namespace detail {

using BlockRow = Vector<double, static_cast<int>(block_width)>;

/// Y = AX for the given rows of a compressed A.
[[gnu::always_inline]] inline void block_product_rows(const Index* start, const Index* column,
                                                      const double* value, const double* X,
                                                      double* Y, Index first, Index last) {
  for (Index i = first; i < last; ++i) {
    BlockRow sum{}, x;
    for (Index e = start[i]; e < start[i + 1]; ++e) {
      __builtin_memcpy(&x, X + column[e] * block_width, sizeof x);
      sum += value[e] * x;
    }
    __builtin_memcpy(Y + i * block_width, &sum, sizeof sum);
  }
}

/// C += QᵀX for `rows` rows of Q (the first m columns of `stride`) and X; C [m, 4].
[[gnu::always_inline]] inline void inner_product_rows(const double* Q, Index stride, Index m,
                                                      const double* X, Index rows, double* C) {
  constexpr Index together = 4;  // rows for which C is read and written once
  BlockRow x[together], c;
  for (Index i = 0; i < rows; i += together) {
    const Index here = std::min(together, rows - i);
    for (Index r = 0; r < together; ++r) x[r] = BlockRow{};
    for (Index r = 0; r < here; ++r)
      __builtin_memcpy(&x[r], X + (i + r) * block_width, sizeof x[r]);
    // Rows beyond the last are read from the last, and count for 0.
    const double* q[together];
    for (Index r = 0; r < together; ++r) q[r] = Q + (i + std::min(r, here - 1)) * stride;
    for (Index l = 0; l < m; ++l) {
      __builtin_memcpy(&c, C + l * block_width, sizeof c);
      c += q[0][l] * x[0] + q[1][l] * x[1] + q[2][l] * x[2] + q[3][l] * x[3];
      __builtin_memcpy(C + l * block_width, &c, sizeof c);
    }
  }
}

/// X += QC for `rows` rows.
[[gnu::always_inline]] inline void add_product_rows(const double* Q, Index stride, Index m,
                                                    const double* C, double* X, Index rows) {
  constexpr Index together = 4;  // rows for which C is read once
  BlockRow x[together], c;
  for (Index i = 0; i < rows; i += together) {
    const Index here = std::min(together, rows - i);
    const double* q[together];
    for (Index r = 0; r < together; ++r) {
      q[r] = Q + (i + std::min(r, here - 1)) * stride;
      __builtin_memcpy(&x[r], X + (i + std::min(r, here - 1)) * block_width, sizeof x[r]);
    }
    for (Index l = 0; l < m; ++l) {
      __builtin_memcpy(&c, C + l * block_width, sizeof c);
      for (Index r = 0; r < together; ++r) x[r] += q[r][l] * c;
    }
    for (Index r = 0; r < here; ++r)
      __builtin_memcpy(X + (i + r) * block_width, &x[r], sizeof x[r]);
  }
}

/// sum_l q[l] C[l] for C [m, width], `blocks` vectors of four columns at a time, the rest by fewer.
template <int blocks = 4>
[[gnu::always_inline]] inline void combine_row(const double* q, Index m, const double* C,
                                               Index width, Index left, double* sums) {
  for (; left >= blocks * block_width; left -= blocks * block_width) {
    BlockRow x[blocks] = {}, c;
    for (Index l = 0; l < m; ++l)
      for (int b = 0; b < blocks; ++b) {
        __builtin_memcpy(&c, C + l * width + b * block_width, sizeof c);
        x[b] += q[l] * c;
      }
    for (int b = 0; b < blocks; ++b) __builtin_memcpy(sums + b * block_width, &x[b], sizeof x[b]);
    C += blocks * block_width;
    sums += blocks * block_width;
  }
  if constexpr (blocks > 1) combine_row<blocks - 1>(q, m, C, width, left, sums);
}

/// The first k columns of `rows` rows of Q become QC for C [m, width], width a multiple of four and
/// at least k; `sums` holds as many numbers.
[[gnu::always_inline]] inline void combine_rows(double* Q, Index stride, Index m, const double* C,
                                                Index width, Index k, Index rows, double* sums) {
  for (Index i = 0; i < rows; ++i, Q += stride) {
    combine_row(Q, m, C, width, width, sums);
    for (Index l = 0; l < k; ++l) Q[l] = sums[l];
  }
}

/// body(first, last) for blocks of rows; no thread is woken for little.
template <class Body>
void for_row_blocks(Index rows, Index block, const Body& body) {
  const Index blocks = (rows + block - 1) / block;
  if (blocks == 1) return body(Index{0}, rows);
  parallel_for(blocks, [&](Index b) { body(b * block, std::min(rows, (b + 1) * block)); });
}

constexpr Index rows_together = 4096;  // some tens of microseconds, well above what a thread costs

}  // namespace detail

/// AX for A [m, n], X [n, 4] -> [m, 4]. Every row is one thread's, its sum in order, so the bits
/// are the same for any number of threads. Cost: the entries of A, read once for all four.
inline VectorBlock block_product(const SparseRows& A, const VectorBlock& X) {
  VectorBlock Y(A.rows(), block_width);
  detail::for_row_blocks(A.rows(), detail::rows_together, [&](Index first, Index last) {
    with_simd<detail::block_product_rows>(A.outerIndexPtr(), A.innerIndexPtr(), A.valuePtr(),
                                          X.data(), Y.data(), first, last);
  });
  return Y;
}

/// QᵀX for the first m columns of a basis -> [m, 4]. Sums of fixed blocks of rows, added in order:
/// the same bits for any number of threads. Cost: 8 n m.
inline VectorBlock inner_products(const Eigen::Ref<const Basis>& Q, Index m, const VectorBlock& X) {
  const Index rows = Q.rows(), block = std::max(detail::rows_together, (rows + 63) / 64);
  std::vector<VectorBlock> parts((rows + block - 1) / block, VectorBlock::Zero(m, block_width));
  detail::for_row_blocks(rows, block, [&](Index first, Index last) {
    with_simd<detail::inner_product_rows>(Q.data() + first * Q.outerStride(), Q.outerStride(), m,
                                          X.data() + first * block_width, last - first,
                                          parts[first / block].data());
  });
  VectorBlock sum = VectorBlock::Zero(m, block_width);
  for (const VectorBlock& part : parts) sum += part;
  return sum;
}

/// The first k columns of a basis become QC, for its first m columns and C [m, k], k <= m. Cost: 2
/// n m k.
inline void combine(Eigen::Ref<Basis> Q, const Basis& C) {
  const Index k = C.cols(), width = (k + block_width - 1) / block_width * block_width;
  Basis padded = Basis::Zero(C.rows(), width);
  padded.leftCols(k) = C;
  detail::for_row_blocks(Q.rows(), detail::rows_together, [&](Index first, Index last) {
    std::vector<double> sums(width);
    with_simd<detail::combine_rows>(Q.data() + first * Q.outerStride(), Q.outerStride(), C.rows(),
                                    padded.data(), width, k, last - first, sums.data());
  });
}

/// X += QC for the first m columns of a basis and C [m, 4]. Cost: 8 n m.
inline void add_product(const Eigen::Ref<const Basis>& Q, const VectorBlock& C, VectorBlock& X) {
  detail::for_row_blocks(Q.rows(), detail::rows_together, [&](Index first, Index last) {
    with_simd<detail::add_product_rows>(Q.data() + first * Q.outerStride(), Q.outerStride(),
                                        C.rows(), C.data(), X.data() + first * block_width,
                                        last - first);
  });
}

}  // namespace yoneda
