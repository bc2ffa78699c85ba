// The text of every token.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "yoneda/core/types.hpp"
#include "yoneda/model/origin.hpp"

namespace yoneda {

/// Token texts by id: the bytes a token stands for, not always whole characters of UTF-8 (see
/// core/safe_text.hpp for showing them).
class Vocabulary {
 public:
  Vocabulary() = default;

  explicit Vocabulary(std::vector<std::string> texts, Origin origin_ = {})
      : origin(std::move(origin_)), texts_(std::move(texts)) {
    ids_.reserve(texts_.size());
    for (std::size_t i = 0; i < texts_.size(); ++i) ids_.emplace(texts_[i], static_cast<Id>(i));
  }

  Index size() const { return static_cast<Index>(texts_.size()); }
  bool empty() const { return texts_.empty(); }

  /// The token's text; "#<id>" for an id the vocabulary does not know.
  std::string text(Id token) const {
    return token >= 0 && token < size() ? texts_[token] : "#" + std::to_string(token);
  }

  /// The smallest id with this text.
  std::optional<Id> find(std::string_view text) const {
    const auto found = ids_.find(std::string(text));
    return found == ids_.end() ? std::nullopt : std::optional<Id>(found->second);
  }

  const std::vector<std::string>& texts() const { return texts_; }

  Origin origin;

 private:
  std::vector<std::string> texts_;
  std::unordered_map<std::string, Id> ids_;
};

/// A text as a person writes it: "␣" stands for a space, as tokens are shown.
inline std::string with_spaces(std::string_view written) {
  constexpr std::string_view mark = "\u2423";
  std::string text(written);
  for (auto at = text.find(mark); at != text.npos; at = text.find(mark))
    text.replace(at, mark.size(), " ");
  return text;
}

/// "#7" as 7; nothing for other texts, and where there are not as many tokens.
inline std::optional<Id> numbered_token(std::string_view text, Index V) {
  if (!text.starts_with('#')) return std::nullopt;
  Index id = -1;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + 1, end, id);
  if (error != std::errc() || stop != end || id < 0 || id >= V) return std::nullopt;
  return static_cast<Id>(id);
}

/// The tokens a person may mean by a word, of V: the one with this text, and the one with a space
/// before it, as most models write a word within a sentence. "␣" stands for a space, as tokens are
/// shown; "#7", where that is no token's text, for token 7. Empty where there is none.
inline std::vector<Id> tokens_of_word(const Vocabulary& vocabulary, std::string_view word,
                                      Index V) {
  const std::string text = with_spaces(word);
  std::vector<Id> tokens;
  for (const std::string& written : {text, " " + text})
    if (const auto token = vocabulary.find(written); token && *token < V) tokens.push_back(*token);
  if (!tokens.empty()) return tokens;
  if (const auto token = numbered_token(text, V)) tokens.push_back(*token);
  return tokens;
}

}  // namespace yoneda
