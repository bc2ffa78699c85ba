// ggml's model files: metadata, a vocabulary and quantized tensors.
#pragma once

#include <string>

#include "yoneda/io/tensor.hpp"

namespace yoneda::io {

/// Maps a GGUF file of version 2 or 3 and checks its whole header. Shapes are row-major: what ggml
/// calls [d, V] is [V, d] here. Tensors of plain numbers stay mapped; Q4_0, Q4_1, Q5_0, Q5_1, Q8_0,
/// Q2_K, Q3_K, Q4_K, Q5_K, Q6_K and Q8_K are F32 that is decoded when it is asked for, to ggml's
/// own bits, and have their format as `encoding`; those of other formats are listed in
/// `unreadable`. Numbers and texts of the metadata are `metadata`; lists are not. Throws
/// Error{file}, or Error{format} for damage, version 1 and big-endian files. Cost: the header.
/// Source: Gerganov et al. 2023, ggml (docs/gguf.md).
TensorFile read_gguf(const std::string& path);

/// The same for bytes in memory; `path` is for messages.
TensorFile parse_gguf(const SharedBytes& file, const std::string& path);

}  // namespace yoneda::io
