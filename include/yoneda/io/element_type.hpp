// What the numbers of a tensor in a file can be.
#pragma once

#include <optional>
#include <string_view>

#include "yoneda/core/dtype.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda::io {

/// The element types of safetensors that tensors have here; see safetensors.hpp for the others.
enum class ElementType {
  f64,
  f32,
  f16,
  bf16,
  f8_e4m3,
  f8_e5m2,
  i64,
  i32,
  i16,
  i8,
  u64,
  u32,
  u16,
  u8,
  boolean,
};

Index bytes_per_element(ElementType type);

/// Spelled as safetensors spells it: "F32", "BF16", "BOOL".
std::string_view name(ElementType type);

/// The inverse of name(); nothing for a type that is not in the list.
std::optional<ElementType> element_type_from(std::string_view name);

/// The element type that a Matrix of this dtype is stored as.
ElementType element_type(Dtype dtype);

}  // namespace yoneda::io
