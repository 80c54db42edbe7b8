#include "supervisor/supervisor.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "ipc/accounts.hpp"
#include "ipc/http_server.hpp"
#include "ipc/process_spawner.hpp"
#include "supervisor/api.hpp"
#include "supervisor/fatal.hpp"
#include "supervisor/openai.hpp"
#include "supervisor/pool_builder.hpp"

namespace corral {
namespace {

HttpLimits http_limits(const Config& config) {
    return {config.http.max_connections, config.http.max_body_kib * 1024,
            config.http.header_timeout,  config.http.body_timeout,
            config.http.idle_timeout,    config.timeouts.client_write};
}

SocketPermissions permissions(const UnixListener& listener) {
    SocketPermissions wanted{listener.mode, std::nullopt, std::nullopt};
    if (!listener.owner.empty()) wanted.owner = uid_of(listener.owner);
    if (!listener.group.empty()) wanted.group = gid_of(listener.group);
    return wanted;
}

void log_connection_error(const std::string& task, const std::string& error) {
    spdlog::error("{}: {}", task, error);
}

}  // namespace

class Supervisor::Impl {
  public:
    Impl(const Config& config, StateChanged state_changed)
        : config_(config),
          clock_(io_.get_executor()),
          spawner_(io_.get_executor()),
          api_(config_, clock_, pools_),
          server_(
              io_.get_executor(), clock_, http_limits(config_),
              [this](HttpExchange& exchange) { return api_.handle(exchange); },
              [](int status, const std::string& text) { return openai::error_body(status, text); },
              log_connection_error),
          signals_(io_, SIGTERM, SIGINT),
          signalled_(io_.get_executor(), clock_),
          tasks_(io_.get_executor(), clock_, fatal_task_error) {
        const ConfinementSupport support = probe_confinement();
        const PoolSurroundings surroundings{
            io_.get_executor(), clock_, spawner_, folder_, support, std::move(state_changed)};
        for (std::size_t i = 0; i < config_.pools.size(); ++i)
            pools_.push_back(build_pool(config_, i, surroundings));
        try {
            listen();
        } catch (...) {
            server_.stop_accepting();  // what listens already must end before it is destroyed
            io_.run();
            throw;
        }
    }

    void run() {
        tasks_.spawn("signals", watch_signals());
        tasks_.spawn("supervisor", serve());
        io_.run();
    }

    const std::vector<std::unique_ptr<Pool>>& pools() const { return pools_; }

  private:
    void listen() {
        if (const auto& socket = config_.listen.unix_socket) {
            server_.listen_unix(socket->path, permissions(*socket));
            spdlog::info("listening on {}", socket->path);
        }
        if (const auto& tcp = config_.listen.tcp) {
            const unsigned port = server_.listen_tcp(tcp->address, tcp->port);
            spdlog::info("listening on {} port {}", tcp->address, port);
        }
    }

    awaitable<void> watch_signals() {
        error_code ec;
        for (unsigned seen = 1;; ++seen) {
            co_await signals_.async_wait(into(ec));
            if (ec) break;
            signalled_.notify();
            if (seen > 1) hurry_.request_stop();
        }
    }

    awaitable<void> serve() {
        for (const auto& pool : pools_) pool->start();
        co_await signalled_.wait();
        spdlog::info("stopping: {} running answers have {} s to end", server_.exchanges(),
                     std::chrono::duration<double>(config_.timeouts.drain).count());
        api_.refuse_new();
        const TimePoint deadline = clock_.now() + config_.timeouts.drain;
        const std::stop_token hurry = hurry_.get_token();
        co_await server_.wait_idle(deadline, hurry);
        server_.stop_accepting();
        server_.cancel_all(CancelReason::shutdown);
        if (hurry_.stop_requested())
            for (const auto& pool : pools_) pool->kill();
        for (const auto& pool : pools_) co_await pool->stop();
        co_await server_.join();
        signals_.cancel();
        spdlog::info("stopped");
    }

    Config config_;
    asio::io_context io_{1};
    SystemClock clock_;
    ProcessSpawner spawner_;
    RuntimeFolder folder_;
    std::vector<std::unique_ptr<Pool>> pools_;
    Api api_;
    HttpServer server_;
    asio::signal_set signals_;
    Event signalled_;
    std::stop_source hurry_;  // a second signal
    TaskGroup tasks_;
};

Supervisor::Supervisor(const Config& config, StateChanged state_changed)
    : impl_(std::make_unique<Impl>(config, std::move(state_changed))) {}
Supervisor::~Supervisor() = default;

void Supervisor::run() {
    impl_->run();
}

const std::vector<std::unique_ptr<Pool>>& Supervisor::pools() const {
    return impl_->pools();
}

}  // namespace corral
