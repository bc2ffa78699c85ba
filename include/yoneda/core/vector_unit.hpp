// One loop compiled for several vector units, and the widest that the processor has chosen when it
// runs. The library's headers are compiled for the oldest x86-64, whose vectors are four floats
// wide; the loops that take the time are worth eight or sixteen.
#pragma once

#include <utility>

namespace yoneda {

enum class VectorUnit { baseline, avx2, avx512 };

/// The widest unit of this processor among those that loops are compiled for.
inline VectorUnit vector_unit() {
#if defined(__x86_64__) && defined(__GNUC__)
  static const VectorUnit widest = [] {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
      return VectorUnit::avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return VectorUnit::avx2;
    return VectorUnit::baseline;
  }();
  return widest;
#else
  return VectorUnit::baseline;
#endif
}

namespace detail {

template <class Loop, class... Args>
auto run_on_baseline(Args&... args) {
  return Loop::template run<4>(args...);
}

#if defined(__x86_64__) && defined(__GNUC__)
template <class Loop, class... Args>
[[gnu::target("avx2,fma")]] auto run_on_avx2(Args&... args) {
  return Loop::template run<8>(args...);
}

template <class Loop, class... Args>
[[gnu::target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]] auto run_on_avx512(Args&... args) {
  return Loop::template run<16>(args...);
}
#endif

}  // namespace detail

/// Loop::run<lanes>(args...) on the given unit; `lanes` is the number of floats in a vector of it.
/// `run` is a static member marked [[gnu::always_inline]], which is how its body comes to be
/// compiled for each unit; what it calls in its inner loop must be inlined too (no lambdas: they do
/// not inherit the unit). Multiplications and additions may be fused on one unit and not on
/// another, so the last bits of a sum of floats depend on the unit, but never on the threads.
template <class Loop, class... Args>
auto run_on(VectorUnit unit, Args&&... args) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (unit == VectorUnit::avx512) return detail::run_on_avx512<Loop>(args...);
  if (unit == VectorUnit::avx2) return detail::run_on_avx2<Loop>(args...);
#endif
  return detail::run_on_baseline<Loop>(args...);
}

/// The same on the widest unit there is.
template <class Loop, class... Args>
auto run_on_widest(Args&&... args) {
  return run_on<Loop>(vector_unit(), args...);
}

namespace detail {

template <auto kernel>
struct AtAnyWidth {
  template <int lanes, class... Args>
  [[gnu::always_inline]] static auto run(Args&... args) {
    return kernel(args...);
  }
};

}  // namespace detail

/// kernel(args...), a plain function marked [[gnu::always_inline]], compiled for AVX2 with fused
/// multiply-adds beside the baseline. For loops that the compiler makes into vectors by itself:
///
///     [[gnu::always_inline]] inline void scale(float* x, Index size, float factor) {
///       for (Index i = 0; i < size; ++i) x[i] *= factor;
///     }
///     with_simd<scale>(x, size, factor);
template <auto kernel, class... Args>
auto with_simd(Args&&... args) {
#if defined(__x86_64__) && defined(__GNUC__) && !(defined(__AVX2__) && defined(__FMA__))
  if (vector_unit() != VectorUnit::baseline)
    return detail::run_on_avx2<detail::AtAnyWidth<kernel>>(args...);
#endif
  return kernel(args...);
}

/// `lanes` values of type T side by side, with element-wise operators (GCC's and Clang's vector
/// extension).
template <class T, int lanes>
using Vector [[gnu::vector_size(lanes * sizeof(T))]] = T;

}  // namespace yoneda
