// Texts and numbers as gnuplot reads them.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "yoneda/core/safe_text.hpp"
#include "yoneda/model/vocabulary.hpp"

namespace yoneda::report {

/// A text on one line, of `width` columns at most, as a constant of gnuplot: within single quotes
/// only the quote itself means anything, so it becomes an apostrophe. (Doubled quotes are
/// documented to stand for one, but gnuplot 5.4 loses count of several in a row.) "]]>",
/// which gnuplot would leave in an SVG and XML forbids, becomes "]] >".
inline std::string gnuplot_text(std::string_view text, std::size_t width = 200) {
  std::string constant = "'";
  for (const char c : safe_text(text, width)) {
    if (c == '\'')
      constant += "\u2019";
    else if (c == '>' && constant.ends_with("]]"))
      constant += " >";
    else
      constant += c;
  }
  return constant + "'";
}

/// A token as one of a list between commas: what would be lost there, a comma or nothing at all,
/// goes in quotes.
inline std::string list_item(const std::string& shown) {
  return shown.empty() || shown.find(',') != shown.npos ? "'" + shown + "'" : shown;
}

/// "deer, ␣elk": as many of the texts as fit into `width` columns, and at least one.
inline std::string listed(std::span<const std::string> texts, std::size_t width) {
  std::string line;
  for (const std::string& text : texts) {
    const std::string word = safe_token(text, 20);
    if (!line.empty() && columns(line) + 2 + columns(word) > width) break;
    line += (line.empty() ? "" : ", ") + word;
  }
  return line;
}

inline std::vector<std::string> texts_of(std::span<const Id> tokens, const Vocabulary& vocabulary,
                                         std::size_t most) {
  std::vector<std::string> texts;
  for (const Id token : tokens.first(std::min(most, tokens.size())))
    texts.push_back(vocabulary.text(token));
  return texts;
}

}  // namespace yoneda::report
