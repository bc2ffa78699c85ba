// Opening files with errors that say why not.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

namespace yoneda::io {

struct CloseFile {
  void operator()(std::FILE* file) const { (void)std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

/// The system's words for an errno.
std::string system_message(int error);

/// Throws Error{file} where the path is missing, unreadable or no file: a folder, a pipe (which is
/// not waited for), a device, a socket.
File open_to_read(const std::string& path);

}  // namespace yoneda::io
