#include "ingest/vocabulary_events.hpp"

#include <fmt/format.h>

#include <limits>
#include <string_view>
#include <unordered_set>

#include "io/json.hpp"
#include "io/text.hpp"

namespace yoneda::ingest {
namespace {

using nlohmann::json;

// A value in its place: at the end of a list, under its key in an object.
json& keep(json& tree, const std::string& key, json value) {
  if (tree.is_array()) return tree.emplace_back(std::move(value));
  return tree[key] = std::move(value);
}

}  // namespace

bool VocabularyEvents::key(string_t& name) {
  Level& level = levels_.back();
  if (level.settings != nullptr && level.settings->contains(name))
    throw io::given_twice(name, path_);
  level.key = std::move(name);
  return true;
}

bool VocabularyEvents::scalar(json value) {
  Level& level = levels_.back();
  const bool first = level.count++ == 0;
  switch (level.holds) {
    case Holds::root:
      throw bad("is neither a list nor an object");
    case Holds::texts:
      if (!value.is_string()) throw bad("a token is not a text");
      add_token(std::move(value.get_ref<std::string&>()), level.count - 1);
      break;
    case Holds::pairs:
      throw bad("'vocab' is not a list of pairs");
    case Holds::pair:  // what comes second is a score
      if (first && !value.is_string()) throw bad("a token is not a text");
      if (first)
        add_token(std::move(value.get_ref<std::string&>()), levels_[levels_.size() - 2].count - 1);
      break;
    case Holds::ids:
      add_token(std::move(level.key), io::as_count(value));
      break;
    case Holds::members:
      if (value.is_number() && !tokenizer_)
        add_token(std::move(level.key), io::as_count(value));
      else
        keep(*level.settings, level.key, std::move(value));
      break;
    case Holds::model:
    case Holds::settings:
      keep(*level.settings, level.key, std::move(value));
      break;
    case Holds::ignored:
      break;
  }
  return true;
}

VocabularyEvents::Holds VocabularyEvents::inside(const Level& level, bool object) const {
  switch (level.holds) {
    case Holds::root:
      return object ? Holds::members : Holds::texts;
    case Holds::members:
      return object && level.key == "model" ? Holds::model : Holds::settings;
    case Holds::model:
      if (level.key == "vocab") return object ? Holds::ids : Holds::pairs;
      return level.key == "merges" ? Holds::ignored : Holds::settings;
    case Holds::texts:
      throw bad("a token is not a text");
    case Holds::ids:
      throw bad("token " + io::quote(level.key) + " has no id that is one");
    case Holds::pairs:
      if (object) throw bad("'vocab' is not a list of pairs");
      return Holds::pair;
    case Holds::pair:
      if (level.count == 0) throw bad("a token is not a text");
      return Holds::ignored;
    case Holds::settings:
      return Holds::settings;
    case Holds::ignored:
      break;
  }
  return Holds::ignored;
}

bool VocabularyEvents::open(json empty) {
  if (levels_.size() > io::json_depth_limit)
    throw bad(fmt::format("JSON nested deeper than {} levels", io::json_depth_limit));
  Level& level = levels_.back();
  const Holds holds = inside(level, empty.is_object());
  ++level.count;
  list_ = list_ || holds == Holds::texts;
  ids_ = ids_ || holds == Holds::ids;
  pairs_ = pairs_ || holds == Holds::pairs;
  if (holds == Holds::model) {
    tokenizer_ = true;
    tokens_.clear();  // what came before were numbers among a tokenizer's settings
  }
  const bool kept = holds == Holds::model || holds == Holds::settings;
  json* settings = holds == Holds::members ? &members_ : nullptr;
  if (level.settings != nullptr) {  // a null says that the key was there
    json& place = keep(*level.settings, level.key, kept ? std::move(empty) : json());
    if (kept) settings = &place;
  }
  levels_.push_back({holds, settings});
  return true;
}

bool VocabularyEvents::close() {
  if (levels_.back().holds == Holds::pair && levels_.back().count == 0)
    throw bad("'vocab' is not a list of pairs");
  levels_.pop_back();
  return true;
}

bool VocabularyEvents::parse_error(std::size_t, const std::string&,
                                   const nlohmann::detail::exception& failure) {
  throw io::not_json(failure, path_);
}

void VocabularyEvents::add_token(std::string text, std::optional<Index> id) {
  if (!id || *id > std::numeric_limits<Id>::max())
    throw bad("token " + io::quote(text) + " has no id that is one");
  tokens_.push_back({*id, std::move(text)});
}

void VocabularyEvents::require_distinct() const {
  std::unordered_set<std::string_view> met;
  met.reserve(tokens_.size());
  for (const StoredToken& token : tokens_)
    if (!met.insert(token.text).second) throw io::given_twice(token.text, path_);
}

StoredVocabulary VocabularyEvents::finish() {
  if (list_) return {"JSON list", std::move(tokens_), {}};
  if (tokenizer_ && !ids_ && !pairs_) throw bad("'model' has no 'vocab'");
  if (!tokenizer_ && !members_.empty())
    throw bad("token " + io::quote(members_.begin().key()) + " has no id that is one");
  if (!pairs_) require_distinct();
  if (!tokenizer_) return {"vocab.json", std::move(tokens_), {}};
  return {"tokenizer.json", std::move(tokens_), std::move(members_)};
}

Error VocabularyEvents::bad(const std::string& message) const {
  return Error(ErrorKind::format, message, path_);
}

}  // namespace yoneda::ingest
