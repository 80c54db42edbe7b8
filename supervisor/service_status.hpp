// What the service manager is told of the daemon, see sd_notify(3). READY after a worker of every
// pool gave a real token; STATUS with workers and queues; WATCHDOG from the event loop, so that a
// stopped loop is noticed; EXTEND_TIMEOUT_USEC while models load or answers end; RELOADING and
// STOPPING. Owned by the supervisor; run() is one task on its event loop. Without a manager nothing
// is said and no pool is asked.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "async/cancellation.hpp"
#include "async/task_group.hpp"
#include "supervisor/pool.hpp"

namespace corral {

class ServiceStatus {
  public:
    struct Manager {
        std::function<void(const std::string&)> notify;  // absent: there is no manager
        std::optional<std::chrono::microseconds> watchdog;
    };

    // `pools` tells those there are now. One that is no longer among them must outlive this.
    using PoolList = std::function<std::vector<Pool*>()>;
    ServiceStatus(asio::any_io_executor executor, Clock& clock, PoolList pools, Manager manager);

    // Returns after finish().
    awaitable<void> run();
    // A worker's state is another one, or more of its model is loaded.
    void note_change();
    // The end has begun, and running answers have `at_most`. The watchdog goes on being fed.
    void stopping(milliseconds at_most);
    // The end is reached.
    void finish();

    // Held while a new configuration takes the old one's place.
    class Reloading {
      public:
        explicit Reloading(ServiceStatus& status);
        Reloading(const Reloading&) = delete;
        ~Reloading();

      private:
        ServiceStatus& status_;
    };

  private:
    enum class Phase { starting, ready, stopping, finished };
    // How far a pool is on its way to a first token.
    struct Proof {
        std::unique_ptr<Cancellation> asked;  // of the question, while there is one
        bool given = false;
        TimePoint ask_again_at;
    };
    class FirstToken;

    TimePoint speak();
    void ask_pools();
    bool loading() const;
    awaitable<void> warm_up(Pool& pool, Proof& proof);
    void tell_text();
    std::string text() const;
    void tell(const std::string& assignments);

    Clock& clock_;
    PoolList pools_;
    Manager manager_;
    Phase phase_ = Phase::starting;
    std::map<const Pool*, Proof> proofs_;
    bool changed_ = true;  // since the last STATUS
    std::string last_text_;
    TimePoint next_text_;
    TimePoint next_sign_;  // of life
    TimePoint next_extension_;
    Event wake_;
    TaskGroup tasks_;
};

}  // namespace corral
