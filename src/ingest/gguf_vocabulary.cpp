#include "ingest/gguf_vocabulary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "io/gguf_header.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/io/mapped_file.hpp"

namespace yoneda::ingest {
namespace {

constexpr std::string_view tokens_key = "tokenizer.ggml.tokens";

enum class TokenType : Index { normal = 1, unknown, control, user_defined, unused, byte };

TokenForm form_of(const std::string& tokenizer) {
  // SentencePiece's BPE and unigrams, BERT's words, and Gemma 4's BPE: all with ▁ for a space.
  constexpr std::array with_spaces{"llama", "t5", "bert", "gemma4"};
  for (const char* name : with_spaces)
    if (tokenizer == name) return sentencepiece_form();
  if (tokenizer == "gpt2") return {.byte_level = true};
  return {.unread = io::quote(tokenizer)};
}

bool stands_for_itself(Index type) {
  constexpr std::array special{TokenType::unknown, TokenType::control, TokenType::user_defined,
                               TokenType::unused};
  return std::ranges::find(special, static_cast<TokenType>(type)) != special.end();
}

StoredVocabulary read(const io::GgufHeader& header) {
  auto texts = header.texts(tokens_key);
  if (!texts) throw Error(ErrorKind::value, fmt::format("has no tokens ('{}')", tokens_key));
  const auto types = header.integers("tokenizer.ggml.token_type");
  if (types && types->size() != texts->size())
    throw Error(ErrorKind::format,
                fmt::format("{} tokens, but types of {}", texts->size(), types->size()));
  const std::string tokenizer = header.text("tokenizer.ggml.model").value_or("");
  StoredVocabulary stored{
      fmt::format("GGUF ({})", io::printable(tokenizer)), {}, {}, form_of(tokenizer)};
  for (std::size_t i = 0; i < texts->size(); ++i)
    stored.tokens.push_back(
        {static_cast<Index>(i), std::move((*texts)[i]), types && stands_for_itself((*types)[i])});
  return stored;
}

}  // namespace

StoredVocabulary read_gguf_vocabulary(const io::SharedBytes& file, const std::string& path) {
  return io::naming(path, {}, [&] { return read(io::GgufHeader(file)); });
}

bool has_gguf_vocabulary(const std::string& path) {
  const io::SharedBytes file = io::map_file(path);
  if (!io::is_gguf(file.span)) return false;
  return io::naming(path, {}, [&] { return io::GgufHeader(file).has(tokens_key); });
}

bool is_gguf_vocabulary(const std::string& path) {
  return io::naming(path, {}, [&] {
    const io::GgufHeader header(io::map_file(path));
    return header.has(tokens_key) && header.tensors().empty();
  });
}

}  // namespace yoneda::ingest
