// Sets of SAEs, one a layer, and decoders that write to several layers.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "ingest/place.hpp"
#include "yoneda/io/tensor.hpp"
#include "yoneda/model/origin.hpp"

namespace yoneda::ingest {

/// The file `prefix`<layer>`suffix` that is meant: the named one, the one of `layer`, or the only
/// one of its folder. Nothing where there is none of that kind; Error{value} where there are
/// several and none is chosen, or where the chosen one is missing.
std::optional<std::string> file_of_layer(const Place& place, const std::string& prefix,
                                         const std::string& suffix, std::optional<Index> layer);

/// Of a decoder [n, L, d] to the given L layers, the one [n, d] that writes to `target`. Throws
/// Error{value} where it is not said or not among them. Reads nothing.
io::Tensor decoder_for_layer(const io::Tensor& decoder, std::span<const Index> layers,
                             std::optional<Index> target, Origin& origin);

}  // namespace yoneda::ingest
