#include "io/file.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "yoneda/core/error.hpp"

namespace yoneda::io {

std::string system_message(int error) {
  return std::generic_category().message(error);
}

File open_to_read(const std::string& path) {
  std::error_code ignored;  // whatever is wrong, fopen says it better
  if (std::filesystem::is_directory(path, ignored))
    throw Error(ErrorKind::file, "is a folder, a file was expected", path);
  File file(std::fopen(path.c_str(), "rb"));
  if (!file) throw Error(ErrorKind::file, "cannot be read: " + system_message(errno), path);
  return file;
}

}  // namespace yoneda::io
