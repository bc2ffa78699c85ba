#include "yoneda/study/memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "yoneda/core/parallel.hpp"

namespace yoneda::study {
namespace {

constexpr Index MB = 1 << 20;

// Keys in a block of the pass, packed once more, and what each thread works on.
Index workspaces() {
  return 24 * MB + 4 * MB * thread_count();
}

// Ids and values at both ends, seven statistics, the histogram with its limits.
Index bytes_of_arrows(Index n, Index k) {
  return n * (16 * k + 4 * 7 + 4 * (histogram_bins + 2) + 8);
}

// Both ends of an edge in a graph, and what it is made from.
constexpr Index bytes_of_edge_end = 40;

std::string megabytes(Index bytes) {
  const double number = static_cast<double>(bytes);
  return bytes < 1000 * MB ? fmt::format("{:.0f} MB", std::ceil(number / 1e6))
                           : fmt::format("{:.1f} GB", std::ceil(number / 1e8) / 10);
}

// The categories whose vectors a spectral method holds.
Index vectors_of(Index n, const CategoryStep& step) {
  if (step.method != "sponge" && step.method != "laplacian") return 0;
  const auto root = static_cast<Index>(std::sqrt(static_cast<double>(n))) + 1;
  return step.count > 0 ? step.count : step.count_by == CountBy::number ? root : 2 * root;
}

}  // namespace

Index least_arrows_memory(Index n, Index d, Index k) {
  constexpr Index largest_tile = 256;
  return 2 * bytes_of_arrows(n, k) + detail::bytes_a_query(k, d) * largest_tile + workspaces();
}

Index arrows_memory(Index n, Index d, const ArrowStep& step) {
  const Index together = std::min(step.memory, n * detail::bytes_a_query(step.k, d));
  return std::max(least_arrows_memory(n, d, step.k),
                  2 * bytes_of_arrows(n, step.k) + together + workspaces());
}

Index graph_memory(Index n, Index k, const NeighborOptions& neighbors) {
  const Index profiles = 2 * n * k * 16;  // by feature and by token
  const Index ends = 2 * n * std::min(neighbors.neighbors, n);
  return bytes_of_arrows(n, k) + profiles + ends * bytes_of_edge_end + 32 * n * thread_count();
}

Index categories_memory(Index n, Index edges, const CategoryStep& step) {
  // Found pairs, the basis they are sought in, their rows.
  return 4 * 8 * n * vectors_of(n, step) + 2 * edges * bytes_of_edge_end + 200 * n;
}

Index null_memory(Index features, Index tokens, Index d, Index k) {
  const Index directions = 4 * d * 4 * features, moments = 6 * 8 * d * d;
  return directions + moments + 6 * d * tokens + features * detail::bytes_a_query(k, d) +
         2 * bytes_of_arrows(features, k) + workspaces();
}

void require_memory(Index needed, Index memory, const std::string& what,
                    const std::string& advice) {
  if (needed <= memory) return;
  throw Error(ErrorKind::resource,
              fmt::format("{} needs about {} of memory, and {} are left: {}", what,
                          megabytes(needed), megabytes(std::max<Index>(0, memory)), advice));
}

void fit(ArrowStep& step, Index n, Index d, Index memory) {
  const Index least = least_arrows_memory(n, d, step.k);
  require_memory(least, memory, fmt::format("making the arrows of {} features", n),
                 "allow more with --memory, or keep fewer tokens with -k");
  step.memory = std::min(
      step.memory, std::max<Index>(1, memory - 2 * bytes_of_arrows(n, step.k) - workspaces()));
}

bool fit(CheckStep& step, Index n, Index V, Index d, Index k, Index memory) {
  // Fewer say too little: verdicts would hang on which of them were drawn.
  constexpr Index least_features = 256, least_tokens = 2048;
  const Index all_features = std::min(n, step.features), all_tokens = std::min(V, step.tokens);
  Index features = all_features, tokens = all_tokens;
  while (null_memory(features, tokens, d, k) > memory &&
         (features > least_features || tokens > least_tokens)) {
    // Tokens first: verdicts need features.
    if (tokens > std::max(least_tokens, 4 * features) || features <= least_features)
      tokens = std::max(std::min(all_tokens, least_tokens), tokens * 3 / 4);
    else
      features = std::max(std::min(all_features, least_features), features * 3 / 4);
  }
  require_memory(null_memory(features, tokens, d, k), memory,
                 fmt::format("a null of {} features", features) +
                     (V > 0 ? fmt::format(" and {} tokens", tokens) : ""),
                 "allow more with --memory, or do without by --null none");
  if (features < all_features) step.features = features;
  if (tokens < all_tokens) step.tokens = tokens;
  return features < all_features || tokens < all_tokens;
}

}  // namespace yoneda::study
