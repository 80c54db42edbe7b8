// Starts real processes. The only user of Boost.Process. Spawn from the thread that lives as long
// as the program: a child is killed when the thread that spawned it ends (prctl(2),
// PR_SET_PDEATHSIG).
#pragma once

#include "ipc/child.hpp"

namespace corral {

class ProcessSpawner final : public Spawner {
  public:
    explicit ProcessSpawner(asio::any_io_executor executor) : executor_(std::move(executor)) {}
    std::unique_ptr<Child> spawn(const Command& command) override;

  private:
    asio::any_io_executor executor_;
};

}  // namespace corral
