// A parallel loop whose results cannot depend on the number of threads.
#pragma once

#include <atomic>
#include <exception>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include "yoneda/core/progress.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// Threads a parallel_for will use: OpenMP's own setting, 1 where compiled without OpenMP.
inline Index thread_count() {
#if defined(_OPENMP)
  return omp_get_max_threads();
#else
  return 1;
#endif
}

/// Which of the thread_count() threads of a parallel_for is running: for memory that each thread
/// has for itself, never for results.
inline Index thread_index() {
#if defined(_OPENMP)
  return omp_get_thread_num();
#else
  return 0;
#endif
}

/// Runs body(i) for i in [0, count), each exactly once, on OpenMP's threads. Iterations are handed
/// out one by one, so `body` must be a block worth its overhead, and must write only what belongs
/// to i: then the result is the same for any number of threads.
///
/// No exception leaves the parallel region: the one of the lowest i that threw is rethrown after
/// it. Progress is reported by the calling thread; once it asks to stop, remaining iterations are
/// skipped and Error{cancelled} is thrown.
template <class Body>
void parallel_for(Index count, const Body& body, const Progress& progress = {}, Stage stage = {}) {
  progress.check(stage, 0);
  std::atomic<Index> done{0};
  std::atomic<Index> failed_at{count};
  std::atomic<bool> stop{false};
  std::exception_ptr failure;  // of iteration failed_at; guarded by the critical section
#if defined(_OPENMP)
#pragma omp parallel for schedule(dynamic, 1) default(shared)
#endif
  for (Index i = 0; i < count; ++i) {
    if (stop.load(std::memory_order_relaxed) || i > failed_at.load(std::memory_order_relaxed))
      continue;
    try {
      body(i);
      const Index finished = ++done;
#if defined(_OPENMP)
      if (omp_get_thread_num() != 0) continue;
#endif
      if (!progress(stage, static_cast<double>(finished) / static_cast<double>(count))) stop = true;
    } catch (...) {
#if defined(_OPENMP)
#pragma omp critical(yoneda_parallel_for)
#endif
      if (i < failed_at) {
        failed_at = i;
        failure = std::current_exception();
      }
    }
  }
  if (failure) std::rethrow_exception(failure);
  if (stop) throw Error(ErrorKind::cancelled, "interrupted");
  progress.check(stage, 1);  // other threads may have run every iteration
}

}  // namespace yoneda
