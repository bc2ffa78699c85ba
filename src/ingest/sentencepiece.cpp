#include "ingest/sentencepiece.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <span>
#include <utility>

#include "io/byte_reader.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

enum PieceType : std::uint64_t { normal = 1, unknown, control, user_defined, unused, byte };

// How a field of a message is stored.
enum Wire : std::uint64_t { varint = 0, eight_bytes = 1, length = 2, four_bytes = 5 };

struct Tag {
  std::uint64_t field, wire;
};

constexpr Tag pieces_tag{1, length};
constexpr Tag text_tag{1, length};
constexpr Tag type_tag{3, varint};
constexpr unsigned char score_byte = 2 << 3 | four_bytes;  // the tag of a piece's score

bool operator==(const Tag& a, const Tag& b) {
  return a.field == b.field && a.wire == b.wire;
}

Error damaged(const std::string& how) {
  return Error(ErrorKind::format, "damaged SentencePiece model: " + how);
}

// Seven bits a byte, the lowest first; the eighth says that more follow.
std::uint64_t read_varint(io::ByteReader& reader) {
  std::uint64_t number = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const auto bits = reader.number<std::uint8_t>("a field");
    number |= static_cast<std::uint64_t>(bits & 0x7f) << shift;
    if (bits < 0x80) return number;
  }
  throw damaged(fmt::format("a number without end at byte {}", reader.at()));
}

Tag read_tag(io::ByteReader& reader) {
  const std::uint64_t number = read_varint(reader);
  if (number >> 3 == 0) throw damaged(fmt::format("a field of number 0 at byte {}", reader.at()));
  return {number >> 3, number & 7};
}

std::string_view read_bytes(io::ByteReader& reader) {
  return reader.text(read_varint(reader), "a field");
}

void skip(io::ByteReader& reader, std::uint64_t wire) {
  if (wire == varint)
    read_varint(reader);
  else if (wire == length)
    read_bytes(reader);
  else if (wire == eight_bytes || wire == four_bytes)
    reader.take(wire == eight_bytes ? 8 : 4, "a field");
  else
    throw damaged(fmt::format("a field of wire type {} at byte {}", wire, reader.at()));
}

struct Piece {
  std::string text;
  std::uint64_t type = normal;
};

Piece read_piece(std::string_view message) {
  io::ByteReader reader(message);
  Piece piece;
  while (!reader.done()) {
    const Tag tag = read_tag(reader);
    if (tag == text_tag)
      piece.text = read_bytes(reader);
    else if (tag == type_tag)
      piece.type = read_varint(reader);
    else
      skip(reader, tag.wire);
  }
  return piece;
}

}  // namespace

bool is_sentencepiece(std::string_view file) {
  // The tags of a piece and of its text, each with a length of one byte, then the score.
  if (file.size() < 4 || file[0] != 0x0a || file[2] != 0x0a) return false;
  const auto whole = static_cast<unsigned char>(file[1]),
             text = static_cast<unsigned char>(file[3]);
  const std::size_t score = std::size_t{4} + text;
  return whole < 0x80 && text + 2 < whole && score < file.size() &&
         static_cast<unsigned char>(file[score]) == score_byte;
}

StoredVocabulary read_sentencepiece(std::string_view file, const std::string& path) {
  StoredVocabulary stored{"SentencePiece", {}, {}, sentencepiece_form()};
  bool bytes = false;
  io::naming(path, {}, [&] {
    io::ByteReader reader(file);
    while (!reader.done()) {
      const Tag tag = read_tag(reader);
      if (!(tag == pieces_tag)) {
        skip(reader, tag.wire);
        continue;
      }
      Piece piece = read_piece(read_bytes(reader));
      bytes = bytes || piece.type == byte;
      stored.tokens.push_back({static_cast<Index>(stored.tokens.size()), std::move(piece.text),
                               piece.type == control || piece.type == unknown});
    }
  });
  stored.form->byte_tokens = bytes;
  return stored;
}

}  // namespace yoneda::ingest
