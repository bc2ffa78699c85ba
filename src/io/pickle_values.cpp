#include "io/pickle_values.hpp"

#include <fmt/format.h>

#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::io::pickle {
namespace {

// A tensor takes about 40 of them; memory stays well below a gigabyte.
constexpr Index charge_limit = 8'000'000;
constexpr std::size_t bytes_per_charge = 16;

bool same(const Storage& a, const Storage& b) {
  return a.count == b.count && a.dtype == b.dtype && (a.dtype || a.class_name == b.class_name);
}

std::string describe_storage(const Storage& storage) {
  return fmt::format("{} of {}", storage.count, printable(storage.class_name));
}

}  // namespace

void Values::charge(Index count) {
  charged_ += count;
  if (charged_ > charge_limit)
    throw Error(ErrorKind::format,
                fmt::format("data.pkl holds more than the {} values this library takes from one",
                            charge_limit));
}

Ref Values::add(Value value) {
  charge(1);
  values_.push_back(std::move(value));
  return static_cast<Ref>(values_.size() - 1);
}

Ref Values::add_object(Object object) {
  objects_.push_back(std::move(object));
  return add(Instance{static_cast<Ref>(objects_.size() - 1)});
}

Ref Values::add_storage(const Storage& storage) {
  const auto place = static_cast<Ref>(storages_.size());
  const auto [known, is_new] = storage_keys_.emplace(storage.key, place);
  if (is_new) storages_.push_back(storage);
  const Storage& first = storages_[known->second];
  if (!same(first, storage))
    throw Error(ErrorKind::format,
                fmt::format("storage {} is {} in one place and {} in another", quote(storage.key),
                            describe_storage(first), describe_storage(storage)));
  return add(StorageId{known->second});
}

std::string_view Values::keep(std::string text) {
  charge(static_cast<Index>(text.size() / bytes_per_charge) + 1);
  return texts_.emplace_back(std::move(text));
}

std::string describe(const Values& values, Ref ref) {
  struct {
    const Values& values;
    std::string operator()(None) const { return "None"; }
    std::string operator()(bool) const { return "a truth value"; }
    std::string operator()(Index) const { return "an integer"; }
    std::string operator()(double) const { return "a floating-point number"; }
    std::string operator()(BigInteger) const { return "a long integer"; }
    std::string operator()(Text) const { return "a text"; }
    std::string operator()(Bytes) const { return "bytes"; }
    std::string operator()(Name name) const { return "the name " + quote(name.dotted); }
    std::string operator()(const Tuple&) const { return "a tuple"; }
    std::string operator()(const List&) const { return "a list"; }
    std::string operator()(const Set&) const { return "a set"; }
    std::string operator()(const Dict&) const { return "a dictionary"; }
    std::string operator()(Instance instance) const {
      return "an object of " + quote(values.object(instance).class_name);
    }
    std::string operator()(StorageId) const { return "a bare storage"; }
    std::string operator()(const View&) const { return "a tensor"; }
    std::string operator()(Stranger stranger) const { return std::string(stranger.what); }
  } const words{values};
  return std::visit(words, values[ref]);
}

}  // namespace yoneda::io::pickle
