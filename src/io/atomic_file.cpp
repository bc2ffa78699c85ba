#include "yoneda/io/atomic_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "io/file.hpp"
#include "io/path_slots.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::io {
namespace {

namespace fs = std::filesystem;

constinit PathSlots temporary_paths;

constexpr std::string_view temporary_ending = ".tmp";

// Unique in the process by the counter, among processes by the id.
std::string temporary_name(const std::string& target) {
  static std::atomic<unsigned> counter{0};
  return target + "." + std::to_string(getpid()) + "-" + std::to_string(counter++) +
         std::string(temporary_ending);
}

// Whether the name is one that temporary_name makes of a target of this name.
bool is_temporary_name(std::string_view name, std::string_view target) {
  if (!name.starts_with(target) || !name.ends_with(temporary_ending)) return false;
  name.remove_prefix(target.size());
  if (name.size() <= temporary_ending.size()) return false;
  name.remove_suffix(temporary_ending.size());
  return name.size() > 1 && name[0] == '.' &&
         name.find_first_not_of("0123456789-", 1) == std::string_view::npos;
}

// Removes what killed writers of the target left: a temporary file that nobody has locked.
void remove_leftovers(const std::string& path) {
  const fs::path target(path);
  const std::string name = target.filename().string();
  const fs::path folder = target.has_parent_path() ? target.parent_path() : ".";
  std::error_code ignored;
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (is_temporary_name(entry.path().filename().string(), name))
      found.push_back(entry.path().string());
  for (const std::string& file : found) {
    const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0) continue;
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) unlink(file.c_str());
    close(descriptor);
  }
}

// A new file and a lock on it, which outlasts the file's own descriptor; null with errno.
std::FILE* open_locked(const std::string& path, int& lock) {
  while (std::FILE* file = std::fopen(path.c_str(), "wbx")) {
    lock = fcntl(fileno(file), F_DUPFD_CLOEXEC, 0);
    flock(lock, LOCK_EX);  // where there are no locks, nobody removes leftovers
    struct stat status {};
    if (fstat(fileno(file), &status) != 0 || status.st_nlink > 0) return file;
    (void)std::fclose(file);  // somebody took it for a leftover before it was locked
    close(lock);
  }
  return nullptr;
}

bool no_room(int error) {
  return error == ENOSPC || error == EDQUOT || error == EFBIG || error == EIO || error == ENOMEM;
}

}  // namespace

AtomicFile::AtomicFile(std::string path)
    : path_(std::move(path)), target_(path_), slot_(PathSlots::none) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path_, ignored);
  if (fs::is_directory(status)) fail(EISDIR);
  const bool device = fs::exists(status) && !fs::is_regular_file(status);
  if (device) {
    file_ = std::fopen(target_.c_str(), "wb");
  } else {
    if (fs::is_symlink(fs::symlink_status(path_, ignored)))
      target_ = fs::weakly_canonical(path_, ignored).string();
    temporary_ = temporary_name(target_);
    remove_leftovers(target_);
    file_ = open_locked(temporary_, lock_);
  }
  if (file_ == nullptr) fail(errno);
  if (!temporary_.empty()) slot_ = temporary_paths.add({temporary_.c_str(), 0, 0});
}

AtomicFile::~AtomicFile() {
  if (file_ == nullptr) return;
  (void)std::fclose(file_);
  if (!temporary_.empty()) remove_temporary();
}

void AtomicFile::remove_temporary() {
  (void)std::remove(temporary_.c_str());
  temporary_paths.remove(slot_);
  if (lock_ >= 0) close(std::exchange(lock_, -1));
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  write(bytes.data(), bytes.size());
}

void AtomicFile::write(std::string_view text) {
  write(text.data(), text.size());
}

void AtomicFile::write(const void* data, std::size_t size) {
  if (size > 0 && std::fwrite(data, 1, size, file_) != size) fail(errno);  // empty: may be null
}

void AtomicFile::commit() {
  if (std::fflush(file_) != 0) fail(errno);
  const bool closed = std::fclose(std::exchange(file_, nullptr)) == 0;
  if (temporary_.empty()) {
    if (!closed) fail(errno);
    return;
  }
  const bool renamed = closed && std::rename(temporary_.c_str(), target_.c_str()) == 0;
  const int error = errno;
  remove_temporary();
  if (!renamed) fail(error);
}

void AtomicFile::fail(int error) const {
  throw Error(no_room(error) ? ErrorKind::resource : ErrorKind::file,
              "cannot be written: " + system_message(error), path_);
}

void remove_unfinished_files() noexcept {
  temporary_paths.for_each([](const SlottedPath& temporary) { unlink(temporary.path); });
}

void write_text(const std::string& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

std::string read_text(const std::string& path) {
  const File file = open_to_read(path);
  std::string text;
  std::array<char, 1 << 16> block;
  for (std::size_t count = block.size(); count == block.size();) {
    count = std::fread(block.data(), 1, block.size(), file.get());
    text.append(block.data(), count);
  }
  if (std::ferror(file.get()) != 0)
    throw Error(ErrorKind::file, "cannot be read: " + system_message(errno), path);
  return text;
}

}  // namespace yoneda::io
