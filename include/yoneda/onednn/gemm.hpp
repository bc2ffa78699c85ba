// The matrix product by oneDNN, which uses whatever vector instructions the processor has.
#pragma once

#include "yoneda/linear/gemm.hpp"

namespace yoneda {

/// oneDNN's products: f32, and bf16 where the processor has the instruction (AVX-512 BF16, AMX).
/// Eigen's f32 where the library was built without oneDNN (see `name`). DNNL_MAX_CPU_ISA in the
/// environment takes instructions away. Each thread creates and runs its own one-thread primitives:
/// one primitive shared by two threads gave wrong numbers, and oneDNN's own threads change the bits
/// of transposed products. Throws Error{numeric} where oneDNN refuses.
const Gemm& onednn_gemm();

/// The same without bf16.
const Gemm& onednn_f32_gemm();

}  // namespace yoneda
