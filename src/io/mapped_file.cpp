#include "yoneda/io/mapped_file.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

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
          {bytes, size},
          true};
}

void release(const SharedBytes& bytes) {
  if (!bytes.mapped || bytes.span.empty()) return;
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.span.data());
  const std::uintptr_t first = (begin + page - 1) / page * page;
  const std::uintptr_t last = (begin + bytes.span.size()) / page * page;
  // The mapping is private and never written to, so what is given back is only the memory.
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

}  // namespace yoneda::io
