// What /proc tells of a process that loads a model: pages it has mapped, or bytes it has read.
#include "supervisor/model_loading.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

using namespace corral;

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t mib = 1 << 20;
constexpr std::uint64_t size = 16 * mib;
constexpr std::uint64_t around =
    4 * mib;  // the kernel may map a large page where a small one would do

struct ModelFile {
    ModelFile() {
        fs::create_directory(folder);
        std::ofstream(folder / "real.gguf") << std::string(size, 'x');
        fs::create_symlink("real.gguf", folder / "model.gguf");
    }
    ~ModelFile() { fs::remove_all(folder); }
    std::string path() const { return folder / "model.gguf"; }

    fs::path folder = fs::temp_directory_path() / ("corral-model-" + std::to_string(getpid()));
};

// A process that has done `load` to the file and waits for its end.
class Loader {
  public:
    Loader(const std::string& path, void (*load)(int fd)) {
        int done[2];
        REQUIRE(pipe(done) == 0);
        pid = fork();
        if (pid == 0) {
            load(open(path.c_str(), O_RDONLY));
            if (write(done[1], "x", 1) == 1) pause();
            _exit(1);
        }
        char byte;
        close(done[1]);
        REQUIRE(read(done[0], &byte, 1) == 1);
        close(done[0]);
    }
    ~Loader() {
        kill(pid, SIGKILL);
        waitpid(pid, nullptr, 0);
    }
    pid_t pid;
};

void map_one_mib(int fd) {
    const auto* const begin =
        static_cast<const volatile char*>(mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0));
    for (std::uint64_t i = 0; i < mib; i += 4096) static_cast<void>(begin[i]);
}

void read_two_mib(int fd) {
    static char bytes[mib];
    for (int i = 0; i < 2; ++i)
        if (read(fd, bytes, mib) != mib) _exit(1);
}

}  // namespace

TEST_CASE("a model is counted by its pages that are mapped and in memory") {
    const ModelFile file;
    const ModelFiles model = model_files(file.path());
    CHECK(model.bytes == size);
    const Loader loader(file.path(), map_one_mib);
    const std::uint64_t bytes = model_bytes_in_memory(loader.pid, model);
    CHECK(bytes >= mib);
    CHECK(bytes <= mib + around);
}

TEST_CASE("a model that is not mapped is counted by what was read, and never beyond its size") {
    const ModelFile file;
    const ModelFiles model = model_files(file.path());
    const Loader loader(file.path(), read_two_mib);
    CHECK(model_bytes_in_memory(loader.pid, model) == 2 * mib);
    CHECK(model_bytes_in_memory(loader.pid, {model.paths, 1000}) == 1000);
}

TEST_CASE("parts of a model count together; what is not there counts nothing") {
    const ModelFile file;
    const std::string first = file.folder / "big-00001-of-00002.gguf";
    fs::copy_file(file.path(), first);
    std::ofstream(file.folder / "big-00002-of-00002.gguf") << "12345";
    CHECK(model_files(first).bytes == size + 5);
    CHECK(model_files(file.folder / "none.gguf").paths.empty());
    CHECK(model_bytes_in_memory(-1, model_files(first)) == 0);
}
