// Pickles that PyTorch and Python wrote, held against what Python itself sees in them.
#include "io/pickle.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "io/pickle_ops.hpp"
#include "io/support.hpp"

using namespace yoneda;
using namespace yoneda::test;
using nlohmann::json;

namespace {

std::string pickle(const std::string& name) {
  return io::read_text(fixture("pickle/" + name + ".pkl"));
}

io::PickledState parse(const std::string& bytes) {
  return io::parse_pickle(std::as_bytes(std::span(bytes)), "x.pt");
}

Error refusal(const std::string& bytes) {
  const Error error = error_of("x.pt: ", [&] { parse(bytes); });
  CHECK(error.kind == ErrorKind::format);
  return error;
}

json expected() {
  return json::parse(io::read_text(fixture("pickle/expected.json")));
}

json as_json(const io::PickledTensor& t) {
  return {{"name", t.name},       {"dtype", io::name(t.dtype)},
          {"storage", t.storage}, {"storage_count", t.storage_count},
          {"offset", t.offset},   {"shape", t.shape},
          {"strides", t.strides}};
}

std::vector<json> tensors(const io::PickledState& state) {
  std::vector<json> list;
  for (const auto& t : state.tensors) list.push_back(as_json(t));
  return list;
}

std::vector<json> by_name(std::vector<json> list) {
  std::ranges::sort(list, {}, [](const json& t) { return t["name"].get<std::string>(); });
  return list;
}

bool same_value(const std::string& found, const json& value) {
  if (value.is_string()) return found == value.get<std::string>();
  if (value.is_number_float()) return std::strtod(found.c_str(), nullptr) == value.get<double>();
  return found == (value.is_null() ? "none" : value.dump());
}

template <class Work>
double seconds(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

TEST_CASE("what torch.save and Python write is read as Python reads it, in every protocol") {
  const json all = expected();
  for (const auto& [name, wanted] : all.items()) {
    CAPTURE(name);
    const auto state = parse(pickle(name));
    CHECK(by_name(tensors(state)) == by_name(wanted["tensors"]));
    CHECK(state.root_class == wanted["root_class"].get<std::string>());
    CHECK(state.classes == wanted["classes"].get<std::map<std::string, std::string>>());
    CHECK(state.values.size() == wanted["values"].size());
    for (const auto& [path, value] : wanted["values"].items()) {
      CAPTURE(path);
      REQUIRE(state.values.contains(path));
      CHECK_MESSAGE(same_value(state.values.at(path), value), state.values.at(path));
    }
  }
}

TEST_CASE("tensors come in the order of the pickle") {
  const json all = expected();
  for (const char* name : {"state_dict", "checkpoint2", "checkpoint4", "views", "openai"})
    CHECK(tensors(parse(pickle(name))) == all[name]["tensors"].get<std::vector<json>>());
}

TEST_CASE("a whole module has the names of its state_dict, and its attributes as values") {
  for (const char* name : {"module1", "module2", "module3", "module5"}) {
    CAPTURE(name);
    const auto state = parse(pickle(name));
    std::vector<std::string> names;
    for (const auto& t : state.tensors) names.push_back(t.name);
    CHECK(names == std::vector<std::string>{"bias", "scale", "mask", "encoder.weight",
                                            "encoder.bias", "decoder.weight", "blocks.0.weight",
                                            "blocks.0.bias"});
    CHECK(state.root_class == "dictionary_learning.dictionary.AutoEncoder");
    CHECK(state.classes.at("encoder") == "torch.nn.modules.linear.Linear");
    CHECK(state.classes.at("config") == "trainers.config.Config");
    CHECK(state.values.at("dict_size") == "5");
    CHECK(state.values.at("training") == "true");
    CHECK(state.values.at("config.k") == "32");
    CHECK(state.values.at("dtype") == "torch.bfloat16");
    CHECK(state.values.at("activation") == "torch.nn.functional.relu");
    CHECK_FALSE(state.values.contains("_is_full_backward_hook"));
  }
  const auto inside = parse(pickle("inside"));
  CHECK(inside.root_class.empty());
  CHECK(inside.classes.at("model") == "dictionary_learning.dictionary.AutoEncoder");
  CHECK(inside.tensors.at(3).name == "model.encoder.weight");
  CHECK(inside.values.at("model.blocks.1.p") == "0.5");
}

TEST_CASE("tensors that share a storage say so, and lone leaves have a name") {
  const auto state = parse(pickle("tied"));
  for (const auto& t : state.tensors)
    CHECK(t.storage == (t.name == "first" || t.name == "second" ? "1" : "0"));
  CHECK(state.tensors.at(1).strides == std::vector<Index>{1, 4});
  CHECK(state.tensors.at(2).offset == 4);
  CHECK(parse(pickle("tensor")).tensors.at(0).name == "tensor");
  CHECK(parse("I3\n.").values == std::map<std::string, std::string>{{"value", "3"}});
}

TEST_CASE("lists longer than one batch are whole") {
  const auto state = parse(pickle("many"));
  CHECK(state.values.size() == 2001);
  CHECK(state.values.at("2000") == "2000");
}

TEST_CASE("pickles that run code are refused by what they would call") {
  const auto would_call = [](const std::string& fixture_name, const std::string& name) {
    mentions(refusal(pickle(fixture_name)),
             "x.pt: would call '" + name + "': a checkpoint that runs code is never loaded");
  };
  for (const char* name : {"os_system", "os_system0", "os_system4"})
    would_call(name, "posix.system");
  would_call("eval", "builtins.eval");
  would_call("exec", "builtins.exec");
  would_call("getattr", "builtins.getattr");
  would_call("popen", "subprocess.Popen");
  would_call("partial", "functools.partial");
  would_call("path", "pathlib.PosixPath");
}

TEST_CASE("values that contain themselves, and those that unfold without end, are refused") {
  mentions(refusal(pickle("cyclic_list")), "'a.0' contains itself");
  mentions(refusal(pickle("cyclic_dict")), "'a.b.0' contains itself");
  mentions(refusal(pickle("cyclic_object")), "'a.self.0' contains itself");
  for (const char* name : {"laughs", "silence"})
    mentions(refusal(pickle(name)), "unfolds to more than 1000000 values");
}

TEST_CASE("what is data but not read is refused where it turns up") {
  mentions(refusal(pickle("complex")), "tensor 'extra' has numbers of torch.ComplexFloatStorage");
  mentions(refusal(pickle("quantised")), "'extra' is a quantised tensor, which is not read");
  mentions(refusal(pickle("sparse")), "'extra' is a sparse tensor");
  mentions(refusal(pickle("meta")), "'extra' is a tensor without numbers");
  mentions(refusal(pickle("numpy_array")), "'extra' is a NumPy array");
  mentions(refusal(pickle("numpy_number")), "'extra' is a NumPy number");
  mentions(refusal(pickle("storage")), "'extra' is a bare storage");
  mentions(refusal(pickle("tensor_key")), "'extra' has a key that is a tensor");
  mentions(refusal(pickle("tuple_key")), "'extra' has a key that is a tuple");
}

TEST_CASE("the format before zip is known by its magic number") {
  const auto legacy = [](const std::string& bytes) {
    return io::is_legacy_torch(std::as_bytes(std::span(bytes)));
  };
  CHECK(legacy(pickle("legacy2")));
  CHECK(legacy(pickle("legacy4")));
  CHECK(legacy("L119547037146038801333356L\n.rest"));
  CHECK_FALSE(legacy(pickle("state_dict")));
  CHECK_FALSE(legacy("PK\x03\x04"));
  const std::string whole = pickle("legacy4");
  for (std::size_t size = 0; size < 24; ++size) CHECK_FALSE(legacy(whole.substr(0, size)));
}

TEST_CASE("a pickle cut anywhere is refused") {
  for (const char* name :
       {"checkpoint2", "checkpoint4", "module1", "module5", "plain0", "plain5"}) {
    const std::string whole = pickle(name);
    for (std::size_t size = 0; size < whole.size(); ++size) refusal(whole.substr(0, size));
    mentions(refusal(whole + "."), "1 bytes behind its end");
  }
}

TEST_CASE("a pickle damaged anywhere is read or refused, never more") {
  for (const char* name : {"checkpoint2", "module5", "views", "plain0", "plain4"}) {
    const std::string whole = pickle(name);
    Index refused = 0;
    for (std::size_t at = 0; at < whole.size(); ++at)
      for (const int flip : {1, 2, 4, 8, 16, 32, 64, 128}) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ flip);
        try {
          parse(damaged);
        } catch (const Error& error) {
          ++refused;
          REQUIRE(error.kind == ErrorKind::format);
          const std::string message = error.what();
          REQUIRE(message.starts_with("x.pt: "));
          REQUIRE(message.find('\n') == message.npos);
          REQUIRE(message.size() < 500);
        }
      }
    CHECK(refused > 0);
  }
}

