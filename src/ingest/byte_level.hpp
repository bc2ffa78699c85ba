// Byte-level vocabularies: every byte of a text is stored as a printable character.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace yoneda::ingest {

/// The byte a character stands for; nothing for other characters. The 188 bytes that are printable
/// in Latin-1 (33-126, 161-172, 174-255) stand for themselves, the other 68, in order, for U+0100
/// to U+0143. Source: Radford et al. 2019, Language Models are Unsupervised Multitask Learners, and
/// the encoder published with it.
std::optional<unsigned char> byte_of(char32_t character);

/// The bytes a text stands for ("Ġcat" for " cat"; they may be part of a character); nothing where
/// a character stands for none.
std::optional<std::string> bytes_of(std::string_view text);

}  // namespace yoneda::ingest
