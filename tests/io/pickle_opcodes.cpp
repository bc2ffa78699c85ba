// Pickles put together by hand: every opcode, every rule, every bound.
#include <algorithm>

#include "io/pickle.hpp"
#include "io/pickle_ops.hpp"
#include "io/support.hpp"

using namespace yoneda;
using namespace yoneda::test;
using namespace yoneda::test::ops;
using namespace std::string_literals;

namespace {

using Values = std::map<std::string, std::string>;

io::PickledState parse(const std::string& bytes) {
  return io::parse_pickle(std::as_bytes(std::span(bytes)), "x.pt");
}

void refuses(const std::string& bytes, const std::string& why) {
  CAPTURE(why);
  const Error error = error_of("x.pt: ", [&] { parse(bytes); });
  CHECK(error.kind == ErrorKind::format);
  mentions(error, why);
}

// The one leaf of a pickle.
std::string leaf(const std::string& bytes) {
  const auto state = parse(bytes + ".");
  REQUIRE(state.values.size() == 1);
  CHECK(state.tensors.empty());
  return state.values.begin()->second;
}

io::PickledTensor only_tensor(const std::string& bytes) {
  const auto state = parse(bytes + ".");
  REQUIRE(state.tensors.size() == 1);
  return state.tensors.front();
}

std::string version_3(const std::string& of, const std::string& dtype, Index size) {
  return call("torch._utils", "_rebuild_tensor_v3",
              {of, integer(0), counts({size}), counts({1}), "\x89",
               call("collections", "OrderedDict", {}), name("torch", dtype)});
}

std::string untyped(Index bytes) {
  return storage("0", bytes, "UntypedStorage", "torch.storage");
}

}  // namespace

TEST_CASE("numbers of every opcode") {
  CHECK(leaf("N") == "none");
  CHECK(leaf("\x88") == "true");
  CHECK(leaf("\x89") == "false");
  CHECK(leaf("I01\n") == "true");
  CHECK(leaf("I00\n") == "false");
  CHECK(leaf("I-7\n") == "-7");
  CHECK(leaf("L12L\n") == "12");
  CHECK(leaf("J" + raw(std::int32_t{-5})) == "-5");
  CHECK(leaf("K\xff") == "255");
  CHECK(leaf("M\xff\xff") == "65535");
  CHECK(leaf("\x8a\0"s) == "0");
  CHECK(leaf("\x8a\x01\xff"s) == "-1");
  CHECK(leaf("\x8a\x02\xff\0"s) == "255");
  CHECK(leaf("\x8a\x09" + raw(std::int64_t{-2}) + "\xff") == "-2");
  CHECK(leaf("\x8b" + raw(std::uint32_t{1}) + "\x80") == "-128");
  CHECK(leaf("F1e-05\n") == "1e-05");
  CHECK(leaf("Finf\n") == "inf");
  CHECK(leaf("F-nan\n") == "nan");
  CHECK(leaf("G\x3f\xb9\x99\x99\x99\x99\x99\x9a") == "0.1");
  for (const char* line : {"I\n", "I1.5\n", "Ix\n", "I 1\n", "L1LL\n", "F\n", "F1x\n", "F0x1p3\n"})
    refuses(line + "."s, "a number that is none");
}

TEST_CASE("integers beyond 64 bits are shown, not kept, and are no sizes") {
  CHECK(leaf("\x8a\x09" + raw(std::int64_t{-1}) + "\0"s) == "<integer of 9 bytes>");
  CHECK(leaf("\x8a\x09" + raw(std::int64_t{1}) + "\xff") == "<integer of 9 bytes>");
  CHECK(leaf("\x8b" + raw(std::uint32_t{300}) + std::string(300, '\x7f')) ==
        "<integer of 300 bytes>");
  CHECK(leaf("I99999999999999999999\n") == "<integer of 20 digits>");
  const std::string big = "\x8a\x09" + raw(std::int64_t{-1}) + "\0"s;
  refuses(call("torch._utils", "_rebuild_tensor",
               {storage("0", 4), integer(0), tuple({big}), counts({1})}) +
              ".",
          "tensor 'tensor' has a size that is no whole number");
}

