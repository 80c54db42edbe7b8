"""Writes GGUF files of the llama architecture with any shape and type of weights, for tests of memory. The weights are
noise and the answers nonsense; the tokenizer and the chat template are those of the bundled model, padded to any size
of vocabulary. Only Python's own library."""
import os
import struct

U32, F32, STRING, ARRAY = 4, 6, 8, 9
FIXED = {0: 1, 1: 1, 2: 2, 3: 2, U32: 4, 5: 4, F32: 4, 7: 1, 10: 8, 11: 8, 12: 8}
ALIGNMENT = 32
MIB = 1 << 20
# Elements and bytes of a block, and what a block with a small scale begins with: noise for scales would be NaN.
TYPES = {"f32": (0, 1, 4, b""), "f16": (1, 1, 2, b""), "q4_0": (2, 32, 18, b"\0\x14"), "q5_0": (6, 32, 22, b"\0\x14"),
         "q8_0": (8, 32, 34, b"\0\x0c"), "q2_k": (10, 256, 84, b""), "q4_k": (12, 256, 144, b"\0\x0c\0\x0c"),
         "q6_k": (14, 256, 210, b""), "iq4_nl": (20, 32, 18, b"\0\x14")}


def text(value):
    return struct.pack("<Q", len(value)) + value


class Metadata:
    """The keys of a GGUF file, each with its type and the bytes of its value."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        self.at = 8
        _, count = self.take("<Q"), self.take("<Q")
        self.values = {}
        for _ in range(count):
            key, kind, begin = self.string(), self.take("<I"), self.at
            self.skip(kind)
            self.values[key.decode()] = (kind, self.data[begin:self.at])

    def take(self, form):
        value, = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def string(self):
        length = self.take("<Q")
        self.at += length
        return self.data[self.at - length:self.at]

    def skip(self, kind):
        if kind == STRING:
            self.string()
        elif kind == ARRAY:
            element, count = self.take("<I"), self.take("<Q")
            for _ in range(count):
                self.skip(element)
        else:
            self.at += FIXED[kind]


def longer_array(value, count, make):
    element, length = struct.unpack_from("<IQ", value)
    return struct.pack("<IQ", element, count) + value[12:] + b"".join(make(i) for i in range(length, count))


def metadata(template, embedding, layers, heads, kv_heads, feed_forward, vocabulary, context):
    values = Metadata(template).values
    for key, number in (("context_length", context), ("embedding_length", embedding), ("block_count", layers),
                        ("feed_forward_length", feed_forward), ("attention.head_count", heads),
                        ("attention.head_count_kv", kv_heads), ("rope.dimension_count", embedding // heads),
                        ("vocab_size", vocabulary)):
        values["llama." + key] = (U32, struct.pack("<I", number))
    for key, make in (("tokens", lambda i: text(b"<pad%d>" % i)), ("scores", lambda i: struct.pack("<f", -1e9)),
                      ("token_type", lambda i: struct.pack("<i", 5))):
        kind, value = values["tokenizer.ggml." + key]
        values["tokenizer.ggml." + key] = (kind, longer_array(value, vocabulary, make))
    return values


def shapes(embedding, layers, heads, kv_heads, feed_forward, vocabulary, tied, kind, embedding_kind):
    kv = embedding // heads * kv_heads
    yield "token_embd.weight", (embedding, vocabulary), embedding_kind
    if not tied:
        yield "output.weight", (embedding, vocabulary), kind
    yield "output_norm.weight", (embedding,), "f32"
    for i in range(layers):
        for name, shape in (("attn_q", (embedding, embedding)), ("attn_k", (embedding, kv)),
                            ("attn_v", (embedding, kv)), ("attn_output", (embedding, embedding)),
                            ("ffn_gate", (embedding, feed_forward)), ("ffn_up", (embedding, feed_forward)),
                            ("ffn_down", (feed_forward, embedding))):
            yield f"blk.{i}.{name}.weight", shape, kind
        for name in ("attn_norm", "ffn_norm"):
            yield f"blk.{i}.{name}.weight", (embedding,), "f32"


def noise(kind, size):
    _, elements, block, scale = TYPES[kind]
    if elements == 1:
        return b"\0" * (MIB - MIB % block)  # zeros are right for every plain type
    count = MIB // block
    random = os.urandom(count * block)
    return b"".join(scale + random[i * block:(i + 1) * block - len(scale)] for i in range(min(count, size // block)))


def write_model(path, template, embedding=512, layers=8, heads=8, kv_heads=2, feed_forward=1536, vocabulary=8000,
                context=32768, kind="q8_0", embedding_kind=None, tied=False):
    values = metadata(template, embedding, layers, heads, kv_heads, feed_forward, vocabulary, context)
    tensors, data, infos = [], 0, b""
    for name, shape, of in shapes(embedding, layers, heads, kv_heads, feed_forward, vocabulary, tied, kind,
                                  embedding_kind or kind):
        number, elements, block, _ = TYPES[of]
        size = block
        for length in shape:
            size *= length
        size //= elements
        infos += text(name.encode()) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, number, data)
        tensors.append((of, size))
        data += -(-size // ALIGNMENT) * ALIGNMENT
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(values))
    header += b"".join(text(key.encode()) + struct.pack("<I", kind) + value for key, (kind, value) in values.items())
    header += infos
    with open(path, "wb") as file:
        file.write(header + b"\0" * (-len(header) % ALIGNMENT))
        for of, size in tensors:
            piece = noise(of, size)
            whole, rest = divmod(size, len(piece))
            for _ in range(whole):
                file.write(piece)
            file.write(piece[:rest] + b"\0" * (-size % ALIGNMENT))
    return path


def slow_model(path, template):
    """460 MiB that are repacked for the CPU: loading is a second of work for one thread."""
    return write_model(path, template, embedding=2048, layers=17, heads=16, kv_heads=4, feed_forward=6144, kind="q4_0")
