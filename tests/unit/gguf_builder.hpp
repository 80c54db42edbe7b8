// Writes small GGUF files, right ones and broken ones, for the tests. A builder is a value of one
// test; a TempDir removes its files when the test ends.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace corral::test {

class TempDir {
  public:
    TempDir() {
        path_ = (std::filesystem::temp_directory_path() / "corral-gguf-XXXXXX").string();
        if (!::mkdtemp(path_.data())) throw std::runtime_error("no temporary directory");
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    std::string file(const std::string& name) const { return path_ + "/" + name; }
    std::string write(const std::string& name, std::string_view bytes) const {
        std::ofstream out(file(name), std::ios::binary | std::ios::trunc);
        out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        if (!out.flush()) throw std::runtime_error("cannot write " + file(name));
        return file(name);
    }

  private:
    std::string path_;
};

inline std::string little_endian(std::uint64_t value, unsigned bytes) {
    std::string out;
    for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
    return out;
}

inline std::string u32(std::uint64_t value) {
    return little_endian(value, 4);
}
inline std::string u64(std::uint64_t value) {
    return little_endian(value, 8);
}
inline std::string gguf_string(std::string_view text) {
    return u64(text.size()) + std::string(text);
}

// The value of an array of u32 or of strings.
inline std::string array_of(const std::vector<std::uint32_t>& values) {
    std::string out = u32(4) + u64(values.size());
    for (auto value : values) out += u32(value);
    return out;
}
inline std::string array_of(const std::vector<std::string>& values) {
    std::string out = u32(8) + u64(values.size());
    for (const auto& value : values) out += gguf_string(value);
    return out;
}

struct GgufBuilder {
    std::string magic = "GGUF";
    std::uint32_t version = 3;
    std::uint64_t alignment = 32;     // of the layout only; no key says so
    std::uint64_t extra_keys = 0;     // announced, not there
    std::uint64_t extra_tensors = 0;  // likewise

    // The value with its type's number, as in gguf.md.
    GgufBuilder& raw(std::string_view key, std::uint32_t type, std::string_view value) {
        metadata_ += gguf_string(key) + u32(type) + std::string(value);
        ++keys_;
        return *this;
    }
    GgufBuilder& number(std::string_view key, std::uint32_t value) {
        return raw(key, 4, u32(value));
    }
    GgufBuilder& text(std::string_view key, std::string_view value) {
        return raw(key, 8, gguf_string(value));
    }
    template <class T>
    GgufBuilder& array(std::string_view key, const std::vector<T>& values) {
        return raw(key, 9, array_of(values));
    }

    // Placed behind the tensors before it.
    GgufBuilder& tensor(std::string_view name, std::uint32_t type, std::vector<std::uint64_t> shape,
                        std::uint64_t bytes) {
        tensor_at(name, type, shape, padded(data_bytes_));
        data_bytes_ = padded(data_bytes_) + bytes;
        return *this;
    }
    GgufBuilder& tensor_at(std::string_view name, std::uint32_t type,
                           const std::vector<std::uint64_t>& shape, std::uint64_t offset) {
        tensors_ += gguf_string(name) + u32(shape.size());
        for (auto length : shape) tensors_ += u64(length);
        tensors_ += u32(type) + u64(offset);
        ++tensor_count_;
        return *this;
    }

    std::string header() const {
        return magic + u32(version) + u64(tensor_count_ + extra_tensors) + u64(keys_ + extra_keys) +
               metadata_ + tensors_;
    }
    std::string build() const {
        std::string out = header();
        if (tensor_count_ > 0) out.resize(padded(out.size()));
        return out + std::string(data_bytes_, 'w');
    }

  private:
    std::uint64_t padded(std::uint64_t position) const {
        return (position + alignment - 1) / alignment * alignment;
    }

    std::string metadata_;
    std::string tensors_;
    std::uint64_t keys_ = 0;
    std::uint64_t tensor_count_ = 0;
    std::uint64_t data_bytes_ = 0;
};

}  // namespace corral::test
