#include "io/pickle_flatten.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "io/pickle_tensor.hpp"
#include "io/pickle_text.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::io::pickle {
namespace {

// A few memoised lists can stand for more values than there are atoms; these end it.
constexpr std::size_t container_depth_limit = 64;
constexpr Index value_limit = 1'000'000;
constexpr Index byte_limit = 64 << 20;  // of paths, keys and texts

// The attributes of an nn.Module whose entries state_dict() names as if they were the module's own.
constexpr std::array<std::string_view, 3> module_parts{"_parameters", "_buffers", "_modules"};

class Flattening {
 public:
  explicit Flattening(const Values& values) : values_(values) {}

  PickledState run(Ref root) {
    visit(root);
    require_distinct();
    return std::move(state_);
  }

 private:
  // While a container's contents are visited.
  class Inside {
   public:
    Inside(Flattening& owner, Ref container) : open_(owner.open_) {
      if (std::ranges::find(open_, container) != open_.end()) throw owner.refuse("contains itself");
      if (open_.size() == container_depth_limit)
        throw owner.refuse(fmt::format("is nested deeper than {} levels", container_depth_limit));
      open_.push_back(container);
    }
    ~Inside() { open_.pop_back(); }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    std::vector<Ref>& open_;
  };

  Error refuse(const std::string& why) const {
    return Error(ErrorKind::format, (parts_ == 0 ? "the checkpoint" : quote(path_)) + " " + why);
  }

  void spend(std::size_t bytes) {
    bytes_ += static_cast<Index>(bytes);
    if (bytes_ > byte_limit)
      throw Error(ErrorKind::format,
                  fmt::format("data.pkl unfolds to more than {} bytes of names", byte_limit));
  }

  void count_one() {
    if (++visited_ > value_limit)
      throw Error(ErrorKind::format,
                  fmt::format("data.pkl unfolds to more than {} values", value_limit));
  }

  void visit(Ref ref) {
    count_one();
    std::visit([&](const auto& value) { take(value, ref); }, values_[ref]);
  }

  void visit_under(std::string_view key, Ref ref) {
    spend(key.size() + 1);
    const std::size_t before = path_.size();
    if (parts_++ > 0) path_ += '.';
    path_ += key;
    visit(ref);
    path_.resize(before);
    --parts_;
  }

  void visit_items(const std::vector<Ref>& items) {
    for (std::size_t i = 0; i < items.size(); ++i) visit_under(std::to_string(i), items[i]);
  }

  void visit_entries(const Entries& entries) {
    for (const auto& [key, value] : entries) visit_under(key_text(key), value);
  }

  // Leaves.

  void keep(std::string_view text) {
    std::string path = parts_ == 0 ? "value" : path_;
    spend(path.size() + text.size());
    if (!state_.values.emplace(std::move(path), text).second) throw refuse("is given twice");
  }

  void take(None, Ref) { keep("none"); }
  void take(bool value, Ref) { keep(value ? "true" : "false"); }
  void take(Index value, Ref) { keep(std::to_string(value)); }
  void take(double value, Ref) { keep(number_text(value)); }
  void take(BigInteger value, Ref) {
    keep(fmt::format("<integer of {} {}>", value.size, value.unit));
  }
  void take(Text text, Ref) { keep(text.utf8); }
  void take(Bytes, Ref) { keep("<bytes>"); }
  void take(Name name, Ref) { keep(name.dotted); }
  void take(Stranger, Ref ref) { throw unread(ref); }
  void take(StorageId, Ref ref) { throw unread(ref); }

  Error unread(Ref ref) const {
    return refuse(fmt::format("is {}, which is not read", describe(values_, ref)));
  }

  void take(const View& view, Ref) {
    const std::string name = parts_ == 0 ? "tensor" : path_;
    PickledTensor found = tensor(values_, view, name);
    spend(name.size() + found.storage.size() + found.shape.size() * 2 * sizeof(Index));
    state_.tensors.push_back(std::move(found));
  }

  // Containers.

  void take(const Tuple& tuple, Ref ref) {
    const Inside inside(*this, ref);
    visit_items(tuple.items);
  }

  void take(const List& list, Ref ref) {
    const Inside inside(*this, ref);
    visit_items(list.items);
  }

  void take(const Set& set, Ref ref) {
    const Inside inside(*this, ref);
    visit_items(set.items);
  }

  void take(const Dict& dict, Ref ref) {
    const Inside inside(*this, ref);
    visit_entries(dict.entries);
  }

