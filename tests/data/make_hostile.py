#!/usr/bin/python3
"""Writes files that lie, under hostile/: what a reader must refuse, or survive.

Archives and pickles are built here byte by byte, so that every field can be wrong. What the tests
of tests/io already build as strings is not repeated. hostile/pt/valid.pt and hostile/zip/valid.npz
are built in the same way and must be read: the others differ from them in one thing each.
README.md says in which.
"""

import io
import json
import struct
import tarfile
import zlib

import numpy as np

from fixture_writers import path, pattern, write_text

N, D = 6, 4


def write(name, data):
    path(f"hostile/{name}").write_bytes(data)


# --- Zip archives --------------------------------------------------------------------------------

STORED, DEFLATED = 0, 8


class Member:
    """A member, and what its two headers say of it where that is not the truth."""

    def __init__(self, name, data, method=STORED, flags=0, local=None, central=None, extra=b"",
                 central_extra=b"", at=None):
        raw = data
        if method == DEFLATED:
            squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
            raw = squeeze.compress(data) + squeeze.flush()
        truth = {"name": name, "method": method, "flags": flags, "crc": zlib.crc32(data),
                 "packed": len(raw), "size": len(data)}
        self.raw, self.extra, self.central_extra, self.at = raw, extra, central_extra, at
        self.local, self.central = {**truth, **(local or {})}, {**truth, **(central or {})}


def fields(header, extra):
    name = header["name"].encode() if isinstance(header["name"], str) else header["name"]
    return struct.pack("<HHHHHIIIHH", 20, header["flags"], header["method"], 0, 33, header["crc"],
                       header["packed"], header["size"], len(name), len(extra)), name


def archive(*members, prefix=b"", comment=b"", entries=None, directory_size=None,
            directory_at=None, before_end=b"", disk=0):
    out, offsets = prefix, []
    for member in members:
        offsets.append(len(out) if member.at is None else member.at)
        head, name = fields(member.local, member.extra)
        out += b"PK\3\4" + head + name + member.extra + member.raw
    start = len(out)
    for member, offset in zip(members, offsets):
        head, name = fields(member.central, member.central_extra)
        offset = member.central.get("offset", offset)
        out += (b"PK\1\2" + struct.pack("<H", 20) + head + struct.pack("<HHHII", 0, 0, 0, 0, offset)
                + name + member.central_extra)
    size = len(out) - start if directory_size is None else directory_size
    count = len(members) if entries is None else entries
    at = start if directory_at is None else directory_at
    out += before_end
    return out + b"PK\5\6" + struct.pack("<HHHHIIH", disk, disk, count, count, size, at,
                                         len(comment)) + comment


def npy(values):
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def npy_header(text):
    text = text.encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text


