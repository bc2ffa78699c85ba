// Vocabularies in the files of SentencePiece.
#include <algorithm>
#include <cstdint>
#include <fstream>

#include "io/support.hpp"
#include "yoneda/ingest/vocabulary.hpp"

using namespace yoneda;
using namespace yoneda::test;
using ingest::find_vocabulary;
using ingest::load_vocabulary;
using Texts = std::vector<std::string>;

namespace {

// The bytes that make_sentencepiece_fixtures.py has from SentencePiece's own decoder.
Texts decoded(const std::string& name) {
  std::ifstream file(fixture("vocabulary/" + name + ".hex"));
  Texts texts;
  for (std::string line; std::getline(file, line);) {
    texts.emplace_back();
    for (std::size_t i = 0; i < line.size(); i += 2)
      texts.back() += static_cast<char>(std::stoi(line.substr(i, 2), nullptr, 16));
  }
  return texts;
}

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
    CHECK(vocabulary.texts() == decoded(name + "_model"));
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

TEST_CASE("tokenizer.model beside a model, whatever it holds; tokenizer.json goes before") {
  for (const std::string& bytes : {piece("<unk>", type(2)) + piece("▁a")}) {
    const Stored model("tokenizer.model", bytes);
    REQUIRE(find_vocabulary(model.string()) == model.path);
    CHECK(model.read().texts() == Texts{"<unk>", " a"});
    io::write_text(model / "added_tokens.json", R"({"<pad>": 2})");
    CHECK(model.read().text(2) == "<pad>");
    io::write_text(model / "tokenizer.json", "{}");
    CHECK(find_vocabulary(model.string()) == model / "tokenizer.json");
  }
}
