// From the nested values of a checkpoint to a list of tensors and values by path.
#pragma once

#include "io/pickle.hpp"
#include "io/pickle_values.hpp"

namespace yoneda::io::pickle {

/// Throws Error{format} where values contain themselves, are nested too deep, unfold to too many,
/// or have no name or reading here.
PickledState flatten(const Values& values, Ref root);

}  // namespace yoneda::io::pickle
