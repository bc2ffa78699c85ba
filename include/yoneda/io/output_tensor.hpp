// What the writers take: a name, a shape and borrowed bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "yoneda/core/matrix.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/io/element_type.hpp"

namespace yoneda::io {

/// A tensor to be written. `bytes` belongs to the caller and must live until the write is over.
struct OutputTensor {
  std::string name;
  ElementType dtype = ElementType::f32;
  std::vector<Index> shape;
  std::span<const std::byte> bytes;
};

/// An output tensor of a matrix, or of values; no shape means one axis.
OutputTensor output(std::string name, const Matrix& values);
OutputTensor output(std::string name, std::span<const float> values, std::vector<Index> shape = {});
OutputTensor output(std::string name, std::span<const double> values,
                    std::vector<Index> shape = {});
OutputTensor output(std::string name, std::span<const Id> values, std::vector<Index> shape = {});
OutputTensor output(std::string name, std::span<const Index> values, std::vector<Index> shape = {});
OutputTensor output(std::string name, std::span<const std::uint8_t> values,
                    std::vector<Index> shape = {});

/// Throws Error{shape} naming `path` where the shape and the bytes disagree.
void require_consistent(const OutputTensor& tensor, const std::string& path);

}  // namespace yoneda::io
