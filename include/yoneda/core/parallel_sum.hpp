// A parallel sum whose bits cannot depend on the number of threads.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "yoneda/core/parallel.hpp"

namespace yoneda {

/// A sum of `width` numbers over items [0, count). body(first, last, sum) adds items [first, last)
/// to `sum`. Items are cut into at most 64 blocks, by their number alone, and the blocks' sums are
/// added in order. Memory: 64 · width.
template <class Body>
std::vector<double> parallel_sum(Index count, Index width, const Body& body) {
  const Index block = std::max<Index>(256, (count + 63) / 64), blocks = (count + block - 1) / block;
  std::vector<double> parts(blocks * width, 0.0), total(width, 0.0);
  parallel_for(blocks, [&](Index b) {
    body(b * block, std::min(count, (b + 1) * block), std::span(parts).subspan(b * width, width));
  });
  for (Index b = 0; b < blocks; ++b)
    for (Index j = 0; j < width; ++j) total[j] += parts[b * width + j];
  return total;
}

}  // namespace yoneda
