// Vocabularies in the files of SentencePiece and tiktoken, and GPT-2's pair.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "ingest/fixture_texts.hpp"
#include "io/support.hpp"
#include "yoneda/ingest/vocabulary.hpp"

using namespace yoneda;
using namespace yoneda::test;
using ingest::find_vocabulary;
using ingest::load_vocabulary;
using Texts = std::vector<std::string>;

namespace {

struct Stored : Folder {
  std::string path;

  Stored(const std::string& name, const std::string& bytes) : path(*this / name) {
    io::write_text(path, bytes);
  }
  Vocabulary read() const { return load_vocabulary(path); }
  Error refusal() const {
    return error_of(path, [&] { load_vocabulary(path); });
  }
};

std::string varint(std::uint64_t number) {
  std::string bytes;
  for (; number >= 0x80; number >>= 7) bytes += static_cast<char>(number | 0x80);
  return bytes + static_cast<char>(number);
}

std::string field(int number, const std::string& bytes) {
  return varint(static_cast<std::uint64_t>(number) << 3 | 2) + varint(bytes.size()) + bytes;
}

std::string piece(const std::string& text, const std::string& more = {}) {
  return field(1, field(1, text) + std::string("\x15\0\0\0\0", 5) + more);
}

std::string type(char number) {
  return std::string("\x18") + number;
}

}  // namespace

TEST_CASE("SentencePiece's models, against its own decoder") {
  for (const std::string name : {"sentencepiece_bpe", "sentencepiece_unigram"}) {
    CAPTURE(name);
    const std::string path = fixture("vocabulary/" + name + ".model");
    const Vocabulary vocabulary = load_vocabulary(path);
    CHECK(vocabulary.texts() == meant(name + "_model"));
    CHECK(vocabulary.origin.notes.empty());
    CHECK(vocabulary.origin.dialect == std::string("SentencePiece, ▁ for spaces") +
                                           (name.ends_with("bpe") ? ", byte tokens" : ""));
    CHECK(ingest::is_vocabulary(path));
  }
}

TEST_CASE("fields of a SentencePiece model in any order, with others between them") {
  const std::string later =
      field(2, "a trainer") + "\x48\x07" + "\x55" + "1234" + "\x59" + "12345678";
  const Stored model("m.model", piece("<unk>", type(2)) + later + piece("▁a", "\x48\x07") +
                                    field(1, type(6) + field(1, "<0x41>")) + piece("<0x42>") +
                                    piece("", type(5)) + later);
  CHECK(model.read().texts() == Texts{"<unk>", " a", "A", "B", ""});
  CHECK(Stored("m.model", piece("<s>", type(3)) + piece("<0x42>")).read().texts() ==
        Texts{"<s>", "<0x42>"});  // without byte fallback it is a text like any other
}

TEST_CASE("a SentencePiece model cut or damaged anywhere is refused or read, never more") {
  const std::string whole = io::read_text(fixture("vocabulary/sentencepiece_unigram.model"));
  Index refused = 0;
  const auto try_to_read = [&](const std::string& bytes) {
    const Stored model("m.model", bytes);
    try {
      const Vocabulary vocabulary = model.read();
      CHECK(vocabulary.size() <= static_cast<Index>(bytes.size()));
    } catch (const Error& error) {
      ++refused;
      REQUIRE(std::string(error.what()).starts_with(model.path));
      REQUIRE(std::string(error.what()).find('\n') == std::string::npos);
    }
  };
  for (std::size_t size = 10; size < whole.size(); size += 3) try_to_read(whole.substr(0, size));
  CHECK(refused > 100);
  for (std::size_t at = 11; at < whole.size(); at += 5)
    for (const int flip : {1, 8, 64, 128}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      try_to_read(damaged);
    }
}

TEST_CASE("fields that a SentencePiece model cannot have are refused by what they are") {
  const std::string start = piece("<unk>", type(2));
  mentions(Stored("m", start + "\x0a" + varint(std::uint64_t{1} << 63)).refusal(),
           "truncated: a field");
  mentions(Stored("m", start + "\x0a" + varint(~std::uint64_t{0}) + "x").refusal(), "truncated");
  mentions(Stored("m", start + std::string(11, '\xff')).refusal(), "a number without end");
  mentions(Stored("m", start + std::string(1, '\0')).refusal(), "a field of number 0");
  mentions(Stored("m", start + "\x0b").refusal(), "wire type 3");
  mentions(Stored("m", piece("<unk>", "\x1f")).refusal(), "damaged SentencePiece model");
}

