#include "ingest/stored_vocabulary.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "ingest/vocabulary_events.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/io/atomic_file.hpp"

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
  StoredVocabulary stored{"text file", {}, {}};
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

}  // namespace

StoredVocabulary read_stored_vocabulary(const std::string& path) {
  const std::string contents = io::read_text(path);
  std::string_view text = contents;
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  const auto start = text.find_first_not_of(" \t\r\n");
  const char first = start == text.npos ? '\0' : text[start];
  // A list of tokens may begin with a bracket: plain text goes by its name.
  const bool plain = path.ends_with(".txt") || (first != '{' && first != '[');
  return plain ? from_lines(text, path) : from_json(text, path);
}

}  // namespace yoneda::ingest
