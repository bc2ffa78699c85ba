// What a person may have meant by a word that is not there.
#pragma once

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "yoneda/core/types.hpp"

namespace yoneda::study {

/// Insertions, deletions and substitutions of bytes from one text to the other (Levenshtein 1966,
/// Binary codes capable of correcting deletions, insertions and reversals); `most` + 1 where there
/// are more than `most`. Cost: product of the lengths.
inline Index edit_distance(std::string_view a, std::string_view b, Index most) {
  const auto length = [](std::string_view text) { return static_cast<Index>(text.size()); };
  if (std::abs(length(a) - length(b)) > most) return most + 1;
  std::vector<Index> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<Index>(j);
  for (std::size_t i = 0; i < a.size(); ++i) {
    Index diagonal = std::exchange(row[0], static_cast<Index>(i) + 1), least = row[0];
    for (std::size_t j = 0; j < b.size(); ++j) {
      const Index other = std::min({row[j] + 1, row[j + 1] + 1, diagonal + (a[i] != b[j])});
      diagonal = std::exchange(row[j + 1], other);
      least = std::min(least, other);
    }
    if (least > most) return most + 1;
  }
  return std::min(row.back(), most + 1);
}

/// Those of `candidates` that differ from the word in few letters, nearest first, then in order; at
/// most `count`.
template <class Texts>
std::vector<std::string> nearest(std::string_view word, const Texts& candidates,
                                 std::size_t count) {
  const Index most = word.size() <= 3 ? 1 : 2;
  std::vector<std::vector<std::string>> at(most + 1);
  for (const auto& candidate : candidates) {
    const Index distance = edit_distance(word, candidate, most);
    if (distance <= most) at[distance].emplace_back(candidate);
  }
  std::vector<std::string> found;
  for (auto& texts : at)
    for (auto& text : texts)
      if (found.size() < count) found.push_back(std::move(text));
  return found;
}

}  // namespace yoneda::study
