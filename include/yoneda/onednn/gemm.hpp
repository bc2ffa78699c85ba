// The matrix product by oneDNN, which uses whatever vector instructions the processor has.
#pragma once

#include "yoneda/linear/gemm.hpp"

namespace yoneda {

/// oneDNN's f32 product; Eigen's where the library was built without oneDNN (see `name`).
/// Each thread creates and runs its own one-thread primitives: one primitive shared by two threads
/// gave wrong numbers, and oneDNN's own threads change the bits of transposed products.
/// Throws Error{numeric} where oneDNN refuses.
const Gemm& onednn_gemm();

}  // namespace yoneda
