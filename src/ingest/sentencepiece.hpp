// SentencePiece's models: the pieces of a serialized ModelProto.
#pragma once

#include <string>
#include <string_view>

#include "ingest/stored_vocabulary.hpp"

namespace yoneda::ingest {

/// True where the file begins with a piece and its score, as no text does: the score's tag is a
/// control character.
bool is_sentencepiece(std::string_view file);

/// Of every piece its text and its type. Control symbols and the unknown token stand for
/// themselves, bytes for bytes, and in all others ▁ is a space. The few fields are read by hand:
/// linked, libsentencepiece trebles the time that any command takes to start, and brings a copy of
/// protobuf whose symbols clash with another one in the same program. Throws Error{format} for
/// damage. Cost: one pass over the file. Sources: Kudo, Richardson 2018, SentencePiece
/// (sentencepiece_model.proto); Google 2008, Protocol Buffers (encoding).
StoredVocabulary read_sentencepiece(std::string_view file, const std::string& path);

}  // namespace yoneda::ingest
