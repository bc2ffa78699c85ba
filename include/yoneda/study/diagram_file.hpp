// Beliefs about a model as TOML: objects, equations between paths, relations and grids of words,
// and grids to search for.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "yoneda/core/types.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/model/vocabulary.hpp"
#include "yoneda/null/verdict.hpp"

namespace yoneda::study {

/// Where in the file something is written, from 1.
struct Place {
  Index line = 0, column = 0;
};

enum class ObjectType { feature, token, tokens, category };

inline constexpr std::array<std::string_view, 4> object_type_names{"feature", "token", "tokens",
                                                                   "category"};

constexpr std::string_view name(ObjectType type) {
  return object_type_names[static_cast<std::size_t>(type)];
}

/// A word as it is written.
struct WrittenWord {
  std::string text;
  Place place;
};

/// `king = { token = "king" }`: one feature, token, set of tokens or category under a name.
struct NamedObject {
  std::string name;
  ObjectType type = ObjectType::feature;
  Index number = -1;               ///< of the feature or the category
  std::vector<WrittenWord> words;  ///< the token, or those of the set
  Place place;
};

/// What the weights along a path mean; see category/base.hpp.
enum class PathBase { sign, weight, real, probability, lawvere };

inline constexpr std::array<std::string_view, 5> path_base_names{"sign", "weight", "real",
                                                                 "probability", "lawvere"};

constexpr std::string_view name(PathBase base) {
  return path_base_names[static_cast<std::size_t>(base)];
}

/// What an equation is compared with.
enum class EquationNull {
  permute,  ///< the file's objects of the same type change places
  random,   ///< objects of the same type, drawn from all there are
  none,     ///< nothing: an equation holds or it does not, and there is no verdict
};

inline constexpr std::array<std::string_view, 3> equation_null_names{"permute", "random", "none"};

constexpr std::string_view name(EquationNull null) {
  return equation_null_names[static_cast<std::size_t>(null)];
}

/// Two paths with the same ends, as indices into the file's objects.
struct WrittenEquation {
  std::string name;
  std::vector<Id> left, right;
  PathBase base = PathBase::sign;
  double tolerance = 0;  ///< the largest discrepancy that still counts as commuting
  EquationNull null = EquationNull::permute;
  std::optional<Verdict> expect;  ///< nothing: any but `does not`
  Place place;
};

/// Many squares at once: the step from the first word to the second is the same in every pair.
struct WrittenRelation {
  std::string name;
  std::vector<std::array<WrittenWord, 2>> pairs;
  std::string in = "codes";
  std::optional<Verdict> expect;
  Place place;
};

/// Words that are a product of what the rows say and what the columns say, row by row.
struct WrittenGrid {
  std::string name;
  Index rows = 0, columns = 0;
  std::vector<WrittenWord> words;
  std::string in = "codes";
  std::optional<Verdict> expect;
  Place place;
};

/// A row of words, from which the others of a grid are to be found.
struct WrittenSearch {
  std::string name;
  std::vector<WrittenWord> from;
  Index rows = 8;                  ///< of the grid, that of `from` among them
  std::vector<WrittenWord> among;  ///< first words to try; empty: all there are
  std::string in = "codes";
  std::optional<Verdict> expect;
  Place place;
};

/// All in the order of the file.
struct DiagramFile {
  std::string path;
  std::vector<NamedObject> objects;
  std::vector<WrittenEquation> equations;
  std::vector<WrittenRelation> relations;
  std::vector<WrittenGrid> grids;
  std::vector<WrittenSearch> searches;
};

/// Reads the file; knows nothing yet of features or words. Throws Error{file}; Error{format} for
/// what is no TOML, a key that is not known, a value of the wrong type, an object that is not
/// there; Error{value} for what cannot be meant: paths with different ends, a negative tolerance.
/// All begin "path:line:column: ".
DiagramFile read_diagram_file(const std::string& path);

/// The same of a text; `path` is what errors call it.
DiagramFile parse_diagram_file(std::string_view text, const std::string& path);

/// What a diagram's words and numbers are looked up in.
struct DiagramWorld {
  Index features = 0;
  Index V = 0;
  const Vocabulary* vocabulary = nullptr;  ///< null or empty: tokens as "#7" only
  std::span<const Id> excluded = {};       ///< tokens that the arrows leave out, ascending
  const Partition* categories = nullptr;   ///< of the features; null: there are none
};

/// An object as ids: one feature, one token, or several of a kind, ascending.
struct Members {
  ObjectType type = ObjectType::feature;
  std::vector<Id> ids;

  /// Whether the ids are tokens; features otherwise.
  bool of_tokens() const { return type == ObjectType::token || type == ObjectType::tokens; }
};

/// Looks every object up, in the file's order. Throws Error{value} that names the place: a word
/// that is no token (with those that are near), a feature or a category that is not there, the same
/// object under two names.
std::vector<Members> looked_up(const DiagramFile& file, const DiagramWorld& world);

/// The token with exactly this text ("␣" is a space, "#7" is token 7). Throws as above, naming
/// file, line and column.
Id looked_up(const WrittenWord& word, const std::string& path, const DiagramWorld& world);

}  // namespace yoneda::study
