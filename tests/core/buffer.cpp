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

constexpr std::uintptr_t large_page = std::uintptr_t{2} << 20;

template <class Values>
std::uintptr_t address(const Values& values) {
  return reinterpret_cast<std::uintptr_t>(values.data());
}

}  // namespace

TEST_CASE("buffers hold what is written, at a cache line or, from a megabyte on, a large page") {
  constexpr Index large = (Index{1} << 20) / sizeof(float);
  for (const Index size : {Index{1}, Index{1000}, large - 1, large, 2 * large, 7 * large + 5}) {
    CAPTURE(size);
    Buffer<float> buffer(size);
    CHECK(buffer.span().size() == static_cast<std::size_t>(size));
    CHECK(address(buffer) % 64 == 0);
    if (size >= large) CHECK(address(buffer) % large_page == 0);
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
  const auto [low, high] =
      std::ranges::minmax(buffers | std::views::transform(address<Buffer<float>>));
  CHECK(high - low < large_page);
}

TEST_CASE("a vector grows from small pages into large ones and keeps what it holds") {
  std::vector<std::uint32_t, LargePages<std::uint32_t>> values;
  for (std::uint32_t i = 0; i < 1'000'000; ++i) values.push_back(i);
  CHECK(address(values) % large_page == 0);
  CHECK(std::ranges::equal(values, std::views::iota(std::uint32_t{0}, std::uint32_t{1'000'000})));
  const auto copy = values;
  values.resize(10);
  values.shrink_to_fit();
  CHECK(values.back() == 9);
  CHECK(copy.back() == 999'999);
}

TEST_CASE("an empty buffer is empty") {
  CHECK(Buffer<float>().span().empty());
  CHECK(Buffer<float>(0).span().empty());
}
