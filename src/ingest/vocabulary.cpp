#include "yoneda/ingest/vocabulary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <utility>
#include <vector>

#include "ingest/gguf_shards.hpp"
#include "ingest/gguf_vocabulary.hpp"
#include "ingest/stored_vocabulary.hpp"
#include "ingest/token_form.hpp"
#include "io/json.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// A token beside the model's own: what a text must contain for it, as it is.
struct AddedToken {
  Index id;
  std::string text;
  bool special;  // a mark for the model that stands for no text
};

Index id_of(const json& id, const std::string& text, const std::string& path) {
  const auto number = io::as_count(id);
  if (!number || *number > std::numeric_limits<Id>::max())
    throw Error(ErrorKind::format, "added token " + io::quote(text) + " has no id that is one",
                path);
  return *number;
}

std::vector<AddedToken> added_by_tokenizer(const json& tokenizer, const std::string& path) {
  std::vector<AddedToken> added;
  const auto list = tokenizer.find("added_tokens");
  if (list == tokenizer.end() || list->is_null()) return added;
  if (!list->is_array()) throw Error(ErrorKind::format, "'added_tokens' is not a list", path);
  for (const json& token : *list) {
    if (!token.is_object() || !token.contains("id"))
      throw Error(ErrorKind::format, "an added token has no 'id'", path);
    const auto text = io::text_at(token, "content", path);
    if (!text) throw Error(ErrorKind::format, "an added token has no 'content'", path);
    added.push_back({id_of(token["id"], *text, path), *text,
                     io::flag_at(token, "special", path).value_or(false)});
  }
  return added;
}

std::vector<AddedToken> added_by_file(const std::string& path) {
  const json tokens = io::read_json(path);
  if (!tokens.is_object()) throw Error(ErrorKind::format, "is not a JSON object", path);
  std::vector<AddedToken> added;
  for (const auto& [text, id] : tokens.items())
    added.push_back({id_of(id, text, path), text, true});
  return added;
}

// Tokens in the order of their ids.
class Places {
 public:
  Places(std::string path, Index size) : path_(std::move(path)), texts_(size), found_(size) {}

  void put(StoredToken token) {
    require_free(token.id, "", token.text);
    texts_[token.id] = std::move(token.text);
    found_[token.id] = token.verbatim ? Found::verbatim : Found::stored;
  }

  // One that repeats a token of the model stands for the same text, unless it is special: Gemma
  // lists "▁▁" again, which is two spaces like any other.
  void put(AddedToken token) {
    const bool repeats = found_[token.id] != Found::nothing && texts_[token.id] == token.text;
    if (!repeats) require_free(token.id, "the added token ", token.text);
    if (!repeats || token.special) found_[token.id] = Found::verbatim;
    texts_[token.id] = std::move(token.text);
  }

  // Calls `decode` on every stored text; notes what has none.
  template <class Decode>
  std::vector<std::string> finish(const Decode& decode, std::vector<std::string>& notes) {
    const Index missing = std::ranges::count(found_, Found::nothing);
    const Index size = static_cast<Index>(found_.size());
    if (missing > size - missing)
      throw Error(ErrorKind::value,
                  fmt::format("ids up to {}, but only {} tokens", size - 1, size - missing), path_);
    if (missing > 0)
      notes.push_back(fmt::format("{} ids have no text and are shown as #id", missing));
    for (Index id = 0; id < size; ++id) {
      if (found_[id] == Found::nothing) texts_[id] = fmt::format("#{}", id);
      if (found_[id] == Found::stored) texts_[id] = decode(std::move(texts_[id]));
    }
    return std::move(texts_);
  }

 private:
  enum class Found : char { nothing, stored, verbatim };

  void require_free(Index id, const char* what, const std::string& taker) const {
    if (found_[id] != Found::nothing)
      throw Error(ErrorKind::value,
                  fmt::format("id {} is given to {} and to {}{}", id, io::quote(texts_[id]), what,
                              io::quote(taker)),
                  path_);
  }

  std::string path_;
  std::vector<std::string> texts_;
  std::vector<Found> found_;
};

// Room for every id. Far more ids than tokens are refused before anything is allocated for them.
Places places_for(const std::vector<StoredToken>& tokens, const std::vector<AddedToken>& added,
                  const std::string& path) {
  Index largest = -1;
  for (const StoredToken& token : tokens) largest = std::max(largest, token.id);
  for (const AddedToken& token : added) largest = std::max(largest, token.id);
  const Index listed = static_cast<Index>(tokens.size() + added.size());
  if (largest >= 2 * listed)
    throw Error(ErrorKind::value, fmt::format("ids up to {}, but only {} tokens", largest, listed),
                path);
  return Places(path, largest + 1);
}

// How the tokens are written, by what the file says or, with a note, by what they look like.
TokenForm form_of(const StoredVocabulary& stored, const std::string& path,
                  std::vector<std::string>& notes) {
  std::optional<TokenForm> said = stored.form;
  if (!said && stored.tokenizer.is_object())
    said = io::naming(path, {}, [&] { return form_of_tokenizer(stored.tokenizer, path); });
  if (said) {
    if (!said->unread.empty())
      notes.push_back("tokens are shown as they are stored: their decoder, " + said->unread +
                      ", is not known here");
    return *said;
  }
  const TokenForm seen = form_by_content(stored.tokens);
  if (const std::string form = describe(seen); !form.empty())
    notes.push_back("tokens are read as they look (" + form + "); the file does not say");
  return seen;
}

