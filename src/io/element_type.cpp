#include "yoneda/io/element_type.hpp"

#include <array>

namespace yoneda::io {
namespace {

struct NamedType {
  ElementType type;
  std::string_view name;
  Index bytes;
};

constexpr std::array named_types{
    NamedType{ElementType::f64, "F64", 8},         NamedType{ElementType::f32, "F32", 4},
    NamedType{ElementType::f16, "F16", 2},         NamedType{ElementType::bf16, "BF16", 2},
    NamedType{ElementType::f8_e4m3, "F8_E4M3", 1}, NamedType{ElementType::f8_e5m2, "F8_E5M2", 1},
    NamedType{ElementType::i64, "I64", 8},         NamedType{ElementType::i32, "I32", 4},
    NamedType{ElementType::i16, "I16", 2},         NamedType{ElementType::i8, "I8", 1},
    NamedType{ElementType::u64, "U64", 8},         NamedType{ElementType::u32, "U32", 4},
    NamedType{ElementType::u16, "U16", 2},         NamedType{ElementType::u8, "U8", 1},
    NamedType{ElementType::boolean, "BOOL", 1},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < named_types.size(); ++i)
    if (named_types[i].type != static_cast<ElementType>(i)) return false;
  return true;
}
static_assert(in_order(), "the table is indexed by the enumerator");

const NamedType& entry_of(ElementType type) {
  return named_types[static_cast<std::size_t>(type)];
}

}  // namespace

Index bytes_per_element(ElementType type) {
  return entry_of(type).bytes;
}

std::string_view name(ElementType type) {
  return entry_of(type).name;
}

std::optional<ElementType> element_type_from(std::string_view name) {
  for (const NamedType& candidate : named_types)
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
