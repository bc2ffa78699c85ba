#include "ingest/llama2c_tokenizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <span>

#include "io/byte_reader.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

constexpr std::uint32_t longest_allowed = 1 << 16;  // its third and fourth byte are zero

}  // namespace

bool is_llama2c_tokenizer(std::string_view start) {
  io::ByteReader reader(start);
  if (reader.left() < 12) return false;
  const auto longest = reader.number<std::uint32_t>("");
  if (longest == 0 || longest >= longest_allowed) return false;
  while (reader.left() >= 8) {
    reader.number<float>("");
    const auto length = reader.number<std::uint32_t>("");
    if (length > longest) return false;
    reader.take(std::min<std::uint64_t>(length, static_cast<std::uint64_t>(reader.left())), "");
  }
  return true;
}

StoredVocabulary read_llama2c_tokenizer(std::string_view file, const std::string& path) {
  StoredVocabulary stored{"llama2.c tokenizer", {}, {}, TokenForm{.byte_tokens = true}};
  io::naming(path, {}, [&] {
    io::ByteReader reader(file);
    const auto longest = reader.number<std::uint32_t>("the length of the longest token");
    while (!reader.done()) {
      const auto id = static_cast<Index>(stored.tokens.size());
      reader.number<float>("a token's score");
      const auto length = reader.number<std::uint32_t>("a token's length");
      if (length > longest)
        throw Error(ErrorKind::format,
                    fmt::format("token {} has {} bytes, the longest has {}", id, length, longest));
      stored.tokens.push_back({id, std::string(reader.text(length, "a token"))});
    }
  });
  return stored;
}

}  // namespace yoneda::ingest
