#include "yoneda/io/read_tensors.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "io/gguf_header.hpp"
#include "io/llama2c.hpp"
#include "io/pickle.hpp"
#include "io/text.hpp"
#include "io/zip.hpp"
#include "yoneda/io/gguf.hpp"
#include "yoneda/io/llama2c.hpp"
#include "yoneda/io/mapped_file.hpp"
#include "yoneda/io/npy.hpp"
#include "yoneda/io/npz.hpp"
#include "yoneda/io/safetensors.hpp"
#include "yoneda/io/torch.hpp"

namespace yoneda::io {
namespace {

using namespace std::string_view_literals;

struct Stranger {
  std::string_view start;
  std::string_view what;
};

constexpr std::string_view of_a_pickle =
    "a bare Python pickle, which is never unpickled: save the tensors with torch.save or as "
    "safetensors"sv;

constexpr std::string_view page =
    "a web page, not a file of tensors: download the file itself, not the page that shows it"sv;

// Files people have at hand that are not ours to read.
constexpr std::array strangers{
    Stranger{
        "\x89HDF\r\n\x1a\n"sv,
        "an HDF5 file, which is not read: convert it to npz in Python, f = h5py.File('in.h5'); "
        "numpy.savez('out.npz', **{k: f[k][()] for k in ['W_dec', 'W_enc']})"sv},
    Stranger{"\x80\x02"sv, of_a_pickle},
    Stranger{"\x80\x03"sv, of_a_pickle},
    Stranger{"\x80\x04"sv, of_a_pickle},
    Stranger{"\x80\x05"sv, of_a_pickle},
    Stranger{"version https://git-lfs"sv,
             "a Git LFS pointer, not the file itself: run git lfs "
             "pull"sv},
    Stranger{"<!DOCTYPE"sv, page},
    Stranger{"<!doctype"sv, page},
    Stranger{"<html"sv, page},
    Stranger{"\x1f\x8b"sv, "gzip-compressed: unpack it first"sv},
};

bool holds_checkpoint(const SharedBytes& file, const std::string& path) {
  return naming(path, {}, [&] {
    const ZipArchive archive(file);
    return std::ranges::any_of(archive.members(), [](const ZipMember& member) {
      return member.name.ends_with("/data.pkl") || member.name == "data.pkl";
    });
  });
}

}  // namespace

TensorFile read_tensors(const std::string& path) {
  return parse_tensors(map_file(path), path);
}

TensorFile parse_tensors(const SharedBytes& file, const std::string& path) {
  const std::string_view text(reinterpret_cast<const char*>(file.span.data()), file.span.size());
  if (text.starts_with("\x93NUMPY")) return parse_npy(file, path);
  if (text.starts_with("PK\x03\x04") || text.starts_with("PK\x05\x06"))
    return holds_checkpoint(file, path) ? parse_torch(file, path) : parse_npz(file, path);
  if (is_gguf(file.span)) return parse_gguf(file, path);
  // Before what a few bytes tell: a model of 640 dimensions begins like a pickle.
  if (is_llama2c(file.span)) return parse_llama2c(file, path);
  if (is_legacy_torch(file.span))
    throw Error(
        ErrorKind::format,
        "is a checkpoint in the format PyTorch wrote before 1.6, which is not read: load it "
        "in PyTorch and torch.save it again",
        path);
  for (const Stranger& stranger : strangers)
    if (text.starts_with(stranger.start))
      throw Error(ErrorKind::format, "is " + std::string(stranger.what), path);
  if (text.size() > 8 && text[8] == '{') return parse_safetensors(file, path);
  if (may_be_llama2c(file.span)) return parse_llama2c(file, path);  // says what is missing
  throw Error(ErrorKind::format,
              "is neither safetensors nor npz, npy, GGUF, or a checkpoint of PyTorch or llama2.c",
              path);
}

}  // namespace yoneda::io
