// llama2.c's tokenizer.bin: scores and bytes of a SentencePiece model's tokens.
#pragma once

#include <string>
#include <string_view>

#include "ingest/stored_vocabulary.hpp"

namespace yoneda::ingest {

/// True where the file begins with the length of its longest token, and every token in `start`, its
/// first bytes, is no longer than that. No text is like that, for of its bytes none is zero; and
/// hardly a checkpoint, whose numbers are no lengths.
bool is_llama2c_tokenizer(std::string_view start);

/// An int32 with the length of the longest token, then of every token a float32 score, an int32
/// length and as many bytes; ▁ is a space already, and what looks like "<0x0A>" is a byte. Throws
/// Error{format} where a token is cut short or longer than the longest. Source: Karpathy 2023,
/// llama2.c (tokenizer.py, and decode() of run.c).
StoredVocabulary read_llama2c_tokenizer(std::string_view file, const std::string& path);

}  // namespace yoneda::ingest
