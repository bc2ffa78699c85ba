#include "ingest/token_form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bitset>
#include <charconv>

#include "ingest/byte_level.hpp"
#include "io/json.hpp"
#include "io/text.hpp"
#include "yoneda/core/utf8.hpp"

namespace yoneda::ingest {
namespace {

using nlohmann::json;

constexpr std::string_view metaspace = "\u2581";         // ▁: SentencePiece's space
constexpr std::string_view byte_level_space = "\u0120";  // Ġ: the byte 32

// The byte that "<0x0A>" names.
std::optional<unsigned char> byte_token(std::string_view text) {
  if (text.size() != 6 || !text.starts_with("<0x") || !text.ends_with('>')) return std::nullopt;
  unsigned byte = 0;
  const auto [end, problem] = std::from_chars(text.data() + 3, text.data() + 5, byte, 16);
  if (problem != std::errc() || end != text.data() + 5) return std::nullopt;
  return static_cast<unsigned char>(byte);
}

// Throws where the text outgrows `most` bytes.
std::string replace_all(std::string_view text, std::string_view from, std::string_view to,
                        std::size_t most) {
  std::string replaced;
  while (!text.empty()) {
    const auto at = std::min(text.find(from), text.size());
    replaced += text.substr(0, at);
    text.remove_prefix(at);
    if (!text.empty()) {
      replaced += to;
      text.remove_prefix(from.size());
    }
    if (replaced.size() > most)
      throw Error(ErrorKind::format,
                  fmt::format("the tokenizer's decoder makes a token longer than {} bytes", most));
  }
  return replaced;
}

// Each is tried on every token.
constexpr std::size_t replacement_limit = 64;

void replace(TokenForm& form, const std::string& stored, const std::string& meant) {
  const std::pair pair(stored, meant);
  if (stored.empty() || std::ranges::find(form.replaced, pair) != form.replaced.end()) return;
  if (form.replaced.size() == replacement_limit)
    throw Error(ErrorKind::format,
                fmt::format("the tokenizer replaces more than {} texts", replacement_limit));
  form.replaced.push_back(pair);
}

// A component of a tokenizer.json: {"type": name, ...}; a sequence holds a list of others.
class Component {
 public:
  Component(const json& value, const std::string& path) : value_(value), path_(path) {
    if (!value.is_object())
      throw Error(ErrorKind::format, "a part of the tokenizer is not an object", path);
  }

  std::string type() const { return text("type"); }
  std::string text(const char* key) const {
    return io::text_at(value_, key, path_).value_or(std::string());
  }
  // A Replace's pattern, where it is a text and no regular expression.
  std::optional<std::string> pattern() const {
    return io::text_at(io::object_at(value_, "pattern", path_), "String", path_);
  }
  std::vector<Component> parts(const char* key) const {
    std::vector<Component> parts;
    const auto list = value_.find(key);
    if (list == value_.end() || !list->is_array())
      throw Error(ErrorKind::format, fmt::format("a Sequence has no list '{}'", key), path_);
    for (const json& part : *list) parts.emplace_back(part, path_);
    return parts;
  }

