#include "yoneda/io/llama2c.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "io/byte_reader.hpp"
#include "io/llama2c.hpp"
#include "io/shape.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/io/mapped_file.hpp"

namespace yoneda::io {
namespace {

constexpr std::uint32_t llama2c_magic = 0x616b3432;  // "ak42", from version 1 on
constexpr Index padded_header = 256;                 // its header's length
constexpr Index old_header = 7 * 4;                  // version 0: the sizes alone

struct Sizes {
  Index d, hidden, layers, heads, kv_heads, V, context;
  bool tied;

  Index head() const { return d / heads; }
  Index kv() const { return head() * kv_heads; }
};

// More than any model has: one that claims so many layers would be a list longer than its file.
constexpr Index most_layers = 10'000;

bool plausible(const Sizes& s) {
  for (const Index size : {s.d, s.hidden, s.layers, s.heads, s.kv_heads, s.V, s.context})
    if (size <= 0) return false;
  return s.layers <= most_layers && s.d % s.heads == 0 && s.heads % s.kv_heads == 0;
}

// Of version 0 the sign of the vocabulary's size says whether the output matrix is the embedding.
Sizes read_sizes(ByteReader& reader) {
  constexpr std::array names{"dim",        "hidden_dim", "n_layers", "n_heads",
                             "n_kv_heads", "vocab_size", "seq_len"};
  std::array<Index, names.size()> s{};
  for (std::size_t i = 0; i < s.size(); ++i) s[i] = reader.number<std::int32_t>(names[i]);
  const bool tied = s[5] > 0;
  return {s[0], s[1], s[2], s[3], s[4], tied ? s[5] : -s[5], s[6], tied};
}

// A tensor of the file, or one of every layer.
struct Piece {
  std::string_view name;
  std::vector<Index> shape;
  bool layered = true;
};

using Pieces = std::vector<Piece>;

Pieces attention_matrices(const Sizes& s) {
  return {{"attention.wq.weight", {s.d, s.d}},
          {"attention.wk.weight", {s.kv(), s.d}},
          {"attention.wv.weight", {s.kv(), s.d}},
          {"attention.wo.weight", {s.d, s.d}}};
}

Pieces mlp_matrices(const Sizes& s) {
  return {{"feed_forward.w1.weight", {s.hidden, s.d}},
          {"feed_forward.w2.weight", {s.d, s.hidden}},
          {"feed_forward.w3.weight", {s.hidden, s.d}}};
}

Piece embedding(const Sizes& s) {
  return {"tok_embeddings.weight", {s.V, s.d}, false};
}

void append(Pieces& pieces, Pieces more) {
  for (Piece& piece : more) pieces.push_back(std::move(piece));
}

Pieces pieces_of_version_0(const Sizes& s) {
  Pieces pieces{embedding(s), {"attention_norm.weight", {s.d}}};
  append(pieces, attention_matrices(s));
  pieces.push_back({"ffn_norm.weight", {s.d}});
  append(pieces, mlp_matrices(s));
  append(pieces, {{"norm.weight", {s.d}, false},
                  {"freqs_cos", {s.context, s.head() / 2}, false},
                  {"freqs_sin", {s.context, s.head() / 2}, false}});
  if (!s.tied) pieces.push_back({"output.weight", {s.V, s.d}, false});
  return pieces;
}

Pieces pieces_of_version_1(const Sizes& s) {
  Pieces pieces{{"attention_norm.weight", {s.d}},
                {"ffn_norm.weight", {s.d}},
                {"norm.weight", {s.d}, false},
                embedding(s)};
  append(pieces, attention_matrices(s));
  append(pieces, mlp_matrices(s));
  if (!s.tied) pieces.push_back({"output.weight", {s.V, s.d}, false});
  return pieces;
}

// Of one layer, where every layer has one; nothing where that is more than any file can have.
std::optional<Index> bytes_of(const Piece& piece, Index layers) {
  std::vector<Index> shape = piece.shape;
  if (piece.layered) shape.push_back(layers);
  return bytes_of(shape, ElementType::f32);
}

std::optional<Index> bytes_of(const Pieces& pieces, Index layers) {
  Index total = 0;
  for (const Piece& piece : pieces) {
    const auto bytes = bytes_of(piece, layers);
    if (!bytes || *bytes > std::numeric_limits<Index>::max() - total) return std::nullopt;
    total += *bytes;
  }
  return total;
}

struct Layout {
  Sizes sizes;
  Index header;
  Pieces pieces;

