// NumPy's archives: a zip file of .npy members.
#pragma once

#include <map>
#include <span>
#include <string>

#include "yoneda/io/output_tensor.hpp"
#include "yoneda/io/tensor.hpp"

namespace yoneda::io {

/// Reads the members' headers; stored and deflated members are decompressed when their bytes are
/// asked for. Single texts (NumPy's bytes, a scalar) are `metadata`; other members that are no
/// arrays of numbers are listed in `unreadable`. Throws Error{file}, or Error{format} for a damaged
/// archive and one without any array.
TensorFile read_npz(const std::string& path);

/// The same for bytes in memory; `path` is for messages.
TensorFile parse_npz(const SharedBytes& file, const std::string& path);

/// Writes atomically, uncompressed, tensors in the order given, then texts as scalars of bytes;
/// equal input gives equal bytes. The archive is assembled in memory. Throws as write_npy.
void write_npz(const std::string& path, std::span<const OutputTensor> tensors,
               const std::map<std::string, std::string>& texts = {});

}  // namespace yoneda::io
