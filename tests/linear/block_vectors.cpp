#include "yoneda/linear/block_vectors.hpp"

#include <doctest/doctest.h>

#include "linear/random_rows.hpp"

using namespace yoneda;

namespace {

template <class Matrix>
Matrix normals(Index rows, Index columns, std::uint64_t seed) {
  Random random(seed);
  Matrix made(rows, columns);
  for (Index i = 0; i < made.size(); ++i) made.data()[i] = random.normal();
  return made;
}

}  // namespace

TEST_CASE("products of blocks are Eigen's, for one block of rows and for several") {
  for (const Index rows : {1, 2, 3, 4, 5, 100, 4096, 4097, 9999}) {
    CAPTURE(rows);
    const SparseRows A = random_rows(rows, 300, 1);
    const auto X = normals<VectorBlock>(300, block_width, 2);
    CHECK((block_product(A, X) - A * X).cwiseAbs().maxCoeff() < 1e-12);

    const auto Q = normals<Basis>(rows, 11, 3);
    for (const Index m : {1, 7, 11}) {
      auto Y = normals<VectorBlock>(rows, block_width, 4);
      const VectorBlock inner = inner_products(Q, m, Y);
      const VectorBlock expected = Q.leftCols(m).transpose() * Y;
      CHECK((inner - expected).cwiseAbs().maxCoeff() < 1e-11 * static_cast<double>(rows));
      const VectorBlock sum = Y + Q.leftCols(m) * inner;
      add_product(Q, inner, Y);
      CHECK((Y - sum).cwiseAbs().maxCoeff() < 1e-12 * sum.cwiseAbs().maxCoeff());
    }
    for (const Index k : {1, 4, 6, 17, 20}) {
      const auto wide = normals<Basis>(rows, 25, 5), C = normals<Basis>(23, k, 6);
      Basis expected = wide, combined = wide;
      expected.leftCols(k) = (wide.leftCols(23) * C).eval();
      combine(combined, C);
      CHECK((combined - expected).cwiseAbs().maxCoeff() < 1e-12 * expected.cwiseAbs().maxCoeff());
    }
  }
}

TEST_CASE("the same bits for any number of threads") {
#if defined(_OPENMP)
  const Index rows = 300'000;  // more than 64 blocks of 4096
  const SparseRows A = random_rows(rows, rows, 5);
  const auto X = normals<VectorBlock>(rows, block_width, 6);
  const auto Q = normals<Basis>(rows, 5, 7);
  const VectorBlock product = block_product(A, X), inner = inner_products(Q, 5, X);
  VectorBlock sum = X;
  add_product(Q, inner, sum);
  const auto turn = normals<Basis>(5, 3, 8);
  Basis combined = Q;
  combine(combined, turn);
  const int threads = omp_get_max_threads();
  for (const int count : {1, 3}) {
    omp_set_num_threads(count);
    CHECK(block_product(A, X) == product);
    CHECK(inner_products(Q, 5, X) == inner);
    VectorBlock again = X;
    add_product(Q, inner, again);
    CHECK(again == sum);
    Basis turned = Q;
    combine(turned, turn);
    CHECK(turned == combined);
  }
  omp_set_num_threads(threads);
#endif
}
