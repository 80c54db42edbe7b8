#include "ipc/service_manager.hpp"

#include <systemd/sd-daemon.h>

#include <cstdlib>

namespace corral {

std::vector<HandedSocket> take_handed_sockets() {
    constexpr int unset_environment = 1;
    char** names = nullptr;
    const int count = sd_listen_fds_with_names(unset_environment, &names);
    std::vector<HandedSocket> sockets;
    for (int i = 0; i < count; ++i) {
        sockets.push_back({SD_LISTEN_FDS_START + i, names[i]});
        std::free(names[i]);
    }
    std::free(names);
    return sockets;
}

ServiceManager::ServiceManager() : listens_(std::getenv("NOTIFY_SOCKET") != nullptr) {
    constexpr int unset_environment = 1;
    std::uint64_t microseconds = 0;
    if (sd_watchdog_enabled(unset_environment, &microseconds) > 0)
        watchdog_ = std::chrono::microseconds(microseconds);
}

void ServiceManager::notify(const std::string& assignments) const {
    constexpr int keep_environment = 0;
    // A manager that cannot be told is one that will act on our silence; there is nobody else to
    // tell.
    if (listens_) sd_notify(keep_environment, assignments.c_str());
}

}  // namespace corral