def zip_files():
    W, b = npy(pattern(N, D)), npy(pattern(D, start=11))
    good = Member("W_dec.npy", W)

    def one(name, *members, **more):
        write(f"zip/{name}.npz", archive(*members, **more))

    def with_wrong(name, local=None, central=None, **more):
        one(name, Member("b_dec.npy", b), Member("W_dec.npy", W, local=local, central=central,
                                                 **more))

    one("valid", Member("b_dec.npy", b), good)
    one("valid_deflated", Member("b_dec.npy", b, DEFLATED), Member("W_dec.npy", W, DEFLATED))

    for name, member in (("dotdot", "../W_dec.npy"), ("absolute", "/tmp/W_dec.npy"),
                         ("backslash", "..\\W_dec.npy"), ("drive", "C:\\W_dec.npy"),
                         ("zero_in_name", "W_dec.npy\0.txt"), ("empty_name", ""),
                         ("newline_in_name", "W\n_dec.npy"), ("folder", "W_dec.npy/")):
        one(name, Member("b_dec.npy", b), Member(member, W))
    one("invalid_utf8_name", Member(b"\xff\xfe.npy", W, flags=0x800))
    one("long_name", Member("x" * 5000 + ".npy", W))

    one("duplicate", good, Member("W_dec.npy", npy(pattern(N, D, start=50))))
    one("duplicate_by_case", good, Member("w_dec.npy", npy(pattern(N, D, start=50))))
    one("same_data_twice", good, Member("again.npy", W, central={"offset": 0}))
    inner = 30 + len("outer.npy") + 16  # a member inside another's data
    hidden = archive(Member("inner.npy", b))[:30 + len("inner.npy") + len(b)]
    one("overlapping", Member("outer.npy", b"\0" * 16 + hidden),
        Member("inner.npy", b, central={"offset": inner}))

    with_wrong("local_name_differs", local={"name": "W_enc.npy"})
    with_wrong("local_size_differs", local={"packed": 8, "size": 8})
    with_wrong("local_method_differs", local={"method": DEFLATED})
    with_wrong("local_crc_differs", local={"crc": 0})
    with_wrong("crc_wrong", local={"crc": 1}, central={"crc": 1})
    with_wrong("encrypted", flags=1)
    with_wrong("size_beyond_file", central={"packed": 1 << 30, "size": 1 << 30})
    with_wrong("stored_sizes_differ", central={"size": len(W) + 64})
    with_wrong("offset_beyond_file", central={"offset": 1 << 30})
    with_wrong("no_local_header", central={"offset": 5})
    data = bytearray(path("hostile/zip/valid.npz").read_bytes())
    with_wrong("offset_into_directory", central={"offset": data.index(b"PK\1\2")})
    at = data.index(b"PK\3\4", 4)
    data[at + 28:at + 30] = b"\xff\xff"  # the length of the extra field
    write("zip/local_extra_beyond_file.npz", bytes(data))

    for name, sizes in (("zip64_huge", (1 << 62, 1 << 62)), ("zip64_wraps", ((1 << 64) - 16,) * 2)):
        extra = struct.pack("<HHQQ", 1, 16, *sizes)
        with_wrong(name, central={"packed": 0xFFFFFFFF, "size": 0xFFFFFFFF}, central_extra=extra)
    with_wrong("zip64_missing", central={"packed": 0xFFFFFFFF, "size": 0xFFFFFFFF})
    with_wrong("zip64_short", central={"packed": 0xFFFFFFFF, "size": 0xFFFFFFFF},
               central_extra=struct.pack("<HHQ", 1, 16, len(W)))
    truth = struct.pack("<HHQQ", 1, 16, len(W), len(W))
    with_wrong("valid_zip64", local={"packed": 0xFFFFFFFF, "size": 0xFFFFFFFF},
               central={"packed": 0xFFFFFFFF, "size": 0xFFFFFFFF}, extra=truth,
               central_extra=truth)
    end64 = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 1 << 60, 1 << 60, 1 << 60,
                        1 << 60)
    one("zip64_end_lies", good, entries=0xFFFF, directory_size=0xFFFFFFFF,
        directory_at=0xFFFFFFFF,
        before_end=end64 + struct.pack("<IIQI", 0x07064B50, 0, 1 << 60, 1))

    zeros = npy(np.zeros(1 << 20, "<f4"))  # four megabytes in four kilobytes
    one("bomb", Member("W_dec.npy", zeros, DEFLATED))
    one("bomb_hidden", Member("W_dec.npy", zeros, DEFLATED, local={"size": len(W)},
                              central={"size": len(W)}))
    one("inflates_to_less", Member("W_dec.npy", W, DEFLATED, local={"size": 1 << 20},
                                   central={"size": 1 << 20}))
    broken = Member("W_dec.npy", W, DEFLATED)
    broken.raw = b"\xff" * len(broken.raw)
    one("broken_stream", broken)

    one("entries_too_many", good, entries=65535)
    one("entries_too_few", good, Member("b_dec.npy", b), entries=1)
    one("directory_beyond_file", good, directory_at=1 << 30)
    one("directory_too_short", good, Member("b_dec.npy", b), directory_size=10)
    one("second_disk", good, disk=1)
    one("prefix", good, prefix=b"#!/bin/sh\n")  # offsets count from the file's start
    one("end_in_comment", good, comment=archive(Member("other.npy", b)))

    shape = "{{'descr': '<f4', 'fortran_order': False, 'shape': {}, }}"
    for name, text in (("shape_overflows", f"({1 << 62}, 8)"), ("shape_wraps", f"({1 << 63}, 2)"),
                       ("shape_negative", "(-6, 4)"), ("shape_both_negative", "(-6, -4)"),
                       ("shape_of_many", "(" + "1, " * 20000 + ")")):
        values = Member("W_dec.npy", npy_header(shape.format(text)) + pattern(N, D).tobytes(),
                        DEFLATED)
        one(name, values)


