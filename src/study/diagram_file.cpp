#include "yoneda/study/diagram_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "diagram_place.hpp"
#include "io/text.hpp"
#include "toml.hpp"
#include "yoneda/core/similar_words.hpp"
#include "yoneda/io/atomic_file.hpp"
#include "yoneda/study/representations.hpp"

namespace yoneda::study {
namespace {

using Names = std::span<const std::string_view>;

std::string any_of(Names names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 < names.size() ? ", " : " or ") + std::string(names[i]);
  return text;
}

/// The parts of the file, turned into our own types one by one.
class DiagramReader {
 public:
  explicit DiagramReader(std::string path) { file_.path = std::move(path); }

  DiagramFile read(std::string_view text) {
    const toml::table root = parsed_toml(text, file_.path);
    constexpr std::array<std::string_view, 5> parts{"objects", "equation", "relation", "grid",
                                                    "search"};
    require_known(root, parts, "a diagram file has");
    if (const toml::node* objects = root.get("objects")) read_objects(table(*objects, "objects"));
    for_each_table(root, "equation", [&](const toml::table& t) { read_equation(t); });
    for_each_table(root, "relation", [&](const toml::table& t) { read_relation(t); });
    for_each_table(root, "grid", [&](const toml::table& t) { read_grid(t); });
    for_each_table(root, "search", [&](const toml::table& t) { read_search(t); });
    if (file_.equations.empty() && file_.relations.empty() && file_.grids.empty() &&
        file_.searches.empty())
      throw Error(ErrorKind::format,
                  "holds nothing to check: write an [[equation]], a [[relation]], a [[grid]] or a "
                  "[[search]]",
                  file_.path);
    return std::move(file_);
  }

 private:
  [[noreturn]] void fail(ErrorKind kind, Place place, const std::string& message) const {
    throw_at(kind, file_.path, place, message);
  }
  [[noreturn]] void fail(ErrorKind kind, const toml::source_region& source,
                         const std::string& message) const {
    fail(kind, place_of(source), message);
  }

  void require_known(const toml::table& table, Names known, const std::string& says) const {
    for (const auto& [key, value] : table) {
      if (std::ranges::find(known, key.str()) != known.end()) continue;
      const auto near = similar_words(key.str(), known, 1);
      fail(ErrorKind::format, key.source(),
           fmt::format("unknown key {}{}; {} {}", io::quote(key.str()),
                       near.empty() ? "" : ", perhaps " + io::quote(near.front()), says,
                       any_of(known)));
    }
  }

  const toml::table& table(const toml::node& node, const std::string& what) const {
    if (const toml::table* found = node.as_table()) return *found;
    fail(ErrorKind::format, node.source(),
         fmt::format("{} is {}, expected a table", io::quote(what), type_name(node)));
  }

  const toml::array& list(const toml::node& node, const std::string& what) const {
    if (const toml::array* found = node.as_array()) return *found;
    fail(ErrorKind::format, node.source(),
         fmt::format("{} is {}, expected a list", io::quote(what), type_name(node)));
  }

  std::string text(const toml::node& node, const std::string& what) const {
    if (const auto* found = node.as_string()) return found->get();
    fail(ErrorKind::format, node.source(),
         fmt::format("{} is {}, expected a text in quotes", io::quote(what), type_name(node)));
  }

  Index number(const toml::node& node, const std::string& what) const {
    const auto* found = node.as_integer();
    if (!found)
      fail(ErrorKind::format, node.source(),
           fmt::format("{} is {}, expected a whole number from 0 on", io::quote(what),
                       type_name(node)));
    if (found->get() < 0)
      fail(ErrorKind::value, node.source(),
           fmt::format("{} is {}, expected a whole number from 0 on", io::quote(what),
                       found->get()));
    return found->get();
  }

  WrittenWord word(const toml::node& node, const std::string& what) const {
    WrittenWord made{text(node, what), place_of(node.source())};
    if (made.text.empty())
      fail(ErrorKind::value, made.place, fmt::format("{} holds an empty word", io::quote(what)));
    return made;
  }

  /// [[equation]], however many; a plain [equation] is one.
  template <class Read>
  void for_each_table(const toml::table& root, const std::string& key, const Read& read) const {
    const toml::node* node = root.get(key);
    if (!node) return;
    if (const toml::table* one = node->as_table()) return read(*one);
    for (const toml::node& entry : list(*node, key)) read(table(entry, key));
  }

