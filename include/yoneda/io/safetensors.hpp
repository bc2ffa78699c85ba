// The safetensors container: a JSON header and raw tensors behind it.
#pragma once

#include <map>
#include <span>
#include <string>

#include "yoneda/io/output_tensor.hpp"
#include "yoneda/io/tensor.hpp"

namespace yoneda::io {

/// Maps the file and checks its whole header: sizes, dtypes, names, and that the tensors fill the
/// data exactly, without gap or overlap. F8_E8M0, F8_E4M3FNUZ and F8_E5M2FNUZ are F32 that is
/// decoded when it is asked for; F4, F6_E2M3, F6_E3M2 and C64 are listed in `unreadable`. Throws
/// Error{file} or Error{format}. Cost: the header.
TensorFile read_safetensors(const std::string& path);

/// The same for bytes in memory; `path` is for messages.
TensorFile parse_safetensors(const SharedBytes& file, const std::string& path);

/// Writes atomically; tensors in the order given, data aligned to 64 bytes. Equal input gives equal
/// bytes. Throws Error{shape} where a shape and its bytes disagree, Error{value} for repeated or
/// reserved names, Error{file} where the file cannot be written.
void write_safetensors(const std::string& path, std::span<const OutputTensor> tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace yoneda::io
