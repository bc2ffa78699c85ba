// PyTorch's names for storages and element types.
#pragma once

#include <optional>
#include <string_view>

#include "io/pickle_values.hpp"
#include "yoneda/io/element_type.hpp"

namespace yoneda::io::pickle {

/// The storage that a persistent id names: ('storage', class, key, location, count), as written by
/// torch/serialization.py. Throws Error{format} for any other id.
Ref storage_of(Values& values, Ref id);

/// The element type that a torch.dtype's name stands for; nothing for one this library lacks.
std::optional<ElementType> dtype_named(std::string_view dotted);

}  // namespace yoneda::io::pickle
