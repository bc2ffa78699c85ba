// The integer types every header speaks.
#pragma once

#include <cstdint>

namespace yoneda {

/// Sizes, counts and offsets. Signed, so that differences are safe and OpenMP accepts it
/// everywhere.
using Index = std::int64_t;

/// The name of a feature, a token or a graph node: 32 bits, because arrays of ids dominate memory.
using Id = std::int32_t;

}  // namespace yoneda
