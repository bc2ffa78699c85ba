#include "yoneda/io/mapped_file.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <utility>

// Only AddressSanitizer's own macros, which do nothing without it.
#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(start, size)
#define ASAN_UNPOISON_MEMORY_REGION(start, size)
#endif

#include "io/file.hpp"
#include "io/path_slots.hpp"
#include "yoneda/io/atomic_file.hpp"

namespace yoneda::io {
namespace {

constinit PathSlots mapped_paths;

std::size_t page_size() {
  return static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// From the end of a mapped file to that of its last page there are zeros, which nobody may read.
struct Padding {
  void* start;
  std::size_t size;

  Padding(void* mapped, std::size_t bytes)
      : start(static_cast<std::byte*>(mapped) + bytes),
        size((page_size() - bytes % page_size()) % page_size()) {}
};

/// A mapping, known to the signal handler while it exists.
class Mapping {
 public:
  Mapping(std::string path, void* start, std::size_t size)
      : path_(std::move(path)),
        start_(start),
        size_(size),
        padding_(start, size),
        slot_(mapped_paths.add({path_.c_str(), reinterpret_cast<std::uintptr_t>(start), size})) {
    ASAN_POISON_MEMORY_REGION(padding_.start, padding_.size);
  }
  ~Mapping() {
    ASAN_UNPOISON_MEMORY_REGION(padding_.start, padding_.size);
    mapped_paths.remove(slot_);
    munmap(start_, size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

 private:
  std::string path_;
  void* start_;
  std::size_t size_;
  [[maybe_unused]] Padding padding_;
  std::size_t slot_;
};

// ---- the signal handler: nothing but system calls and memory that is there already

const char* program_name = "";
volatile std::sig_atomic_t code_on_shrinking = 0;

void say(const char* text) {
  // Nobody is left to tell of a failure.
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text, std::strlen(text));
}

// One line, whatever the path holds.
void say_path(const char* path) {
  for (; *path != 0; ++path) {
    const char shown[2] = {static_cast<unsigned char>(*path) < ' ' ? '?' : *path, 0};
    say(shown);
  }
}

void on_bus_error(int, siginfo_t* info, void*) {
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  const char* path = nullptr;
  mapped_paths.for_each([&](const SlottedPath& mapped) {
    if (mapped.begin <= address && address - mapped.begin < mapped.size) path = mapped.path;
  });
  if (path == nullptr) {
    // Returning meets the error again, and ends as it always did.
    (void)std::signal(SIGBUS, SIG_DFL);
    return;
  }
  remove_unfinished_files();
  say(program_name);
  say(": ");
  say_path(path);
  say(": cannot be read any more: it was shortened, or its disk failed, while it was in use; run "
      "again once nothing writes it\n");
  _exit(code_on_shrinking);
}

}  // namespace

void exit_where_a_file_shrinks(const char* program, int exit_code) {
  program_name = program;
  code_on_shrinking = exit_code;
  struct sigaction action {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, nullptr);
}

SharedBytes map_file(const std::string& path) {
  const File file = open_to_read(path);
  const int descriptor = fileno(file.get());
  const auto refuse = [&path](const std::string& why) {
    return Error(ErrorKind::file, "cannot be read: " + why, path);
  };
  struct stat status {};
  if (fstat(descriptor, &status) != 0) throw refuse(system_message(errno));
  if (status.st_size == 0) throw Error(ErrorKind::file, "is empty", path);

  const auto size = static_cast<std::size_t>(status.st_size);
  void* const start = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (start == MAP_FAILED) throw refuse(system_message(errno));
  return {std::make_shared<const Mapping>(path, start, size),
          {static_cast<const std::byte*>(start), size},
          true};
}

void release(const SharedBytes& bytes) {
  if (!bytes.mapped || bytes.span.empty()) return;
  const std::uintptr_t page = page_size();
  auto* const data = const_cast<std::byte*>(bytes.span.data());
  const auto begin = reinterpret_cast<std::uintptr_t>(data);
  const std::uintptr_t first = (begin + page - 1) / page * page;
  const std::uintptr_t last = (begin + bytes.span.size()) / page * page;
  // The mapping is private and never written to, so what is given back is only the memory.
  if (first < last) madvise(data + (first - begin), last - first, MADV_DONTNEED);
}

}  // namespace yoneda::io
