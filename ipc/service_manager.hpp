// The service manager that started this process (systemd), if one did: the sockets it hands over
// and what it wants to hear (sd_listen_fds(3), sd_notify(3)). The only user of both. Without one
// there are no sockets, and notify() does nothing.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace corral {

// A listening socket that somebody else made and goes on owning.
struct HandedSocket {
    int fd;
    std::string name;  // FileDescriptorName= of the socket unit
};

// To be called once, before anything is spawned: closes the sockets to children and takes the news
// of them out of the environment.
std::vector<HandedSocket> take_handed_sockets();

class ServiceManager {
  public:
    // Looks at the environment. What only concerns this process is removed from it.
    ServiceManager();

    // Whether somebody listens to notify().
    bool listens() const { return listens_; }
    // Assignments, one a line, as in "READY=1\nSTATUS=…".
    void notify(const std::string& assignments) const;
    // The longest silence before it takes this process for hung.
    std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

  private:
    bool listens_;
    std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace corral
