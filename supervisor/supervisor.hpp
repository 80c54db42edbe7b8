// The composition root of `corral serve`: builds the pools and the HTTP server from a
// configuration, runs them, changes them when the configuration does, and takes them down in order.
// One object per process; run() blocks until the end.
#pragma once

#include <functional>
#include <memory>

#include "config/config.hpp"
#include "supervisor/worker.hpp"

namespace corral {

class Supervisor {
  public:
    struct Hooks {
        std::function<void(const Worker&)> state_changed;
        // The configuration as it is now; throws std::runtime_error if it cannot be used. Absent if
        // there is none that could change: SIGHUP then ends the program as SIGTERM does.
        std::function<Config()> read_config;
        std::function<void(const Config&)> config_changed;
    };

    // Throws std::runtime_error, one line for an administrator: a model, a llama-cli, a socket, a
    // user or a key file that cannot be used. Listens, but starts no worker yet.
    Supervisor(const Config& config, Hooks hooks);
    ~Supervisor();

    // Serves until SIGTERM or SIGINT, then finishes the running answers (at most timeouts.drain)
    // and returns with no child and no socket left. A second signal ends the waiting at once.
    void run();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace corral
