#include "io/pickle_storages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::io::pickle {
namespace {

// torch.save counts: "0", "1", ... Long ones would be compared again and again.
constexpr std::size_t key_limit = 100;

struct Named {
  std::string_view name;
  ElementType dtype;
};

// torch/storage.py: the classes of typed storages, of which a persistent id names one.
constexpr std::array storage_classes{
    Named{"torch.DoubleStorage", ElementType::f64},
    Named{"torch.FloatStorage", ElementType::f32},
    Named{"torch.HalfStorage", ElementType::f16},
    Named{"torch.BFloat16Storage", ElementType::bf16},
    Named{"torch.LongStorage", ElementType::i64},
    Named{"torch.IntStorage", ElementType::i32},
    Named{"torch.ShortStorage", ElementType::i16},
    Named{"torch.CharStorage", ElementType::i8},
    Named{"torch.ByteStorage", ElementType::u8},
    Named{"torch.BoolStorage", ElementType::boolean},
    // Counted in bytes; the tensor says what they are.
    Named{"torch.storage.UntypedStorage", ElementType::u8},
    Named{"torch.UntypedStorage", ElementType::u8},
    Named{"torch.storage._UntypedStorage", ElementType::u8},
    Named{"torch._UntypedStorage", ElementType::u8},
};

// Known, but without an element type here.
constexpr std::array<std::string_view, 7> unread_storages{
    "torch.ComplexFloatStorage", "torch.ComplexDoubleStorage", "torch.QInt8Storage",
    "torch.QUInt8Storage",       "torch.QInt32Storage",        "torch.QUInt4x2Storage",
    "torch.QUInt2x4Storage"};

constexpr std::array dtypes{
    Named{"torch.float64", ElementType::f64},
    Named{"torch.float32", ElementType::f32},
    Named{"torch.float16", ElementType::f16},
    Named{"torch.bfloat16", ElementType::bf16},
    Named{"torch.float8_e4m3fn", ElementType::f8_e4m3},
    Named{"torch.float8_e5m2", ElementType::f8_e5m2},
    Named{"torch.int64", ElementType::i64},
    Named{"torch.int32", ElementType::i32},
    Named{"torch.int16", ElementType::i16},
    Named{"torch.int8", ElementType::i8},
    Named{"torch.uint64", ElementType::u64},
    Named{"torch.uint32", ElementType::u32},
    Named{"torch.uint16", ElementType::u16},
    Named{"torch.uint8", ElementType::u8},
    Named{"torch.bool", ElementType::boolean},
};

template <class Table>
std::optional<ElementType> dtype_in(const Table& names, std::string_view name) {
  const auto found = std::ranges::find(names, name, &Named::name);
  return found == names.end() ? std::nullopt : std::optional(found->dtype);
}

Error bad_storage(std::string_view key, const std::string& why) {
  return Error(ErrorKind::format, fmt::format("storage {} {}", quote(key), why));
}

}  // namespace

Ref storage_of(Values& values, Ref id) {
  const auto* tuple = values.as<Tuple>(id);
  if (tuple == nullptr || tuple->items.size() != 5)
    throw Error(ErrorKind::format, "data.pkl refers to something outside that is no storage");
  const auto* word = values.as<Text>(tuple->items[0]);
  const auto* class_name = values.as<Name>(tuple->items[1]);
  const auto* key = values.as<Text>(tuple->items[2]);
  const auto* location = values.as<Text>(tuple->items[3]);
  const auto* count = values.as<Index>(tuple->items[4]);
  if (!word || word->utf8 != "storage" || !class_name || !key || !location || !count)
    throw Error(ErrorKind::format, "data.pkl refers to something outside that is no storage");
  if (key->utf8.size() > key_limit)
    throw bad_storage(key->utf8, fmt::format("has a key of {} bytes", key->utf8.size()));
  if (*count < 0) throw bad_storage(key->utf8, "has a negative length");
  const auto dtype = dtype_in(storage_classes, class_name->dotted);
  if (!dtype && std::ranges::find(unread_storages, class_name->dotted) == unread_storages.end())
    throw bad_storage(key->utf8, "is of the unknown class " + quote(class_name->dotted));
  return values.add_storage({class_name->dotted, dtype, key->utf8, *count});
}

std::optional<ElementType> dtype_named(std::string_view dotted) {
  return dtype_in(dtypes, dotted);
}

}  // namespace yoneda::io::pickle