# --- Pickles -------------------------------------------------------------------------------------

def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return b"X" + struct.pack("<I", len(value)) + value


def name_of(module, attribute):
    return f"c{module}\n{attribute}\n".encode()


def whole(value):
    if -2**31 <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    size = value.bit_length() // 8 + 1
    return b"\x8a" + bytes([size]) + value.to_bytes(size, "little", signed=True)


def numbers(values):
    return b"(" + b"".join(v if isinstance(v, bytes) else whole(v) for v in values) + b"t"


def storage(key="0", count=N * D, kind="FloatStorage", where="cpu", tag="storage"):
    count = count if isinstance(count, bytes) else whole(count)
    return (b"(" + text(tag) + name_of("torch", kind) + text(key) + text(where) + count +
            b"tQ")


def tensor(stored=None, offset=0, size=(N, D), stride=(D, 1),
           function=("torch._utils", "_rebuild_tensor_v2")):
    return (name_of(*function) + b"(" + (stored or storage()) + whole(offset) + numbers(size) +
            numbers(stride) + b"\x89" + name_of("collections", "OrderedDict") + b")RtR")


def pickled(value):
    return b"\x80\x02" + value + b"."


def dictionary(**entries):
    return b"}(" + b"".join(text(key) + value for key, value in entries.items()) + b"u"


def pt_archive(pickle, data=None, folder="x", more=(), method=STORED, version=b"3\n"):
    data = {"0": pattern(N, D).tobytes()} if data is None else data
    return archive(Member(f"{folder}/data.pkl", pickle, method),
                   *(Member(f"{folder}/data/{key}", values) for key, values in data.items()),
                   *(Member(f"{folder}/{key}", values) for key, values in more),
                   Member(f"{folder}/version", version))


