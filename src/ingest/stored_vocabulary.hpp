// What a vocabulary's file holds, before any text is decoded.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ingest/stored_token.hpp"
#include "ingest/token_form.hpp"

namespace yoneda::ingest {

struct StoredVocabulary {
  std::string kind;                 // "vocab.json", "tokenizer.json", "JSON list", "text file", ...
  std::vector<StoredToken> tokens;  // in the order of the file; ids fit an Id
  nlohmann::json tokenizer = {};    // a tokenizer.json without vocabulary and merges; else null
  std::optional<TokenForm> form = {};  // where the format itself says how tokens are written
};

/// Reads {"text": id}, ["text", ...], a tokenizer.json, a SentencePiece model, tiktoken's ranks,
/// the tokens in a GGUF file, llama2.c's tokenizer.bin, or plain text with one token a line, told
/// apart by content. A JSON text is read in one pass that keeps the tokens' texts and little else.
/// Throws Error{file}, Error{format}.
StoredVocabulary read_stored_vocabulary(const std::string& path);

/// True for a regular file that is a vocabulary by its usual name, or by its first bytes.
bool is_stored_vocabulary(const std::string& path);

}  // namespace yoneda::ingest
