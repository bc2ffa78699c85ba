// Memory for numbers that are about to be written.
#pragma once

#include <memory>
#include <new>
#include <span>
#include <type_traits>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "yoneda/core/types.hpp"

namespace yoneda {

namespace detail {

inline constexpr std::size_t large_page = std::size_t{2} << 20, cache_line = 64;

/// From half a large page on, memory comes in whole ones.
inline bool in_large_pages(std::size_t bytes) {
  return bytes >= large_page / 2;
}

inline std::align_val_t alignment_of(std::size_t bytes) {
  return std::align_val_t{in_large_pages(bytes) ? large_page : cache_line};
}

/// Memory that Linux is asked to give in large pages: where every page is a fault of some
/// microseconds (ten of them, in virtual machines), small ones can cost as much as the arithmetic
/// done on them.
inline void* take_memory(std::size_t bytes) {
  if (!in_large_pages(bytes)) return ::operator new(bytes, alignment_of(bytes));
  const std::size_t whole = (bytes + large_page - 1) / large_page * large_page;
  void* const memory = ::operator new(whole, alignment_of(bytes));
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  ::madvise(memory, whole, MADV_HUGEPAGE);  // a wish; it may be refused
#endif
  return memory;
}

}  // namespace detail

/// For vectors of a megabyte or more, in large pages.
template <class T>
struct LargePages {
  using value_type = T;

  LargePages() = default;
  template <class Other>
  LargePages(const LargePages<Other>&) {}

  T* allocate(std::size_t size) { return static_cast<T*>(detail::take_memory(size * sizeof(T))); }
  void deallocate(T* values, std::size_t size) {
    ::operator delete(values, detail::alignment_of(size * sizeof(T)));
  }
  friend bool operator==(const LargePages&, const LargePages&) { return true; }
};

/// An array whose values are whatever the memory held, in large pages where it is large. A vector
/// writes zeros first, on one thread; here the threads that fill the array are the first to touch
/// it.
template <class T>
requires std::is_trivially_copyable_v<T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(Index size) : size_(size) {
    const std::size_t bytes = size * sizeof(T);
    values_ = {static_cast<T*>(detail::take_memory(bytes)), Free{detail::alignment_of(bytes)}};
  }

  T* data() { return values_.get(); }
  const T* data() const { return values_.get(); }
  std::span<T> span() { return {values_.get(), static_cast<std::size_t>(size_)}; }
  std::span<const T> span() const { return {values_.get(), static_cast<std::size_t>(size_)}; }

 private:
  struct Free {
    std::align_val_t alignment{detail::cache_line};
    void operator()(T* values) const { ::operator delete(values, alignment); }
  };

  std::unique_ptr<T[], Free> values_;
  Index size_ = 0;
};

}  // namespace yoneda
