#include "io/pickle_calls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "io/pickle_storages.hpp"
#include "io/text.hpp"

namespace yoneda::io::pickle {
namespace {

struct Call {
  Values& values;
  std::string_view name;
  std::span<const Ref> args;

  std::size_t count() const { return args.size(); }

  template <class T>
  const T* as(std::size_t i) const {
    return i < args.size() ? values.as<T>(args[i]) : nullptr;
  }

  Error wrong() const {
    std::string given;
    for (const Ref arg : args.first(std::min<std::size_t>(args.size(), 8)))
      given += (given.empty() ? "" : ", ") + describe(values, arg);
    return Error(ErrorKind::format,
                 fmt::format("data.pkl is damaged: {} does not take ({}{})", quote(name),
                             printable(given), args.size() > 8 ? ", ..." : ""));
  }

  void require(bool condition) const {
    if (!condition) throw wrong();
  }
};

bool nothing(const Call& call, std::size_t i) {
  const auto* dict = call.as<Dict>(i);
  return call.as<None>(i) != nullptr || (dict != nullptr && dict->entries.empty());
}

// torch/_utils.py: storage, offset, size, stride.
Ref plain_tensor(const Call& call, std::optional<Ref> dtype) {
  call.require(call.as<StorageId>(0) && call.as<Index>(1) && call.as<Tuple>(2) &&
               call.as<Tuple>(3));
  return call.values.add(View{call.args[0], call.args[1], call.args[2], call.args[3], dtype});
}

Ref rebuild_tensor(const Call& call) {
  call.require(call.count() == 4);
  return plain_tensor(call, {});
}

// requires_grad, hooks; behind what else there is, a dictionary where the stored numbers are not
// the tensor's own.
Ref with_metadata(const Call& call, std::size_t metadata, std::optional<Ref> dtype) {
  call.require(call.count() == metadata || call.count() == metadata + 1);
  call.require(call.as<bool>(4) && nothing(call, 5));
  const Ref tensor = plain_tensor(call, dtype);
  if (call.count() == metadata || nothing(call, metadata)) return tensor;
  call.require(call.as<Dict>(metadata));
  return call.values.add(Stranger{"a tensor stored negated or conjugated"});
}

Ref rebuild_tensor_2(const Call& call) {
  return with_metadata(call, 6, {});
}

Ref rebuild_tensor_3(const Call& call) {
  call.require(call.as<Name>(6));
  return with_metadata(call, 7, call.args[6]);
}

// data, requires_grad, hooks, and the state of Python attributes, which say nothing of the numbers.
Ref rebuild_parameter(const Call& call) {
  call.require(call.count() == 3 || call.count() == 4);
  call.require(call.as<View>(0) || call.as<Stranger>(0));
  call.require(call.as<bool>(1) && nothing(call, 2));
  return call.args[0];
}

// torch/_tensor.py, tensors with Python attributes: function, class, arguments, state.
Ref rebuild_from_type(const Call& call) {
  call.require(call.count() == 4 && call.as<Name>(0) && call.as<Name>(1) && call.as<Tuple>(2));
  if (!call.as<Name>(0)->dotted.starts_with("torch._utils._rebuild_"))
    throw would_call(call.values, call.args[0]);
  return pickle::call(call.values, call.args[0], call.args[2]);
}

// The items of a list, tuple or set given as only argument; none where there is no argument.
std::vector<Ref> items(const Call& call) {
  call.require(call.count() <= 1);
  if (call.count() == 0) return {};
  const auto copy = [&call](const std::vector<Ref>& from) {
    call.values.charge(static_cast<Index>(from.size()));
    return from;
  };
  if (const auto* list = call.as<List>(0)) return copy(list->items);
  if (const auto* tuple = call.as<Tuple>(0)) return copy(tuple->items);
  if (const auto* set = call.as<Set>(0)) return copy(set->items);
  throw call.wrong();
}

template <class T>
Ref collection(const Call& call) {
  return call.values.add(T{items(call)});
}

const std::vector<Ref>* pair_items(const Values& values, Ref ref) {
  const auto* tuple = values.as<Tuple>(ref);
  const auto* list = values.as<List>(ref);
  const auto* pair = tuple ? &tuple->items : list ? &list->items : nullptr;
  return pair && pair->size() == 2 ? pair : nullptr;
}

// Nothing, a dictionary, or a list of pairs.
Ref dictionary(const Call& call) {
  call.require(call.count() <= 1);
  if (const auto* dict = call.as<Dict>(0)) {
    call.values.charge(static_cast<Index>(dict->entries.size()));
    return call.values.add(Dict{dict->entries});
  }
  Dict dict;
  for (const Ref item : items(call)) {
    const auto* pair = pair_items(call.values, item);
    call.require(pair != nullptr);
    dict.entries.emplace_back((*pair)[0], (*pair)[1]);
  }
  return call.values.add(std::move(dict));
}

// The factory is never called.
Ref defaultdict(const Call& call) {
  if (call.count() == 0) return dictionary(call);
  call.require(call.as<Name>(0) || call.as<None>(0));
  return dictionary({call.values, call.name, call.args.subspan(1)});
}

// Protocol 2 writes bytes as a Latin-1 text to be encoded.
Ref bytes(const Call& call) {
  const bool encoded = call.count() == 2 && call.as<Text>(0) && call.as<Text>(1);
  call.require(call.count() == 0 || encoded || (call.count() == 1 && call.as<Bytes>(0)));
  return call.values.add(Bytes{});
}

// 'cuda', 0
Ref device(const Call& call) {
  call.require(call.as<Text>(0) && (call.count() == 1 || (call.count() == 2 && call.as<Index>(1))));
  if (call.count() == 1) return call.args[0];
  std::string text = fmt::format("{}:{}", call.as<Text>(0)->utf8, *call.as<Index>(1));
  return call.values.add(Text{call.values.keep(std::move(text))});
}

Ref layout(const Call& call) {
  call.require(call.count() == 1 && call.as<Text>(0));
  return call.args[0];
}

Ref add_object(const Call& call, std::vector<Ref> items, Entries entries) {
  call.values.charge(static_cast<Index>(items.size() + entries.size()));
  return call.values.add_object({call.name, std::move(items), std::move(entries), {}});
}

// An object made from these arguments, none of which is a function or a class.
Ref make_object(const Call& call, Entries keywords = {}) {
  for (const Ref arg : call.args)
    if (const auto* name = call.values.as<Name>(arg); name && !dtype_named(name->dotted))
      throw Error(ErrorKind::format, fmt::format("an object of {} would be made from {}: a "
                                                 "checkpoint that runs code is never loaded",
                                                 quote(call.name), quote(name->dotted)));
  return add_object(call, {call.args.begin(), call.args.end()}, std::move(keywords));
}

// Protocols 0 and 1 write objects by this function: class, base, and the base's value, of which a
// list or a dictionary stands for its contents.
Ref reconstruct(const Call& call) {
  call.require(call.count() == 3 && call.as<Name>(0) && call.as<Name>(1));
  const Call made{call.values, call.as<Name>(0)->dotted, call.args.subspan(2)};
  if (made.as<None>(0)) return add_object(made, {}, {});
  if (made.as<Dict>(0)) return add_object(made, {}, made.as<Dict>(0)->entries);
  if (made.as<List>(0) || made.as<Tuple>(0) || made.as<Set>(0))
    return add_object(made, items(made), {});
  return make_object(made);
}

struct Known {
  std::string_view name;
  Ref (*make)(const Call&);
};

constexpr std::array table{
    Known{"torch._utils._rebuild_tensor", rebuild_tensor},
    Known{"torch._utils._rebuild_tensor_v2", rebuild_tensor_2},
    Known{"torch._utils._rebuild_tensor_v3", rebuild_tensor_3},
    Known{"torch._utils._rebuild_parameter", rebuild_parameter},
    Known{"torch._utils._rebuild_parameter_with_state", rebuild_parameter},
    Known{"torch._tensor._rebuild_from_type_v2", rebuild_from_type},
    Known{"torch.Size", collection<Tuple>},
    Known{"torch.device", device},
    Known{"torch.serialization._get_layout", layout},
    Known{"collections.OrderedDict", dictionary},
    Known{"collections.Counter", dictionary},
    Known{"collections.defaultdict", defaultdict},
    Known{"builtins.dict", dictionary},
    Known{"builtins.list", collection<List>},
    Known{"builtins.tuple", collection<Tuple>},
    Known{"builtins.set", collection<Set>},
    Known{"builtins.frozenset", collection<Set>},
    Known{"builtins.bytes", bytes},
    Known{"builtins.bytearray", bytes},
    Known{"_codecs.encode", bytes},
    Known{"copyreg._reconstructor", reconstruct},
};

struct Unread {
  std::string_view name;
  std::string_view what;
};

// Data as well, but of kinds that are refused where they turn up.
constexpr std::array strangers{
    Unread{"torch._utils._rebuild_qtensor", "a quantised tensor"},
    Unread{"torch._utils._rebuild_sparse_tensor", "a sparse tensor"},
    Unread{"torch._utils._rebuild_sparse_csr_tensor", "a sparse tensor"},
    Unread{"torch._utils._rebuild_nested_tensor", "a nested tensor"},
    Unread{"torch._utils._rebuild_meta_tensor_no_storage", "a tensor without numbers (meta)"},
    Unread{"torch._utils._rebuild_wrapper_subclass", "a tensor of a class without a storage"},
    Unread{"torch._utils._rebuild_device_tensor_from_numpy", "a tensor saved as a NumPy array"},
    Unread{"torch._utils._rebuild_device_tensor_from_cpu_tensor", "a tensor of another device"},
    Unread{"numpy.core.multiarray._reconstruct", "a NumPy array"},
    Unread{"numpy._core.multiarray._reconstruct", "a NumPy array"},
    Unread{"numpy.core.numeric._frombuffer", "a NumPy array"},
    Unread{"numpy._core.numeric._frombuffer", "a NumPy array"},
    Unread{"numpy.core.multiarray.scalar", "a NumPy number"},
    Unread{"numpy._core.multiarray.scalar", "a NumPy number"},
    Unread{"numpy.dtype", "a NumPy dtype"},
    Unread{"builtins.complex", "a complex number"},
};

template <class Table>
auto find(const Table& table_, std::string_view name) {
  const auto found = std::ranges::find(table_, name, &Table::value_type::name);
  return found == table_.end() ? nullptr : &*found;
}

}  // namespace

Error would_call(const Values& values, Ref callee) {
  const auto* name = values.as<Name>(callee);
  return Error(ErrorKind::format,
               fmt::format("would call {}: a checkpoint that runs code is never loaded",
                           name ? quote(name->dotted) : describe(values, callee)));
}

Ref call(Values& values, Ref callee, Ref args) {
  const auto* name = values.as<Name>(callee);
  if (name == nullptr) throw would_call(values, callee);
  if (const Unread* unread = find(strangers, name->dotted))
    return values.add(Stranger{unread->what});
  const Known* known = find(table, name->dotted);
  if (known == nullptr) throw would_call(values, callee);
  const auto* tuple = values.as<Tuple>(args);
  if (tuple == nullptr)
    throw Error(ErrorKind::format, fmt::format("data.pkl is damaged: {} is given {}, not a tuple",
                                               quote(name->dotted), describe(values, args)));
  return known->make({values, name->dotted, tuple->items});
}

Ref new_object(Values& values, Ref class_name, Ref args, std::optional<Ref> keywords) {
  const auto* name = values.as<Name>(class_name);
  const auto* tuple = values.as<Tuple>(args);
  const auto* given = keywords ? values.as<Dict>(*keywords) : nullptr;
  if (name == nullptr || tuple == nullptr || (keywords && given == nullptr))
    throw Error(ErrorKind::format,
                fmt::format("data.pkl is damaged: an object of {} made from {}{}",
                            describe(values, class_name), describe(values, args),
                            keywords ? " and " + describe(values, *keywords) : ""));
  return make_object({values, name->dotted, tuple->items}, given ? given->entries : Entries());
}

}  // namespace yoneda::io::pickle
