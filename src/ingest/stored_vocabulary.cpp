#include "ingest/stored_vocabulary.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <string_view>
#include <utility>

#include "ingest/gguf_vocabulary.hpp"
#include "ingest/llama2c_tokenizer.hpp"
#include "ingest/sentencepiece.hpp"
#include "ingest/tiktoken.hpp"
#include "ingest/vocabulary_events.hpp"
#include "io/file.hpp"
#include "io/gguf_header.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/io/atomic_file.hpp"
#include "yoneda/io/mapped_file.hpp"

namespace yoneda::ingest {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

StoredVocabulary from_json(std::string_view text, const std::string& path) {
  VocabularyEvents events(path);
  nlohmann::json::sax_parse(text.begin(), text.end(), &events);
  return events.finish();
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

StoredVocabulary from_lines(std::string_view text, const std::string& path) {
  StoredVocabulary stored{"text file", {}};
  std::vector<std::string> lines = lines_of(text);
  if (lines.size() > static_cast<std::size_t>(std::numeric_limits<Id>::max()))
    throw Error(ErrorKind::format, "holds more lines than there are ids", path);
  const bool windows = std::ranges::all_of(lines, [](const auto& s) { return s.ends_with('\r'); });
  for (std::string& line : lines) {
    if (windows) line.pop_back();
    stored.tokens.push_back({static_cast<Index>(stored.tokens.size()), std::move(line)});
  }
  return stored;
}

std::string start_of(const std::string& path) {
  const io::File file = io::open_to_read(path);
  std::string start(4096, '\0');
  start.resize(std::fread(start.data(), 1, start.size(), file.get()));
  return start;
}

bool is_regular(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

bool begins_as_gguf(const std::string& path) {
  const std::string start = start_of(path);
  return io::is_gguf(std::as_bytes(std::span(start)));
}

}  // namespace

StoredVocabulary read_stored_vocabulary(const std::string& path) {
  // Gigabytes, of which the vocabulary is a small part; and what comes through a pipe is read once.
  if (is_regular(path) && begins_as_gguf(path))
    return read_gguf_vocabulary(io::map_file(path), path);
  const std::string contents = io::read_text(path);
  std::string_view text = contents;
  if (is_llama2c_tokenizer(text.substr(0, 4096))) return read_llama2c_tokenizer(text, path);
  if (is_sentencepiece(text)) return read_sentencepiece(text, path);
  if (!path.ends_with(".txt") && is_tiktoken(text, path)) return read_tiktoken(text, path);
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  const auto start = text.find_first_not_of(" \t\r\n");
  const char first = start == text.npos ? '\0' : text[start];
  // A list of tokens may begin with a bracket: plain text goes by its name.
  const bool plain = path.ends_with(".txt") || (first != '{' && first != '[');
  return plain ? from_lines(text, path) : from_json(text, path);
}

bool is_stored_vocabulary(const std::string& path) {
  if (!is_regular(path)) return false;
  const std::string name = std::filesystem::path(path).filename().string();
  constexpr std::array known{"tokenizer.json", "vocab.json", "tokens.json"};
  if (name.ends_with(".txt") || std::ranges::find(known, name) != known.end()) return true;
  const std::string start = start_of(path);
  // A text may be cut in the middle of a line.
  const std::string_view lines = std::string_view(start).substr(0, start.rfind('\n') + 1);
  return is_llama2c_tokenizer(start) || is_sentencepiece(start) || is_tiktoken(lines, path) ||
         (begins_as_gguf(path) && is_gguf_vocabulary(path));
}

}  // namespace yoneda::ingest
