#include "io/pickle_machine.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "io/pickle_calls.hpp"
#include "io/pickle_storages.hpp"
#include "io/pickle_text.hpp"
#include "io/text.hpp"

namespace yoneda::io::pickle {

enum class Op : std::uint8_t {
  mark = '(',
  stop = '.',
  pop = '0',
  pop_mark = '1',
  dup = '2',
  float_line = 'F',
  int_line = 'I',
  binint = 'J',
  binint1 = 'K',
  long_line = 'L',
  binint2 = 'M',
  none = 'N',
  persid = 'P',
  binpersid = 'Q',
  reduce = 'R',
  string_line = 'S',
  binstring = 'T',
  short_binstring = 'U',
  unicode_line = 'V',
  binunicode = 'X',
  append = 'a',
  build = 'b',
  global = 'c',
  dict = 'd',
  empty_dict = '}',
  appends = 'e',
  get = 'g',
  binget = 'h',
  inst = 'i',
  long_binget = 'j',
  list = 'l',
  empty_list = ']',
  obj = 'o',
  put = 'p',
  binput = 'q',
  long_binput = 'r',
  setitem = 's',
  tuple = 't',
  empty_tuple = ')',
  setitems = 'u',
  binfloat = 'G',
  // protocol 2
  proto = 0x80,
  newobj = 0x81,
  ext1 = 0x82,
  ext2 = 0x83,
  ext4 = 0x84,
  tuple1 = 0x85,
  tuple2 = 0x86,
  tuple3 = 0x87,
  newtrue = 0x88,
  newfalse = 0x89,
  long1 = 0x8a,
  long4 = 0x8b,
  // protocol 3
  binbytes = 'B',
  short_binbytes = 'C',
  // protocol 4
  short_binunicode = 0x8c,
  binunicode8 = 0x8d,
  binbytes8 = 0x8e,
  empty_set = 0x8f,
  additems = 0x90,
  frozenset = 0x91,
  newobj_ex = 0x92,
  stack_global = 0x93,
  memoize = 0x94,
  frame = 0x95,
  // protocol 5
  bytearray8 = 0x96,
  next_buffer = 0x97,
  readonly_buffer = 0x98,
};

namespace {

constexpr int newest_protocol = 5;

std::string_view refusal(Op op) {
  switch (op) {
    case Op::persid:
      return "a persistent id as text, which torch.save does not write";
    case Op::ext1:
    case Op::ext2:
    case Op::ext4:
      return "a name from Python's extension registry, which only the writer knows";
    case Op::next_buffer:
    case Op::readonly_buffer:
      return "data kept outside the pickle";
    default:
      return {};
  }
}

// Protocols up to 2 name modules as Python 2 did.
constexpr std::array renamed{std::pair{"__builtin__", "builtins"}, std::pair{"copy_reg", "copyreg"},
                             std::pair{"commands", "subprocess"}};

std::string dotted(std::string_view module, std::string_view name) {
  for (const auto& [before, now] : renamed)
    if (module == before) module = now;
  return fmt::format("{}.{}", module, name);
}

}  // namespace

Ref Machine::run() {
  for (;;) {
    source_.start();
    const auto op = source_.number<Op>();
    if (op == Op::stop) break;
    if (!number(op) && !text(op) && !collection(op) && !stack(op) && !memo(op) && !object(op) &&
        !framing(op))
      refuse(op);
  }
  const Ref result = pop();
  if (!stack_.empty() || !marks_.empty()) throw source_.damaged("it ends with values left over");
  if (source_.left() > 0)
    throw source_.damaged(fmt::format("{} bytes behind its end", source_.left()));
  return result;
}

void Machine::refuse(Op op) const {
  if (const auto why = refusal(op); !why.empty())
    throw Error(ErrorKind::format, fmt::format("data.pkl needs {}", why));
  throw source_.damaged(fmt::format("unknown opcode 0x{:02x}", static_cast<unsigned>(op)));
}

bool Machine::number(Op op) {
  switch (op) {
    case Op::none:
      push(None{});
      return true;
    case Op::newtrue:
    case Op::newfalse:
      push(op == Op::newtrue);
      return true;
    case Op::binint:
      push(Index{source_.number<std::int32_t>()});
      return true;
    case Op::binint1:
      push(Index{source_.number<std::uint8_t>()});
      return true;
    case Op::binint2:
      push(Index{source_.number<std::uint16_t>()});
      return true;
    case Op::long1:
      push_long(source_.number<std::uint8_t>());
      return true;
    case Op::long4:
      push_long(source_.number<std::uint32_t>());
      return true;
    case Op::int_line:
    case Op::long_line:
      push_int_line();
      return true;
    case Op::binfloat:
      push(source_.big_endian_double());
      return true;
    case Op::float_line: {
      const auto value = from_decimal(source_.line());
      if (!value) throw source_.damaged("a number that is none");
      push(*value);
      return true;
    }
    default:
      return false;
  }
}

void Machine::push_long(std::uint64_t size) {
  push(from_twos_complement(source_.take(size)));
}

// "12", "12L", and "01" or "00" for the truth values of protocols 0 and 1.
void Machine::push_int_line() {
  std::string_view line = source_.line();
  if (line == "01" || line == "00") return push(line == "01");
  if (line.ends_with('L')) line.remove_suffix(1);
  const auto value = from_digits(line);
  if (!value) throw source_.damaged("a number that is none");
  push(*value);
}

bool Machine::text(Op op) {
  switch (op) {
    case Op::short_binunicode:
    case Op::short_binstring:
      push_text(source_.take_text(source_.number<std::uint8_t>()));
      return true;
    case Op::binunicode:
    case Op::binstring:  // a signed length: a negative one is more than is left
      push_text(source_.take_text(source_.number<std::uint32_t>()));
      return true;
    case Op::binunicode8:
      push_text(source_.take_text(source_.number<std::uint64_t>()));
      return true;
    case Op::unicode_line:
      push_escaped(from_raw_unicode(source_.line()));
      return true;
    case Op::string_line:
      push_escaped(from_literal(source_.line()));
      return true;
    case Op::short_binbytes:
      source_.take(source_.number<std::uint8_t>());
      push(Bytes{});
      return true;
    case Op::binbytes:
      source_.take(source_.number<std::uint32_t>());
      push(Bytes{});
      return true;
    case Op::binbytes8:
    case Op::bytearray8:
      source_.take(source_.number<std::uint64_t>());
      push(Bytes{});
      return true;
    default:
      return false;
  }
}

void Machine::push_text(std::string_view utf8) {
  if (!is_utf8(utf8)) throw source_.damaged("a text that is no UTF-8");
  push(Text{utf8});
}

void Machine::push_escaped(const std::optional<std::string>& text) {
  if (!text) throw source_.damaged("a text with an unknown escape");
  push_text(values_.keep(*text));
}

bool Machine::collection(Op op) {
  switch (op) {
    case Op::empty_tuple:
      push(Tuple{});
      return true;
    case Op::tuple1:
      push_tuple(1);
      return true;
    case Op::tuple2:
      push_tuple(2);
      return true;
    case Op::tuple3:
      push_tuple(3);
      return true;
    case Op::tuple:
      push(Tuple{pop_to_mark()});
      return true;
    case Op::empty_list:
      push(List{});
      return true;
    case Op::list:
      push(List{pop_to_mark()});
      return true;
    case Op::append: {
      const Ref item = pop();
      append({&item, 1});
      return true;
    }
    case Op::appends:
      append(pop_to_mark());
      return true;
    case Op::empty_set:
      push(Set{});
      return true;
    case Op::additems:
      add_to_set(pop_to_mark());
      return true;
    case Op::frozenset:
      push(Set{pop_to_mark()});
      return true;
    case Op::empty_dict:
      push(Dict{});
      return true;
    case Op::dict: {
      const auto items = pop_to_mark();
      push(Dict{});
      set_items(items);
      return true;
    }
    case Op::setitem: {
      const Ref value = pop(), key = pop();
      set_items(std::array{key, value});
      return true;
    }
    case Op::setitems:
      set_items(pop_to_mark());
      return true;
    default:
      return false;
  }
}

void Machine::push_tuple(Index size) {
  Tuple tuple{std::vector<Ref>(size)};
  for (Index i = size; i-- > 0;) tuple.items[i] = pop();
  push(std::move(tuple));
}

// A list, or an object of a class made from list.
void Machine::append(std::span<const Ref> items) {
  auto* list = values_.as<List>(top());
  auto* instance = values_.as<Instance>(top());
  if (!list && !instance)
    throw source_.damaged("an item is appended to " + describe(values_, top()));
  auto& target = list ? list->items : values_.object(*instance).items;
  target.insert(target.end(), items.begin(), items.end());
}

// A dictionary, or an object of a class made from dict.
void Machine::set_items(std::span<const Ref> keys_and_values) {
  auto* dict = values_.as<Dict>(top());
  auto* instance = values_.as<Instance>(top());
  if (!dict && !instance) throw source_.damaged("a key is set in " + describe(values_, top()));
  if (keys_and_values.size() % 2 != 0) throw source_.damaged("a key without a value");
  auto& target = dict ? dict->entries : values_.object(*instance).entries;
  for (std::size_t i = 0; i < keys_and_values.size(); i += 2)
    target.emplace_back(keys_and_values[i], keys_and_values[i + 1]);
}

void Machine::add_to_set(const std::vector<Ref>& items) {
  auto* set = values_.as<Set>(top());
  if (!set) throw source_.damaged("an item is added to " + describe(values_, top()));
  set->items.insert(set->items.end(), items.begin(), items.end());
}

bool Machine::stack(Op op) {
  switch (op) {
    case Op::mark:
      values_.charge(1);
      marks_.push_back(static_cast<Index>(stack_.size()));
      return true;
    case Op::pop:  // takes a mark where there is nothing above it
      if (!marks_.empty() && floor() == static_cast<Index>(stack_.size()))
        marks_.pop_back();
      else
        pop();
      return true;
    case Op::pop_mark:
      pop_to_mark();
      return true;
    case Op::dup:
      values_.charge(1);
      push_known(top());
      return true;
    default:
      return false;
  }
}

Ref Machine::top() const {
  if (static_cast<Index>(stack_.size()) == floor())
    throw source_.damaged("it takes a value from an empty stack");
  return stack_.back();
}

Ref Machine::pop() {
  const Ref ref = top();
  stack_.pop_back();
  return ref;
}

std::vector<Ref> Machine::pop_to_mark() {
  if (marks_.empty()) throw source_.damaged("it takes values up to a mark, and there is none");
  const auto first = stack_.begin() + floor();
  const std::vector<Ref> items(first, stack_.end());
  stack_.erase(first, stack_.end());
  marks_.pop_back();
  return items;
}

bool Machine::memo(Op op) {
  switch (op) {
    case Op::put:
      remember(place_line());
      return true;
    case Op::binput:
      remember(source_.number<std::uint8_t>());
      return true;
    case Op::long_binput:
      remember(source_.number<std::uint32_t>());
      return true;
    case Op::memoize:
      remember(memo_.size());
      return true;
    case Op::get:
      recall(place_line());
      return true;
    case Op::binget:
      recall(source_.number<std::uint8_t>());
      return true;
    case Op::long_binget:
      recall(source_.number<std::uint32_t>());
      return true;
    default:
      return false;
  }
}

void Machine::remember(std::uint64_t place) {
  values_.charge(1);
  memo_.put(place, top());
}

void Machine::recall(std::uint64_t place) {
  const auto found = memo_.get(place);
  if (!found) throw source_.damaged(fmt::format("memo {} is asked for before it is given", place));
  values_.charge(1);
  push_known(*found);
}

std::uint64_t Machine::place_line() {
  const std::string_view line = source_.line();
  std::uint64_t place = 0;
  const char* const end = line.data() + line.size();
  const auto [stop, error] = std::from_chars(line.data(), end, place);
  if (error != std::errc() || stop != end) throw source_.damaged("a memo without a number");
  return place;
}

bool Machine::object(Op op) {
  switch (op) {
    case Op::global:
      global();
      return true;
    case Op::stack_global:
      stack_global();
      return true;
    case Op::reduce: {
      const Ref args = pop(), callee = pop();
      push_known(call(values_, callee, args));
      return true;
    }
    case Op::newobj: {
      const Ref args = pop(), class_name = pop();
      push_known(new_object(values_, class_name, args));
      return true;
    }
    case Op::newobj_ex: {
      const Ref keywords = pop(), args = pop(), class_name = pop();
      push_known(new_object(values_, class_name, args, keywords));
      return true;
    }
    case Op::inst:  // only Python 2 wrote these two, which call whatever they name
      global();
      throw would_call(values_, top());
    case Op::obj:
      if (const auto parts = pop_to_mark(); !parts.empty()) throw would_call(values_, parts[0]);
      throw source_.damaged("an object without a class");
    case Op::build:
      build();
      return true;
    case Op::binpersid:
      push_known(storage_of(values_, pop()));
      return true;
    default:
      return false;
  }
}

void Machine::global() {
  const std::string_view module = source_.line(), name = source_.line();
  push_name(module, name);
}

void Machine::stack_global() {
  const Ref name = pop(), module = pop();
  const auto* name_text = values_.as<Text>(name);
  const auto* module_text = values_.as<Text>(module);
  if (!name_text || !module_text) throw source_.damaged("a name that is no text");
  push_name(module_text->utf8, name_text->utf8);
}

void Machine::push_name(std::string_view module, std::string_view name) {
  if (!is_utf8(module) || !is_utf8(name)) throw source_.damaged("a name that is no UTF-8");
  push(Name{values_.keep(dotted(module, name))});
}

// The state of an object is kept as it is. Attributes of a dictionary (torch's _metadata) and the
// details of what is not read anyway say nothing here.
void Machine::build() {
  const Ref state = pop();
  if (const auto* instance = values_.as<Instance>(top())) {
    auto& object = values_.object(*instance);
    if (object.state) throw source_.damaged("an object with two states");
    object.state = state;
  } else if (values_.as<Name>(top())) {
    throw Error(ErrorKind::format,
                fmt::format("would change {}: a checkpoint that runs code is never loaded",
                            describe(values_, top())));
  } else if (!values_.as<Dict>(top()) && !values_.as<Stranger>(top())) {
    throw source_.damaged("a state is given to " + describe(values_, top()));
  }
}

bool Machine::framing(Op op) {
  switch (op) {
    case Op::proto:
      if (const int protocol = source_.number<std::uint8_t>(); protocol > newest_protocol)
        throw Error(ErrorKind::format, fmt::format("data.pkl is of pickle protocol {}, this "
                                                   "library reads 0 to {}",
                                                   protocol, newest_protocol));
      return true;
    case Op::frame:
      if (const auto size = source_.number<std::uint64_t>(); size > source_.left())
        throw source_.damaged(
            fmt::format("truncated, a frame of {} bytes and {} left", size, source_.left()));
      return true;
    default:
      return false;
  }
}

}  // namespace yoneda::io::pickle
