#include "yoneda/io/torch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "io/pickle.hpp"
#include "io/text.hpp"
#include "io/zip.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/io/mapped_file.hpp"

namespace yoneda::io {
namespace {

constexpr std::string_view pickle_name = "data.pkl";

// The pickle, which torch.save puts into a folder named after the file.
const ZipMember& pickle_of(const ZipArchive& archive) {
  const ZipMember* found = nullptr;
  for (const ZipMember& member : archive.members()) {
    const auto slash = member.name.find('/');
    if (slash == member.name.npos || member.name.substr(slash + 1) != pickle_name) continue;
    if (found != nullptr)
      throw bad_format(
          fmt::format("holds two checkpoints, {} and {}", quote(found->name), quote(member.name)));
    found = &member;
  }
  if (found == nullptr) throw bad_format("is a zip archive without a checkpoint's data.pkl");
  return *found;
}

SharedBytes contents(const ZipArchive& archive, const ZipMember& member) {
  constexpr Index limit = Index{256} << 20;
  if (!member.unreadable.empty())
    throw bad_format("member " + quote(member.name) + ": " + member.unreadable);
  if (member.size > limit)
    throw bad_format(
        fmt::format("member {} of {} bytes, more than {}", quote(member.name), member.size, limit));
  // Not the checksum: torch can be told to leave it out, and the pickle is checked opcode by
  // opcode.
  return member.stored() ? archive.stored(member) : archive.bytes(member);
}

void require_native(const ZipArchive& archive, const std::string& folder) {
  if (archive.find(folder + "constants.pkl") != nullptr)
    throw bad_format("is a TorchScript program, which is not read: save its state_dict() instead");
  const ZipMember* order = archive.find(folder + "byteorder");
  if (order == nullptr) return;  // written before there was such a record
  const std::vector<std::byte> text = archive.start(*order, 16);
  const std::string_view found(reinterpret_cast<const char*>(text.data()), text.size());
  if (found != "little")
    throw bad_format("was written on a machine with byte order " + quote(found) +
                     ", which is not read");
}

const ZipMember& storage_of(const ZipArchive& archive, const std::string& folder,
                            const PickledTensor& tensor) {
  const std::string name = folder + "data/" + tensor.storage;
  const ZipMember* member = archive.find(name);
  const auto refuse = [&](const std::string& why) {
    return bad_format(
        fmt::format("tensor {}: its storage {} {}", quote(tensor.name), quote(name), why));
  };
  if (member == nullptr) throw refuse("is missing");
  if (!member->unreadable.empty()) throw refuse("cannot be read: " + member->unreadable);
  const Index width = bytes_per_element(tensor.dtype);
  if (tensor.storage_count > member->size / width)
    throw refuse(fmt::format("has {} bytes, {} numbers of {} were announced", member->size,
                             tensor.storage_count, io::name(tensor.dtype)));
  return *member;
}

// A stride of 0 repeats numbers: a few of them can pretend to be any amount of memory.
void require_plausible(const PickledTensor& tensor) {
  constexpr Index most = Index{1} << 26;
  Index count = 1;
  for (const Index length : tensor.shape) count *= length;
  if (count > most && count > tensor.storage_count)
    throw bad_format(fmt::format("tensor {} repeats {} stored numbers to {}", quote(tensor.name),
                                 tensor.storage_count, shape_text(tensor.shape)));
}

// Of a tensor without elements, offset and strides may be any number; here they are reckoned with.
void place_empty(PickledTensor& tensor) {
  if (std::ranges::find(tensor.shape, 0) == tensor.shape.end()) return;
  tensor.offset = 0;
  tensor.strides.clear();
}

}  // namespace

TensorFile read_torch(const std::string& path) {
  return parse_torch(map_file(path), path);
}

TensorFile parse_torch(const SharedBytes& file, const std::string& path) {
  return naming(path, {}, [&] {
    const auto archive = std::make_shared<const ZipArchive>(file);
    const ZipMember& pickle = pickle_of(*archive);
    const std::string folder = pickle.name.substr(0, pickle.name.size() - pickle_name.size());
    require_native(*archive, folder);
    PickledState state = parse_pickle(contents(*archive, pickle).span, path);
    TensorFile result{path, "torch", {}, std::move(state.values), {}, std::move(state.root_class)};
    for (PickledTensor& pickled : state.tensors) {
      const ZipMember& member = storage_of(*archive, folder, pickled);
      require_plausible(pickled);
      place_empty(pickled);
      const auto read = [archive, member, path] {
        if (member.stored()) return archive->stored(member);
        return naming(path, "member " + quote(member.name), [&] { return archive->bytes(member); });
      };
      result.tensors.push_back({std::move(pickled.name), pickled.dtype, std::move(pickled.shape),
                                path, read, std::move(pickled.strides), pickled.offset});
    }
    return result;
  });
}

}  // namespace yoneda::io
