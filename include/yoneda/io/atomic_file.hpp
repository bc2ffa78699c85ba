// Writing files so that a reader sees the old one or the new one, never half of either.
#pragma once

#include <cstddef>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

namespace yoneda::io {

/// A file that appears under its name when commit() returns. Until then it is a temporary file in
/// the same folder, which is deleted if the commit never comes: by its writer, or where that was
/// killed, by the next who writes the same file. A symbolic link stays one: what it
/// points to is replaced. A device or pipe (/dev/stdout) is written directly. Everything throws
/// Error{file} with the system's own reason, Error{resource} where there is no room left.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  void commit();

 private:
  [[noreturn]] void fail(int error) const;
  void remove_temporary();
  void write(const void* data, std::size_t size);

  std::string path_;       // as the caller named it
  std::string target_;     // where it ends up
  std::string temporary_;  // beside the target; empty for a device
  std::FILE* file_ = nullptr;
  int lock_ = -1;     // says that the temporary file has a writer
  std::size_t slot_;  // where a signal handler finds the temporary file
};

/// Removes the temporary files of all AtomicFiles there are: for a program that is about to end
/// without unwinding. Safe in a signal handler; afterwards none of them can be committed.
void remove_unfinished_files() noexcept;

/// Writes a whole file, atomically.
void write_text(const std::string& path, std::string_view text);

/// Reads a whole file. Throws Error{file} where it is missing, unreadable or no file.
std::string read_text(const std::string& path);

}  // namespace yoneda::io
