#include "io/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "yoneda/core/error.hpp"

namespace yoneda::io {
namespace {

// What lies there instead of a file, in words; null for a file.
const char* no_file(mode_t mode) {
  if (S_ISREG(mode)) return nullptr;
  if (S_ISDIR(mode)) return "is a folder, a file was expected";
  if (S_ISFIFO(mode))
    return "is a pipe, and files are read more than once: save what comes out of it to a file";
  if (S_ISSOCK(mode)) return "is a socket, a file was expected";
  return "is a device, a file was expected";
}

Error unreadable(const std::string& path, int error) {
  return {ErrorKind::file, "cannot be read: " + system_message(error), path};
}

}  // namespace

std::string system_message(int error) {
  return std::generic_category().message(error);
}

File open_to_read(const std::string& path) {
  struct stat status {};
  // Asked before it is opened, since opening a device may already do something.
  if (stat(path.c_str(), &status) != 0) throw unreadable(path, errno);
  if (const char* what = no_file(status.st_mode)) throw Error(ErrorKind::file, what, path);
  // A pipe that took the file's place meanwhile must not be waited for.
  const int descriptor = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) throw unreadable(path, errno);
  File file(fdopen(descriptor, "rb"));
  if (file) return file;
  const int error = errno;
  close(descriptor);
  throw unreadable(path, error);
}

}  // namespace yoneda::io
