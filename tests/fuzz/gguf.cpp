// Fuzz target: any bytes as a model file, in memory only, through read_gguf().
#include "ipc/gguf.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "tests/fuzz/cuts.hpp"
#include "tests/fuzz/property.hpp"

using namespace corral;
using fuzz::require;

namespace {

class MemoryFile {
  public:
    MemoryFile() : fd_(memfd_create("gguf", MFD_CLOEXEC)) { require(fd_ >= 0, "memfd_create"); }
    ~MemoryFile() { close(fd_); }
    MemoryFile(const MemoryFile&) = delete;

    std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }
    void write(std::string_view bytes) const {
        const bool written = ftruncate(fd_, 0) == 0 && pwrite(fd_, bytes.data(), bytes.size(), 0) ==
                                                           static_cast<ssize_t>(bytes.size());
        require(written, "the input fits in memory");
    }
    void resize(std::size_t bytes) const {
        require(ftruncate(fd_, static_cast<off_t>(bytes)) == 0, "ftruncate");
    }

  private:
    int fd_;
};

std::optional<GgufInfo> read(const MemoryFile& file) {
    try {
        return read_gguf(file.path());
    } catch (const GgufError& error) {
        const std::string_view what = error.what();
        require(what.starts_with(file.path() + ": "), "an error names the file");
        require(std::ranges::all_of(what, [](char c) { return c >= 0x20 && c < 0x7f; }),
                "an error is one readable line");
        require(what.size() < 1000, "an error is short");
        return std::nullopt;
    }
}

void check_figures(const GgufInfo& info) {
    // Tensors may overlap, so their sum says nothing; one of them has the mean size or more.
    const std::uint64_t tensors = std::max<std::uint64_t>(info.tensor_count, 1);
    require(info.weights_bytes.value_or(0) / tensors <= info.file_bytes,
            "the file has its tensors");
    require(info.version == 2 || info.version == 3, "only versions 2 and 3 are read");
    for (const auto& figure :
         {info.context_length, info.block_count, info.embedding_length, info.feed_forward_length,
          info.head_count, info.key_length, info.value_length, info.file_type})
        require(figure.value_or(0) <= UINT32_MAX, "figures fit in 32 bits");
    require(info.head_count_kv.empty() || info.head_count_kv.size() == info.block_count,
            "heads are given for every layer or for none");
    require(info.chat_template.value_or("").size() <= 1 << 20, "a template has at most 1 MiB");

    const auto some = info.kv_bytes(2048);
    const auto all = info.kv_bytes(UINT64_MAX);
    require(some.has_value() == all.has_value(),
            "whether the cache's size is known depends on the file alone");
    require(some.value_or(0) <= all.value_or(0), "a longer context needs no less memory");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const MemoryFile file;
    file.write(fuzz::as_text(data, size));
    const auto info = read(file);
    if (!info) return 0;
    require(info->file_bytes == size, "the file's size is told");
    check_figures(*info);

    file.resize(size + 4096);
    const auto longer = read(file);
    require(longer && longer->weights_bytes == info->weights_bytes &&
                longer->kv_bytes(2048) == info->kv_bytes(2048),
            "bytes behind the tensors change no figure");
    return 0;
}
