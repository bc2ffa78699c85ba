#include "io/pickle_tensor.hpp"

#include <fmt/format.h>

#include "io/pickle_storages.hpp"
#include "io/shape.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/io/tensor.hpp"

namespace yoneda::io::pickle {
namespace {

struct Reading {
  const Values& values;
  const std::string& name;

  Error refuse(const std::string& why) const {
    return Error(ErrorKind::format, fmt::format("tensor {} {}", quote(name), why));
  }

  std::vector<Index> counts(Ref ref, const char* what) const {
    const auto& items = values.as<Tuple>(ref)->items;
    if (static_cast<Index>(items.size()) > rank_limit)
      throw refuse(
          fmt::format("has {} axes, this library reads up to {}", items.size(), rank_limit));
    std::vector<Index> counts;
    for (const Ref item : items) {
      const auto* count = values.as<Index>(item);
      if (!count || *count < 0) throw refuse(fmt::format("has a {} that is no whole number", what));
      counts.push_back(*count);
    }
    return counts;
  }

  ElementType dtype(const View& view, const Storage& storage) const {
    if (!storage.dtype)
      throw refuse(
          fmt::format("has numbers of {}, which are not read", printable(storage.class_name)));
    if (!view.dtype) return *storage.dtype;
    const std::string_view dotted = values.as<Name>(*view.dtype)->dotted;
    const auto named = dtype_named(dotted);
    if (!named) throw refuse(fmt::format("has numbers of {}, which are not read", quote(dotted)));
    return *named;
  }

  // How many elements of this type the storage has, whose own may be of another width.
  Index elements(const Storage& storage, ElementType type) const {
    const ElementType own = storage.dtype.value_or(type);
    const Index wanted = bytes_per_element(type);
    if (bytes_per_element(own) == wanted) return storage.count;
    const auto bytes = bytes_of({&storage.count, 1}, own);
    if (!bytes || *bytes % wanted != 0)
      throw refuse(fmt::format("is of {}, of which its storage {} holds no whole number",
                               io::name(type), quote(storage.key)));
    return *bytes / wanted;
  }

  // offset + sum of (size - 1) * stride < storage_count, without overflow.
  void require_inside(const PickledTensor& t) const {
    const auto bytes = bytes_of(t.shape, t.dtype);
    if (!bytes) throw refuse("has the shape " + shape_text(t.shape) + ", which is too large");
    if (*bytes == 0) return;
    Index room = t.storage_count - 1 - t.offset;  // elements behind the one reached so far
    for (std::size_t axis = 0; axis < t.shape.size() && room >= 0; ++axis) {
      const Index steps = t.shape[axis] - 1, stride = t.strides[axis];
      room = steps > 0 && stride > room / steps ? -1 : room - steps * stride;
    }
    if (room < 0)
      throw refuse(fmt::format("({}, {}) reaches beyond the {} elements of its storage {}",
                               io::name(t.dtype), shape_text(t.shape), t.storage_count,
                               quote(t.storage)));
  }
};

}  // namespace

PickledTensor tensor(const Values& values, const View& view, const std::string& name) {
  const Reading reading{values, name};
  const Storage& storage = values.storage(*values.as<StorageId>(view.storage));
  const ElementType dtype = reading.dtype(view, storage);
  PickledTensor result{name,
                       dtype,
                       std::string(storage.key),
                       reading.elements(storage, dtype),
                       *values.as<Index>(view.offset),
                       reading.counts(view.size, "size"),
                       reading.counts(view.stride, "stride")};
  if (result.shape.size() != result.strides.size())
    throw reading.refuse(
        fmt::format("has {} axes and {} strides", result.shape.size(), result.strides.size()));
  if (result.offset < 0) throw reading.refuse("starts before its storage");
  reading.require_inside(result);
  return result;
}

}  // namespace yoneda::io::pickle
