// Fingerprints of input files: XXH3, 128 bits, as 32 hexadecimal digits. They detect change, not
// malice.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace yoneda::io {

/// Of bytes in memory.
std::string hash_bytes(std::span<const std::byte> bytes);

/// As `xxhsum -H2` prints it. Throws Error{file}. Cost: one read of the file.
std::string hash_file(const std::string& path);

/// One hash of several files: of their names (without folders) and hashes, in the order given.
std::string hash_files(std::span<const std::string> paths);

/// Of a file: hash_file. Of a folder: one hash of the relative names and hashes of all regular
/// files below it, sorted by name; hidden files and folders are left out. Throws Error{file}.
std::string hash_path(const std::string& path);

}  // namespace yoneda::io