  const toml::node& required(const toml::table& table, const std::string& key,
                             const std::string& owner) const {
    if (const toml::node* found = table.get(key)) return *found;
    fail(ErrorKind::format, table.source(), fmt::format("{} has no {}", owner, io::quote(key)));
  }

  void read_objects(const toml::table& objects) {
    for (const auto& [key, value] : objects) read_object(key, value);
    // toml++ keeps keys in alphabetical order; ours is that of the file.
    std::ranges::sort(file_.objects, {}, [](const NamedObject& object) {
      return std::tuple(object.place.line, object.place.column);
    });
  }

  void read_object(const toml::key& key, const toml::node& node) {
    constexpr auto& kinds = object_type_names;
    NamedObject object;
    object.name = key.str();
    object.place = place_of(key.source());
    const std::string owner = "object " + io::quote(object.name);
    if (!node.is_table())
      fail(ErrorKind::format, node.source(),
           fmt::format("{} is {}; write {} = {{ token = \"word\" }}, or a feature, tokens or a "
                       "category",
                       owner, type_name(node), io::printable(object.name)));
    const toml::table& written = *node.as_table();
    require_known(written, kinds, "an object is a");
    if (written.size() != 1)
      fail(ErrorKind::format, node.source(),
           fmt::format("{} is {} things; an object is one of {}", owner, written.size(),
                       any_of(kinds)));
    const auto entry = written.begin();  // what * returns lives in the iterator
    const toml::key& kind = entry->first;
    const toml::node& value = entry->second;
    object.type = static_cast<ObjectType>(std::ranges::find(kinds, kind.str()) - kinds.begin());
    const std::string what(kind.str());
    if (object.type == ObjectType::token) object.words = {word(value, what)};
    if (object.type == ObjectType::tokens) object.words = words_of(value, what);
    if (object.type == ObjectType::feature || object.type == ObjectType::category)
      object.number = number(value, what);
    file_.objects.push_back(std::move(object));
  }

  std::vector<WrittenWord> words_of(const toml::node& node, const std::string& what) const {
    std::vector<WrittenWord> words;
    for (const toml::node& entry : list(node, what)) words.push_back(word(entry, what));
    if (words.empty())
      fail(ErrorKind::value, node.source(), fmt::format("{} lists no word", io::quote(what)));
    return words;
  }

  /// The name under which results are told; "equation 2" where it has none.
  template <class Entries>
  std::string name_of(const toml::table& table, const std::string& kind, const Entries& others) {
    const toml::node* given = table.get("name");
    if (!given) return fmt::format("{} {}", kind, others.size() + 1);
    const std::string name = text(*given, "name");
    if (name.empty()) fail(ErrorKind::value, given->source(), "'name' is empty");
    for (const auto& other : others)
      if (other.name == name)
        fail(ErrorKind::value, given->source(),
             fmt::format("there are two of the name {}, the other in line {}", io::quote(name),
                         other.place.line));
    return name;
  }

  template <std::size_t n>
  std::size_t choice(const toml::node& node, const std::string& what,
                     const std::array<std::string_view, n>& choices) const {
    const std::string chosen = text(node, what);
    const auto found = std::ranges::find(choices, chosen);
    if (found == choices.end()) {
      const auto near = similar_words(chosen, choices, 1);
      fail(
          ErrorKind::value, node.source(),
          fmt::format("{} is {}{}; there are {}", io::quote(what), io::quote(chosen),
                      near.empty() ? "" : ", perhaps " + io::quote(near.front()), any_of(choices)));
    }
    return static_cast<std::size_t>(found - choices.begin());
  }

  std::optional<Verdict> expected(const toml::table& table) const {
    constexpr std::array verdicts{Verdict::commutes, Verdict::does_not, Verdict::forced,
                                  Verdict::underpowered};
    constexpr std::array<std::string_view, 4> names{
        yoneda::name(verdicts[0]), yoneda::name(verdicts[1]), yoneda::name(verdicts[2]),
        yoneda::name(verdicts[3])};
    const toml::node* node = table.get("expect");
    if (!node) return std::nullopt;
    return verdicts[choice(*node, "expect", names)];
  }

