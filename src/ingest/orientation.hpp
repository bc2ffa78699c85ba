// Which axis of a stored matrix is which, from lengths that are known.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "yoneda/io/tensor.hpp"

namespace yoneda::ingest {

/// A length that somebody vouches for: {64, "the final norm's gain"}.
struct KnownLength {
  Index length;
  std::string source;
};

/// One of the two axes that are wanted: {"features", {{512, "'b_enc'"}}}.
struct Axis {
  std::string name;
  std::vector<KnownLength> known;
};

/// True where the tensor is stored as [cols, rows]. `said` is the answer somebody gave already.
/// Throws Error{shape} unless exactly one of the two readings fits what is known; where both do,
/// `advice` says what would settle it.
bool stored_transposed(const io::Tensor& tensor, const Axis& rows, const Axis& cols,
                       std::optional<bool> said, const std::string& advice);

/// The tensor as [rows, cols], checked to be finite.
Matrix oriented(const io::Tensor& tensor, bool transposed);

}  // namespace yoneda::ingest
