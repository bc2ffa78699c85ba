// Read-only memory mapping.
#pragma once

#include <string>

#include "yoneda/io/tensor.hpp"

namespace yoneda::io {

/// Maps a whole file. The mapping lives as long as a copy of the result; the file must not be
/// shortened meanwhile (replacing it by a rename, as our own writers do, is harmless): reading what
/// is gone raises SIGBUS, see exit_where_a_file_shrinks. Throws Error{file} where it is missing, no
/// file, empty or unreadable.
SharedBytes map_file(const std::string& path);

/// For a program, which owns its process; the library does it never. From now on, reading a mapped
/// file that was shortened, or whose disk fails, ends the program with this exit code and one line
/// on standard error that names the program and the file; files being written are removed. SIGBUS
/// for another reason does what it does by default. `program` must live for ever.
void exit_where_a_file_shrinks(const char* program, int exit_code);

/// Tells the system that mapped bytes have been read: their memory is free for others, and they are
/// read from the file again if somebody asks. Does nothing to bytes that are not mapped, and to the
/// parts of pages at both ends.
void release(const SharedBytes& bytes);

}  // namespace yoneda::io
