// Pickles put together by hand, opcode by opcode.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "io/raw.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda::test::ops {

inline std::string text(const std::string& utf8) {
  return "X" + raw(static_cast<std::uint32_t>(utf8.size())) + utf8;
}

inline std::string integer(Index value) {
  return "\x8a\x08" + raw(value);
}

inline std::string name(const std::string& module, const std::string& of) {
  return "c" + module + "\n" + of + "\n";
}

inline std::string tuple(std::initializer_list<std::string> items) {
  std::string bytes = "(";
  for (const auto& item : items) bytes += item;
  return bytes + "t";
}

inline std::string counts(std::initializer_list<Index> values) {
  std::string bytes = "(";
  for (const Index value : values) bytes += integer(value);
  return bytes + "t";
}

inline std::string call(const std::string& module, const std::string& of,
                        std::initializer_list<std::string> args) {
  return name(module, of) + tuple(args) + "R";
}

/// A storage of `count` elements.
inline std::string storage(const std::string& key, Index count,
                           const std::string& kind = "FloatStorage",
                           const std::string& module = "torch") {
  return tuple({text("storage"), name(module, kind), text(key), text("cpu"), integer(count)}) + "Q";
}

/// A tensor as torch.save writes it.
inline std::string tensor(const std::string& of, Index offset, std::initializer_list<Index> shape,
                          std::initializer_list<Index> strides) {
  return call("torch._utils", "_rebuild_tensor_v2",
              {of, integer(offset), counts(shape), counts(strides), "\x89",
               call("collections", "OrderedDict", {})});
}

inline std::string dict(std::initializer_list<std::string> keys_and_values) {
  std::string bytes = "}(";
  for (const auto& part : keys_and_values) bytes += part;
  return bytes + "u";
}

}  // namespace yoneda::test::ops
