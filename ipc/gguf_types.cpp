#include "ipc/gguf_types.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <system_error>

#include "ipc/gguf.hpp"

namespace corral {

namespace {

// The largest vocabularies and their merges take some 20 MB. The bound keeps a made-up header of
// millions of empty strings, or a length with a flipped bit, from costing more than a moment.
constexpr std::uint64_t header_bytes_max = 256 << 20;
constexpr std::size_t window_bytes_max = 64 << 10;
constexpr int array_depth_max = 4;  // llama.cpp itself knows no nested arrays, the format does
constexpr std::size_t quoted_bytes_max = 80;

struct TensorType {
    std::uint32_t id;
    TensorLayout layout;
};

// Without Q8_1 (9) and Q8_K (15): they exist only while a product is computed.
constexpr TensorType tensor_types[] = {
    {0, {1, 4}},       // F32
    {1, {1, 2}},       // F16
    {2, {32, 18}},     // Q4_0
    {3, {32, 20}},     // Q4_1
    {6, {32, 22}},     // Q5_0
    {7, {32, 24}},     // Q5_1
    {8, {32, 34}},     // Q8_0
    {10, {256, 84}},   // Q2_K
    {11, {256, 110}},  // Q3_K
    {12, {256, 144}},  // Q4_K
    {13, {256, 176}},  // Q5_K
    {14, {256, 210}},  // Q6_K
    {16, {256, 66}},   // IQ2_XXS
    {17, {256, 74}},   // IQ2_XS
    {18, {256, 98}},   // IQ3_XXS
    {19, {256, 50}},   // IQ1_S
    {20, {32, 18}},    // IQ4_NL
    {21, {256, 110}},  // IQ3_S
    {22, {256, 82}},   // IQ2_S
    {23, {256, 136}},  // IQ4_XS
    {24, {1, 1}},      // I8
    {25, {1, 2}},      // I16
    {26, {1, 4}},      // I32
    {27, {1, 8}},      // I64
    {28, {1, 8}},      // F64
    {29, {256, 56}},   // IQ1_M
    {30, {1, 2}},      // BF16
    {34, {256, 54}},   // TQ1_0
    {35, {256, 66}},   // TQ2_0
    {39, {32, 17}},    // MXFP4
    {40, {64, 36}},    // NVFP4
    {41, {128, 18}},   // Q1_0
};

std::string escaped(std::string_view text, unsigned char last_plain) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (unsigned char c : text) {
        if (c < 0x20 || c == 0x7f || c > last_plain) {
            out += {'\\', 'x', digits[c >> 4], digits[c & 15]};
        } else {
            out += static_cast<char>(c);
        }
    }
    return out;
}

std::string errno_text() {
    return std::generic_category().message(errno);
}

// Nothing for a regular file.
std::string_view odd_kind(mode_t mode) {
    if (S_ISREG(mode)) return {};
    if (S_ISDIR(mode)) return "a directory";
    if (S_ISFIFO(mode)) return "a FIFO";
    if (S_ISSOCK(mode)) return "a socket";
    return "a device";
}

}  // namespace

unsigned fixed_bytes(GgufType type) {
    switch (type) {
        case GgufType::u8:
        case GgufType::i8:
        case GgufType::boolean:
            return 1;
        case GgufType::u16:
        case GgufType::i16:
            return 2;
        case GgufType::u32:
        case GgufType::i32:
        case GgufType::f32:
            return 4;
        case GgufType::u64:
        case GgufType::i64:
        case GgufType::f64:
            return 8;
        case GgufType::string:
        case GgufType::array:
            return 0;
    }
    return 0;
}

std::optional<TensorLayout> tensor_layout(std::uint32_t tensor_type) {
    auto found = std::ranges::find(tensor_types, tensor_type, &TensorType::id);
    if (found == std::end(tensor_types)) return std::nullopt;
    return found->layout;
}

std::string printable(std::string_view text) {
    bool cut = text.size() > quoted_bytes_max;
    return '"' + escaped(text.substr(0, quoted_bytes_max), 0x7e) + (cut ? "...\"" : "\"");
}

GgufCursor::File::~File() {
    if (descriptor >= 0) ::close(descriptor);
}

