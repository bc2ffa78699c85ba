#include "yoneda/io/npy.hpp"

#include <fmt/format.h>

#include <utility>

#include "io/big_endian.hpp"
#include "io/npy_header.hpp"
#include "io/text.hpp"
#include "yoneda/io/atomic_file.hpp"
#include "yoneda/io/mapped_file.hpp"

namespace yoneda::io {

TensorFile read_npy(const std::string& path) {
  return parse_npy(map_file(path), path);
}

TensorFile parse_npy(const SharedBytes& file, const std::string& path) {
  const Index size = static_cast<Index>(file.span.size());
  const NpyHeader header = naming(path, {}, [&] {
    const Index header_size = npy_header_size(file.span);
    if (header_size > size)
      throw Error(
          ErrorKind::format,
          fmt::format("truncated: npy header of {} bytes in a file of {}", header_size, size));
    return parse_npy_header(file.span.first(header_size));
  });
  if (header.data != size - header.size)
    throw Error(ErrorKind::format,
                fmt::format("{} bytes of data, {} of {} takes {}", size - header.size,
                            name(header.dtype), shape_text(header.shape), header.data),
                path);
  const auto read = [data = file.part(header.size, header.data)] { return data; };
  Tensor tensor{"array", header.dtype, header.shape, path, read, strides_of(header)};
  if (header.big_endian) tensor = from_big_endian(std::move(tensor));
  return {path, "npy", {std::move(tensor)}, {}, {}};
}

void write_npy(const std::string& path, const OutputTensor& tensor) {
  require_consistent(tensor, path);
  const std::string header = naming(path, {}, [&] { return npy_header_text(tensor); });
  AtomicFile file(path);
  file.write(header);
  file.write(tensor.bytes);
  file.commit();
}

}  // namespace yoneda::io
