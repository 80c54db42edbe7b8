#include "supervisor/supervisor.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <tuple>

#include "ipc/accounts.hpp"
#include "ipc/http_server.hpp"
#include "ipc/process_spawner.hpp"
#include "supervisor/api.hpp"
#include "supervisor/fatal.hpp"
#include "supervisor/openai.hpp"
#include "supervisor/pools.hpp"

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

// What only a new start would change.
std::vector<std::string> listeners_changed(const Listen& before, const Listen& after) {
    std::vector<std::string> notes;
    using File = std::tuple<std::string, unsigned, std::string, std::string>;
    const auto file = [](const Listen& listen) {
        const auto& given = listen.unix_socket;
        return given ? File(given->path, given->mode, given->owner, given->group) : File();
    };
    using Port = std::pair<std::string, unsigned>;
    const auto port = [](const Listen& listen) {
        return listen.tcp ? Port(listen.tcp->address, listen.tcp->port) : Port();
    };
    if (file(before) != file(after))
        notes.push_back("listen.unix: another socket file needs a restart; the old one stays");
    if (port(before) != port(after))
        notes.push_back("listen.tcp: another address or port needs a restart; the old one stays");
    return notes;
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
          pools_(config_, {io_.get_executor(), clock_, spawner_, hooks_.state_changed}),
          api_(config_, clock_, pools_.all(), [this] { return reload(); }),
          server_(
              io_.get_executor(), clock_, http_limits(config_),
              [this](HttpExchange& exchange) { return api_.handle(exchange); },
              [](int status, const std::string& text) { return openai::error_body(status, text); },
              log_connection_error),
          signals_(io_, SIGTERM, SIGINT, SIGHUP),
          signalled_(io_.get_executor(), clock_),
          tasks_(io_.get_executor(), clock_, fatal_task_error) {
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
        const Config config = hooks_.read_config();
        const Pools::Plan plan = pools_.plan(config);
        Access access(config);
        std::vector<std::string> changes = listeners_changed(config_.listen, config.listen);
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
        api_.refuse_new();
        const TimePoint deadline = clock_.now() + config_.timeouts.drain;
        const std::stop_token hurry = hurry_.get_token();
        co_await server_.wait_idle(deadline, hurry);
        server_.stop_accepting();
        server_.cancel_all(CancelReason::shutdown);
        if (hurry_.stop_requested()) pools_.kill();
        co_await pools_.stop();
        co_await server_.join();
        signals_.cancel();
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
