// What a vocabulary's file holds, before any text is decoded.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "yoneda/core/types.hpp"

namespace yoneda::ingest {

struct StoredToken {
  Index id;
  std::string text;
};

struct StoredVocabulary {
  std::string kind;                 // "vocab.json", "tokenizer.json", "JSON list", "text file"
  std::vector<StoredToken> tokens;  // in the order of the file; ids fit an Id
  nlohmann::json tokenizer;         // a tokenizer.json without vocabulary and merges; else null
};

/// Reads {"text": id}, ["text", ...], a tokenizer.json, or plain text with one token a line, told
/// apart by content. A JSON text is read in one pass that keeps the tokens' texts and little else.
/// Throws Error{file}, Error{format}.
StoredVocabulary read_stored_vocabulary(const std::string& path);

}  // namespace yoneda::ingest
