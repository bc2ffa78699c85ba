// yoneda run --dry-run: what would be computed and written, and what it would cost.
#pragma once

#include <string>

#include "command.hpp"

namespace tool {

/// Says it, from headers and configurations alone; nothing is written. Throws what `run` would, as
/// far as shapes and names show it.
void print_plan(const SourceFlags& flags, const MainJob& job, const std::string& folder,
                const Session& session);

}  // namespace tool