  void read_equation(const toml::table& table) {
    constexpr std::array<std::string_view, 7> keys{"name",      "left", "right", "base",
                                                   "tolerance", "null", "expect"};
    require_known(table, keys, "an equation has");
    WrittenEquation equation;
    equation.place = place_of(table.source());
    equation.name = name_of(table, "equation", file_.equations);
    const std::string owner = "equation " + io::quote(equation.name);
    equation.left = path_of(required(table, "left", owner), "left");
    equation.right = path_of(required(table, "right", owner), "right");
    require_same_ends(equation, *table.get("right"));
    if (const toml::node* node = table.get("base"))
      equation.base = static_cast<PathBase>(choice(*node, "base", path_base_names));
    for (const char* side : {"left", "right"}) require_joined(equation, *table.get(side));
    if (const toml::node* node = table.get("tolerance")) equation.tolerance = tolerance(*node);
    if (const toml::node* node = table.get("null"))
      equation.null = static_cast<EquationNull>(choice(*node, "null", equation_null_names));
    equation.expect = expected(table);
    if (equation.expect && equation.null == EquationNull::none)
      fail(ErrorKind::value, table.get("expect")->source(),
           "'expect' names a verdict, and without a null there is none; leave it out: an equation "
           "that does not hold fails in any case");
    file_.equations.push_back(std::move(equation));
  }

  std::vector<Id> path_of(const toml::node& node, const std::string& side) const {
    std::vector<Id> path;
    for (const toml::node& entry : list(node, side)) {
      path.push_back(object_of(entry, side));
      if (path.size() > 1 && path[path.size() - 2] == path.back())
        fail(ErrorKind::value, entry.source(),
             fmt::format("a step from {} to itself", io::quote(file_.objects[path.back()].name)));
    }
    if (path.size() < 2)
      fail(ErrorKind::value, node.source(),
           fmt::format("{} is a path of {}; it takes at least two objects", io::quote(side),
                       path.size() == 1 ? "one object" : "no objects"));
    return path;
  }

  Id object_of(const toml::node& node, const std::string& side) const {
    const std::string wanted = text(node, side);
    const auto found = std::ranges::find(file_.objects, wanted, &NamedObject::name);
    if (found == file_.objects.end()) {
      std::vector<std::string> names;
      for (const NamedObject& object : file_.objects) names.push_back(object.name);
      const auto near = similar_words(wanted, names, 1);
      fail(ErrorKind::format, node.source(),
           fmt::format("there is no object {}{}", io::quote(wanted),
                       near.empty() ? "; name it under [objects]"
                                    : ", perhaps " + io::quote(near.front())));
    }
    return static_cast<Id>(found - file_.objects.begin());
  }

  void require_same_ends(const WrittenEquation& equation, const toml::node& right) const {
    const auto name = [&](Id object) { return io::quote(file_.objects[object].name); };
    const auto &l = equation.left, &r = equation.right;
    if (l.front() != r.front() || l.back() != r.back())
      fail(ErrorKind::value, right.source(),
           fmt::format("'left' leads from {} to {}, 'right' from {} to {}; the two paths of an "
                       "equation have the same ends",
                       name(l.front()), name(l.back()), name(r.front()), name(r.back())));
    if (l == r)
      fail(ErrorKind::value, right.source(),
           "'left' and 'right' are the same path: there is nothing to check");
  }

  /// A set between the ends is a path through each of its members, and those must be joined to one.
  void require_joined(const WrittenEquation& equation, const toml::node& side) const {
    if (equation.base != PathBase::sign && equation.base != PathBase::weight) return;
    const toml::array& entries = *side.as_array();
    for (std::size_t i = 1; i + 1 < entries.size(); ++i) {
      const NamedObject& object = file_.objects[object_of(entries[i], "path")];
      if (object.type == ObjectType::feature || object.type == ObjectType::token) continue;
      fail(ErrorKind::value, entries[i].source(),
           fmt::format("{} is a {} between the ends of a path, which leads through each of its "
                       "members; base '{}' cannot join such paths to one: use real (their sum), "
                       "probability or lawvere (the strongest)",
                       io::quote(object.name),
                       object.type == ObjectType::tokens ? "token set" : "category",
                       yoneda::study::name(equation.base)));
    }
  }

