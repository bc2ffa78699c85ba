#include "ingest/place.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

#include "yoneda/core/error.hpp"

namespace yoneda::ingest {

namespace fs = std::filesystem;

Place::Place(std::string path) : path_(std::move(path)) {
  std::error_code error;
  is_folder_ = fs::is_directory(path_, error);
  if (!is_folder_ && !fs::exists(path_, error))
    throw Error(
        ErrorKind::file,
        "cannot be read: " + std::make_error_code(std::errc::no_such_file_or_directory).message(),
        path_);
  const fs::path parent = fs::path(path_).parent_path();
  folder_ = is_folder_ ? path_ : parent.empty() ? "." : parent.string();
}

std::string Place::file_name() const {
  return is_folder_ ? std::string() : fs::path(path_).filename().string();
}

bool Place::has(const std::string& name) const {
  std::error_code ignored;
  return fs::is_regular_file(at(name), ignored);
}

std::string Place::at(const std::string& name) const {
  return (fs::path(folder_) / name).string();
}

std::vector<std::string> Place::files() const {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder_, error), end; !error && entry != end;
       entry.increment(error))
    if (!entry->is_directory(error)) names.push_back(entry->path().filename().string());
  if (error) throw Error(ErrorKind::file, "cannot be read: " + error.message(), folder_);
  std::ranges::sort(names);
  return names;
}

bool Place::is_pair(const std::string& first, const std::string& second) const {
  const std::string name = file_name();
  return (is_folder_ || name == first || name == second) && has(first) && has(second);
}

std::string Place::full() const {
  std::error_code error;
  const fs::path absolute = fs::absolute(path_, error);
  return error ? path_ : absolute.lexically_normal().generic_string();
}

std::optional<Index> number_behind(const std::string& text, const std::string& label) {
  for (auto at = text.find(label); at != text.npos; at = text.find(label, at + 1)) {
    Index number = 0;
    const char* const begin = text.data() + at + label.size();
    const auto [end, error] = std::from_chars(begin, text.data() + text.size(), number);
    if (error == std::errc() && number >= 0) return number;
  }
  return std::nullopt;
}

}  // namespace yoneda::ingest
