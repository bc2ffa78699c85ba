// Decoding ggml's blocks. Every function writes the numbers of one block at `y`, as floats whose
// products and sums are rounded in ggml's order. See ggml_type.hpp for the source.
#pragma once

#include <cstddef>

namespace yoneda::io {

// 32 numbers a block: a scale d (f16), and a smallest value m (f16) where the name ends with _1.
void decode_q4_0(const std::byte* block, float* y);  // d (q - 8)
void decode_q4_1(const std::byte* block, float* y);  // d q + m
void decode_q5_0(const std::byte* block, float* y);  // d (q - 16)
void decode_q5_1(const std::byte* block, float* y);  // d q + m
void decode_q8_0(const std::byte* block, float* y);  // d q

// 256 numbers a block: groups of 16 or 32 have small scales s of their own, and some minima t.
void decode_q2_k(const std::byte* block, float* y);  // (d s) q - (d' t)
void decode_q3_k(const std::byte* block, float* y);  // (d s) q
void decode_q4_k(const std::byte* block, float* y);  // (d s) q - (d' t)
void decode_q5_k(const std::byte* block, float* y);  // (d s) q - (d' t)
void decode_q6_k(const std::byte* block, float* y);  // (d s) q
void decode_q8_k(const std::byte* block, float* y);  // d q, d a float

}  // namespace yoneda::io