def pt_files():
    W = pattern(N, D).tobytes()

    def one(name, value, **more):
        write(f"pt/{name}.pt", pt_archive(pickled(value), **more))

    def of(name, made):
        one(name, dictionary(W_dec=made))

    of("valid", tensor())
    one("valid_deflated", dictionary(W_dec=tensor()), method=DEFLATED)

    # The storages.
    one("storage_short", dictionary(W_dec=tensor()), data={"0": W[:40]})
    one("storage_long", dictionary(W_dec=tensor()), data={"0": W + W})
    one("storage_missing", dictionary(W_dec=tensor()), data={})
    one("storage_one_byte_short", dictionary(W_dec=tensor()), data={"0": W[:-1]})
    one("big_endian", dictionary(W_dec=tensor()), more=[("byteorder", b"big")],
        data={"0": pattern(N, D).astype(">f4").tobytes()})
    one("byteorder_unknown", dictionary(W_dec=tensor()), more=[("byteorder", b"middle")])
    of("storage_key_escapes", tensor(storage("../data.pkl")))
    of("storage_key_absolute", tensor(storage("/etc/passwd")))
    of("storage_key_empty", tensor(storage("")))
    of("storage_type_unknown", tensor(storage(kind="NoSuchStorage")))
    of("storage_type_complex", tensor(storage(kind="ComplexFloatStorage", count=N * D // 2),
                                      size=(3, D)))
    of("storage_of_two_types", tensor(storage(kind="DoubleStorage", count=N * D // 2),
                                      size=(3, D)) + text("other") + tensor())
    of("storage_of_two_lengths", tensor() + text("other") + tensor(storage(count=N * D // 2),
                                                                   size=(3, D)))
    of("storage_count_negative", tensor(storage(count=-1)))
    of("storage_count_huge", tensor(storage(count=2**62)))
    of("storage_count_wraps", tensor(storage(count=2**62 + N * D)))
    of("storage_count_text", tensor(storage(count=text("24"))))
    of("not_a_storage", tensor(storage(tag="module")))

    # The views.
    for name, view in (
            ("offset_negative", dict(offset=-1)), ("offset_huge", dict(offset=2**63 - 1)),
            ("offset_of_many_bytes", dict(offset=2**200)), ("beyond_storage", dict(offset=1)),
            ("size_negative", dict(size=(-N, D))), ("size_huge", dict(size=(2**40, 2**40))),
            ("size_wraps", dict(size=(2**62, 8))), ("size_too_large", dict(size=(N + 1, D))),
            ("stride_negative", dict(stride=(-D, 1))), ("stride_huge", dict(stride=(2**62, 1))),
            ("stride_missing", dict(stride=(1,))), ("stride_surplus", dict(stride=(1, 2, 3))),
            ("size_of_floats", dict(size=(b"G" + struct.pack(">d", 6.0), D))),
            ("size_of_many", dict(size=(1,) * 500, stride=(1,) * 500)),
            ("expanded_hugely", dict(size=(2**33, D), stride=(0, 1))),
            ("empty_far", dict(offset=2**61, size=(0, D), stride=(2**62, 2**62)))):
        of(f"view_{name}", tensor(**view))

    # What a pickle can ask for. None of it may run.
    command = text("echo this must never run")
    for name, called in (("os_system", ("posix", "system")), ("eval", ("builtins", "eval")),
                         ("exec_python2", ("__builtin__", "execfile")),
                         ("getattr", ("builtins", "getattr")),
                         ("torch_load", ("torch", "load")),
                         ("tensor_function", ("torch._utils", "_rebuild_tensor_v3"))):
        of(f"calls_{name}", name_of(*called) + b"(" + command + b"tR")
    of("calls_by_inst", b"(" + command + b"iposix\nsystem\n")
    of("calls_by_obj", b"(" + name_of("posix", "system") + command + b"o")
    of("calls_by_newobj", name_of("posix", "system") + b"(" + command + b"t\x81")
    of("calls_by_stack_global", text("posix") + text("system") + b"\x93(" + command + b"tR")
    of("builds_state", name_of("some.module", "Class") + b")\x81}" + text("x") + command + b"sb")
    of("extension", b"\x82\x01")
    of("out_of_band", b"\x97")
    of("ordered_dict_with_state", name_of("collections", "OrderedDict") + b")R}" + text("pop") +
       whole(1) + b"sb")
    of("reduces_a_text", text("not callable") + b")R")

    # Pickles that are broken.
    for name, stream in (
            ("empty", b""), ("no_stop", pickled(dictionary(W_dec=tensor()))[:-1]),
            ("stack_empty", b"\x80\x02t."), ("stack_underflow", b"\x80\x02su."),
            ("stack_left_over", b"\x80\x02}}}."), ("mark_missing", b"\x80\x02}u."),
            ("odd_items", b"\x80\x02}(" + text("a") + b"u."), ("memo_missing", b"\x80\x02h\x07."),
            ("memo_index_huge", b"\x80\x02}r\xff\xff\xff\x7f."),
            ("memo_index_negative", b"\x80\x02}p-5\n."),
            ("opcode_unknown", b"\x80\x02\xff."), ("protocol_9", b"\x80\x09}."),
            ("text_beyond_end", b"\x80\x02X\xff\xff\xff\x7fab."),
            ("text8_beyond_end", b"\x80\x04\x8d" + b"\xff" * 8 + b"ab."),
            ("long_beyond_end", b"\x80\x02\x8b\xff\xff\xff\x7f\1."),
            ("long_negative_length", b"\x80\x02\x8b\xff\xff\xff\xff\1."),
            ("frame_lies", b"\x80\x04\x95" + b"\xff" * 8 + b"}."),
            ("global_unterminated", b"\x80\x02ctorch"),
            ("utf8_invalid", b"\x80\x02}" + text(b"\xff\xfe") + b"Ns."),
            ("key_unhashable", b"\x80\x02}}Ns."),
            ("only_a_number", b"\x80\x02K\1."), ("only_a_text", b"\x80\x02" + text("x") + b".")):
        write(f"pt/pickle_{name}.pt", pt_archive(stream))
    one("pickle_key_twice", b"}(" + text("W_dec") + tensor() + text("W_dec") +
        tensor(size=(D, N), stride=(N, 1)) + b"u")
    one("pickle_contains_itself", b"}q\0(" + text("self") + b"h\0" + text("W_dec") + tensor() +
        b"u")
    deep = 4000
    one("pickle_deep", b"(" * deep + b"t" * deep)
    one("pickle_very_deep", b"(" * 10**6 + b"t" * 10**6, method=DEFLATED)
    # A tuple of two of the one before, forty times over: 2^40 elements, could anybody count them.
    laughs = b")q\0" + b"".join(
        b"h" + bytes([i]) + b"h" + bytes([i]) + b"\x86q" + bytes([i + 1]) + b"0" for i in range(40))
    one("pickle_doubles", dictionary(a=laughs + b"h\x28", W_dec=tensor()))
    one("pickle_many_pops", b"}" + b"N0" * 10**6, method=DEFLATED)
    names = "x" * 10**6
    one("name_long", dictionary(**{names: tensor()}), method=DEFLATED)
    one("name_with_newline", dictionary(**{"W\n_dec": tensor()}))
    one("nan", dictionary(W_dec=tensor()),
        data={"0": W[:40] + struct.pack("<f", np.nan) + W[44:]})

    # The archive around them.
    both = pickled(dictionary(W_dec=tensor()))
    write("pt/two_folders.pt", archive(
        Member("a/data.pkl", both), Member("a/data/0", W), Member("a/version", b"3\n"),
        Member("b/data.pkl", pickled(dictionary(W_enc=tensor()))), Member("b/data/0", W[::-1]),
        Member("b/version", b"3\n")))
    write("pt/two_pickles.pt", archive(
        Member("x/data.pkl", both), Member("x/data.pkl", pickled(dictionary(W_enc=tensor()))),
        Member("x/data/0", W), Member("x/version", b"3\n")))
    write("pt/no_pickle.pt", archive(Member("x/data/0", W), Member("x/version", b"3\n")))
    write("pt/no_folder.pt", archive(Member("data.pkl", both), Member("data/0", W),
                                     Member("version", b"3\n")))
    write("pt/version_99.pt", pt_archive(both, version=b"99\n"))
    write("pt/torchscript.pt", pt_archive(both, more=[
        ("code/__torch__/model.py", b"class Model(Module):\n  pass\n"),
        ("constants.pkl", b"\x80\x02).")]))
    write("pt/storage_encrypted.pt", archive(
        Member("x/data.pkl", both), Member("x/data/0", W, flags=1), Member("x/version", b"3\n")))


def legacy(pickle, keys=("0",), blobs=None):
    """The format before zip archives: pickles one after another, then the storages."""
    head = (b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19." + b"\x80\x02M\xe9\x03." +
            b"\x80\x02}q\0(" + text("protocol_version") + b"M\xe9\3" + text("little_endian") +
            b"\x88" + text("type_sizes") + b"}(" + text("short") + b"K\2" + text("int") + b"K\4" +
            text("long") + b"K\4uu.")
    blobs = [pattern(N, D).tobytes()] if blobs is None else blobs
    listed = pickled(b"](" + b"".join(text(key) for key in keys) + b"e")
    return head + pickle + listed + b"".join(
        struct.pack("<q", len(blob) // 4) + blob for blob in blobs)


def legacy_storage(key="0", count=N * D):
    return (b"(" + text("storage") + name_of("torch", "FloatStorage") + text(key) + text("cpu") +
            whole(count) + b"NtQ")


def legacy_files():
    pickle = pickled(dictionary(W_dec=tensor(legacy_storage())))
    good = legacy(pickle)
    write("pt/legacy_valid.pt", good)
    write("pt/legacy_cut.pt", good[:-1])
    write("pt/legacy_only_magic.pt", good[:17])
    write("pt/legacy_trailing.pt", good + b"\0" * 16)
    write("pt/legacy_big_endian.pt", good.replace(text("little_endian") + b"\x88",
                                                  text("little_endian") + b"\x89"))
    write("pt/legacy_protocol_1000.pt", good.replace(b"\x80\x02M\xe9\x03.", b"\x80\x02M\xe8\x03."))
    W = pattern(N, D).tobytes()
    for name, count in (("count_huge", 2**60), ("count_negative", -1), ("count_other", 12)):
        write(f"pt/legacy_{name}.pt", legacy(pickle, blobs=[]) + struct.pack("<q", count) + W)
    write("pt/legacy_key_missing.pt", legacy(pickle, keys=("1",)))
    write("pt/legacy_key_twice.pt", legacy(pickle, keys=("0", "0"), blobs=[W, W]))
    write("pt/legacy_calls.pt", legacy(pickled(
        name_of("posix", "system") + b"(" + text("echo this must never run") + b"tR")))

    # Older still: a tar archive.
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in (("pickle", pickled(b"}")), ("storages", pickled(whole(0))),
                           ("tensors", pickled(whole(0)))):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    write("pt/tar.pt", buffer.getvalue()[:3584])
    write("pt/bare_pickle.pt", pickled(dictionary(W_dec=whole(1))))


# --- Folders -------------------------------------------------------------------------------------

def folder_files():
    """Indices and configurations that point outside, or at themselves."""
    for name, shard in (("up", "../../pt/valid.pt"), ("absolute", "/etc/passwd"),
                        ("missing", "pytorch_model-00009-of-00002.bin"),
                        ("itself", "pytorch_model.bin.index.json"), ("number", 3), ("empty", "")):
        folder = f"hostile/bin_index/{name}"
        write_text(f"{folder}/config.json", '{"model_type": "llama", "hidden_size": 4}\n')
        write_text(f"{folder}/pytorch_model.bin.index.json", json.dumps({"weight_map": {
            "lm_head.weight": shard, "model.norm.weight": shard}}) + "\n")

    head = ('model_name: "meta-llama/Llama-3.2-1B"\nmodel_kind: "transcoder_set"\n'
            'feature_input_hook: "hook_resid_mid"\nfeature_output_hook: "hook_mlp_out"\n')
    for name, rest in (
            ("up", '\ntranscoders:\n  - id: "a"\n    layer: 0\n'
                   '    filepath: "../../../sae/circuit-tracer/square/layer_0.safetensors"\n'),
            ("absolute", '\ntranscoders:\n  - "/etc/passwd"\n'),
            ("remote", '\ntranscoders:\n  - "http://localhost/layer_0.safetensors"\n'),
            ("layer_twice", '\ntranscoders:\n  - id: "a"\n    layer: 0\n    filepath: "a"\n'
                            '  - id: "b"\n    layer: 0\n    filepath: "b"\n'),
            ("layer_negative", '\ntranscoders:\n  - id: "a"\n    layer: -1\n    filepath: "a"\n'),
            ("anchors", "\na: &a [x, x]\n" + "".join(
                f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n"
                for i in range(20))),
            ("tag", "\ntranscoders: !!python/object/apply:os.system ['echo never']\n"),
            ("deep", "\ntranscoders: " + "[" * 2000 + "]" * 2000 + "\n"),
            ("no_layers", "")):
        write_text(f"hostile/circuit_tracer/{name}/config.yaml", head + rest)


if __name__ == "__main__":
    zip_files()
    pt_files()
    legacy_files()
    folder_files()
