// What a person may have meant by a word that is not there.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "yoneda/core/types.hpp"

namespace yoneda {

/// Insertions, deletions and substitutions of bytes, and swaps of two that are neighbours, from one
/// text to the other; `most` + 1 where there are more than `most`. No byte is touched twice
/// (optimal string alignment). Source: Damerau 1964, A technique for computer detection and
/// correction of spelling errors. Cost: product of the lengths.
inline Index edit_distance(std::string_view a, std::string_view b, Index most) {
  const auto length = [](std::string_view text) { return static_cast<Index>(text.size()); };
  if (std::abs(length(a) - length(b)) > most) return most + 1;
  // before, above, row: distances of the first i - 1, i and i + 1 bytes of a to the beginnings of
  // b.
  std::vector<Index> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = static_cast<Index>(j);
  for (std::size_t i = 0; i < a.size(); ++i) {
    row[0] = static_cast<Index>(i) + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      row[j + 1] = std::min({row[j] + 1, above[j + 1] + 1, above[j] + (a[i] != b[j])});
      if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j])
        row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return std::min(above.back(), most + 1);
}

/// ASCII letters made small; other bytes as they are.
inline std::string lowered(std::string_view text) {
  std::string made(text);
  for (char& c : made)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return made;
}

/// Those of `candidates` that differ from the word in one letter (of words of two to four letters)
/// or two (of longer ones), small and capital letters being alike; nearest first, then in order.
/// Behind them those that the word begins, where it has three letters or more. At most `count`.
template <class Texts>
std::vector<std::string> similar_words(std::string_view word, const Texts& candidates,
                                       std::size_t count) {
  const Index most = word.size() < 2 ? 0 : word.size() <= 4 ? 1 : 2;
  const std::string wanted = lowered(word);
  std::vector<std::vector<std::string>> at(most + 2);
  for (const auto& candidate : candidates) {
    const std::string text = lowered(candidate);
    const bool begun = wanted.size() >= 3 && text.starts_with(wanted);
    const Index distance = edit_distance(wanted, text, most);
    if (distance <= most || begun) at[distance].emplace_back(candidate);
  }
  std::vector<std::string> found;
  for (auto& texts : at)
    for (auto& text : texts)
      if (found.size() < count) found.push_back(std::move(text));
  return found;
}

}  // namespace yoneda
