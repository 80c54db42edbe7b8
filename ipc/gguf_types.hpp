// The data types of GGUF and a cursor that reads them from a file. Used by gguf.cpp alone; a cursor
// lives on its stack for one read_gguf(). Everything here that fails throws GgufError. The facts
// come from ggml's docs/gguf.md (github.com/ggml-org/ggml) and, for the bytes in a block, from the
// table in llama.cpp's gguf-py/gguf/constants.py.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corral {

enum class GgufType : std::uint32_t {
    u8 = 0,
    i8 = 1,
    u16 = 2,
    i16 = 3,
    u32 = 4,
    i32 = 5,
    f32 = 6,
    boolean = 7,
    string = 8,
    array = 9,
    u64 = 10,
    i64 = 11,
    f64 = 12,
};

// Bytes of one value; 0 for strings and arrays, whose length stands in the file.
unsigned fixed_bytes(GgufType type);

// A row of a tensor is stored in blocks of so many elements, each block in so many bytes.
struct TensorLayout {
    std::uint64_t block_elements;
    std::uint64_t block_bytes;
};

// Nothing for types that ggml has dropped, never stores in files, or that are newer than our table.
std::optional<TensorLayout> tensor_layout(std::uint32_t tensor_type);

// In quotes, on one line, in plain ASCII and cut to a length fit for a message.
std::string printable(std::string_view text);

// Reads with pread() through a small window rather than mmap(): a file cut short by someone else
// while it is mapped would kill us with SIGBUS. No read goes beyond the file's end or beyond the
// largest header we believe in.
class GgufCursor {
  public:
    explicit GgufCursor(const std::string& path);

    std::uint64_t file_bytes() const { return file_bytes_; }
    std::uint64_t position() const { return position_; }
    // REQUIRES: a position this cursor has been at.
    void seek(std::uint64_t position) { position_ = position; }

    // Names what starts here, for the messages of the reads to come.
    void expect(std::string what);
    [[noreturn]] void fail(const std::string& reason) const;

    std::uint64_t number(unsigned bytes);     // little-endian, 1 to 8 bytes
    std::string bytes(std::uint64_t count);   // REQUIRES: a count with a bound of its own
    std::string string(std::uint64_t limit);  // fails if it is longer than limit
    GgufType type();
    void skip_value(GgufType type, int depth = 0);

  private:
    struct File {
        int descriptor = -1;
        File() = default;
        File(const File&) = delete;
        File& operator=(const File&) = delete;
        ~File();
    };

    void require(std::uint64_t count, std::uint64_t bytes_each) const;
    void skip(std::uint64_t count, std::uint64_t bytes_each);
    void read_at(std::uint64_t offset, void* into, std::size_t bytes) const;

    std::string path_;
    File file_;
    std::uint64_t file_bytes_ = 0;
    std::uint64_t position_ = 0;
    std::string what_;
    std::uint64_t what_begin_ = 0;
    std::vector<unsigned char> window_;
    std::uint64_t window_begin_ = 0;
};

}  // namespace corral
