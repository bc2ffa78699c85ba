// The checkpoints of llama2.c: a header of seven numbers, and float32 matrices behind it.
#pragma once

#include <string>

#include "yoneda/io/tensor.hpp"

namespace yoneda::io {

/// Maps what llama2.c's export.py writes as version 0, without a magic number, and as version 1.
/// The tensors have Llama's own names ("tok_embeddings.weight" [V, d],
/// "layers.3.attention.wo.weight" [d, d], "norm.weight" [d]); "output.weight" [V, d] is there where
/// the model is not tied. Throws Error{file}, or Error{format} unless the file is exactly as long
/// as its header says; for version 2, which is quantized, and of which two layouts exist; and for a
/// later version. Cost: the header, and nine entries a layer. Source: Karpathy 2023, llama2.c
/// (export.py, run.c).
TensorFile read_llama2c(const std::string& path);

/// The same for bytes in memory; `path` is for messages.
TensorFile parse_llama2c(const SharedBytes& file, const std::string& path);

}  // namespace yoneda::io
