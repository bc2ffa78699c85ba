// The safetensors container: a JSON header and raw tensors behind it.
#pragma once

#include <map>
#include <span>
#include <string>

#include "yoneda/io/output_tensor.hpp"
#include "yoneda/io/tensor.hpp"

namespace yoneda::io {

/// Maps the file and checks its whole header: sizes, dtypes, names, and that the tensors fill the
/// data exactly, without gap or overlap. Throws Error{file} or Error{format}. Cost: the header.
TensorFile read_safetensors(const std::string& path);

/// The same for bytes in memory; `path` is for messages.
TensorFile parse_safetensors(const SharedBytes& file, const std::string& path);

/// Writes atomically; tensors in the order given, data aligned to 64 bytes. Equal input gives equal
/// bytes. Throws Error{shape} where a shape and its bytes disagree, Error{value} for repeated or
/// reserved names, Error{file} where the file cannot be written.
void write_safetensors(const std::string& path, std::span<const OutputTensor> tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace yoneda::io
