// Archives, checkpoints and configurations that lie (tests/data/make_hostile.py). Whatever they do,
// they are refused in one line, or they hold what they would have held without the lie.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>

#include "io/support.hpp"
#include "yoneda/io/read_tensors.hpp"

using namespace yoneda;
using namespace yoneda::test;

namespace {

namespace fs = std::filesystem;

// What every file of a folder does: "read", or the reason why not.
std::string outcome(const std::string& path) {
  try {
    const io::TensorFile file = io::read_tensors(path);
    for (const io::Tensor& tensor : file.tensors) {
      const auto bytes = tensor.bytes();
      CHECK(static_cast<Index>(bytes.span.size()) ==
            tensor.count() * io::bytes_per_element(tensor.dtype));
    }
    const io::Tensor& W_dec = file.at("W_dec");
    const auto values = io::to_floats(W_dec);
    if (W_dec.shape == std::vector<Index>{6, 4} && !path.ends_with("/nan.pt"))
      CHECK_MESSAGE(values == pattern_values(24), path);
    return "read";
  } catch (const Error& error) {
    const std::string message = error.what();
    CHECK_MESSAGE(message.starts_with(path), message);
    CHECK_MESSAGE(message.find('\n') == message.npos, message);
    CHECK_MESSAGE(message.size() < path.size() + 500, message);
    return message;
  }
}

std::set<std::string> read_from(const std::string& folder) {
  std::set<std::string> read;
  for (const auto& entry : fs::directory_iterator(fixture(folder))) {
    const std::string path = entry.path().string();
    CAPTURE(path);
    const auto begin = std::chrono::steady_clock::now();
    if (outcome(path) == "read") read.insert(entry.path().filename().string());
    const auto seconds = std::chrono::steady_clock::now() - begin;
    CHECK(seconds < std::chrono::seconds(120));  // a bomb takes minutes; a slow machine does not
  }
  return read;
}

using Names = std::set<std::string>;

// Everything that must be read is, and nothing but that and what may be.
void check_read(const Names& read, const Names& must, const Names& may) {
  for (const std::string& name : must) CHECK_MESSAGE(read.contains(name), name);
  for (const std::string& name : read)
    CHECK_MESSAGE((must.contains(name) || may.contains(name)), name);
}

void refused(const std::string& name, const std::string& words) {
  const std::string message = outcome(fixture("hostile/" + name));
  CHECK_MESSAGE(message.find(words) != message.npos, message << " -- lacks: " << words);
}

}  // namespace

TEST_CASE("archives that lie") {
  const Names harmless{"duplicate_by_case.npz",  "end_in_comment.npz",
                       "local_crc_differs.npz",  "local_method_differs.npz",
                       "local_name_differs.npz", "local_size_differs.npz",
                       "same_data_twice.npz"};
  check_read(read_from("hostile/zip"),
             {"valid.npz", "valid_deflated.npz", "valid_zip64.npz", "bomb.npz"}, harmless);
  for (const char* name : {"dotdot", "absolute", "backslash"})
    refused("zip/" + std::string(name) + ".npz", "names a path outside the archive");
  refused("zip/duplicate.npz", "given twice");
  refused("zip/crc_wrong.npz", "CRC error");
  refused("zip/encrypted.npz", "encrypted");
}

TEST_CASE("checkpoints that lie") {
  check_read(read_from("hostile/pt"),
             {"valid.pt", "valid_deflated.pt", "nan.pt", "view_empty_far.pt"},
             {"storage_long.pt", "version_99.pt"});
  refused("pt/calls_os_system.pt", "system");
  refused("pt/storage_missing.pt", "is missing");
  refused("pt/storage_short.pt", "were announced");
  refused("pt/big_endian.pt", "byte order 'big'");
  refused("pt/view_expanded_hugely.pt", "repeats");
  refused("pt/torchscript.pt", "TorchScript");
  refused("pt/two_folders.pt", "two checkpoints");
  refused("pt/legacy_valid.pt", "before 1.6");
}