 private:
  const json& value_;
  const std::string& path_;
};

std::string metaspace_of(const Component& component) {
  const std::string replacement = component.text("replacement");
  return replacement.empty() ? std::string(metaspace) : replacement;
}

void read_decoder(const Component& decoder, TokenForm& form) {
  const std::string type = decoder.type();
  if (type == "Sequence") {
    for (const Component& part : decoder.parts("decoders")) read_decoder(part, form);
  } else if (type == "ByteLevel") {
    form.byte_level = true;
  } else if (type == "ByteFallback") {
    form.byte_tokens = true;
  } else if (type == "Metaspace") {
    replace(form, metaspace_of(decoder), " ");
  } else if (const auto pattern = decoder.pattern(); type == "Replace" && pattern) {
    replace(form, *pattern, decoder.text("content"));
  } else if (type == "BPEDecoder") {
    form.word_end = decoder.text("suffix");
  } else if (type != "Fuse" && type != "Strip" && type != "WordPiece") {
    form.unread = type.empty() ? "one without a type" : io::quote(type);
    if (type == "Replace") form.unread += " of a regular expression";
  }
}

void read_pre_tokenizer(const Component& component, TokenForm& form) {
  const std::string type = component.type();
  if (type == "Sequence")
    for (const Component& part : component.parts("pretokenizers")) read_pre_tokenizer(part, form);
  if (type == "ByteLevel") form.byte_level = true;
  if (type == "Metaspace") replace(form, metaspace_of(component), " ");
}

void read_normalizer(const Component& component, TokenForm& form) {
  const std::string type = component.type();
  if (type == "Sequence")
    for (const Component& part : component.parts("normalizers")) read_normalizer(part, form);
  if (type == "ByteLevel") form.byte_level = true;
  if (type == "Replace" && component.pattern() == " ")
    replace(form, component.text("content"), " ");
}

// What content can say: counted once over all tokens.
struct Signs {
  std::bitset<256> byte_characters, byte_tokens;  // those that are there, each a token of its own
  bool all_byte_level = true;
  Index spaces = 0, metaspaces = 0, byte_level_spaces = 0;  // tokens that start with one
};

void count(std::string_view text, Signs& signs) {
  if (const auto byte = byte_token(text)) signs.byte_tokens.set(*byte);
  signs.spaces += text.starts_with(' ');
  signs.metaspaces += text.starts_with(metaspace);
  signs.byte_level_spaces += text.starts_with(byte_level_space);
  const auto bytes = bytes_of(text);
  signs.all_byte_level = signs.all_byte_level && bytes;
  if (bytes && bytes->size() == 1)
    signs.byte_characters.set(static_cast<unsigned char>(bytes->front()));
}

}  // namespace

std::optional<TokenForm> form_of_tokenizer(const json& tokenizer, const std::string& path) {
  TokenForm form;
  const auto part = [&](const char* key) {
    const auto found = tokenizer.find(key);
    const bool missing = found == tokenizer.end() || found->is_null();
    return missing ? std::optional<Component>() : Component(*found, path);
  };
  const json& model = io::object_at(tokenizer, "model", path);
  form.byte_tokens = io::flag_at(model, "byte_fallback", path).value_or(false);
  form.word_end = io::text_at(model, "end_of_word_suffix", path).value_or("");
  if (const auto decoder = part("decoder")) {
    read_decoder(*decoder, form);
    return form;
  }
  if (const auto pre_tokenizer = part("pre_tokenizer")) read_pre_tokenizer(*pre_tokenizer, form);
  if (const auto normalizer = part("normalizer")) read_normalizer(*normalizer, form);
  const std::string type = io::text_at(model, "type", path).value_or("");
  const bool whole_words = type == "WordLevel" || type == "WordPiece";
  return whole_words || !describe(form).empty() ? form : std::optional<TokenForm>();
}

TokenForm form_by_content(const std::vector<StoredToken>& tokens) {
  Signs signs;
  for (const StoredToken& token : tokens) count(token.text, signs);
  TokenForm form;
  form.byte_tokens = signs.byte_tokens.all();
  form.byte_level = signs.byte_level_spaces > std::max(signs.spaces, signs.metaspaces) &&
                    (signs.byte_characters.all() || signs.all_byte_level);
  if (!form.byte_level && signs.metaspaces > signs.spaces)
    replace(form, std::string(metaspace), " ");
  return form;
}

TokenForm sentencepiece_form() {
  TokenForm form;
  form.byte_tokens = true;
  replace(form, std::string(metaspace), " ");
  return form;
}

std::string describe(const TokenForm& form) {
  if (!form.unread.empty()) return "";
  std::string words;
  const auto add = [&words](const std::string& more) {
    words += (words.empty() ? "" : ", ") + more;
  };
  if (form.byte_level) add("byte-level BPE");
  for (const auto& [stored, meant] : form.replaced)
    add(io::printable(stored) + " for " + (meant == " " ? "spaces" : io::quote(meant)));
  if (!form.word_end.empty()) add(io::printable(form.word_end) + " for spaces");
  if (form.byte_tokens) add("byte tokens");
  return words;
}

std::optional<std::string> decode(std::string_view stored, const TokenForm& form) {
  if (!form.unread.empty()) return std::string(stored);
  if (form.byte_tokens)
    if (const auto byte = byte_token(stored)) return std::string(1, static_cast<char>(*byte));
  const bool ends_word = !form.word_end.empty() && stored.ends_with(form.word_end);
  if (ends_word) stored.remove_suffix(form.word_end.size());
  // Replacements can double a text again and again; honest ones put one character for another.
  const std::size_t most = 64 + 16 * stored.size();
  std::optional<std::string> text;
  text = form.byte_level ? bytes_of(stored) : std::string(stored);
  if (!text) return std::nullopt;
  for (const auto& [from, to] : form.replaced) text = replace_all(*text, from, to, most);
  if (ends_word) *text += ' ';
  return text;
}

}  // namespace yoneda::ingest
