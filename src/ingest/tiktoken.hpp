// tiktoken's files of ranks.
#pragma once

#include <string>
#include <string_view>

#include "ingest/stored_vocabulary.hpp"

namespace yoneda::ingest {

/// True where the first lines (four, or all there are) are base64, a space and a number each, and
/// where the path ends with ".tiktoken".
bool is_tiktoken(std::string_view file, const std::string& path);

/// A token's bytes in base64, a space and its id a line; special tokens are in no such file. Throws
/// Error{format} that names the line. Sources: OpenAI 2022, tiktoken (load.py); Josefsson 2006, RFC
/// 4648.
StoredVocabulary read_tiktoken(std::string_view file, const std::string& path);

}  // namespace yoneda::ingest
