// Reading the texts of tokens.
#pragma once

#include <optional>
#include <string>

#include "yoneda/model/vocabulary.hpp"

namespace yoneda::ingest {

/// Reads a JSON object {"text": id}, a JSON list of texts, a Hugging Face tokenizer.json, or plain
/// text with one token a line; told apart by content. Texts stay as they are stored. Ids without a
/// text become "#<id>", with a note. Throws Error{file}; Error{format} for damage; Error{value} for
/// an id given twice, and where more ids lack a text than have one.
Vocabulary load_vocabulary(const std::string& path);

/// The vocabulary in a folder, or beside a file: vocab.json, tokenizer.json, tokens.json or
/// vocab.txt.
std::optional<std::string> find_vocabulary(const std::string& path);

}  // namespace yoneda::ingest