GgufCursor::GgufCursor(const std::string& path) : path_(path) {
    auto refuse_odd = [this](mode_t mode) {
        auto kind = odd_kind(mode);
        if (!kind.empty()) fail("is " + std::string(kind) + ", not a model file");
    };
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) fail("cannot be opened: " + errno_text());
    refuse_odd(status.st_mode);  // before open(): that alone can act on a device

    // The path may lead elsewhere by now: O_NONBLOCK so that a FIFO cannot hold us, and a second
    // look.
    file_.descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file_.descriptor < 0) fail("cannot be opened: " + errno_text());
    if (::fstat(file_.descriptor, &status) != 0) fail("cannot be read: " + errno_text());
    refuse_odd(status.st_mode);
    file_bytes_ = static_cast<std::uint64_t>(status.st_size);
}

void GgufCursor::expect(std::string what) {
    what_ = std::move(what);
    what_begin_ = position_;
}

void GgufCursor::fail(const std::string& reason) const {
    throw GgufError(escaped(path_, 0xff) + ": " + reason);
}

void GgufCursor::require(std::uint64_t count, std::uint64_t bytes_each) const {
    assert(position_ <= file_bytes_);
    assert(position_ <= header_bytes_max);
    if (count > (header_bytes_max - position_) / bytes_each) {
        fail("damaged: " + what_ + " does not fit in a header of " +
             std::to_string(header_bytes_max >> 20) + " MiB; copy it again");
    }
    if (count * bytes_each > file_bytes_ - position_) {
        fail("truncated: " + std::to_string(file_bytes_ - what_begin_) + " bytes where " + what_ +
             " should be; copy it again");
    }
}

void GgufCursor::skip(std::uint64_t count, std::uint64_t bytes_each) {
    require(count, bytes_each);
    position_ += count * bytes_each;
}

void GgufCursor::read_at(std::uint64_t offset, void* into, std::size_t bytes) const {
    auto* to = static_cast<char*>(into);
    while (bytes > 0) {
        ssize_t got = ::pread(file_.descriptor, to, bytes, static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail("cannot be read: " + errno_text());
        if (got == 0) fail("became shorter while it was read; try again once it is complete");
        to += got;
        offset += static_cast<std::uint64_t>(got);
        bytes -= static_cast<std::size_t>(got);
    }
}

std::uint64_t GgufCursor::number(unsigned bytes) {
    require(bytes, 1);
    if (position_ < window_begin_ || position_ + bytes > window_begin_ + window_.size()) {
        window_.resize(std::min<std::uint64_t>(window_bytes_max, file_bytes_ - position_));
        window_begin_ = position_;
        read_at(position_, window_.data(), window_.size());
    }
    const unsigned char* from = window_.data() + (position_ - window_begin_);
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) value |= std::uint64_t{from[i]} << (8 * i);
    position_ += bytes;
    return value;
}

std::string GgufCursor::bytes(std::uint64_t count) {
    require(count, 1);
    std::string text(count, '\0');
    read_at(position_, text.data(), text.size());
    position_ += count;
    return text;
}

std::string GgufCursor::string(std::uint64_t limit) {
    std::uint64_t length = number(8);
    if (length > limit) {
        fail(what_ + " is " + std::to_string(length) + " bytes long; at most " +
             std::to_string(limit) + " are read");
    }
    return bytes(length);
}

GgufType GgufCursor::type() {
    auto id = static_cast<std::uint32_t>(number(4));
    if (id > static_cast<std::uint32_t>(GgufType::f64)) {
        fail(what_ + " has the unknown type " + std::to_string(id));
    }
    return static_cast<GgufType>(id);
}

void GgufCursor::skip_value(GgufType value_type, int depth) {
    if (unsigned bytes = fixed_bytes(value_type)) return skip(1, bytes);
    if (value_type == GgufType::string) return skip(number(8), 1);

    if (depth == array_depth_max) {
        fail(what_ + " nests arrays more than " + std::to_string(array_depth_max) + " deep");
    }
    GgufType element = type();
    std::uint64_t count = number(8);
    if (unsigned bytes = fixed_bytes(element)) return skip(count, bytes);
    // Every string begins with 8 bytes, every array with 12: a count beyond what can follow is
    // refused here, not found out one by one.
    require(count, element == GgufType::string ? 8 : 12);
    for (std::uint64_t i = 0; i < count; ++i) skip_value(element, depth + 1);
}

}  // namespace corral
