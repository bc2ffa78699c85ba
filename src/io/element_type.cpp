#include "yoneda/io/element_type.hpp"

#include <array>

namespace yoneda::io {
namespace {

struct Entry {
  ElementType type;
  std::string_view name;
  Index bytes;
};

constexpr std::array entries{
    Entry{ElementType::f64, "F64", 8},         Entry{ElementType::f32, "F32", 4},
    Entry{ElementType::f16, "F16", 2},         Entry{ElementType::bf16, "BF16", 2},
    Entry{ElementType::f8_e4m3, "F8_E4M3", 1}, Entry{ElementType::f8_e5m2, "F8_E5M2", 1},
    Entry{ElementType::i64, "I64", 8},         Entry{ElementType::i32, "I32", 4},
    Entry{ElementType::i16, "I16", 2},         Entry{ElementType::i8, "I8", 1},
    Entry{ElementType::u64, "U64", 8},         Entry{ElementType::u32, "U32", 4},
    Entry{ElementType::u16, "U16", 2},         Entry{ElementType::u8, "U8", 1},
    Entry{ElementType::boolean, "BOOL", 1},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (entries[i].type != static_cast<ElementType>(i)) return false;
  return true;
}
static_assert(in_order(), "the table is indexed by the enumerator");

const Entry& entry(ElementType type) {
  return entries[static_cast<std::size_t>(type)];
}

}  // namespace

Index bytes_per_element(ElementType type) {
  return entry(type).bytes;
}

std::string_view name(ElementType type) {
  return entry(type).name;
}

std::optional<ElementType> element_type_from(std::string_view name) {
  for (const Entry& candidate : entries)
    if (candidate.name == name) return candidate.type;
  return std::nullopt;
}

ElementType element_type(Dtype dtype) {
  switch (dtype) {
    case Dtype::f16:
      return ElementType::f16;
    case Dtype::bf16:
      return ElementType::bf16;
    case Dtype::f32:
      break;
  }
  return ElementType::f32;
}

}  // namespace yoneda::io
