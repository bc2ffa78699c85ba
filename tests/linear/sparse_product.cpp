#include "yoneda/linear/sparse_product.hpp"

#include <doctest/doctest.h>

#include "linear/random_rows.hpp"

using namespace yoneda;

TEST_CASE("the product of a sparse matrix is Eigen's, for one block of rows and for several") {
  for (const Index rows : {0, 1, 100, 4096, 4097, 10'000}) {
    CAPTURE(rows);
    const SparseRows A = rows > 0 ? random_rows(rows, 300, 1) : SparseRows(0, 300);
    Random random(2);
    Eigen::VectorXd x(300);
    for (double& value : x) value = random.normal();
    const Eigen::VectorXd product = sparse_product(A, x), expected = A * x;
    REQUIRE(product.size() == rows);
    if (rows > 0) CHECK((product - expected).cwiseAbs().maxCoeff() < 1e-12);
  }
}

TEST_CASE("the same bits for any number of threads") {
#if defined(_OPENMP)
  const SparseRows A = random_rows(20'000, 20'000, 3);
  const Eigen::VectorXd x = Eigen::VectorXd::LinSpaced(20'000, -1, 1);
  const Eigen::VectorXd first = sparse_product(A, x);
  const int threads = omp_get_max_threads();
  for (const int count : {1, 3}) {
    omp_set_num_threads(count);
    CHECK(sparse_product(A, x) == first);
  }
  omp_set_num_threads(threads);
#endif
}
