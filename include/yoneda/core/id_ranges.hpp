// Lists of ids as people write them: "177-187,30905".
#pragma once

#include <algorithm>
#include <charconv>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// A whole text as a number that is not negative; -1 for any other text.
inline Index whole_number(std::string_view text) {
  Index number = -1;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end && number >= 0 ? number : -1;
}

/// The ids of a list of numbers and ranges (both ends included) between commas or blanks, in the
/// order given, each once. `what` says what they number ("feature"), for the message. Throws
/// Error{value} that quotes the part which is no number or range, or an id that is not below
/// `limit`. Cost: the ids named.
inline std::vector<Id> ids_from(std::string_view text, Index limit, const std::string& what) {
  constexpr std::string_view separators = ", \t\r\n";
  std::vector<Id> ids;
  std::vector<char> named(static_cast<std::size_t>(limit), 0);
  for (std::size_t at = 0; (at = text.find_first_not_of(separators, at)) != text.npos;) {
    const std::string_view part =
        text.substr(at, std::min(text.find_first_of(separators, at), text.size()) - at);
    at += part.size();
    const std::size_t dash = part.find('-');
    const Index first = whole_number(part.substr(0, dash));
    const Index last = dash == part.npos ? first : whole_number(part.substr(dash + 1));
    if (first < 0 || last < first)
      throw Error(ErrorKind::value, "'" + std::string(part) + "' is no " + what +
                                        " and no range of them, like 17 or 17-20");
    if (last >= limit)
      throw Error(ErrorKind::value, "there is no " + what + " " + std::to_string(last) +
                                        ": they go from 0 to " + std::to_string(limit - 1));
    for (Index id = first; id <= last; ++id)
      if (!std::exchange(named[id], 1)) ids.push_back(static_cast<Id>(id));
  }
  return ids;
}

/// The inverse, for ids that ascend: runs of three and more become ranges.
inline std::string id_ranges(std::span<const Id> ascending) {
  std::string text;
  for (std::size_t first = 0, last = 0; first < ascending.size(); first = last + 1) {
    last = first;
    while (last + 1 < ascending.size() && ascending[last + 1] == ascending[last] + 1) ++last;
    if (last == first + 1) last = first;  // two are no run
    text += (text.empty() ? "" : ",") + std::to_string(ascending[first]);
    if (last > first) text += "-" + std::to_string(ascending[last]);
  }
  return text;
}

}  // namespace yoneda
