// Numbers that were stored with their highest byte first.
#pragma once

#include "yoneda/io/tensor.hpp"

namespace yoneda::io {

/// The same tensor where `read` and `stream` give big-endian numbers: they are turned into
/// little-endian ones as they are read, into a copy.
Tensor from_big_endian(Tensor tensor);

}  // namespace yoneda::io
