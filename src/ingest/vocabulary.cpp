#include "yoneda/ingest/vocabulary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <utility>
#include <vector>

#include "io/json.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/io/atomic_file.hpp"

namespace yoneda::ingest {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Texts with their ids, in any order, until they become a list.
class Texts {
 public:
  explicit Texts(const std::string& path) : path_(path) {}

  void add(std::string text, const json& id) {
    const auto number = io::as_count(id);
    if (!number || *number > std::numeric_limits<Id>::max())
      throw Error(ErrorKind::format, "token " + io::quote(text) + " has no id that is one", path_);
    texts_.emplace_back(*number, std::move(text));
  }

  Vocabulary finish(std::string dialect) {
    Origin origin;
    origin.path = path_;
    origin.dialect = std::move(dialect);
    std::ranges::sort(texts_);
    const Index listed = static_cast<Index>(texts_.size());
    const Index size = texts_.empty() ? 0 : texts_.back().first + 1;
    if (size - listed > listed)
      throw Error(ErrorKind::value,
                  fmt::format("ids up to {}, but only {} tokens", size - 1, listed), path_);
    std::vector<std::string> list;
    list.reserve(size);
    for (auto& [id, text] : texts_) {
      if (id < static_cast<Index>(list.size()))
        throw Error(ErrorKind::value,
                    fmt::format("id {} is given to {} and to {}", id, io::quote(list.back()),
                                io::quote(text)),
                    path_);
      while (static_cast<Index>(list.size()) < id) list.push_back(fmt::format("#{}", list.size()));
      list.push_back(std::move(text));
    }
    if (size > listed)
      origin.notes.push_back(
          fmt::format("{} ids have no text and are shown as #id", size - listed));
    return Vocabulary(std::move(list), std::move(origin));
  }

 private:
  std::string path_;
  std::vector<std::pair<Index, std::string>> texts_;
};

std::string text_of(const json& value, const std::string& path) {
  if (!value.is_string()) throw Error(ErrorKind::format, "a token is not a text", path);
  return value.get<std::string>();
}

Vocabulary from_list(const json& list, const std::string& path) {
  Texts texts(path);
  Index id = 0;
  for (const json& item : list) texts.add(text_of(item, path), json(std::uint64_t(id++)));
  return texts.finish("JSON list");
}

Vocabulary from_object(const json& object, const std::string& path) {
  Texts texts(path);
  for (const auto& [text, id] : object.items()) texts.add(text, id);
  return texts.finish("JSON object");
}

// Hugging Face's tokenizer.json: "model.vocab" is {"text": id}, or [["text", score], ...] for
// Unigram; added tokens may repeat what is there.
Vocabulary from_tokenizer(const json& tokenizer, const std::string& path) {
  Texts texts(path);
  const json& model = io::object_at(tokenizer, "model", path);
  const json vocabulary = model.value("vocab", json());
  if (!vocabulary.is_object() && !vocabulary.is_array())
    throw Error(ErrorKind::format, "'model' has no 'vocab'", path);
  Index listed = 0;
  for (const auto& [key, item] : vocabulary.items()) {
    if (vocabulary.is_object()) {
      texts.add(key, item);
      continue;
    }
    if (!item.is_array() || item.empty())
      throw Error(ErrorKind::format, "'vocab' is not a list of pairs", path);
    texts.add(text_of(item[0], path), json(std::uint64_t(listed++)));
  }
  for (const json& added : tokenizer.value("added_tokens", json::array())) {
    if (!added.is_object() || !added.contains("id"))
      throw Error(ErrorKind::format, "an added token has no 'id'", path);
    const std::string text = io::text_at(added, "content", path).value_or("");
    const bool known = vocabulary.is_object() ? vocabulary.contains(text)
                                              : io::as_count(added["id"]).value_or(listed) < listed;
    if (!known) texts.add(text, added["id"]);
  }
  return texts.finish("tokenizer.json");
}

Vocabulary from_lines(const std::string& contents, const std::string& path) {
  Texts texts(path);
  std::vector<std::string> lines;
  for (std::size_t start = 0; start < contents.size();) {
    const std::size_t end = std::min(contents.find('\n', start), contents.size());
    lines.push_back(contents.substr(start, end - start));
    start = end + 1;
  }
  const bool windows = std::ranges::all_of(lines, [](const auto& s) { return s.ends_with('\r'); });
  Index id = 0;
  for (std::string& line : lines) {
    if (windows) line.pop_back();
    texts.add(std::move(line), json(std::uint64_t(id++)));
  }
  return texts.finish("one token a line");
}

}  // namespace

Vocabulary load_vocabulary(const std::string& path) {
  const std::string contents = io::read_text(path);
  const auto start = contents.find_first_not_of(" \t\r\n");
  const char first = start == contents.npos ? '\0' : contents[start];
  // A list of tokens may begin with a bracket: plain text goes by its name.
  const bool plain = path.ends_with(".txt") || (first != '{' && first != '[');
  Vocabulary vocabulary = [&] {
    if (plain) return from_lines(contents, path);
    const json value = io::parse_json(contents, path);
    if (value.is_array()) return from_list(value, path);
    const auto model = value.find("model");
    const bool tokenizer = model != value.end() && model->is_object();
    return tokenizer ? from_tokenizer(value, path) : from_object(value, path);
  }();
  if (vocabulary.empty()) throw Error(ErrorKind::format, "holds no tokens", path);
  return vocabulary;
}

std::optional<std::string> find_vocabulary(const std::string& path) {
  std::error_code ignored;
  const fs::path folder =
      fs::is_directory(path, ignored) ? fs::path(path) : fs::path(path).parent_path();
  for (const char* name : {"vocab.json", "tokenizer.json", "tokens.json", "vocab.txt"})
    if (fs::is_regular_file(folder / name, ignored)) return (folder / name).string();
  return std::nullopt;
}

}  // namespace yoneda::ingest
