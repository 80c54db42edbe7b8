// A private folder for the files that workers read (the wrapped chat templates), made at start and
// removed at the end. Owned by the supervisor.
#pragma once

#include <filesystem>
#include <string>

namespace corral {

class RuntimeFolder {
  public:
    // Below $RUNTIME_DIRECTORY (systemd's) or else the system's temporary folder. Throws
    // std::runtime_error, one line.
    RuntimeFolder();
    RuntimeFolder(const RuntimeFolder&) = delete;
    ~RuntimeFolder();
    // Returns the file's path.
    std::string write(const std::string& name, const std::string& content) const;

  private:
    std::filesystem::path path_;
};

}  // namespace corral
