#include "yoneda/study/quads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "io/text.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/io/atomic_file.hpp"
#include "yoneda/io/hash.hpp"

namespace yoneda::study {
namespace {

using TextPair = std::pair<std::string, std::string>;

/// A relation as it is written.
struct RelationSection {
  std::string name;
  std::size_t line;
  std::vector<TextPair> pairs;  ///< distinct
  std::set<TextPair> seen;

  void add(std::string_view a, std::string_view b) {
    if (TextPair pair(a, b); seen.insert(pair).second) pairs.push_back(std::move(pair));
  }
};

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  std::vector<std::string_view> words;
  for (std::size_t at = line.find_first_not_of(blanks); at != line.npos;) {
    const std::size_t end = std::min(line.find_first_of(blanks, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(blanks, end);
  }
  return words;
}

std::vector<RelationSection> relation_sections(const std::string& text, const std::string& path) {
  std::vector<RelationSection> found;
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    ++number;
    const auto refuse = [&](const std::string& reason) {
      throw Error(ErrorKind::format, fmt::format("line {}: {}", number, reason), path);
    };
    const auto words = words_of(line);
    if (words.empty()) continue;
    if (words.front() == ":") {
      if (words.size() == 1) refuse("a relation needs a name after the ':'");
      const std::string_view last = words.back();
      const std::string name(words[1].data(), last.data() + last.size());
      if (std::ranges::find(found, name, &RelationSection::name) != found.end())
        refuse("there are two relations " + io::quote(name));
      found.push_back({name, number, {}, {}});
      continue;
    }
    if (words.size() != 4 && words.size() != 2)
      refuse(fmt::format("expected four words 'a b c d' or a pair 'a b', found {} ({})",
                         words.size(), io::quote_all(words, 6)));
    if (found.empty())
      found.push_back({std::filesystem::path(path).stem().string(), number, {}, {}});
    for (std::size_t i = 0; i < words.size(); i += 2) found.back().add(words[i], words[i + 1]);
  }
  if (found.empty()) throw Error(ErrorKind::format, "holds no words 'a b c d'", path);
  return found;
}

/// Tokens of words, looked up once.
class Lookup {
 public:
  Lookup(const Vocabulary& vocabulary, Index V, std::span<const Id> excluded)
      : vocabulary_(vocabulary), V_(V), excluded_(excluded) {}

  std::optional<Id> operator()(const std::string& word) {
    const auto [at, is_new] = known_.try_emplace(word);
    if (is_new)
      for (const std::string& written : {word, lowered(word)}) {
        auto tokens = tokens_of_word(vocabulary_, written, V_);
        std::erase_if(tokens, [&](Id t) { return std::ranges::binary_search(excluded_, t); });
        if (!tokens.empty() && !at->second)
          at->second = tokens.back();  // the one with a space, where there are both
      }
    return at->second;
  }

 private:
  const Vocabulary& vocabulary_;
  Index V_;
  std::span<const Id> excluded_;
  std::map<std::string, std::optional<Id>> known_;
};

WordRelation looked_up(const RelationSection& section, Lookup& token_of,
                       std::vector<std::string>& notes) {
  WordRelation made{section.name, {}, {}, 0};
  std::set<IdPair> kept;
  Index selves = 0;
  for (const auto& [a, b] : section.pairs) {
    const auto first = token_of(a), second = token_of(b);
    for (const auto& [word, token] : {std::pair(&a, first), std::pair(&b, second)})
      if (!token && std::ranges::find(made.missing, *word) == made.missing.end())
        made.missing.push_back(*word);
    if (!first || !second)
      ++made.lost;
    else if (*first == *second)
      ++selves;
    else if (kept.insert({*first, *second}).second)
      made.pairs.push_back({*first, *second});
  }
  if (made.lost > 0)
    notes.push_back(
        fmt::format("relation {}: {} of {} pairs are left out, for {} words are no "
                    "tokens: {}",
                    io::quote(made.name), made.lost, section.pairs.size(), made.missing.size(),
                    io::quote_all(made.missing)));
  if (selves > 0)
    notes.push_back(fmt::format("relation {}: {} pairs of a token with itself are left out",
                                io::quote(made.name), selves));
  return made;
}

}  // namespace

QuadsFile read_quads(const std::string& path, const Vocabulary& vocabulary, Index V,
                     std::span<const Id> excluded) {
  QuadsFile read;
  read.source = {std::filesystem::absolute(path), io::hash_path(path), {}, "analogies", {}};
  Lookup token_of(vocabulary, V, excluded);
  for (const RelationSection& section : relation_sections(io::read_text(path), path)) {
    WordRelation relation = looked_up(section, token_of, read.notes);
    if (relation.pairs.size() < 2)
      throw Error(ErrorKind::value,
                  fmt::format("the relation {} (line {}) has {} pairs, of which {} are of known "
                              "tokens; it takes at least two{}",
                              io::quote(section.name), section.line, section.pairs.size(),
                              relation.pairs.size(),
                              vocabulary.empty()
                                  ? " (there is no vocabulary to look words up in: --vocabulary)"
                                  : ""),
                  path);
    read.relations.push_back(std::move(relation));
  }
  return read;
}

}  // namespace yoneda::study