TEST_CASE("texts of every opcode") {
  CHECK(leaf("X\x02\0\0\0\xce\xbb"s) == "λ");
  CHECK(leaf("\x8c\x02\xce\xbb") == "λ");
  CHECK(leaf("\x8d\x02\0\0\0\0\0\0\0\xce\xbb"s) == "λ");
  CHECK(leaf("U\x01x") == "x");
  CHECK(leaf("T\x01\0\0\0x"s) == "x");
  CHECK(leaf("V\xe9\\u03bb\\U0001d6fc\\u005c\n") == "éλ𝛼\\");
  CHECK(leaf("S'it\\'s\\n\\x41\\\\'\n") == "it's\nA\\");
  CHECK(leaf("S\"\"\n").empty());
  for (const char* line : {"S'\n", "Sx\n", "S'x\"\n", "S'\\'\n", "S'\\q'\n", "S'\\x4'\n",
                           "S'\\xzz'\n", "V\\u12\n", "V\\u12x4\n", "V\\U00110000\n"})
    refuses(line + "."s, "unknown escape");
  for (const char* bad : {"\xff", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xf0\x80\x80\x80", "\xce", "\xe2\x82", "\x80"})
    refuses(text(bad) + ".", "no UTF-8");
  refuses("V\\ud800\n.", "no UTF-8");
  for (const char* good :
       {"\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf", "\xe0\xa0\x80", "\x7f"})
    CHECK(leaf(text(good)) == good);
}

TEST_CASE("bytes are passed over") {
  for (const auto& bytes : {"C\x01\xff"s, "B\x01\0\0\0\xff"s, "\x8e\x01\0\0\0\0\0\0\0\xff"s,
                            "\x96\x01\0\0\0\0\0\0\0\xff"s})
    CHECK(leaf(bytes) == "<bytes>");
  CHECK(leaf(call("_codecs", "encode", {text("\xc3\xbf"), text("latin1")})) == "<bytes>");
  CHECK(leaf(call("__builtin__", "bytes", {})) == "<bytes>");
  CHECK(leaf(call("builtins", "bytearray", {"C\x01\xff"})) == "<bytes>");
}

TEST_CASE("collections of every opcode") {
  const Values two{{"0", "1"}, {"1", "2"}};
  const std::string one_two = "K\x01K\x02";
  for (const auto& bytes :
       {"(" + one_two + "t", one_two + "\x86", "(" + one_two + "l", "](" + one_two + "e",
        "]K\x01"s + "aK\x02" + "a", "\x8f(" + one_two + "\x90", "(" + one_two + "\x91",
        call("builtins", "set", {"(" + one_two + "l"}),
        call("__builtin__", "frozenset", {one_two + "\x86"}),
        call("builtins", "list", {one_two + "\x86"}),
        call("builtins", "tuple", {"(" + one_two + "l"}), call("torch", "Size", {one_two + "\x86"}),
        call("torch", "Size", {"(" + one_two + "l"})})
    CHECK(parse(bytes + ".").values == two);
  CHECK(parse("K\x01\x85.").values == Values{{"0", "1"}});
  CHECK(parse("K\x01K\x02K\x03\x87.").values.size() == 3);
  for (const char* empty :
       {")", "]", "}", "\x8f", "(t", "(l", "(d", "](e", "}(u", "\x8f(\x90", "(\x91"})
    CHECK(parse(empty + "."s).values.empty());

  const Values pair{{"a", "1"}};
  const std::string a_one = text("a") + "K\x01";
  for (const auto& bytes :
       {"(" + a_one + "d", "}(" + a_one + "u", "}" + a_one + "s",
        call("collections", "OrderedDict", {"(" + a_one + "\x86l"}),
        call("collections", "OrderedDict", {"(" + a_one + "d"}),
        call("collections", "Counter", {"(" + a_one + "d"}),
        call("builtins", "dict", {"((" + a_one + "ll"}),
        call("collections", "defaultdict", {name("builtins", "list")}) + a_one + "s",
        call("collections", "defaultdict", {"N", "(" + a_one + "d"})})
    CHECK(parse(bytes + ".").values == pair);
}

TEST_CASE("stack and memo") {
  CHECK(leaf("K\x01K\x02"
             "0") == "1");
  CHECK(leaf("K\x01(K\x02K\x03"
             "1") == "1");
  CHECK(leaf("K\x01(0") == "1");  // a mark is taken like a value
  CHECK(parse("K\x01"
              "2\x86.")
            .values == Values{{"0", "1"}, {"1", "1"}});
  for (const auto& memo : {"K\x07p300\n0g300\n"s,
                           "K\x07q\xff"
                           "0h\xff"s,
                           "K\x07r\xff\xff\xff\xff"
                           "0j\xff\xff\xff\xff"s,
                           "K\x07\x94"
                           "0h\0"s,
                           "K\x06\x94K\x07\x94"
                           "00h\x01"s,
                           "K\x06q\0K\x07q\0"
                           "00h\0"s})
    CHECK(leaf(memo) == "7");
  // Places far ahead, which are reached later and given anew on the way.
  CHECK(leaf("K\x01q\x02"
             "0K\x02q\0"
             "0K\x03q\x01"
             "0h\x02"s) == "1");
  CHECK(leaf("K\x01q\x02"
             "0K\x02q\0"
             "0K\x03q\x01"
             "0K\x04q\x02"
             "0K\x05\x94"
             "0h\x03"s) == "5");
  CHECK(leaf("K\x01q\x02"
             "0K\x02q\0"
             "0K\x03q\x01"
             "0K\x04q\x02"
             "0h\x02"s) == "4");
  refuses("h\0."s, "memo 0 is asked for before it is given");
  refuses("j\xff\xff\xff\xff.", "memo 4294967295");
  refuses("g18446744073709551616\n.", "a memo without a number");
  refuses("Np-1\n.", "a memo without a number");
  refuses("q\0."s, "empty stack");
}

TEST_CASE("every opcode that takes values says so when there are none") {
  for (const char* op : {"\x85", "\x86", "\x87", "a", "s", "R", "b", "0", "2", "Q", "\x81", "\x92",
                         "\x93", "q\x01", "\x94", "p1\n", "."}) {
    refuses(op + "."s, "it takes a value from an empty stack");
  }
  for (const char* op : {"\x85", "a", "s", "R", "b", "2", "Q", "\x81", "q\x01", "\x94"})
    refuses("NNN("s + op + ".", "empty stack");  // nothing is taken from below a mark
  refuses("N\x86.", "empty stack");
  refuses("NR.", "empty stack");
  for (const char* op : {"t", "l", "d", "e", "u", "\x90", "\x91", "1", "o"})
    refuses("N"s + op + ".", "up to a mark, and there is none");
  for (const char* op : {"e", "u", "\x90"}) refuses("("s + op + ".", "empty stack");
}

TEST_CASE("values where they do not belong") {
  refuses("NNa.", "an item is appended to None");
  refuses("}Na.", "an item is appended to a dictionary");
  refuses("N(Ne.", "appended to None");
  refuses("]NNs.", "a key is set in a list");
  refuses("}(Nu.", "a key without a value");
  refuses("(Nd.", "a key without a value");
  refuses("](N\x90.", "an item is added to a list");
  refuses("NNb.", "a state is given to None");
  refuses("NN\x93.", "a name that is no text");
  refuses("NN.", "values left over");
  refuses("N(.", "empty stack");
  refuses("(N.", "values left over");
  refuses("N.N", "1 bytes behind its end");
  refuses("", "truncated");
  refuses(text("a") + "N\x86\x85R.", "empty stack");
}

TEST_CASE("what is unknown or needs more than the file is refused by name") {
  refuses("\x80\x06N.", "pickle protocol 6, this library reads 0 to 5");
  refuses("?N.", "at byte 0: unknown opcode 0x3f");
  refuses("N\xff.", "at byte 1: unknown opcode 0xff");
  refuses("Px\n.", "a persistent id as text");
  for (const char* op : {"\x82\x01", "\x83\x01\x01", "\x84\x01\x01\x01\x01"})
    refuses(op + "."s, "extension registry");
  for (const char* op : {"\x97", "N\x98"}) refuses(op + "."s, "kept outside the pickle");
  refuses("NQ.", "outside that is no storage");
  refuses(tuple({text("module"), name("a", "b"), "N", "N", "N"}) + "Q.", "that is no storage");
}

TEST_CASE("lengths are held against what is left") {
  for (const auto& bytes : {"X\xff\xff\xff\xff"s,
                            "T\xff\xff\xff\xff"s,
                            "\x8d\xff\xff\xff\xff\xff\xff\xff\xff"s,
                            "\x8d\xff\xff\xff\xff\xff\xff\xff\x7f"s,
                            "B\xff\xff\xff\xff"s,
                            "\x8e\xff\xff\xff\xff\xff\xff\xff\xff"s,
                            "\x96\xff\xff\xff\xff\xff\xff\xff\xff"s,
                            "\x8b\xff\xff\xff\xff"s,
                            "\x8b\xff\xff\xff\x7f"s,
                            "\x8a\xff"s,
                            "C\x03"s,
                            "U\x03"s,
                            "\x8c\x03"s,
                            "\x95\xff\xff\xff\xff\xff\xff\xff\xff"s,
                            "\x95\x02\0\0\0\0\0\0\0"s,
                            "G"s,
                            "J"s,
                            "M"s,
                            "K"s,
                            "I1"s,
                            "cposix"s,
                            "cposix\nsystem"s})
    refuses(bytes + ".", "truncated");
  refuses("\x80", "truncated");
}

TEST_CASE("nothing that would run is read") {
  const std::string never = "a checkpoint that runs code is never loaded";
  refuses(call("posix", "system", {text("id")}) + ".", "would call 'posix.system': " + never);
  refuses(call("__builtin__", "eval", {text("1")}) + ".", "would call 'builtins.eval'");
  refuses(text("os") + text("system") + "\x93" + text("id") + "\x85R.", "would call 'os.system'");
  refuses(text("torch") + text("_utils.os.system") + "\x93" + text("id") + "\x85R.",
          "would call 'torch._utils.os.system'");
  refuses("(" + text("id") + "iposix\nsystem\n.", "would call 'posix.system': " + never);
  refuses("(ios\nabort\n.", "would call 'os.abort': " + never);
  refuses("(" + name("posix", "system") + text("id") + "o.", "would call 'posix.system'");
  refuses("(No.", "would call None");
  refuses("(o.", "an object without a class");
  refuses(name("a", "B") + ")\x81)R.", "would call an object of 'a.B'");
  refuses("N)R.", "would call None");
  refuses(name("posix", "system") + "}b.", "would change the name 'posix.system': " + never);
  refuses(name("a", "B") + tuple({name("posix", "system")}) + "\x81.",
          "an object of 'a.B' would be made from 'posix.system': " + never);
  refuses(call("torch._tensor", "_rebuild_from_type_v2",
               {name("posix", "system"), name("a", "B"), tuple({text("id")}), "}"}) +
              ".",
          "would call 'posix.system'");
  refuses(call("torch._utils", "_rebuild_whatever", {}) + ".", "_rebuild_whatever': " + never);
  refuses(call("a\x01\x1b", "b", {}) + ".", R"(would call 'a\x01\x1b.b')");
  refuses("ca\xff\nb\n.", "a name that is no UTF-8");
}

TEST_CASE("objects are a class and data") {
  const std::string plain = name("argparse", "Namespace") + ")\x81";
  const std::string state = dict({text("lr"), "K\x05"});
  const auto check = [](const io::PickledState& found) {
    CHECK(found.root_class == "argparse.Namespace");
    CHECK(found.classes.empty());
    CHECK(found.values == Values{{"lr", "5"}});
  };
  check(parse(plain + state + "b."));
  check(parse(plain + "N" + state +
              "\x86"
              "b."));
  check(parse(plain + state +
              "N\x86"
              "b."));
  check(parse(name("argparse", "Namespace") + ")}\x92" + state + "b."));
  check(parse(name("argparse", "Namespace") + ")" + state + "\x92."));
  check(parse(call("copy_reg", "_reconstructor",
                   {name("argparse", "Namespace"), name("__builtin__", "object"), "N"}) +
              state + "b."));
  CHECK(parse(plain + ".").values.empty());
  CHECK(parse(plain + "Nb.").values.empty());
  CHECK(parse(plain + "K\x05"
                      "b.")
            .values == Values{{"value", "5"}});

  const auto inside = parse(dict({text("a"), plain + state + "b"}) + ".");
  CHECK(inside.root_class.empty());
  CHECK(inside.classes == Values{{"a", "argparse.Namespace"}});
  CHECK(inside.values == Values{{"a.lr", "5"}});

  const auto made_from = parse(name("subprocess", "Popen") + tuple({text("sh"), "]"}) + "\x81.");
  CHECK(made_from.root_class == "subprocess.Popen");  // named, never run
  CHECK(made_from.values == Values{{"0", "sh"}});
  CHECK(parse(name("a", "L") + ")\x81(K\x01K\x02"
                               "e.")
            .values == Values{{"0", "1"}, {"1", "2"}});
  CHECK(parse(name("a", "D") + ")\x81" + text("k") + "K\x02s.").values == Values{{"k", "2"}});

  CHECK(parse(name("a", "T") + tuple({name("torch", "int8"), plain}) + "\x81.").values ==
        Values{{"0", "torch.int8"}});
  const auto based_on = [](const std::string& base) {
    return parse(call("copyreg", "_reconstructor", {name("a", "B"), name("c", "D"), base}) + ".")
        .values;
  };
  CHECK(based_on("K\x07") == Values{{"0", "7"}});
  CHECK(based_on("(K\x07l") == Values{{"0", "7"}});
  CHECK(based_on(dict({text("k"), "K\x07"})) == Values{{"k", "7"}});

  refuses(plain + state + "b" + state + "b.", "an object with two states");
  refuses(name("a", "B") + "N\x81.", "an object of the name 'a.B' made from None");
  refuses("N)\x81.", "an object of None");
  refuses(name("a", "B") + ")N\x92.", "an object of the name 'a.B' made from a tuple and None");
  refuses(plain + "2b.", "contains itself");
}

TEST_CASE("attributes of an ordered dictionary are no entries of it") {
  const std::string ordered = call("collections", "OrderedDict", {}) + text("a") + "K\x01s";
  const auto state = parse(ordered + dict({text("_metadata"), dict({text(""), "K\x01"})}) + "b.");
  CHECK(state.values == Values{{"a", "1"}});
  refuses(ordered + call("posix", "system", {text("id")}) + "b.", "would call 'posix.system'");
}

TEST_CASE("a module that is not quite one is an object, and a broken one no crash") {
  const std::string object = name("a", "M") + ")\x81";
  const auto module = [&](const std::string& modules, const std::string& more = "") {
    return object +
           dict({text("_parameters"), dict({text("w"), "K\x01", text("b"), "N"}), text("_buffers"),
                 "}", text("_modules"), modules, text("_hooks"), "}", text("_kept"), "K\x02",
                 text("_flag"), "N", more}) +
           "b";
  };
  const auto state = parse(module(dict({text("sub"), module("}"), text("gone"), "N"})) + ".");
  CHECK(state.values == Values{{"w", "1"}, {"_kept", "2"}, {"sub.w", "1"}, {"sub._kept", "2"}});
  CHECK(state.classes == Values{{"sub", "a.M"}});
  CHECK(parse(module("]") + ".").values.contains("_parameters.w"));
  const auto twice = parse(module("}", text("_modules") + "K\x03") + ".");
  CHECK(twice.values.at("_modules") == "3");
  refuses(module(dict({text("w"), "K\x02"})) + ".", "'w' is given twice");
}

TEST_CASE("every storage class and every way to rebuild a tensor") {
  const std::map<std::string, std::string> classes{
      {"DoubleStorage", "F64"},    {"FloatStorage", "F32"}, {"HalfStorage", "F16"},
      {"BFloat16Storage", "BF16"}, {"LongStorage", "I64"},  {"IntStorage", "I32"},
      {"ShortStorage", "I16"},     {"CharStorage", "I8"},   {"ByteStorage", "U8"},
      {"BoolStorage", "BOOL"},     {"UntypedStorage", "U8"}};
  for (const auto& [kind, dtype] : classes)
    CHECK(io::name(only_tensor(tensor(storage("k", 6, kind), 0, {2, 3}, {3, 1})).dtype) == dtype);

  const std::string hooks = call("collections", "OrderedDict", {});
  const std::string data = tensor(storage("7", 9), 2, {2, 3}, {3, 1});
  for (const auto& bytes :
       {data,
        call("torch._utils", "_rebuild_tensor",
             {storage("7", 9), integer(2), counts({2, 3}), counts({3, 1})}),
        call("torch._utils", "_rebuild_tensor_v2",
             {storage("7", 9), integer(2), counts({2, 3}), counts({3, 1}), "\x88", "N", "}"}),
        call("torch._utils", "_rebuild_tensor_v3",
             {storage("7", 9), integer(2), counts({2, 3}), counts({3, 1}), "\x88", hooks,
              name("torch", "float32"), "N"}),
        call("torch._utils", "_rebuild_parameter", {data, "\x88", hooks}),
        call("torch._utils", "_rebuild_parameter_with_state", {data, "\x88", hooks, "}"}),
        call("torch._tensor", "_rebuild_from_type_v2",
             {name("torch._utils", "_rebuild_tensor_v2"), name("torch", "Tensor"),
              tuple({storage("7", 9), integer(2), counts({2, 3}), counts({3, 1}), "\x89", hooks}),
              dict({text("note"), "N"})})}) {
    const auto t = only_tensor(bytes);
    CHECK(t.name == "tensor");
    CHECK(t.dtype == io::ElementType::f32);
    CHECK(t.storage == "7");
    CHECK(t.storage_count == 9);
    CHECK(t.offset == 2);
    CHECK(t.shape == std::vector<Index>{2, 3});
    CHECK(t.strides == std::vector<Index>{3, 1});
  }
}

TEST_CASE("untyped storages count bytes, and the tensor says of what") {
  const std::map<std::string, std::string> dtypes{{"float8_e4m3fn", "F8_E4M3"},
                                                  {"float8_e5m2", "F8_E5M2"},
                                                  {"uint16", "U16"},
                                                  {"uint32", "U32"},
                                                  {"uint64", "U64"},
                                                  {"bfloat16", "BF16"}};
  for (const auto& [torch_name, dtype] : dtypes) {
    const auto t = only_tensor(version_3(untyped(16), torch_name, 2));
    CHECK(io::name(t.dtype) == dtype);
    CHECK(t.storage_count * io::bytes_per_element(t.dtype) == 16);
  }
  refuses(version_3(untyped(16), "float8_e4m3fnuz", 2) + ".",
          "'tensor' has numbers of 'torch.float8_e4m3fnuz', which are not read");
  refuses(version_3(untyped(15), "uint32", 2) + ".", "holds no whole number");
  refuses(version_3(untyped(16), "uint64", 3) + ".",
          "tensor 'tensor' (U64, 3) reaches beyond the 2 elements of its storage '0'");
  refuses(version_3(storage("0", Index{1} << 62), "uint8", 2) + ".", "holds no whole number");
}

TEST_CASE("tensors with numbers that are not as stored are refused") {
  const std::string metadata = dict({text("conj"), "\x88"});
  refuses(
      call("torch._utils", "_rebuild_tensor_v2",
           {storage("7", 9), integer(2), counts({2, 3}), counts({3, 1}), "\x88", "N", metadata}) +
          ".",
      "the checkpoint is a tensor stored negated or conjugated, which is not read");
  for (const char* kind :
       {"ComplexFloatStorage", "ComplexDoubleStorage", "QInt8Storage", "QUInt8Storage",
        "QInt32Storage", "QUInt4x2Storage", "QUInt2x4Storage"}) {
    refuses(tensor(storage("0", 1, kind), 0, {}, {}) + ".", "has numbers of torch."s + kind);
    CHECK(parse(storage("0", 1, kind) + "0N.").values.size() == 1);  // only where one occurs
  }
}

TEST_CASE("tensors lie inside their storages") {
  const auto of = [](Index count, Index offset, std::initializer_list<Index> shape,
                     std::initializer_list<Index> strides) {
    return tensor(storage("0", count), offset, shape, strides) + ".";
  };
  const auto most = std::numeric_limits<Index>::max();
  CHECK_NOTHROW(parse(of(6, 0, {2, 3}, {3, 1})));
  CHECK_NOTHROW(parse(of(1, 0, {}, {})));
  CHECK_NOTHROW(parse(of(1, 0, {1, 5}, {most, 0})));
  CHECK_NOTHROW(parse(of(0, 0, {0, 4}, {4, 1})));
  CHECK_NOTHROW(parse(of(6, 6, {0, 4}, {4, 1})));
  CHECK_NOTHROW(parse(of(1, 0, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
                         {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1})));
  const std::string beyond = "reaches beyond the";
  refuses(of(5, 0, {2, 3}, {3, 1}), "tensor 'tensor' (F32, 2 x 3) " + beyond + " 5 elements");
  refuses(of(6, 1, {2, 3}, {3, 1}), beyond);
  refuses(of(6, 0, {2, 3}, {4, 1}), beyond);
  refuses(of(0, 0, {}, {}), beyond);
  refuses(of(6, most, {1}, {1}), beyond);
  refuses(of(6, 0, {2}, {most}), beyond);
  refuses(of(6, 0, {2, 2, 2}, {most / 2, most / 2, most / 2}), beyond);
  refuses(of(most, 0, {3, 3}, {most / 2, most / 2}), beyond);
  refuses(of(6, -1, {1}, {1}), "starts before its storage");
  refuses(of(6, 0, {-1}, {1}), "a size that is no whole number");
  refuses(of(6, 0, {2}, {-1}), "a stride that is no whole number");
  refuses(of(6, 0, {2, 3}, {1}), "has 2 axes and 1 strides");
  refuses(of(6, 0, {Index{1} << 32, Index{1} << 32}, {0, 0}), "which is too large");
  refuses(of(6, 0, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
             {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}),
          "has 17 axes, this library reads up to 16");
  refuses(tensor(storage(std::string(101, '0'), 1), 0, {}, {}) + ".", "has a key of 101 bytes");
  refuses(of(-1, 0, {1}, {1}), "storage '0' has a negative length");
  refuses(tensor(storage("0", 1, "FloatStorage", "evil"), 0, {}, {}) + ".",
          "storage '0' is of the unknown class 'evil.FloatStorage'");
}

TEST_CASE("a storage is the same wherever it is named") {
  const auto two = [](const std::string& a, const std::string& b) {
    return tensor(a, 0, {1}, {1}) + tensor(b, 0, {1}, {1}) + "\x86.";
  };
  CHECK(parse(two(storage("0", 4), storage("0", 4))).tensors.size() == 2);
  CHECK(parse(two(storage("0", 4, "ByteStorage"), storage("0", 4, "UntypedStorage")))
            .tensors.size() == 2);
  refuses(two(storage("0", 4), storage("0", 5)),
          "storage '0' is 4 of torch.FloatStorage in one place and 5 of torch.FloatStorage");
  refuses(two(storage("0", 4), storage("0", 4, "IntStorage")), "4 of torch.IntStorage in another");
  refuses(two(storage("0", 4, "QInt8Storage"), storage("0", 4, "QUInt8Storage")), "in another");
}

TEST_CASE("arguments that a function does not take are damage") {
  const std::string wrong = "does not take";
  const std::string data = tensor(storage("7", 9), 2, {2, 3}, {3, 1});
  refuses(call("torch._utils", "_rebuild_tensor_v2", {}) + ".",
          "data.pkl is damaged: 'torch._utils._rebuild_tensor_v2' does not take ()");
  refuses(call("torch._utils", "_rebuild_tensor_v2",
               {"N", integer(2), counts({2}), counts({1}), "\x88", "N"}) +
              ".",
          "does not take (None, an integer, a tuple, a tuple, a truth value, None)");
  refuses(call("torch._utils", "_rebuild_tensor_v2",
               {storage("7", 9), integer(2), counts({2}), counts({1}), "\x88", dict({"N", "N"})}) +
              ".",
          wrong);
  refuses(call("torch._utils", "_rebuild_tensor_v3",
               {storage("7", 9), integer(2), counts({2}), counts({1}), "\x88", "N", "N"}) +
              ".",
          wrong);
  refuses(call("torch._utils", "_rebuild_tensor", {storage("7", 9), integer(2), "N", counts({1})}) +
              ".",
          wrong);
  refuses(call("torch._utils", "_rebuild_parameter", {"N", "\x88", "N"}) + ".", wrong);
  refuses(call("torch._utils", "_rebuild_parameter", {data, "\x88"}) + ".", wrong);
  refuses(call("torch._tensor", "_rebuild_from_type_v2", {data, "N", ")", "N"}) + ".", wrong);
  refuses(call("collections", "OrderedDict", {"]", "]"}) + ".", wrong);
  refuses(call("collections", "OrderedDict", {"(Nl"}) + ".", wrong);
  refuses(call("collections", "defaultdict", {"K\x01"}) + ".", wrong);
  refuses(call("builtins", "set", {"K\x01"}) + ".", wrong);
  refuses(call("torch", "device", {}) + ".", wrong);
  refuses(call("torch", "device", {text("cuda"), "N"}) + ".", wrong);
  refuses(call("torch.serialization", "_get_layout", {"N"}) + ".", wrong);
  refuses(call("_codecs", "encode", {"N"}) + ".", wrong);
  refuses(call("copyreg", "_reconstructor", {"N", "N", "N"}) + ".", wrong);
  refuses(call("builtins", "list", {"N", "N", "N", "N", "N", "N", "N", "N", "N"}) + ".",
          "None, ...)");
  refuses(name("torch", "Size") + "NR.", "'torch.Size' is given None, not a tuple");
  CHECK(leaf(call("torch", "device", {text("cuda"), "K\x01"})) == "cuda:1");
  CHECK(leaf(call("torch.serialization", "_get_layout", {text("torch.strided")})) ==
        "torch.strided");
}

TEST_CASE("paths are told apart, and strange keys printed safely") {
  refuses(dict({text("a"), "N", text("a"), "N"}) + ".", "'a' is given twice");
  refuses(dict({"K\x01", "N", text("1"), "N"}) + ".", "'1' is given twice");
  refuses(dict({text("a.b"), "N", text("a"), dict({text("b"), "N"})}) + ".",
          "'a.b' is given twice");
  const std::string t = tensor(storage("0", 1), 0, {}, {});
  refuses(dict({text("a"), t, text("a"), t}) + ".", "'a' is given twice");
  refuses(dict({text("a"), t, text("a"), "N"}) + ".", "'a' is given twice");
  refuses(dict({text("a\n\x1b"), "N", text("a\n\x1b"), "N"}) + ".", R"('a\n\x1b' is given twice)");
  CHECK(parse(dict({text("a\n"), "N"}) + ".").values == Values{{"a\n", "none"}});
  CHECK(parse(dict({text(""), dict({text(""), "N"})}) + ".").values == Values{{".", "none"}});
  refuses(dict({")", "N"}) + ".", "the checkpoint has a key that is a tuple");
  refuses(dict({text("a"), dict({"C\x01x", "N"})}) + ".", "'a' has a key that is bytes");
  refuses(dict({name("a", "B"), "N"}) + ".", "a key that is the name 'a.B'");
}

TEST_CASE("depth is bounded, and no depth overflows the stack") {
  const auto nested = [](Index levels) {
    return std::string(levels, ']') + std::string(levels - 1, 'a') + ".";
  };
  CHECK_NOTHROW(parse(nested(64)));
  refuses(nested(65), "is nested deeper than 64 levels");
  refuses(nested(100000), "is nested deeper than 64 levels");
  refuses(std::string(100000, '(') + "N" + std::string(100000, 't') + ".", "deeper than 64");
  std::string objects = "N";
  for (int i = 0; i < 100; ++i) objects = name("a", "B") + ")\x81" + objects + "b";
  refuses(objects + ".", "is nested deeper than 64 levels");
}

TEST_CASE("a pickle too large to be one is not read") {
  const auto bytes = io::make_shared_bytes((256 << 20) + 1, [](std::byte*) {});
  mentions(error_of("x.pt", [&] { io::parse_pickle(bytes.span, "x.pt"); }),
           "data.pkl has 268435457 bytes, this library reads up to 268435456");
}

TEST_CASE("a pickle of more values, or longer names, than any checkpoint has") {
  refuses("N" + std::string(8'100'000, '2') + ".", "holds more than the 8000000 values");
  std::string keys = text(std::string(1'000'000, 'x')) + "q\0]"s;
  for (int i = 0; i < 100; ++i) keys += "}h\0Nsa"s;
  refuses(keys + "\x86.", "unfolds to more than 67108864 bytes of names");
}

TEST_CASE("no few bytes make us hold or do much") {
  const std::string most = "holds more than the 8000000 values";
  for (const char* op : {"]", "(", "N", "\x94"}) {
    std::string bytes = "N";
    for (Index i = 0; i < 8'100'000; ++i) bytes += op;
    refuses(bytes + ".", most);
  }
  // A list of a million, copied again and again.
  std::string copies = "](" + std::string(1'000'000, 'N') + "eq\0"s;
  for (int i = 0; i < 1000; ++i) copies += name("builtins", "set") + "h\0\x85R0"s;
  refuses(copies + ".", most);
  // A long text as part of a name, again and again.
  std::string names = text(std::string(10'000'000, 'x')) + "q\0"s;
  for (int i = 0; i < 1000; ++i) names += "h\0h\0\x93"s;
  refuses(names + ".", most);
  // The same, as a value and as a key.
  std::string texts = text(std::string(10'000'000, 'x')) + "q\0(l"s;
  for (int i = 0; i < 1000; ++i) texts += "h\0a"s;
  refuses(texts + "\x86.", "unfolds to more than 67108864 bytes of names");
  std::string keys = text(std::string(10'000'000, 'x')) + "q\0]"s;
  for (int i = 0; i < 1000; ++i) keys += "}h\0Nsa"s;
  refuses(keys + "\x86.", "bytes of names");
}
