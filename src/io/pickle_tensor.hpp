// From a tensor in a pickle to one that can be read: sizes, strides and bounds, all checked.
#pragma once

#include <string>

#include "io/pickle.hpp"
#include "io/pickle_values.hpp"

namespace yoneda::io::pickle {

/// The most axes a tensor may have here.
inline constexpr Index rank_limit = 16;

/// Throws Error{format} naming the tensor where it does not lie inside its storage, is of an
/// element type this library lacks, or has sizes that are none.
PickledTensor tensor(const Values& values, const View& view, const std::string& name);

}  // namespace yoneda::io::pickle
