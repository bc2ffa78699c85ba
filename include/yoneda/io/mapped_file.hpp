// Read-only memory mapping.
#pragma once

#include <string>

#include "yoneda/io/tensor.hpp"

namespace yoneda::io {

/// Maps a whole file. The mapping lives as long as a copy of the result; the file must not be
/// shortened meanwhile (replacing it by a rename, as our own writers do, is harmless). Throws
/// Error{file} where it is missing, a folder, empty or unreadable.
SharedBytes map_file(const std::string& path);

}  // namespace yoneda::io
