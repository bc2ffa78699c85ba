#include "yoneda/study/unfinished.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "yoneda/io/safetensors.hpp"

namespace yoneda::study {
namespace {

namespace fs = std::filesystem;

// How a block was made, in the words of its metadata; the command line may differ.
std::map<std::string, std::string> manner(std::map<std::string, std::string> metadata) {
  std::map<std::string, std::string> kept;
  for (const char* key : {"version", "convention", "instruction_set", "sources", "options"})
    kept[key] = metadata[key];
  return kept;
}

}  // namespace

UnfinishedArrows::UnfinishedArrows(std::string folder, bool resume) : folder_(std::move(folder)) {
  if (!resume) discard();
}

std::string UnfinishedArrows::block_path(Index first) const {
  return fmt::format("{}/features-{:08}.safetensors", folder_, first);
}

std::optional<LogitArrows> UnfinishedArrows::find(Index first, const Record& expected) const {
  if (folder_.empty() || !fs::exists(block_path(first))) return std::nullopt;
  const std::string path = block_path(first);
  const auto found = manner(io::read_safetensors(path).metadata);
  const auto wanted = manner(to_metadata(expected, ""));
  for (const auto& [key, value] : wanted)
    if (found.at(key) != value)
      throw Error(
          ErrorKind::value,
          fmt::format("was made with another {} ({}, now {}); delete the folder, or leave "
                      "out --resume to start again",
                      key == "instruction_set" ? "instruction set" : key, found.at(key), value),
          path);
  return read_arrows(path).arrows;
}

void UnfinishedArrows::keep(Index first, const LogitArrows& block, const Record& record) {
  if (folder_.empty()) return;
  std::error_code failure;
  fs::create_directories(folder_, failure);
  if (failure)
    throw Error(ErrorKind::file, "cannot make this folder (" + failure.message() + ")", folder_);
  write_arrows(block_path(first), block, {}, record);
}

void UnfinishedArrows::discard() const {
  if (folder_.empty()) return;
  // Only what keep() wrote or was writing, and the folder only where nothing else is in it.
  std::error_code ignored;
  std::vector<fs::path> ours;
  for (const auto& entry : fs::directory_iterator(folder_, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("features-") && (name.ends_with(".safetensors") || name.ends_with(".tmp")))
      ours.push_back(entry.path());
  }
  for (const fs::path& path : ours) fs::remove(path, ignored);
  fs::remove(folder_, ignored);
}

}  // namespace yoneda::study
