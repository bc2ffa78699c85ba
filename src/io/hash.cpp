#include "yoneda/io/hash.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "io/file.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::io {
namespace {

namespace fs = std::filesystem;

struct FreeState {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

class Hash {
 public:
  Hash() : state_(XXH3_createState()) { XXH3_128bits_reset(state_.get()); }

  void add(const void* data, std::size_t size) { XXH3_128bits_update(state_.get(), data, size); }

  std::string hexadecimal() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(state_.get());
    return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
  }

 private:
  std::unique_ptr<XXH3_state_t, FreeState> state_;
};

using NamedFile = std::pair<std::string, std::string>;  // the name that counts, the path to read

std::string combined(const std::vector<NamedFile>& files) {
  Hash hash;
  for (const auto& [name, path] : files) {
    const std::string line = hash_file(path) + "  " + name + "\n";
    hash.add(line.data(), line.size());
  }
  return hash.hexadecimal();
}

bool hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

std::vector<NamedFile> files_below(const std::string& folder) {
  std::vector<NamedFile> files;
  try {
    for (fs::recursive_directory_iterator entry(folder), end; entry != end; ++entry) {
      if (hidden(entry->path())) {
        entry.disable_recursion_pending();
        continue;
      }
      if (entry->is_regular_file())
        files.emplace_back(entry->path().lexically_relative(folder).generic_string(),
                           entry->path().string());
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorKind::file, "cannot be read: " + error.code().message(), folder);
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

std::string hash_bytes(std::span<const std::byte> bytes) {
  Hash hash;
  hash.add(bytes.data(), bytes.size());
  return hash.hexadecimal();
}

std::string hash_file(const std::string& path) {
  const File file = open_to_read(path);
  Hash hash;
  std::vector<char> block(1 << 16);
  for (std::size_t count = block.size(); count == block.size();) {
    count = std::fread(block.data(), 1, block.size(), file.get());
    hash.add(block.data(), count);
  }
  if (std::ferror(file.get()) != 0)
    throw Error(ErrorKind::file, "cannot be read: " + system_message(errno), path);
  return hash.hexadecimal();
}

std::string hash_files(std::span<const std::string> paths) {
  std::vector<NamedFile> files;
  for (const std::string& path : paths)
    files.emplace_back(fs::path(path).filename().string(), path);
  return combined(files);
}

std::string hash_path(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored) ? combined(files_below(path)) : hash_file(path);
}

}  // namespace yoneda::io
