// The whole configuration as plain values with their defaults. Owned by whoever runs a supervisor;
// read-only once it has been validated by config/loader.hpp. Durations are std::chrono, sizes say
// their unit.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/size.hpp"

namespace corral {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

struct UnixListener {
    std::string path = "/run/corral/corral.sock";
    unsigned mode = 0660;  // file mode of the socket
    std::string owner;     // user and group of the file, names or numbers; "" for corral's own
    std::string group;
    std::vector<std::string> allow_users;  // when either list has an entry, nobody else may ask
    std::vector<std::string> allow_groups;
    std::vector<std::string> priority_users;  // their requests go first
};

struct TcpListener {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080;
    std::string api_key_file;  // one key per line; needed beyond loopback
};

struct Listen {
    std::optional<UnixListener> unix_socket = UnixListener{};
    std::optional<TcpListener> tcp;  // off unless configured
};

// What llama-cli is started with: the pipe cannot change it for a single request.
struct Sampling {
    double temperature = 0;
    int top_k = 40;
    double top_p = 0.95;
    double min_p = 0.05;
    double repeat_penalty = 1.0;
    std::int64_t seed = 42;
};

// What to do with a request whose sampling fields differ from the pool's.
enum class UnsupportedSampling { ignore, reject };

// Whether workers run without network, files and rights that they do not need.
enum class Confine { automatic, required, off };

// When a worker's process is replaced by a fresh one though nothing is wrong with it; 0 is never.
struct RecycleConfig {
    unsigned max_requests = 0;
    unsigned memory_limit_mib = 0;  // RssAnon and swap of one process
    milliseconds max_age = 0s;
};

struct PoolConfig {
    std::string name = "default";         // the OpenAI model id
    std::string model;                    // path of a GGUF file
    std::string llama_cli = "llama-cli";  // a path, or a name looked up on PATH
    // Absent is "auto", which the program replaces by a number (supervisor/auto_workers.hpp) before
    // anything else looks at it.
    std::optional<unsigned> workers = 3;
    unsigned context = 2048;    // tokens
    unsigned max_tokens = 512;  // hard cap of an answer, llama-cli's -n
    std::optional<unsigned>
        threads;  // per worker; absent is "auto": usable cores / workers, at least 1
    Sampling sampling;
    UnsupportedSampling unsupported_sampling = UnsupportedSampling::ignore;
    unsigned prompt_cache_mib = 256;  // llama-cli's --cache-ram, per worker
    std::vector<std::string> extra_args;
    std::map<std::string, std::string> env;
    RecycleConfig recycle;
    Confine confine = Confine::automatic;
    std::vector<std::string> confine_read;     // paths that workers may read on top of the default
    std::vector<std::string> confine_devices;  // device nodes that they may use
};

struct MemoryConfig {
    Share headroom{.percent = 10};  // of the memory, kept free by workers: auto and corral plan
};

struct QueueConfig {
    std::size_t limit = 64;  // waiting requests per pool
    milliseconds timeout = 60s;
};

struct Timeouts {
    milliseconds start = 120s;        // a worker's spawn to ready
    milliseconds request = 300s;      // queue and generation together
    milliseconds stall = 20s;         // no output and no CPU time used while answering
    milliseconds cancel = 2s;         // SIGINT to the worker being reusable
    milliseconds drain = 30s;         // SIGTERM to the end of running answers
    milliseconds client_write = 30s;  // one write to a client that does not read
};

struct RestartConfig {
    milliseconds initial = 250ms;
    milliseconds max = 60s;
    unsigned storm_deaths = 3;  // in storm_window make a pool failing
    milliseconds storm_window = 60s;
};

struct FailoverConfig {
    unsigned attempts = 8;            // workers that one request may lose
    milliseconds quarantine = 10min;  // for a conversation that crashes workers
};

struct HealthConfig {
    milliseconds interval = 10s;
    milliseconds timeout = 1s;
};

struct HttpConfig {
    std::size_t max_connections = 256;
    std::size_t max_body_kib = 4096;
    milliseconds header_timeout = 10s;  // first byte of a request to the end of its headers
    milliseconds body_timeout = 30s;
    milliseconds idle_timeout = 75s;           // between two requests of a connection
    std::vector<std::string> allowed_origins;  // of browsers' pages that may ask
};

enum class LogLevel { trace, debug, info, warn, error };
// automatic: journal where stderr leads there anyway, else text.
enum class LogFormat { automatic, text, json, journal };

struct LogConfig {
    LogFormat format = LogFormat::automatic;
    LogLevel level = LogLevel::info;
    bool content = false;  // message text may appear in logs; private otherwise
};

struct Config {
    Listen listen;
    std::vector<PoolConfig> pools;
    MemoryConfig memory;
    QueueConfig queue;
    Timeouts timeouts;
    RestartConfig restart;
    FailoverConfig failover;
    HealthConfig health;
    HttpConfig http;
    LogConfig log;
};

}  // namespace corral
