// Reading the texts of tokens.
#pragma once

#include <optional>
#include <string>

#include "yoneda/model/vocabulary.hpp"

namespace yoneda::ingest {

/// Reads a Hugging Face tokenizer.json, a JSON object {"text": id} (vocab.json, or the merges.txt
/// beside it, with added_tokens.json), a JSON list of texts, a SentencePiece model, tiktoken's
/// ranks, the tokens in a GGUF file, llama2.c's tokenizer.bin, or plain text with one token a line;
/// told apart by content.
///
/// Texts become the bytes they stand for, as the tokenizer's decoder says, or, where nothing does,
/// as they look (with a note): byte-level BPE ("Ġcat" is " cat"; a token may be half a character),
/// ▁ for spaces and byte tokens ("<0x0A>"), "</w>" for the space behind a word. Added tokens stand
/// for themselves. "##ing" stays. What is not understood stays as it is stored, with a note; ids
/// without a text become "#<id>", with a note. `origin.dialect` says what was decided. Sources:
/// Radford et al. 2019, Language Models are Unsupervised Multitask Learners; Kudo, Richardson 2018,
/// SentencePiece; Sennrich, Haddow, Birch 2016, Neural Machine Translation of Rare Words with
/// Subword Units.
///
/// Throws Error{file}; Error{format} for damage; Error{value} for an id given to two texts, and
/// where more ids lack a text than have one. Cost: one pass over the file; memory for the file and
/// twice its tokens.
Vocabulary load_vocabulary(const std::string& path);

/// The added_tokens.json that load_vocabulary() reads along with a vocab.json or a SentencePiece
/// model under its usual name, where there is one.
std::optional<std::string> added_tokens_beside(const std::string& vocabulary);

/// Whether a file is a vocabulary, and nothing else, by its usual name or its first bytes.
bool is_vocabulary(const std::string& path);

/// The vocabulary in a GGUF file. Else the first of these in a folder, or beside a file:
/// tokenizer.json (which alone says how its tokens are written), vocab.json, tokens.json,
/// vocab.txt, tokenizer.model and spiece.model, llama2.c's tokenizer.bin, the only GGUF file of a
/// folder and the only file like tok4096.bin.
std::optional<std::string> find_vocabulary(const std::string& path);

}  // namespace yoneda::ingest
