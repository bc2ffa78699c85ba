// Paths that a signal handler can get at: it may neither allocate nor wait for a lock.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace yoneda::io {

/// A path, and the memory that belongs to it if any.
struct SlottedPath {
  const char* path;
  std::uintptr_t begin;
  std::size_t size;
};

/// A fixed number of places for paths. Who finds none free goes without: then the handler does
/// less.
class PathSlots {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  /// The path must live as long as it is here.
  std::size_t add(const SlottedPath& path) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      State free = State::free;
      if (!slots_[i].state.compare_exchange_strong(free, State::changing)) continue;
      slots_[i].path = path;
      slots_[i].state = State::taken;
      return i;
    }
    return none;
  }

  void remove(std::size_t slot) {
    if (slot != none) slots_[slot].state = State::free;
  }

  /// visit(path) for every path there is. Safe in a signal handler if `visit` is.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const Slot& slot : slots_)
      if (slot.state == State::taken) visit(slot.path);
  }

 private:
  enum class State { free, changing, taken };
  struct Slot {
    std::atomic<State> state{State::free};
    SlottedPath path{};
  };
  static_assert(std::atomic<State>::is_always_lock_free);

  std::array<Slot, 1024> slots_;
};

}  // namespace yoneda::io
