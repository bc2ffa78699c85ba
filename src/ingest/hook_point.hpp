// The parts of a hook point's name.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "yoneda/core/types.hpp"

namespace yoneda::ingest {

/// "blocks.5.attn.hook_z" is layer 5 and "attn.hook_z"; "mlp_out_layer_5" is layer 5 and "mlp_out".
std::pair<std::optional<Index>, std::string_view> split_at_layer(std::string_view hook_point);

std::string_view without(std::string_view text, std::string_view ending);

}  // namespace yoneda::ingest