// The file with the tokens, where people name the one with the merges of a BPE: merges.txt beside a
// vocab.json, OpenAI's vocab.bpe beside an encoder.json.
std::string vocabulary_of(const std::string& path) {
  const fs::path name = fs::path(path).filename();
  if (name != "merges.txt" && name != "vocab.bpe") return path;
  std::error_code ignored;
  for (const char* tokens : {"vocab.json", "encoder.json"}) {
    const fs::path beside = fs::path(path).parent_path() / tokens;
    if (fs::is_regular_file(beside, ignored)) return beside.string();
  }
  throw Error(ErrorKind::file,
              "holds the merges of a BPE, not its tokens, and there is no vocab.json beside it: "
              "give the model's vocab.json or tokenizer.json",
              path);
}

// The file of a folder that is called as llama2.c calls a vocabulary of 4096 tokens of one's own,
// tok4096.bin, and is one; nothing where there are several.
std::optional<std::string> the_llama2c_tokenizer(const fs::path& folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const bool named = name.size() > 7 && name.starts_with("tok") && name.ends_with(".bin");
    const auto number = named ? std::string_view(name).substr(3, name.size() - 7) : "";
    if (named && number.find_first_not_of("0123456789") == number.npos &&
        is_stored_vocabulary(entry->path().string()))
      found.push_back(entry->path().string());
  }
  return found.size() == 1 ? std::optional(found.front()) : std::nullopt;
}

// The GGUF file of a folder, or the first of its shards; empty where there is none or several.
std::string the_gguf_file(const fs::path& folder) {
  std::string found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string path = entry->path().string();
    if (!path.ends_with(".gguf") || first_gguf_shard(path) != path) continue;
    if (!found.empty()) return {};
    found = path;
  }
  return found;
}

std::vector<std::string> decoded_texts(Places places, const TokenForm& form,
                                       std::vector<std::string>& notes) {
  Index foreign = 0;
  const auto meaning = [&](std::string text) {
    auto bytes = decode(text, form);
    foreign += !bytes;
    return bytes ? std::move(*bytes) : std::move(text);
  };
  auto texts = places.finish(meaning, notes);
  if (foreign > 0)
    notes.push_back(fmt::format(
        "{} tokens hold a character that stands for no byte and are shown as stored", foreign));
  return texts;
}

}  // namespace

Vocabulary load_vocabulary(const std::string& named) {
  const std::string path = vocabulary_of(named);
  StoredVocabulary stored = read_stored_vocabulary(path);
  const auto beside = added_tokens_beside(path);
  auto added = beside ? added_by_file(*beside) : added_by_tokenizer(stored.tokenizer, path);
  if (stored.tokens.empty() && added.empty())
    throw Error(ErrorKind::format, "holds no tokens", path);
  Origin origin;
  origin.path = named;
  if (path != named) origin.files = {path};
  const TokenForm form = form_of(stored, path, origin.notes);
  origin.dialect = stored.kind;
  if (const std::string words = describe(form); !words.empty()) origin.dialect += ", " + words;
  if (beside)
    origin.notes.push_back(fmt::format("{} tokens are from added_tokens.json", added.size()));

  Places places = places_for(stored.tokens, added, path);
  for (StoredToken& token : stored.tokens) places.put(std::move(token));
  for (AddedToken& token : added) places.put(std::move(token));
  auto texts =
      io::naming(path, {}, [&] { return decoded_texts(std::move(places), form, origin.notes); });
  return Vocabulary(std::move(texts), std::move(origin));
}

std::optional<std::string> added_tokens_beside(const std::string& vocabulary) {
  std::error_code ignored;
  const fs::path path(vocabulary_of(vocabulary));
  constexpr std::array with_added{"vocab.json", "tokenizer.model", "spiece.model"};
  if (std::ranges::find(with_added, path.filename()) == with_added.end()) return std::nullopt;
  const fs::path beside = path.parent_path() / "added_tokens.json";
  if (!fs::is_regular_file(beside, ignored)) return std::nullopt;
  return beside.string();
}

bool is_vocabulary(const std::string& path) {
  return is_stored_vocabulary(path);
}

std::optional<std::string> find_vocabulary(const std::string& path) {
  std::error_code ignored;
  const bool is_folder = fs::is_directory(path, ignored);
  const auto inside = [&](const std::string& model) {
    return fs::is_regular_file(model, ignored) && has_gguf_vocabulary(model);
  };
  if (std::string model = first_gguf_shard(path); !is_folder && inside(model)) return model;
  const fs::path folder = is_folder ? fs::path(path) : fs::path(path).parent_path();
  for (const char* name : {"tokenizer.json", "vocab.json", "tokens.json", "vocab.txt",
                           "tokenizer.model", "spiece.model", "tokenizer.bin"})
    if (fs::is_regular_file(folder / name, ignored)) return (folder / name).string();
  if (std::string model = is_folder ? the_gguf_file(path) : ""; inside(model)) return model;
  return the_llama2c_tokenizer(folder.empty() ? fs::path(".") : folder);
}

}  // namespace yoneda::ingest
