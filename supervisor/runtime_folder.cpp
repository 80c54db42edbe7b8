#include "supervisor/runtime_folder.hpp"

#include <stdlib.h>

#include <cstring>
#include <fstream>
#include <stdexcept>

namespace corral {

RuntimeFolder::RuntimeFolder() {
    const char* given = getenv("RUNTIME_DIRECTORY");
    std::error_code ec;
    const auto parent =
        given ? std::filesystem::path(given) : std::filesystem::temp_directory_path(ec);
    std::string pattern = (parent / "corral-XXXXXX").string();
    if (!mkdtemp(pattern.data()))
        throw std::runtime_error("cannot make a folder in " + parent.string() + ": " +
                                 std::strerror(errno) + "; set TMPDIR to one that can be written");
    path_ = pattern;
}

RuntimeFolder::~RuntimeFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string RuntimeFolder::write(const std::string& name, const std::string& content) const {
    const auto file = path_ / name;
    std::ofstream stream(file, std::ios::binary);
    stream << content;
    stream.close();
    if (!stream)
        throw std::runtime_error("cannot write " + file.string() + ": " + std::strerror(errno));
    return file.string();
}

}  // namespace corral
