#include "yoneda/core/buffer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <ranges>
#include <utility>
#include <vector>

#include "yoneda/core/types.hpp"

using namespace yoneda;

namespace {

std::uintptr_t address(const Buffer<float>& buffer) {
  return reinterpret_cast<std::uintptr_t>(buffer.data());
}

}  // namespace

TEST_CASE("buffers hold what is written, at a cache line or, from two megabytes on, a large page") {
  constexpr Index large = (Index{2} << 20) / sizeof(float);
  for (const Index size : {Index{1}, Index{1000}, large - 1, large, 3 * large + 5}) {
    CAPTURE(size);
    Buffer<float> buffer(size);
    CHECK(buffer.span().size() == static_cast<std::size_t>(size));
    CHECK(address(buffer) % 64 == 0);
    if (size >= large) CHECK(address(buffer) % (std::uintptr_t{2} << 20) == 0);
    std::iota(buffer.span().begin(), buffer.span().end(), 0.0f);
    const Buffer<float> moved = std::move(buffer);
    CHECK(moved.span().size() == static_cast<std::size_t>(size));
    CHECK(std::ranges::is_sorted(moved.span()));
    CHECK(moved.span().back() == static_cast<float>(size - 1));
  }
}

TEST_CASE("small buffers lie close together: a large page for each would be most of the memory") {
  std::vector<Buffer<float>> buffers;
  for (int i = 0; i < 64; ++i) buffers.emplace_back(100);
  const auto [low, high] = std::ranges::minmax(buffers | std::views::transform(address));
  CHECK(high - low < std::uintptr_t{2} << 20);
}

TEST_CASE("an empty buffer is empty") {
  CHECK(Buffer<float>().span().empty());
  CHECK(Buffer<float>(0).span().empty());
}
