// The vocabulary inside a GGUF file.
#pragma once

#include <string>

#include "ingest/stored_vocabulary.hpp"
#include "yoneda/io/tensor.hpp"

namespace yoneda::ingest {

/// tokenizer.ggml.tokens, each of the type that tokenizer.ggml.token_type says: unknown, control,
/// user-defined and unused tokens stand for themselves, the others are written as
/// tokenizer.ggml.model says. Throws Error{format} for damage, Error{value} where there are no
/// tokens. Sources: Gerganov et al. 2023, ggml (docs/gguf.md) and llama.cpp (token_to_piece()).
StoredVocabulary read_gguf_vocabulary(const io::SharedBytes& file, const std::string& path);

/// Whether a file is GGUF and has tokens; whether a GGUF file has nothing else. Throw Error{format}
/// for damage.
bool has_gguf_vocabulary(const std::string& path);
bool is_gguf_vocabulary(const std::string& path);

}  // namespace yoneda::ingest
