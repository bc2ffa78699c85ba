// By Expat: it reads as a stream, says the line, opens nothing by itself, and is the parser of
// Debian's own Python. A tree (pugixml, libxml2) of a graph with millions of edges would take many
// times its file.
#include "io/xml.hpp"

#include <expat.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <new>
#include <tuple>
#include <type_traits>

#include "io/text.hpp"

namespace yoneda::io {
namespace {

constexpr Index element_depth_limit = 64;
constexpr char separator = '\n';  // between namespace and name; neither can hold one

struct FreeParser {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};
using XmlParser = std::unique_ptr<std::remove_pointer_t<XML_Parser>, FreeParser>;

std::pair<std::string_view, std::string_view> space_and_name(std::string_view full) {
  const auto at = full.find(separator);
  if (at == full.npos) return {{}, full};
  return {full.substr(0, at), full.substr(at + 1)};
}

// What Expat's callbacks share. No exception may pass through its C code: the first is kept, and
// the parser stopped.
struct Reading {
  const XmlHandlers& handlers;
  XML_Parser parser;
  Index depth = 0;
  std::exception_ptr failure = {};

  template <class Action>
  void guarded(const Action& action) {
    if (failure) return;
    try {
      action();
    } catch (...) {
      failure = std::current_exception();
      XML_StopParser(parser, XML_FALSE);
    }
  }
};

Reading& reading_of(void* data) {
  return *static_cast<Reading*>(data);
}

void on_begin(void* data, const XML_Char* name, const XML_Char** attributes) {
  Reading& reading = reading_of(data);
  reading.guarded([&] {
    if (++reading.depth > element_depth_limit)
      throw Error(ErrorKind::format,
                  fmt::format("elements nested deeper than {}", element_depth_limit));
    XmlElement element;
    std::tie(element.space, element.name) = space_and_name(name);
    for (; *attributes != nullptr; attributes += 2)
      element.attributes.emplace_back(attributes[0], attributes[1]);
    if (reading.handlers.begin) reading.handlers.begin(element);
  });
}

void on_end(void* data, const XML_Char*) {
  Reading& reading = reading_of(data);
  reading.guarded([&] {
    --reading.depth;
    if (reading.handlers.end) reading.handlers.end();
  });
}

void on_text(void* data, const XML_Char* text, int size) {
  Reading& reading = reading_of(data);
  reading.guarded([&] {
    if (reading.handlers.text)
      reading.handlers.text({text, static_cast<std::size_t>(std::max(size, 0))});
  });
}

void on_doctype(void* data, const XML_Char*, const XML_Char*, const XML_Char*, int declares) {
  reading_of(data).guarded([&] {
    if (declares != 0)
      throw Error(ErrorKind::format,
                  "declares its own document type, which is not read (entities can be made to "
                  "fill the memory): delete <!DOCTYPE ...>");
  });
}

// Where a document type lies elsewhere, an unknown entity is no error for Expat.
void on_skipped(void* data, const XML_Char* name, int) {
  reading_of(data).guarded([&] {
    throw Error(ErrorKind::format, fmt::format("the entity &{}; is not declared", printable(name)));
  });
}

}  // namespace

std::optional<std::string_view> XmlElement::attribute(std::string_view wanted) const {
  const auto found =
      std::ranges::find(attributes, wanted, &std::pair<std::string_view, std::string_view>::first);
  if (found == attributes.end()) return std::nullopt;
  return found->second;
}

void parse_xml(std::string_view text, const std::string& path, const XmlHandlers& handlers) {
  const XmlParser parser(XML_ParserCreateNS(nullptr, separator));
  if (!parser) throw std::bad_alloc();
  Reading reading{handlers, parser.get()};
  XML_SetUserData(parser.get(), &reading);
  XML_SetElementHandler(parser.get(), on_begin, on_end);
  XML_SetCharacterDataHandler(parser.get(), on_text);
  XML_SetStartDoctypeDeclHandler(parser.get(), on_doctype);
  XML_SetSkippedEntityHandler(parser.get(), on_skipped);
  const auto line = [&] {
    return path + ", line " + std::to_string(XML_GetCurrentLineNumber(parser.get()));
  };
  for (bool last = false; !last;) {
    constexpr std::size_t piece = 1 << 20;
    const std::string_view part = text.substr(0, piece);
    text.remove_prefix(part.size());
    last = text.empty();
    const auto status =
        XML_Parse(parser.get(), part.data(), static_cast<int>(part.size()), last ? 1 : 0);
    if (reading.failure) naming(line(), {}, [&] { std::rethrow_exception(reading.failure); });
    if (status != XML_STATUS_OK)
      throw Error(ErrorKind::format,
                  std::string("is no XML: ") + XML_ErrorString(XML_GetErrorCode(parser.get())),
                  line());
  }
}

bool looks_like_xml(std::string_view text) {
  constexpr std::string_view utf8_mark = "\xef\xbb\xbf", little = "\xff\xfe", big = "\xfe\xff";
  if (text.starts_with(little) || text.starts_with(big)) return true;  // UTF-16
  if (text.starts_with(utf8_mark)) text.remove_prefix(utf8_mark.size());
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != text.npos && text[first] == '<';
}

}  // namespace yoneda::io
