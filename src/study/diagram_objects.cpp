#include <algorithm>
#include <optional>

#include "diagram_place.hpp"
#include "io/text.hpp"
#include "yoneda/core/similar_words.hpp"
#include "yoneda/study/diagram_file.hpp"

namespace yoneda::study {
namespace {

/// What to write instead of a word that is no token.
std::string advice(const std::string& text, const DiagramWorld& world) {
  if (!world.vocabulary || world.vocabulary->empty())
    return ": there is no vocabulary to look words up in (--vocabulary, or \"#7\" for token 7)";
  if (world.vocabulary->find(" " + text))
    return "; the vocabulary has it with a space before it: " + io::quote(" " + text);
  const auto near = similar_words(text, world.vocabulary->texts(), 3);
  return near.empty() ? "" : "; near it are " + io::quote_all(near);
}

std::vector<Id> sorted(std::vector<Id> ids) {
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  return ids;
}

[[noreturn]] void refuse(const DiagramFile& file, const NamedObject& object,
                         const std::string& reason) {
  throw_at(ErrorKind::value, file.path, object.place,
           "object " + io::quote(object.name) + ": " + reason);
}

Members feature(const DiagramFile& file, const NamedObject& object, const DiagramWorld& world) {
  if (object.number >= world.features)
    refuse(file, object,
           fmt::format("there is no feature {}; the last of the {} is {}", object.number,
                       world.features, world.features - 1));
  return {ObjectType::feature, {static_cast<Id>(object.number)}};
}

Members category(const DiagramFile& file, const NamedObject& object, const DiagramWorld& world) {
  if (!world.categories)
    refuse(file, object, "there is no categories.json; yoneda categories STUDY writes it");
  const Partition& partition = *world.categories;
  if (static_cast<Index>(partition.label.size()) != world.features)
    refuse(file, object,
           fmt::format("categories.json is of {} features, the graph of {}; yoneda categories "
                       "STUDY makes it anew",
                       partition.label.size(), world.features));
  if (object.number >= partition.count)
    refuse(file, object,
           fmt::format("there is no category {}; the last of the {} is {}", object.number,
                       partition.count, partition.count - 1));
  Members made{ObjectType::category, {}};
  for (std::size_t f = 0; f < partition.label.size(); ++f)
    if (partition.label[f] == object.number) made.ids.push_back(static_cast<Id>(f));
  if (made.ids.empty()) refuse(file, object, fmt::format("category {} is empty", object.number));
  return made;
}

Members tokens(const DiagramFile& file, const NamedObject& object, const DiagramWorld& world) {
  Members made{object.type, {}};
  for (const WrittenWord& word : object.words) {
    const Id token = looked_up(word, file.path, world);
    if (std::ranges::find(made.ids, token) != made.ids.end())
      throw_at(ErrorKind::value, file.path, word.place,
               io::quote(word.text) + " is in " + io::quote(object.name) + " already");
    made.ids.push_back(token);
  }
  made.ids = sorted(std::move(made.ids));
  return made;
}

}  // namespace

Id looked_up(const WrittenWord& word, const std::string& path, const DiagramWorld& world) {
  const std::string text = with_spaces(word.text);
  std::optional<Id> token;
  if (world.vocabulary) token = world.vocabulary->find(text);
  if (!token) token = numbered_token(text, world.V);
  if (!token || *token >= world.V)
    throw_at(ErrorKind::value, path, word.place,
             io::quote(word.text) + " is no token" + advice(text, world));
  if (std::ranges::binary_search(world.excluded, *token))
    throw_at(ErrorKind::value, path, word.place,
             io::quote(word.text) +
                 " is a token that the arrows leave out as junk; --junk keep keeps it");
  return *token;
}

std::vector<Members> looked_up(const DiagramFile& file, const DiagramWorld& world) {
  std::vector<Members> made;
  for (const NamedObject& object : file.objects) {
    if (object.type == ObjectType::feature) made.push_back(feature(file, object, world));
    if (object.type == ObjectType::category) made.push_back(category(file, object, world));
    if (object.type == ObjectType::token || object.type == ObjectType::tokens)
      made.push_back(tokens(file, object, world));
    // Objects change places in the null, where the same one twice would count as two.
    for (std::size_t i = 0; i + 1 < made.size(); ++i)
      if (made[i].of_tokens() == made.back().of_tokens() && made[i].ids == made.back().ids)
        refuse(file, object, "it is the same as " + io::quote(file.objects[i].name));
  }
  return made;
}

}  // namespace yoneda::study
