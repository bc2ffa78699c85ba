// The header of an .npy file, alone or inside an .npz. Errors do not name the file: see naming().
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/io/output_tensor.hpp"
#include "yoneda/io/tensor.hpp"

namespace yoneda::io {

struct NpyHeader {
  ElementType dtype;
  std::vector<Index> shape;
  bool fortran;     // columns first
  bool big_endian;  // the highest byte of a number first
  Index size = 0;   // bytes before the data
  Index data = 0;   // bytes of data
};

/// Bytes that tell how long the header is.
inline constexpr Index npy_preamble = 12;

/// How long the header is, from its first npy_preamble bytes.
Index npy_header_size(std::span<const std::byte> start);

/// Parses exactly npy_header_size() bytes. Throws Error{format}.
NpyHeader parse_npy_header(std::span<const std::byte> bytes);

/// The strides of an array stored columns first; nothing for one stored row by row.
std::vector<Index> strides_of(const NpyHeader& header);

/// The header of a tensor to be written. Throws Error{value} for a dtype NumPy does not have.
std::string npy_header_text(const OutputTensor& tensor);

/// A whole .npy file that holds one text as a scalar of bytes: numpy.array(b"text").
std::string npy_text(std::string_view text);

/// The text of such a file; nothing where it is another.
std::optional<std::string> text_of_npy(std::string_view file);

}  // namespace yoneda::io
