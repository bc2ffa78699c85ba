// Read-only memory mapping.
#pragma once

#include <string>

#include "yoneda/io/tensor.hpp"

namespace yoneda::io {

/// Maps a whole file. The mapping lives as long as a copy of the result; the file must not be
/// shortened meanwhile (replacing it by a rename, as our own writers do, is harmless). Throws
/// Error{file} where it is missing, a folder, empty or unreadable.
SharedBytes map_file(const std::string& path);

/// Tells the system that mapped bytes have been read: their memory is free for others, and they are
/// read from the file again if somebody asks. Does nothing to bytes that are not mapped, and to the
/// parts of pages at both ends.
void release(const SharedBytes& bytes);

}  // namespace yoneda::io
