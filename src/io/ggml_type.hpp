// The number formats of ggml, whose tensors are rows of blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "yoneda/core/types.hpp"
#include "yoneda/io/element_type.hpp"

namespace yoneda::io {

/// Writes the numbers of one block, in order.
using DecodeBlock = void (*)(const std::byte* block, float* numbers);

/// One of the formats. What is stored as it is (F32, I8, ...) has blocks of one number.
struct GgmlType {
  std::uint32_t id;                       ///< as files have it
  std::string_view name;                  ///< "Q4_K"
  Index numbers;                          ///< in a block
  Index bytes;                            ///< of a block
  std::optional<ElementType> plain = {};  ///< where a block is a number of this type
  DecodeBlock decode = nullptr;           ///< where it has to be decoded; null: it is plain

  /// Whether its numbers can be had.
  bool readable() const { return plain || decode != nullptr; }
};

/// Null for an id that no format has. Of those that are listed and not readable the sizes are
/// known. Layouts and numbers, to the last bit, are those of ggml: Gerganov et al. 2023, ggml
/// (ggml-common.h, ggml-quants.c), and gguf-py (quants.py, constants.py), which llama.cpp ships.
const GgmlType* ggml_type(std::uint32_t id);

}  // namespace yoneda::io
