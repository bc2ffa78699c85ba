// The values of a pickle, side by side in one arena. They refer to each other by their places and
// own nothing, so that values that contain themselves can neither leak nor recurse.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "yoneda/core/types.hpp"
#include "yoneda/io/element_type.hpp"

namespace yoneda::io::pickle {

/// The place of a value in the arena.
using Ref = std::uint32_t;

struct None {};

/// An integer beyond 64 bits; its value is not kept.
struct BigInteger {
  Index size;
  std::string_view unit;  // "bytes" or "digits"
};

struct Text {
  std::string_view utf8;
};

/// Bytes, whose contents are not kept.
struct Bytes {};

/// A module and a name in it, "posix.system". It is never looked up.
struct Name {
  std::string_view dotted;
};

struct Tuple {
  std::vector<Ref> items;
};
struct List {
  std::vector<Ref> items;
};
struct Set {
  std::vector<Ref> items;
};

using Entries = std::vector<std::pair<Ref, Ref>>;
struct Dict {
  Entries entries;
};

/// An instance of a class, by its place among the objects.
struct Instance {
  Ref object;
};

/// What a pickle says about an instance: data, never behaviour.
struct Object {
  std::string_view class_name;
  std::vector<Ref> items;  // what it was made from, and what was appended
  Entries entries;         // what was set by key
  std::optional<Ref> state;
};

/// A storage, by its place among the storages.
struct StorageId {
  Ref storage;
};

struct Storage {
  std::string_view class_name;
  std::optional<ElementType> dtype;  // nothing for complex and quantised numbers
  std::string_view key;
  Index count;  // elements
};

/// A tensor over a storage; what it refers to is checked when its path is known.
struct View {
  Ref storage, offset, size, stride;
  std::optional<Ref> dtype;  // nothing: the storage's
};

/// Something PyTorch has and this library does not read: "a sparse tensor".
struct Stranger {
  std::string_view what;
};

using Value = std::variant<None, bool, Index, double, BigInteger, Text, Bytes, Name, Tuple, List,
                           Set, Dict, Instance, StorageId, View, Stranger>;

class Values {
 public:
  Ref add(Value value);
  Ref add_object(Object object);

  /// Adds a storage. Throws Error{format} where its key was given before with other contents.
  Ref add_storage(const Storage& storage);

  /// Keeps a text that is not in the pickle as it stands.
  std::string_view keep(std::string text);

  /// Counts what a pickle makes us hold. Throws Error{format} beyond the limit.
  void charge(Index count);

  const Value& operator[](Ref ref) const { return values_[ref]; }

  /// The value, if it is a T; else null.
  template <class T>
  const T* as(Ref ref) const {
    return std::get_if<T>(&values_[ref]);
  }
  template <class T>
  T* as(Ref ref) {
    return std::get_if<T>(&values_[ref]);
  }

  const Object& object(Instance instance) const { return objects_[instance.object]; }
  Object& object(Instance instance) { return objects_[instance.object]; }
  const Storage& storage(StorageId id) const { return storages_[id.storage]; }

 private:
  std::deque<Value> values_;
  std::deque<Object> objects_;
  std::deque<Storage> storages_;
  std::map<std::string_view, Ref> storage_keys_;
  std::deque<std::string> texts_;
  Index charged_ = 0;
};

/// "a list", "an object of 'argparse.Namespace'".
std::string describe(const Values& values, Ref ref);

}  // namespace yoneda::io::pickle