TEST_CASE("texts that begin like a SentencePiece model are texts") {
  CHECK(Stored("words", "\n\x0e\n\x05word\n").read().size() == 3);
  CHECK(Stored("words", "\n\n\n\n").read().size() == 4);
  CHECK(Stored("words", "\nthe").read().texts() == Texts{"", "the"});
}

TEST_CASE("tiktoken's files: base64 and rank, in any order") {
  const Stored file("t", "IQ== 0\nIg== 1\nIHRoZQ== 3\n4g== 2\nYWJj 4\r\n\n");
  CHECK(file.read().texts() == Texts{"!", "\"", "\xe2", " the", "abc"});
  CHECK(file.read().origin.dialect == "tiktoken");
  CHECK(ingest::is_vocabulary(file.path));
  // Ids that special tokens have are missing.
  const Stored holes("t.tiktoken", "IQ== 0\nIg== 1\nIw== 3");
  CHECK(holes.read().texts() == Texts{"!", "\"", "#2", "#"});
  CHECK(holes.read().origin.notes == Texts{"1 ids have no text and are shown as #id"});
  CHECK(Stored("t.tiktoken", "IQ== 0").read().texts() == Texts{"!"});
  std::string bytes, expected;
  for (int byte = 0; byte < 256; ++byte) expected += static_cast<char>(byte);
  // All bytes in one token, whose base64 is written out.
  const std::string all =
      "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+"
      "P0BBQkNERUZH"
      "SElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn+"
      "AgYKDhIWGh4iJiouMjY6P"
      "kJGSk5SVlpeYmZqbnJ2en6ChoqOkpaanqKmqq6ytrq+wsbKztLW2t7i5uru8vb6/"
      "wMHCw8TFxsfIycrLzM3Oz9DR0tPU1dbX"
      "2Nna29zd3t/g4eLj5OXm5+jp6uvs7e7v8PHy8/T19vf4+fr7/P3+/w== 0\n";
  CHECK(Stored("t.tiktoken", all).read().texts() == Texts{expected});
}

TEST_CASE("tiktoken's files with a line that is none, and texts that are none") {
  const std::string start = "IQ== 0\nIg== 1\nIw== 2\nJA== 3\n";
  for (const std::string line : {"JQ= 4", "JQ== x", "JQ== -1", "JQ== 2147483648", "JQ==", "J*== 4",
                                 "JQ==  4", "=Q== 4", "J=== 4", "JQ== 4 5", " 4"}) {
    CAPTURE(line);
    mentions(Stored("t", start + line + "\n").refusal(), "line 5 is '" + line + "'");
  }
  mentions(Stored("t", start + "JQ== 2\n").refusal(), "id 2 is given to");
  mentions(Stored("t", start + "JQ== 2147483647\n").refusal(), "ids up to 2147483647");
  mentions(Stored("t.tiktoken", "hello\n").refusal(), "line 1 is 'hello'");
  // Words and how often they occur, of any length; a list of words by its name.
  CHECK(Stored("words", "the 5\nof 4\n").read().texts() == Texts{"the 5", "of 4"});
  CHECK(Stored("words.txt", start).read().size() == 4);
}

TEST_CASE("merges stand for the vocabulary beside them") {
  const Stored merges("merges.txt", "#version: 0.2\n\u0120 t\nh e\n");
  mentions(merges.refusal(), "holds the merges of a BPE, not its tokens");
  io::write_text(merges / "vocab.json", "{\"\u0120t\": 1, \"he\": 0, \"\u0120\": 2}");
  CHECK(merges.read().texts() == Texts{"he", " t", " "});
  CHECK(merges.read().origin.dialect == "vocab.json, byte-level BPE");
  io::write_text(merges / "added_tokens.json", R"({"<pad>": 3})");
  CHECK(merges.read().size() == 4);
  const Stored bpe("vocab.bpe", "#version: 0.2\nh e\n");
  io::write_text(bpe / "encoder.json", R"({"h": 0, "e": 1, "he": 2})");
  CHECK(bpe.read().texts() == Texts{"h", "e", "he"});
}

TEST_CASE("tokenizer.model beside a model, whatever it holds; tokenizer.json goes before") {
  for (const std::string& bytes :
       {piece("<unk>", type(2)) + piece("▁a"), std::string("PHVuaz4= 0\nIGE= 1\n")}) {
    const Stored model("tokenizer.model", bytes);
    REQUIRE(find_vocabulary(model.string()) == model.path);
    CHECK(model.read().texts() == Texts{"<unk>", " a"});
    io::write_text(model / "added_tokens.json", R"({"<pad>": 2})");
    CHECK(model.read().text(2) == "<pad>");
    io::write_text(model / "tokenizer.json", "{}");
    CHECK(find_vocabulary(model.string()) == model / "tokenizer.json");
  }
}
