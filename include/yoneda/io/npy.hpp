// NumPy's array files.
#pragma once

#include <string>

#include "yoneda/io/output_tensor.hpp"
#include "yoneda/io/tensor.hpp"

namespace yoneda::io {

/// Maps an .npy file (versions 1 to 3); the one tensor is called "array". Fortran order is read up
/// to two axes, by transposing when the bytes are asked for; big-endian numbers are turned then.
/// Throws Error{file}, or Error{format} for damage, structures, strings and Python objects.
TensorFile read_npy(const std::string& path);

/// The same for bytes in memory; `path` is for messages.
TensorFile parse_npy(const SharedBytes& file, const std::string& path);

/// Writes atomically. Throws as write_safetensors; Error{value} for BF16 and 8-bit floats, which
/// NumPy does not know.
void write_npy(const std::string& path, const OutputTensor& tensor);

}  // namespace yoneda::io