  std::optional<Index> bytes() const {
    const auto data = bytes_of(pieces, sizes.layers);
    if (!data || *data > std::numeric_limits<Index>::max() - header) return std::nullopt;
    return *data + header;
  }
};

// Throws where the file is too short for a header, or the header is none.
Layout layout_of(std::span<const std::byte> file) {
  ByteReader reader(file);
  const bool numbered = reader.number<std::uint32_t>("the header") == llama2c_magic;
  if (!numbered) reader = ByteReader(file);
  const auto version = numbered ? reader.number<std::int32_t>("the version") : 0;
  if (version == 2)
    throw Error(ErrorKind::format,
                "is a quantized llama2.c checkpoint (version 2), which is not read, for two "
                "layouts have that number: export it as float32 (export.py --version 1)");
  if (version < 0 || version > 1 || (numbered && version == 0))
    throw Error(ErrorKind::format,
                fmt::format("is a llama2.c checkpoint of version {}; 0 and 1 are read "
                            "(export.py --version 1)",
                            version));
  Layout layout{read_sizes(reader), numbered ? padded_header : old_header, {}};
  if (numbered) {
    const auto shared = reader.number<std::uint8_t>("the flag of a shared classifier");
    if (shared > 1 || !layout.sizes.tied)
      throw Error(ErrorKind::format, "damaged llama2.c header: a flag or the vocabulary's size");
    layout.sizes.tied = shared == 1;
    reader.take(static_cast<std::uint64_t>(padded_header - reader.at()), "the header's padding");
  }
  if (!plausible(layout.sizes))
    throw Error(ErrorKind::format, "damaged llama2.c header: its sizes are of no model");
  layout.pieces = numbered ? pieces_of_version_1(layout.sizes) : pieces_of_version_0(layout.sizes);
  return layout;
}

Error wrong_length(Index size, const std::optional<Index>& announced) {
  const std::string needed =
      announced ? fmt::format("{}", *announced) : std::string("more than any file has");
  return Error(ErrorKind::format,
               fmt::format("looks like a llama2.c checkpoint of {} bytes, its header announces {}: "
                           "truncated, or something else",
                           size, needed));
}

}  // namespace

bool is_llama2c(std::span<const std::byte> file) {
  if (file.size() >= 4 && ByteReader(file).number<std::uint32_t>("") == llama2c_magic) return true;
  return may_be_llama2c(file) && layout_of(file).bytes() == static_cast<Index>(file.size());
}

bool may_be_llama2c(std::span<const std::byte> file) {
  if (static_cast<Index>(file.size()) < old_header) return false;
  ByteReader reader(file);
  return plausible(read_sizes(reader));
}

TensorFile read_llama2c(const std::string& path) {
  return parse_llama2c(map_file(path), path);
}

TensorFile parse_llama2c(const SharedBytes& file, const std::string& path) {
  TensorFile result{path, "llama2.c", {}, {}, {}};
  naming(path, {}, [&] {
    const Layout layout = layout_of(file.span);
    if (layout.bytes() != static_cast<Index>(file.span.size()))
      throw wrong_length(static_cast<Index>(file.span.size()), layout.bytes());
    Index at = layout.header;
    const auto add = [&](std::string name, const Piece& piece) {
      const Index bytes = *bytes_of(piece.shape, ElementType::f32);
      const auto read = [data = file.part(at, bytes)] { return data; };
      result.tensors.push_back({std::move(name), ElementType::f32, piece.shape, path, read});
      at += bytes;
    };
    for (const Piece& piece : layout.pieces) {
      if (!piece.layered) add(std::string(piece.name), piece);
      for (Index layer = 0; piece.layered && layer < layout.sizes.layers; ++layer)
        add(fmt::format("layers.{}.{}", layer, piece.name), piece);
    }
  });
  return result;
}

}  // namespace yoneda::io
