#include "yoneda/study/diagram_relations.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "diagram_place.hpp"
#include "io/text.hpp"
#include "yoneda/core/utf8.hpp"

namespace yoneda::study {
namespace {

Relation looked_up_pairs(const WrittenRelation& written, const DiagramFile& file,
                         const DiagramWorld& world) {
  Relation relation{written.name, {}};
  for (const auto& [a, b] : written.pairs) {
    const IdPair pair{looked_up(a, file.path, world), looked_up(b, file.path, world)};
    const auto refuse = [&](const std::string& reason) {
      throw_at(ErrorKind::value, file.path, a.place,
               fmt::format("relation {}: the pair {}, {} {}", io::quote(written.name),
                           io::quote(a.text), io::quote(b.text), reason));
    };
    if (pair.a == pair.b) refuse("pairs a word with itself");
    if (std::ranges::count(relation.pairs, pair) > 0) refuse("is given twice");
    relation.pairs.push_back(pair);
  }
  if (static_cast<Index>(relation.pairs.size()) < fewest_pairs)
    throw_at(ErrorKind::value, file.path, written.place,
             fmt::format("relation {}: at least {} pairs are needed, found {}",
                         io::quote(written.name), fewest_pairs, relation.pairs.size()));
  return relation;
}

/// As a basic string: JSON's escapes are TOML's too, as long as the text is UTF-8.
std::string toml_string(const std::string& text) {
  return nlohmann::json(text).dump();
}

/// Whether a text read back from TOML names the same word: TOML wants UTF-8 without a bare DEL, and
/// "␣" is read as a space.
bool survives(std::string_view text) {
  while (!text.empty()) {
    const auto character = first_character(text);
    if (!character || character->code == 0x7f || character->code == 0x2423) return false;
    text.remove_prefix(character->bytes);
  }
  return true;
}

std::string written(Id row, const Vocabulary& vocabulary) {
  const std::string text = vocabulary.text(row);
  const bool leads_back = survives(text) && vocabulary.find(text) == row;
  return toml_string(leads_back ? text : "#" + std::to_string(row));
}

}  // namespace

std::string diagram_of(std::span<const Relation> relations, const Vocabulary& vocabulary) {
  std::string text;
  for (const Relation& relation : relations) {
    text += "[[relation]]\nname = " + toml_string(relation.name) + "\npairs = [\n";
    for (const auto& [a, b] : relation.pairs)
      text += "  [" + written(a, vocabulary) + ", " + written(b, vocabulary) + "],\n";
    text += "]\nin = \"codes\"\n\n";
  }
  return text;
}

DiagramRelations code_relations(const DiagramFile& file, const DiagramWorld& world) {
  DiagramRelations made;
  for (const WrittenRelation& written : file.relations) {
    const auto leave_out = [&](const std::string& reason) {
      made.notes.push_back(
          fmt::format("relation {} is not trained on: {}", io::quote(written.name), reason));
    };
    if (written.in != "codes")
      leave_out(fmt::format("it is in {}, and training constrains codes", written.in));
    else if (written.expect && *written.expect != Verdict::commutes)
      leave_out(fmt::format("it is expected to be '{}'", yoneda::name(*written.expect)));
    else
      made.relations.push_back(looked_up_pairs(written, file, world));
  }
  if (made.relations.empty())
    throw Error(ErrorKind::value,
                "holds no [[relation]] in codes that is expected to commute, so there is nothing "
                "to train on",
                file.path);
  return made;
}

}  // namespace yoneda::study
