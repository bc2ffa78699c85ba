// How a vocabulary writes its tokens, and the way back to the bytes they stand for.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/stored_token.hpp"

namespace yoneda::ingest {

/// What decode() undoes. Nothing set: texts are stored as they are.
struct TokenForm {
  bool byte_level = false;   ///< GPT-2's characters for bytes, see byte_level.hpp
  bool byte_tokens = false;  ///< "<0x0A>" is the byte 10
  std::vector<std::pair<std::string, std::string>> replaced =
      {};                     ///< stored and meant: "▁" and " "
  std::string word_end = {};  ///< "</w>" at the end of a token: a space follows

  std::string unread = {};  ///< a decoder that is not known here: everything stays as it is stored
};

/// What a tokenizer.json says: by its decoder, or, where that is null, by the pre-tokenizer and the
/// normalizer, which the decoder would undo; and by the model's byte_fallback and
/// end_of_word_suffix. Decoders work on whole texts: what only makes sense there (Fuse, Strip,
/// WordPiece, which joins "##ing" to the word before) changes no token. Nothing where the decoder
/// is null, the rest does not tell and the model is none of words. Throws Error{format}.
std::optional<TokenForm> form_of_tokenizer(const nlohmann::json& tokenizer,
                                           const std::string& path);

/// What the texts look like, where nothing says more. Byte-level: some token starts with "Ġ", and
/// either all 256 bytes are there as single characters or every character of every token is such a
/// byte. SentencePiece: some token starts with "▁". Neither where as many tokens start with a
/// space, which both write otherwise. Byte tokens: all 256 are there.
TokenForm form_by_content(const std::vector<StoredToken>& tokens);

/// SentencePiece's: ▁ for spaces, and byte tokens.
TokenForm sentencepiece_form();

/// In words: "byte-level BPE", "▁ for spaces, byte tokens"; empty where texts are as they are.
std::string describe(const TokenForm& form);

/// The bytes a stored text stands for; nothing where a byte-level text holds a character that
/// stands for no byte. Throws Error{format}, which names no file, where replacements make the text
/// many times as long.
std::optional<std::string> decode(std::string_view stored, const TokenForm& form);

}  // namespace yoneda::ingest