  double tolerance(const toml::node& node) const {
    const auto value = node.value<double>();
    if (!value || node.is_boolean())
      fail(ErrorKind::format, node.source(),
           fmt::format("'tolerance' is {}, expected a number from 0 on", type_name(node)));
    if (!(*value >= 0) || !std::isfinite(*value))
      fail(ErrorKind::value, node.source(),
           fmt::format("'tolerance' is {}, expected a number from 0 on", *value));
    return *value;
  }

  void read_relation(const toml::table& table) {
    constexpr std::array<std::string_view, 4> keys{"name", "pairs", "in", "expect"};
    require_known(table, keys, "a relation has");
    WrittenRelation relation;
    relation.place = place_of(table.source());
    relation.name = name_of(table, "relation", file_.relations);
    const std::string owner = "relation " + io::quote(relation.name);
    for (const toml::node& entry : list(required(table, "pairs", owner), "pairs")) {
      const auto words = words_of(entry, "pairs");
      if (words.size() != 2)
        fail(ErrorKind::value, entry.source(),
             fmt::format("a pair of {} words, expected two", words.size()));
      relation.pairs.push_back({words[0], words[1]});
    }
    if (relation.pairs.empty())
      fail(ErrorKind::value, table.get("pairs")->source(), "'pairs' lists no pair");
    if (const toml::node* node = table.get("in"))
      relation.in = representation_names[choice(*node, "in", representation_names)];
    relation.expect = expected(table);
    file_.relations.push_back(std::move(relation));
  }

  void read_grid(const toml::table& table) {
    constexpr std::array<std::string_view, 4> keys{"name", "rows", "in", "expect"};
    require_known(table, keys, "a grid has");
    WrittenGrid grid;
    grid.place = place_of(table.source());
    grid.name = name_of(table, "grid", file_.grids);
    for (const toml::node& entry :
         list(required(table, "rows", "grid " + io::quote(grid.name)), "rows")) {
      const auto words = words_of(entry, "rows");
      const auto length = static_cast<Index>(words.size());
      if (grid.rows > 0 && length != grid.columns)
        fail(ErrorKind::value, entry.source(),
             fmt::format("row {} of the grid has {} words, the first has {}", grid.rows + 1, length,
                         grid.columns));
      grid.columns = length;
      ++grid.rows;
      grid.words.insert(grid.words.end(), words.begin(), words.end());
    }
    if (grid.rows < 2 || grid.columns < 2)
      fail(ErrorKind::value, table.get("rows")->source(),
           fmt::format("a grid of {} x {}; it takes at least two rows of two words", grid.rows,
                       grid.columns));
    if (const toml::node* node = table.get("in"))
      grid.in = representation_names[choice(*node, "in", representation_names)];
    grid.expect = expected(table);
    file_.grids.push_back(std::move(grid));
  }

  void read_search(const toml::table& table) {
    constexpr std::array<std::string_view, 6> keys{"name", "from", "rows", "among", "in", "expect"};
    require_known(table, keys, "a search has");
    WrittenSearch search;
    search.place = place_of(table.source());
    search.name = name_of(table, "search", file_.searches);
    const toml::node& from = required(table, "from", "search " + io::quote(search.name));
    search.from = words_of(from, "from");
    const auto columns = static_cast<Index>(search.from.size());
    if (columns < 2)
      fail(ErrorKind::value, from.source(), "a row to search from takes at least two words");
    if (const toml::node* node = table.get("rows")) {
      search.rows = number(*node, "rows");
      if (search.rows < 3 || search.rows < columns)
        fail(ErrorKind::value, node->source(),
             fmt::format("'rows' is {}; a grid is searched with at least three rows, and as many "
                         "as its {} columns",
                         search.rows, columns));
    }
    if (const toml::node* node = table.get("among")) search.among = words_of(*node, "among");
    if (const toml::node* node = table.get("in"))
      search.in = representation_names[choice(*node, "in", representation_names)];
    search.expect = expected(table);
    file_.searches.push_back(std::move(search));
  }

  DiagramFile file_;
};

}  // namespace

DiagramFile parse_diagram_file(std::string_view text, const std::string& path) {
  return DiagramReader(path).read(text);
}

DiagramFile read_diagram_file(const std::string& path) {
  return parse_diagram_file(io::read_text(path), path);
}

}  // namespace yoneda::study
