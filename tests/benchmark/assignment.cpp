// The heaviest one-to-one pairing of candidates from a file, timed.
//
//     assignment PAIRS
//
// PAIRS holds, little-endian, three int64 (rows, columns, entries), then int64 offsets [rows + 1],
// int32 columns and float32 weights of the entries. As many pairs as possible are made. Prints the
// seconds it took, the pairs, their weight and the peak memory in bytes.
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "yoneda/linear/assignment.hpp"

using namespace yoneda;

namespace {

template <class T>
std::vector<T> read(std::ifstream& file, std::int64_t count) {
  std::vector<T> values(static_cast<std::size_t>(count));
  file.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(T)));
  if (!file) throw Error(ErrorKind::format, "is shorter than its head says");
  return values;
}

/// The most that was resident since this program began, in bytes (Linux); getrusage would count
/// what its parent held before it.
std::int64_t peak_memory() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word)
    if (word == "VmHWM:") {
      std::int64_t kilobytes = 0;
      status >> kilobytes;
      return kilobytes * 1024;
    }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: assignment PAIRS\n");
    return 2;
  }
  try {
    std::ifstream file(argv[1], std::ios::binary);
    const auto head = read<std::int64_t>(file, 3);
    PairWeights pairs{.columns = head[1]};
    pairs.offsets = read<Index>(file, head[0] + 1);
    pairs.column = read<Id>(file, head[2]);
    pairs.weight = read<float>(file, head[2]);
    const auto before = std::chrono::steady_clock::now();
    const Assignment found = assignment(pairs, {.as_many_as_possible = true});
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
    fmt::print("{} {} {:.17g} {}\n", took.count(), found.pairs, found.weight, peak_memory());
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
