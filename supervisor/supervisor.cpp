#include "supervisor/supervisor.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "ipc/http_server.hpp"
#include "ipc/process_spawner.hpp"
#include "supervisor/api.hpp"
#include "supervisor/fatal.hpp"
#include "supervisor/listeners.hpp"
#include "supervisor/openai.hpp"
#include "supervisor/pools.hpp"
#include "supervisor/service_status.hpp"

namespace corral {
namespace {

HttpLimits http_limits(const Config& config) {
    return {config.http.max_connections, config.http.max_body_kib * 1024,
            config.http.header_timeout,  config.http.body_timeout,
            config.http.idle_timeout,    config.timeouts.client_write};
}

ServiceStatus::Manager manager_of(const ServiceManager& manager) {
    if (!manager.listens()) return {};
    return {[manager](const std::string& assignments) { manager.notify(assignments); },
            manager.watchdog()};
}

void log_connection_error(const std::string& task, const std::string& error) {
    spdlog::error("{}: {}", task, error);
}

}  // namespace

class Supervisor::Impl {
  public:
    Impl(const Config& config, Hooks hooks)
        : config_(config),
          hooks_(std::move(hooks)),
          clock_(io_.get_executor()),
          spawner_(io_.get_executor()),
          pools_(config_, {io_.get_executor(), clock_, spawner_,
                           [this](const Worker& worker) { note_change(worker); }}),
          api_(io_.get_executor(), config_, clock_, pools_.all(), [this] { return reload(); }),
          server_(
              io_.get_executor(), clock_, http_limits(config_),
              [this](HttpExchange& exchange) { return api_.handle(exchange); },
              [](int status, const std::string& text) { return openai::error_body(status, text); },
              log_connection_error),
          status_(
              io_.get_executor(), clock_, [this] { return pools_.present(); },
              manager_of(ServiceManager())),
          signals_(io_, SIGTERM, SIGINT, SIGHUP),
          signalled_(io_.get_executor(), clock_),
          tasks_(io_.get_executor(), clock_, fatal_task_error) {
        try {
            listeners_.open(server_, config_.listen, take_handed_sockets());
        } catch (...) {
            server_.stop_accepting();  // what listens already must end before it is destroyed
            io_.run();
            throw;
        }
    }

    void run() {
        tasks_.spawn("signals", watch_signals());
        tasks_.spawn("service status", status_.run());
        tasks_.spawn("supervisor", serve());
        io_.run();
    }

  private:
    void note_change(const Worker& worker) {
        hooks_.state_changed(worker);
        status_.note_change();
        api_.note_change();
    }

    awaitable<void> watch_signals() {
        error_code ec;
        unsigned seen = 0;
        while (true) {
            const int signal = co_await signals_.async_wait(into(ec));
            if (ec) break;
            if (signal == SIGHUP && hooks_.read_config) {
                reload_on_signal();
                continue;
            }
            signalled_.notify();
            if (++seen > 1) hurry_.request_stop();
        }
    }

    void reload_on_signal() {
        try {
            reload();
        } catch (const std::runtime_error& error) {
            spdlog::error("the old configuration stays: {}", error.what());
        }
    }

    // Everything that can fail comes first; then the new configuration takes the old one's place.
    std::vector<std::string> reload() {
        if (!hooks_.read_config)
            throw std::runtime_error("corral was started without a configuration file");
        const ServiceStatus::Reloading reloading(status_);
        const Config config = hooks_.read_config();
        const Pools::Plan plan = pools_.plan(config);
        Access access(config);
        listeners_.check(config.listen);
        std::vector<std::string> changes =
            listeners_.needing_restart(config_.listen, config.listen);
        if (config_.log.format != config.log.format)
            changes.push_back("log.format: another one needs a restart; the old one stays");
        config_ = config;
        api_.set_access(std::move(access));
        server_.set_limits(http_limits(config_));
        for (std::string& change : pools_.apply(plan)) changes.push_back(std::move(change));
        hooks_.config_changed(config_);
        spdlog::info("the configuration was read again");
        for (const std::string& change : changes) spdlog::info("{}", change);
        return changes;
    }

    awaitable<void> serve() {
        pools_.start();
        co_await signalled_.wait();
        spdlog::info("stopping: {} running answers have {} s to end", server_.exchanges(),
                     std::chrono::duration<double>(config_.timeouts.drain).count());
        status_.stopping(config_.timeouts.drain);
        api_.end_watching();
        // On a socket of the service manager, new clients wait for who is started next; on our own
        // they shall hear why.
        if (listeners_.stay()) {
            server_.hand_over();
        } else {
            api_.refuse_new();
        }
        const TimePoint deadline = clock_.now() + config_.timeouts.drain;
        const std::stop_token hurry = hurry_.get_token();
        co_await server_.wait_idle(deadline, hurry);
        server_.stop_accepting();
        server_.cancel_all(CancelReason::shutdown);
        if (hurry_.stop_requested()) pools_.kill();
        co_await pools_.stop();
        co_await server_.join();
        signals_.cancel();
        status_.finish();
        spdlog::info("stopped");
    }

    Config config_;
    Hooks hooks_;
    asio::io_context io_{1};
    SystemClock clock_;
    ProcessSpawner spawner_;
    Pools pools_;
    Api api_;
    HttpServer server_;
    Listeners listeners_;
    ServiceStatus status_;
    asio::signal_set signals_;
    Event signalled_;
    std::stop_source hurry_;  // a second signal
    TaskGroup tasks_;
};

Supervisor::Supervisor(const Config& config, Hooks hooks)
    : impl_(std::make_unique<Impl>(config, std::move(hooks))) {}
Supervisor::~Supervisor() = default;

void Supervisor::run() {
    impl_->run();
}

}  // namespace corral
