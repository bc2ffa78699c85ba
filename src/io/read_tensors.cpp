#include "yoneda/io/read_tensors.hpp"

#include <array>
#include <cstring>
#include <string_view>

#include "yoneda/io/mapped_file.hpp"
#include "yoneda/io/npy.hpp"
#include "yoneda/io/npz.hpp"
#include "yoneda/io/safetensors.hpp"

namespace yoneda::io {
namespace {

using namespace std::string_view_literals;

struct Stranger {
  std::string_view start;
  std::string_view what;
};

// Files people have at hand that are not ours to read.
constexpr std::array strangers{
    Stranger{"GGUF"sv, "a GGUF file, which is not read yet: convert it to safetensors"sv},
    Stranger{"\x89HDF\r\n"sv,
             "an HDF5 file, which is not read: save the arrays with numpy.savez"sv},
    Stranger{"\x80\x02"sv,
             "a Python pickle (an old .pt file?), which is never unpickled: save "
             "the tensors as safetensors"sv},
    Stranger{"\x80\x03"sv,
             "a Python pickle, which is never unpickled: save the tensors as "
             "safetensors"sv},
    Stranger{"\x80\x04"sv,
             "a Python pickle, which is never unpickled: save the tensors as "
             "safetensors"sv},
    Stranger{"\x80\x05"sv,
             "a Python pickle, which is never unpickled: save the tensors as "
             "safetensors"sv},
    Stranger{"version https://git-lfs"sv,
             "a Git LFS pointer, not the file itself: run git lfs "
             "pull"sv},
    Stranger{"\x1f\x8b"sv, "gzip-compressed: unpack it first"sv},
};

}  // namespace

TensorFile read_tensors(const std::string& path) {
  return parse_tensors(map_file(path), path);
}

TensorFile parse_tensors(const SharedBytes& file, const std::string& path) {
  const std::string_view text(reinterpret_cast<const char*>(file.span.data()), file.span.size());
  if (text.starts_with("\x93NUMPY")) return parse_npy(file, path);
  if (text.starts_with("PK\x03\x04") || text.starts_with("PK\x05\x06"))
    return parse_npz(file, path);
  for (const Stranger& stranger : strangers)
    if (text.starts_with(stranger.start))
      throw Error(ErrorKind::format, "is " + std::string(stranger.what), path);
  if (text.size() > 8 && text[8] == '{') return parse_safetensors(file, path);
  throw Error(ErrorKind::format, "is neither safetensors nor npz nor npy", path);
}

}  // namespace yoneda::io
