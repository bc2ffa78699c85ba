#include "yoneda/io/atomic_file.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "io/file.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::io {
namespace {

namespace fs = std::filesystem;

// Unique in the process by the counter, among processes by the id.
std::string temporary_name(const std::string& target) {
  static std::atomic<unsigned> counter{0};
  return target + "." + std::to_string(getpid()) + "-" + std::to_string(counter++) + ".tmp";
}

}  // namespace

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), target_(path_) {
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
    file_ = std::fopen(temporary_.c_str(), "wbx");
  }
  if (file_ == nullptr) fail(errno);
}

AtomicFile::~AtomicFile() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  if (!temporary_.empty()) std::remove(temporary_.c_str());
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
  if (closed && std::rename(temporary_.c_str(), target_.c_str()) == 0) return;
  const int error = errno;
  std::remove(temporary_.c_str());
  fail(error);
}

void AtomicFile::fail(int error) const {
  throw Error(ErrorKind::file, "cannot be written: " + system_message(error), path_);
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
