// Names from files, made fit for a one-line message.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "yoneda/core/error.hpp"
#include "yoneda/core/safe_text.hpp"
#include "yoneda/core/similar_words.hpp"

namespace yoneda::io {

/// The text without what would disturb a line, cut after 100 columns.
inline std::string printable(std::string_view text) {
  return safe_text(text, 100);
}

/// 'text', printable.
inline std::string quote(std::string_view text) {
  return fmt::format("'{}'", printable(text));
}

/// Without blanks, tabs and line ends around it.
inline std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// The quoted names with commas between, the first `limit` of them.
template <class Names>
std::string quote_all(const Names& names, std::size_t limit = 12) {
  std::string line;
  std::size_t listed = 0;
  for (const auto& name : names) {
    if (listed == limit) return line + fmt::format(" and {} more", names.size() - limit);
    line += (listed++ == 0 ? "" : ", ") + quote(name);
  }
  return line;
}

/// "no tensor 'W_dce'; did you mean 'W_dec'? there is 'W_dec', 'W_enc'".
template <class Names>
std::string no_tensor(std::string_view name, const Names& names) {
  const auto near = similar_words(name, names, 1);
  return fmt::format("no tensor {}{} there is {}", quote(name),
                     near.empty() ? ";" : "; did you mean " + quote(near.front()) + "?",
                     names.empty() ? "none" : quote_all(names));
}

/// What is wrong with a file; where, naming() adds.
inline Error bad_format(const std::string& why) {
  return Error(ErrorKind::format, why);
}

/// Runs `action`; an Error that does not say where yet leaves with the file and the part of it, but
/// for a cancellation, which is nobody's fault.
template <class Action>
auto naming(const std::string& path, const std::string& part, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    if (!error.where.empty() || error.kind == ErrorKind::cancelled) throw;
    throw Error(error.kind, (part.empty() ? "" : part + ": ") + error.what(), path);
  }
}

}  // namespace yoneda::io