  void take(Instance instance, Ref ref) {
    const Inside inside(*this, ref);
    const Object& object = values_.object(instance);
    keep_class(object.class_name);
    visit_items(object.items);
    visit_entries(object.entries);
    if (object.state) visit_state(*object.state);
  }

  void keep_class(std::string_view name) {
    spend(path_.size() + name.size());
    if (parts_ == 0)
      state_.root_class = name;
    else
      state_.classes.emplace(path_, name);
  }

  // The attributes of an object: a dictionary, a pair of one and of slots, or a state of its own.
  void visit_state(Ref ref) {
    const auto* pair = values_.as<Tuple>(ref);
    if (const auto* dict = values_.as<Dict>(ref)) {
      visit_attributes(*dict);
    } else if (pair && pair->items.size() == 2 && is_attributes(pair->items[0]) &&
               is_attributes(pair->items[1])) {
      for (const Ref part : pair->items)
        if (const auto* part_dict = values_.as<Dict>(part)) visit_attributes(*part_dict);
    } else if (!values_.as<None>(ref)) {
      visit(ref);
    }
  }

  bool is_attributes(Ref ref) const {
    return values_.as<Dict>(ref) != nullptr || values_.as<None>(ref) != nullptr;
  }

  void visit_attributes(const Dict& attributes) {
    if (!is_module(attributes)) return visit_entries(attributes.entries);
    for (const auto& [key, value] : attributes.entries) {
      count_one();
      const auto* members = values_.as<Dict>(value);
      if (members && is_module_part(key))
        visit_members(*members);
      else if (!is_idle(key, value))
        visit_under(key_text(key), value);
    }
  }

  bool is_module(const Dict& attributes) const {
    return std::ranges::all_of(module_parts, [&](std::string_view part) {
      return std::ranges::any_of(attributes.entries, [&](const auto& entry) {
        const auto* key = values_.as<Text>(entry.first);
        return key && key->utf8 == part && values_.as<Dict>(entry.second);
      });
    });
  }

  bool is_module_part(Ref key) const {
    const auto* text = values_.as<Text>(key);
    return text && std::ranges::find(module_parts, text->utf8) != module_parts.end();
  }

  // Registered as absent (a bias that is None): state_dict() leaves them out.
  void visit_members(const Dict& members) {
    for (const auto& [key, value] : members.entries) {
      count_one();
      if (!values_.as<None>(value)) visit_under(key_text(key), value);
    }
  }

  // A module's own bookkeeping, such as hooks, where there is nothing in it.
  bool is_idle(Ref key, Ref value) const {
    const auto* text = values_.as<Text>(key);
    if (!text || !text->utf8.starts_with('_')) return false;
    const auto* dict = values_.as<Dict>(value);
    const auto* list = values_.as<List>(value);
    const auto* set = values_.as<Set>(value);
    return values_.as<None>(value) || (dict && dict->entries.empty()) ||
           (list && list->items.empty()) || (set && set->items.empty());
  }

  // Good until the next call.
  std::string_view key_text(Ref key) {
    if (const auto* text = values_.as<Text>(key)) return text->utf8;
    if (const auto* number = values_.as<Index>(key)) return number_ = std::to_string(*number);
    if (const auto* number = values_.as<double>(key)) return number_ = number_text(*number);
    if (const auto* flag = values_.as<bool>(key)) return *flag ? "true" : "false";
    if (values_.as<None>(key)) return "none";
    throw refuse("has a key that is " + describe(values_, key));
  }

  void require_distinct() const {
    std::vector<std::string_view> names;
    for (const PickledTensor& t : state_.tensors) {
      names.push_back(t.name);
      if (state_.values.contains(t.name)) throw twice(t.name);
    }
    std::ranges::sort(names);
    const auto repeated = std::ranges::adjacent_find(names);
    if (repeated != names.end()) throw twice(*repeated);
  }

  static Error twice(std::string_view name) {
    return Error(ErrorKind::format, quote(name) + " is given twice");
  }

  const Values& values_;
  PickledState state_;
  std::string path_;       // of the value being visited
  Index parts_ = 0;        // keys in it
  std::string number_;     // the last key that was no text
  std::vector<Ref> open_;  // containers around it
  Index visited_ = 0, bytes_ = 0;
};

}  // namespace

PickledState flatten(const Values& values, Ref root) {
  return Flattening(values).run(root);
}

}  // namespace yoneda::io::pickle
