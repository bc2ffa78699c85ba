#include "yoneda/io/mapped_file.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

#include "io/file.hpp"

namespace yoneda::io {

SharedBytes map_file(const std::string& path) {
  const File file = open_to_read(path);
  const int descriptor = fileno(file.get());
  const auto refuse = [&path](const std::string& why) {
    return Error(ErrorKind::file, "cannot be read: " + why, path);
  };
  struct stat status {};
  if (fstat(descriptor, &status) != 0) throw refuse(system_message(errno));
  if (!S_ISREG(status.st_mode)) throw refuse("not a regular file");
  if (status.st_size == 0) throw Error(ErrorKind::file, "is empty", path);

  const auto size = static_cast<std::size_t>(status.st_size);
  void* const start = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (start == MAP_FAILED) throw refuse(system_message(errno));
  const auto* const bytes = static_cast<const std::byte*>(start);
  return {std::shared_ptr<const void>(bytes, [start, size](const void*) { munmap(start, size); }),
          {bytes, size}};
}

}  // namespace yoneda::io