TEST_CASE("bytes without sense are read or refused, never more") {
  std::uint64_t state = 1;
  const auto next = [&state] { return state = state * 6364136223846793005 + 1442695040888963407; };
  // Opcodes alone, so that most steps do something.
  const std::string opcodes = pickle("checkpoint4") + "().012NRabcdehjlostu}]\x85\x86\x87\x81\x94";
  for (int round = 0; round < 20000; ++round) {
    std::string bytes;
    for (std::uint64_t size = next() >> 58; bytes.size() < size;)
      bytes += opcodes[(next() >> 33) % opcodes.size()];
    try {
      parse(bytes + ".");
    } catch (const Error&) {
    }
  }
}

TEST_CASE("a hundred thousand tensors take no time to speak of") {
  std::string bytes = "\x80\x02}(";
  for (Index i = 0; i < 100000; ++i) {
    const std::string number = std::to_string(i);
    bytes += ops::text("layers." + number + ".weight") +
             ops::tensor(ops::storage(number, 12), 0, {3, 4}, {4, 1});
  }
  bytes += "u.";
  io::PickledState state;
  const double taken = seconds([&] { state = parse(bytes); });
  CAPTURE(taken);
  CHECK(state.tensors.size() == 100000);
  CHECK(state.tensors.back().name == "layers.99999.weight");
  CHECK(taken < 20);  // for a busy machine and sanitizers: quadratic would take hours
}
