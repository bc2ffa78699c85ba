#include "yoneda/study/token_sets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "io/text.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/io/atomic_file.hpp"
#include "yoneda/io/hash.hpp"

namespace yoneda::study {
namespace {

/// A set as it is written.
struct SetSection {
  std::string name;
  std::size_t line;
  std::vector<std::string> words;
};

std::vector<SetSection> set_sections(const std::string& text, const std::string& path) {
  std::vector<SetSection> found;
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = io::trimmed(std::string_view(text).substr(at, end - at));
    at = end + 1;
    ++number;
    const auto refuse = [&](const std::string& reason) {
      throw Error(ErrorKind::format, fmt::format("line {}: {}", number, reason), path);
    };
    if (line.starts_with(": ") || line.starts_with(":\t")) {
      const std::string name(io::trimmed(line.substr(1)));
      if (std::ranges::find(found, name, &SetSection::name) != found.end())
        refuse("there are two sets " + io::quote(name));
      found.push_back({name, number, {}});
    } else if (!line.empty()) {
      if (found.empty()) refuse("a set begins with a line ': name'");
      found.back().words.emplace_back(line);
    }
  }
  if (found.empty()) throw Error(ErrorKind::format, "holds no set; one begins ': name'", path);
  return found;
}

}  // namespace

TokenSetsFile read_token_sets(const std::string& path, const Vocabulary& vocabulary, Index V,
                              std::span<const Id> excluded) {
  TokenSetsFile read;
  read.source = {std::filesystem::absolute(path), io::hash_path(path), {}, "token sets", {}};
  for (const SetSection& section : set_sections(io::read_text(path), path)) {
    TokenSet set{section.name, {}};
    std::vector<std::string> unknown;
    for (const std::string& word : section.words) {
      std::vector<Id> tokens = tokens_of_word(vocabulary, word, V);
      std::erase_if(tokens, [&](Id t) { return std::ranges::binary_search(excluded, t); });
      if (tokens.empty()) unknown.push_back(word);
      set.tokens.insert(set.tokens.end(), tokens.begin(), tokens.end());
    }
    std::ranges::sort(set.tokens);
    set.tokens.erase(std::ranges::unique(set.tokens).begin(), set.tokens.end());
    if (static_cast<Index>(set.tokens.size()) < least_set_size)
      throw Error(ErrorKind::value,
                  fmt::format("the set {} (line {}) has {} words and {} known tokens{}; it takes "
                              "at least {}{}",
                              io::quote(section.name), section.line, section.words.size(),
                              set.tokens.size(), excluded.empty() ? "" : " that are not junk",
                              least_set_size,
                              vocabulary.empty()
                                  ? " (there is no vocabulary to look words up in: --vocabulary)"
                                  : ""),
                  path);
    if (!unknown.empty())
      read.notes.push_back(
          fmt::format("set {}: {} of {} words are no tokens{}: {}", io::quote(section.name),
                      unknown.size(), section.words.size(),
                      excluded.empty() ? "" : " or left out as junk", io::quote_all(unknown)));
    read.sets.push_back(std::move(set));
  }
  return read;
}

}  // namespace yoneda::study
