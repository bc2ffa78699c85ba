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

/// An array whose values are whatever the memory held. A vector writes zeros first, on one thread;
/// here the threads that fill the array are the first to touch it. Linux is asked for large pages:
/// where every page is a fault of some microseconds (virtual machines), small ones can cost as much
/// as the arithmetic done on them.
template <class T>
requires std::is_trivially_copyable_v<T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(Index size) : size_(size) {
    const std::size_t bytes = size * sizeof(T);
    const auto alignment = std::align_val_t{bytes < large_page ? cache_line : large_page};
    values_ = {static_cast<T*>(::operator new(bytes, alignment)), Free{alignment}};
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    const auto whole = bytes / large_page * large_page;
    if (whole > 0) ::madvise(values_.get(), whole, MADV_HUGEPAGE);  // a wish; it may be refused
#endif
  }

  T* data() {
    return values_.get();
  }
  const T* data() const {
    return values_.get();
  }
  std::span<T> span() {
    return {values_.get(), static_cast<std::size_t>(size_)};
  }
  std::span<const T> span() const {
    return {values_.get(), static_cast<std::size_t>(size_)};
  }

 private:
  // What is smaller than a large page needs none: to align it there would take two of them.
  static constexpr std::size_t large_page = std::size_t{2} << 20, cache_line = 64;

  struct Free {
    std::align_val_t alignment{cache_line};
    void operator()(T* values) const { ::operator delete(values, alignment); }
  };

  std::unique_ptr<T[], Free> values_;
  Index size_ = 0;
};

}  // namespace yoneda
