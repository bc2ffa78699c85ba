#include "io/pickle.hpp"

#include <fmt/format.h>

#include <string_view>

#include "io/pickle_flatten.hpp"
#include "io/pickle_machine.hpp"
#include "io/text.hpp"

namespace yoneda::io {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t size_limit = 256 << 20;

}  // namespace

PickledState parse_pickle(std::span<const std::byte> bytes, const std::string& path) {
  return naming(path, {}, [&] {
    if (bytes.size() > size_limit)
      throw Error(ErrorKind::format, fmt::format("data.pkl has {} bytes, this library reads up to "
                                                 "{}",
                                                 bytes.size(), size_limit));
    pickle::Values values;
    const pickle::Ref root = pickle::Machine(bytes, values).run();
    return pickle::flatten(values, root);
  });
}

bool is_legacy_torch(std::span<const std::byte> bytes) {
  // MAGIC_NUMBER in torch/serialization.py, pickled by itself: LONG1 from protocol 2 on.
  constexpr auto magic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."sv;
  constexpr auto magic_as_text = "L119547037146038801333356L\n."sv;  // protocols 0 and 1
  constexpr std::size_t frame_size = 9;                              // from protocol 4 on
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with(magic_as_text)) return true;
  if (text.size() < 2 || text[0] != '\x80') return false;
  text.remove_prefix(2);
  if (text.size() > frame_size && text[0] == '\x95') text.remove_prefix(frame_size);
  return text.starts_with(magic);
}

}  // namespace yoneda::io
