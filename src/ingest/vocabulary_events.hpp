// A vocabulary's JSON, event by event.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingest/stored_vocabulary.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {

/// Takes the events of a JSON text and keeps the tokens and a tokenizer's settings. A tree of the
/// whole would cost several times the file: most of a tokenizer.json is its vocabulary and the
/// merges of its BPE, which nobody here needs. As strict as io::parse_json. Throws Error{format} as
/// soon as something is wrong.
class VocabularyEvents : public nlohmann::json_sax<nlohmann::json> {
 public:
  using json = nlohmann::json;

  explicit VocabularyEvents(std::string path) : path_(std::move(path)) {}

  bool null() override { return scalar(nullptr); }
  bool boolean(bool value) override { return scalar(value); }
  bool number_integer(number_integer_t value) override { return scalar(value); }
  bool number_unsigned(number_unsigned_t value) override { return scalar(value); }
  bool number_float(number_float_t value, const string_t&) override { return scalar(value); }
  bool string(string_t& value) override { return ignoring() || scalar(std::move(value)); }
  bool binary(binary_t&) override { return true; }  // JSON has none
  bool key(string_t& name) override;
  bool start_object(std::size_t) override { return open(json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception& failure) override;

  /// What was read. Throws Error{format} where it is no vocabulary.
  StoredVocabulary finish();

 private:
  // What the values of an open list or object are.
  enum class Holds { root, texts, members, model, ids, pairs, pair, settings, ignored };
  struct Level {
    Holds holds;
    json* settings = nullptr;  // the tree they are kept in, if any
    std::string key = {};      // of the next value, in an object
    Index count = 0;           // values so far
  };

  bool ignoring() const { return levels_.back().holds == Holds::ignored; }
  bool scalar(json value);
  bool open(json empty);
  bool close();
  Holds inside(const Level& level, bool object) const;
  void add_token(std::string text, std::optional<Index> id);
  void require_distinct() const;
  Error bad(const std::string& message) const;

  std::string path_;
  std::vector<StoredToken> tokens_;
  json members_ = json::object();  // of the outermost object, but for ids
  bool list_ = false, tokenizer_ = false, ids_ = false, pairs_ = false;  // what was met
  std::vector<Level> levels_{{Holds::root}};
};

}  // namespace yoneda::ingest
