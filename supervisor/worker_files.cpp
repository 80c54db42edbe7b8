#include "supervisor/worker_files.hpp"

#include <glob.h>
#include <spdlog/fmt/fmt.h>

#include <filesystem>
#include <regex>
#include <string_view>

namespace corral {
namespace {

namespace fs = std::filesystem;
using Paths = std::vector<std::string>;

// Libraries and what the C library and the compilers' runtimes read. Of /proc only what tells
// nothing of other processes; the worker's own folder in it comes with ipc/landlock.
constexpr const char* system_paths[] = {"/usr",
                                        "/lib",
                                        "/lib32",
                                        "/lib64",
                                        "/bin",
                                        "/etc/ld.so.cache",
                                        "/etc/ld.so.conf",
                                        "/etc/ld.so.conf.d",
                                        "/etc/ld.so.preload",
                                        "/etc/localtime",
                                        "/etc/locale.alias",
                                        "/etc/hosts",
                                        "/etc/nsswitch.conf",
                                        "/etc/ssl/openssl.cnf",
                                        "/etc/ssl/certs",
                                        "/dev/zero",
                                        "/dev/random",
                                        "/dev/urandom",
                                        "/proc/cpuinfo",
                                        "/proc/meminfo",
                                        "/proc/stat",
                                        "/proc/sys/vm/overcommit_memory",
                                        "/sys/devices/system",
                                        "/sys/kernel/mm/transparent_hugepage"};

constexpr const char* gpu_nodes[] = {"/dev/nvidia*", "/dev/dri", "/dev/kfd", "/dev/accel",
                                     "/dev/dxg"};

constexpr const char* gpu_paths[] = {
    "/sys/class",    "/sys/bus/pci", "/sys/devices", "/sys/module", "/proc/devices",
    "/proc/modules", "/proc/driver", "/opt/rocm*",   "/etc/OpenCL", "/etc/vulkan"};

void append(Paths& to, const Paths& more) {
    to.insert(to.end(), more.begin(), more.end());
}

Paths matches(const char* pattern) {
    glob_t found{};
    Paths paths;
    if (glob(pattern, 0, nullptr, &found) == 0)
        paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    globfree(&found);
    return paths;
}

bool is_file(const std::string& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

// "a.gguf", "--lora=a.gguf", "a.gguf,b.gguf", "a.gguf:0.5": the files that a text names.
Paths files_named_in(const std::string& text) {
    Paths files;
    if (is_file(text)) files.push_back(text);
    std::size_t begin = 0;
    while (begin < text.size()) {
        const std::size_t end = std::min(text.find_first_of(",:=", begin), text.size());
        const std::string piece = text.substr(begin, end - begin);
        if (is_file(piece)) files.push_back(piece);
        begin = end + 1;
    }
    return files;
}

Paths folders_in(const std::string& list) {
    Paths folders;
    std::size_t begin = 0;
    while (begin < list.size()) {
        const std::size_t end = std::min(list.find(':', begin), list.size());
        if (end > begin) folders.push_back(list.substr(begin, end - begin));
        begin = end + 1;
    }
    return folders;
}

}  // namespace

std::vector<std::string> model_parts(const std::string& path) {
    static const std::regex pattern("(.*)-\\d{5}-of-(\\d{5})\\.gguf");
    std::smatch match;
    if (!std::regex_match(path, match, pattern)) return {};
    const int count = std::stoi(match[2]);
    Paths parts;
    for (int i = 1; i <= count; ++i)
        parts.push_back(fmt::format("{}-{:05}-of-{:05}.gguf", match[1].str(), i, count));
    return parts;
}

std::vector<std::string> program_folders(const std::string& program) {
    std::error_code ec;
    const fs::path file = fs::canonical(program, ec);
    if (ec) return {};
    const fs::path folder = file.parent_path();
    Paths folders{folder.string()};
    // Not all that is beside a `bin`: that of ~/bin is somebody's home.
    if (folder.filename() == "bin")
        for (const char* name : {"lib", "lib64", "libexec"})
            folders.push_back((folder.parent_path() / name).string());
    return folders;
}

std::vector<std::string> readable_paths(const Command& command) {
    Paths paths(std::begin(system_paths), std::end(system_paths));
    append(paths, program_folders(command.program));
    Paths files;
    for (const std::string& argument : command.arguments) append(files, files_named_in(argument));
    for (const auto& [name, value] : command.extra_environment)
        append(files, name == "LD_LIBRARY_PATH" ? folders_in(value) : files_named_in(value));
    for (const std::string& file : files) append(paths, model_parts(file));
    append(paths, files);
    if (!gpu_devices().empty())
        for (const char* pattern : gpu_paths) append(paths, matches(pattern));
    return paths;
}

std::vector<std::string> gpu_devices() {
    Paths devices;
    for (const char* pattern : gpu_nodes) append(devices, matches(pattern));
    return devices;
}

}  // namespace corral
