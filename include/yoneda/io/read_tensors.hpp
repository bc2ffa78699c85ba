// Reading any container of tensors.
#pragma once

#include <string>

#include "yoneda/io/tensor.hpp"

namespace yoneda::io {

/// Reads safetensors, npz, npy, GGUF, PyTorch's or llama2.c's checkpoints, told apart by content
/// and not by name. Throws Error{file}, or Error{format} which names what the file looks like where
/// it is something else.
TensorFile read_tensors(const std::string& path);

/// The same for bytes in memory; `path` is for messages.
TensorFile parse_tensors(const SharedBytes& file, const std::string& path);

}  // namespace yoneda::io
