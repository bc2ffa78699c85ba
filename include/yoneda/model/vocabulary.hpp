// The text of every token.
#pragma once

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

}  // namespace yoneda
