#include "yoneda/core/parallel_sum.hpp"

#include <doctest/doctest.h>

#if defined(_OPENMP)
#include <omp.h>
#endif

using namespace yoneda;

TEST_CASE("a parallel sum adds every item once") {
  for (const Index count : {0, 1, 255, 256, 257, 40000}) {
    const auto sum = parallel_sum(count, 2, [](Index first, Index last, std::span<double> to) {
      for (Index i = first; i < last; ++i) {
        to[0] += 1;
        to[1] += static_cast<double>(i);
      }
    });
    CHECK(sum[0] == static_cast<double>(count));
    CHECK(sum[1] == static_cast<double>(count) * static_cast<double>(count - 1) / 2);
  }
}

#if defined(_OPENMP)
TEST_CASE("the bits of a sum do not depend on the number of threads") {
  const auto harmonic = [] {
    return parallel_sum(100000, 1, [](Index first, Index last, std::span<double> to) {
      for (Index i = first; i < last; ++i) to[0] += 1 / static_cast<double>(i + 1);
    })[0];
  };
  const int before = omp_get_max_threads();
  omp_set_num_threads(1);
  const double one = harmonic();
  for (const int threads : {2, 3, 7}) {
    omp_set_num_threads(threads);
    CHECK(harmonic() == one);
  }
  omp_set_num_threads(before);
}
#endif
