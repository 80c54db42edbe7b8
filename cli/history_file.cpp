#include "cli/history_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/terminal.hpp"

namespace corral {
namespace {

// True if all of it was written.
bool write_file(const std::string& path, int flags, const std::string& text) {
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
    if (fd < 0) return false;
    const bool written = write_all(fd, text);
    return close(fd) == 0 && written;
}

}  // namespace

std::string history_path() {
    const char* state = std::getenv("XDG_STATE_HOME");
    const char* home = std::getenv("HOME");
    std::filesystem::path folder;
    if (state && *state == '/') {
        folder = state;
    } else if (home && *home == '/') {
        folder = std::filesystem::path(home) / ".local/state";
    } else {
        return "";
    }
    folder /= "corral";
    std::error_code ec;
    std::filesystem::create_directories(folder, ec);
    return ec ? "" : (folder / "history").string();
}

std::vector<std::string> HistoryFile::load(std::size_t lines_max) const {
    std::ifstream file(path_);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    if (lines.size() <= lines_max) return lines;
    const bool much_too_long = lines.size() >= 2 * lines_max;
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(lines_max));
    if (!much_too_long) return lines;
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    const std::string fresh = path_ + "." + std::to_string(getpid());
    if (!write_file(fresh, O_EXCL, text) || std::rename(fresh.c_str(), path_.c_str()) != 0)
        unlink(fresh.c_str());
    return lines;
}

void HistoryFile::append(const std::string& line) const {
    if (!path_.empty()) write_file(path_, O_APPEND, line + "\n");
}

}  // namespace corral
