// The lines typed in earlier chats: a text file, one line each, that only its owner can read. Each
// line is appended at once, so that chats side by side and killed ones lose nothing.
#pragma once

#include <string>
#include <vector>

namespace corral {

// $XDG_STATE_HOME/corral/history, or the same below ~/.local/state; the folder is made. "" if
// there is no place for it.
std::string history_path();

class HistoryFile {
  public:
    // "": nothing is kept.
    explicit HistoryFile(std::string path) : path_(std::move(path)) {}

    // The last `lines_max` lines, oldest first. Cuts the file down to them if it has twice as many.
    std::vector<std::string> load(std::size_t lines_max) const;
    // Failures are silent: a full disk must not disturb the conversation.
    void append(const std::string& line) const;

  private:
    std::string path_;
};

}  // namespace corral
