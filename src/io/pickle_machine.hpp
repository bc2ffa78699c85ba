// The stack machine of pickles, run without Python: its opcodes build values and nothing else.
//
// The opcodes and what they do are documented in CPython's pickletools module, the protocols in
// PEP 3154 (4) and PEP 574 (5).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "io/pickle_memo.hpp"
#include "io/pickle_source.hpp"
#include "io/pickle_values.hpp"

namespace yoneda::io::pickle {

enum class Op : std::uint8_t;

class Machine {
 public:
  /// The values refer to the bytes, which must outlive them.
  Machine(std::span<const std::byte> bytes, Values& values) : source_(bytes), values_(values) {}

  /// Runs to the end; the value that is left. Throws Error{format}.
  Ref run();

 private:
  // Each handles its kind of opcodes, and says whether this was one.
  bool number(Op op);
  bool text(Op op);
  bool collection(Op op);
  bool stack(Op op);
  bool memo(Op op);
  bool object(Op op);
  bool framing(Op op);
  [[noreturn]] void refuse(Op op) const;

  void push(Value value) { push_known(values_.add(std::move(value))); }
  void push_known(Ref ref) { stack_.push_back(ref); }
  Ref top() const;
  Ref pop();
  std::vector<Ref> pop_to_mark();
  Index floor() const { return marks_.empty() ? 0 : marks_.back(); }

  void push_text(std::string_view utf8);
  void push_escaped(const std::optional<std::string>& text);
  void push_long(std::uint64_t size);
  void push_int_line();
  void push_tuple(Index size);
  void push_name(std::string_view module, std::string_view name);

  void append(std::span<const Ref> items);
  void set_items(std::span<const Ref> keys_and_values);
  void add_to_set(const std::vector<Ref>& items);

  void remember(std::uint64_t place);
  void recall(std::uint64_t place);
  std::uint64_t place_line();

  void global();
  void stack_global();
  void build();

  Source source_;
  Values& values_;
  std::vector<Ref> stack_;
  std::vector<Index> marks_;  // heights of the stack; nothing is popped from below the last
  Memo memo_;
};

}  // namespace yoneda::io::pickle
