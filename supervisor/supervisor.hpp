// The composition root of `corral serve`: builds the pools and the HTTP server from a
// configuration, runs them, and takes them down in order. One object per process; run() blocks
// until the end.
#pragma once

#include <memory>
#include <vector>

#include "config/config.hpp"
#include "supervisor/pool.hpp"

namespace corral {

class Supervisor {
  public:
    using StateChanged = std::function<void(const Worker&)>;

    // Throws std::runtime_error, one line for an administrator: a model, a llama-cli, a socket or a
    // key file that cannot be used. Listens, but starts no worker yet.
    explicit Supervisor(
        const Config& config, StateChanged state_changed = [](const Worker&) {});
    ~Supervisor();

    // Serves until SIGTERM or SIGINT, then finishes the running answers (at most timeouts.drain)
    // and returns with no child and no socket left. A second signal ends the waiting at once.
    void run();

    const std::vector<std::unique_ptr<Pool>>& pools() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace corral
