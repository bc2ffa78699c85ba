#include "yoneda/core/parallel.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace yoneda;

TEST_CASE("every iteration runs once") {
  std::vector<int> hits(1000, 0);
  parallel_for(1000, [&](Index i) { ++hits[i]; });
  for (const int h : hits) REQUIRE(h == 1);
  parallel_for(0, [](Index) { FAIL("nothing to do"); });
}

TEST_CASE("the exception of the lowest index leaves the loop, whatever the threads do") {
  for (int round = 0; round < 50; ++round) {
    std::string message;
    try {
      parallel_for(200, [](Index i) {
        if (i % 50 == 17) throw Error(ErrorKind::numeric, std::to_string(i));
      });
    } catch (const Error& error) {
      message = error.what();
    }
    REQUIRE(message == "17");
  }
}

TEST_CASE("progress runs on the calling thread, ends at 1 and can stop the loop") {
  double last = -1;
  parallel_for(
      100, [](Index) {}, Progress([&](Stage stage, double share) {
        CHECK(stage == "counting");
        CHECK(share >= last);
        last = share;
        return true;
      }),
      "counting");
  CHECK(last == 1);

#if defined(_OPENMP)
  const int before = omp_get_max_threads();
  omp_set_num_threads(1);  // so that it is known which iteration meets the request
#endif
  Index ran = 0;
  try {
    parallel_for(
        1000, [&](Index) { ++ran; }, Progress([](Stage, double share) { return share < 0.01; }));
    FAIL("was not cancelled");
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::cancelled);
  }
  CHECK(ran == 10);
#if defined(_OPENMP)
  omp_set_num_threads(before);
#endif
}

TEST_CASE("a stop is heard even where the calling thread runs no iteration") {
  for (int round = 0; round < 100; ++round)
    CHECK_THROWS_AS(parallel_for(
                        1, [](Index) {}, Progress([](Stage, double share) { return share == 0; })),
                    Error);
}

TEST_CASE("an exception from the progress callback is passed on") {
  CHECK_THROWS_AS(parallel_for(
                      10, [](Index) {}, Progress([](Stage, double) -> bool { throw 42; })),
                  int);
}
