// Telling llama2.c's checkpoints, which need not say what they are.
#pragma once

#include <cstddef>
#include <span>

namespace yoneda::io {

/// True for the magic number of version 1 and later, and for a version 0 that is exactly as long as
/// its header says.
bool is_llama2c(std::span<const std::byte> file);

/// True where the first seven numbers could be a header of version 0, whatever the file's length.
bool may_be_llama2c(std::span<const std::byte> file);

}  // namespace yoneda::io
