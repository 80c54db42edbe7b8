// Every key of the configuration, once: its name, its field in config.hpp and the rule for its
// value. Whoever walks the configuration is a visitor of these functions: yaml_reader.hpp fills the
// fields from a file, validate.cpp judges the ones that are there. A new key is a line here, a
// field in config.hpp and a paragraph in corral.yaml.
//
// A visitor has: value(key, field, rule); section(key, struct); optional_section(key, optional
// struct); list(key, vector of structs, most items); texts(key, vector of strings, rule, most
// items); text_map(key, map of strings, rule, most items).
#pragma once

#include <concepts>
#include <type_traits>

#include "config/config.hpp"
#include "config/rules.hpp"

namespace corral {

// A struct of config.hpp, to be filled (T) or only looked at (const T).
template <class T, class Struct>
concept MaybeConst = std::same_as<std::remove_const_t<T>, Struct>;

namespace limits {

using namespace std::chrono_literals;

inline constexpr unsigned workers_max = 256;  // of a pool
inline constexpr std::size_t pools_max = 64;
inline constexpr std::size_t extra_args_max = 256;
inline constexpr std::size_t env_max = 256;
inline constexpr std::size_t paths_max = 256;
inline constexpr std::size_t accounts_max = 1000;
inline constexpr std::size_t origins_max = 100;
inline constexpr std::int64_t context_max = 1 << 24;  // tokens
inline constexpr rules::Duration duration{1ms, 24h};
inline constexpr rules::Duration duration_or_none{0ms, 24h};
inline constexpr rules::Choice<UnsupportedSampling, 2> unsupported_sampling{
    {{{"ignore", UnsupportedSampling::ignore}, {"reject", UnsupportedSampling::reject}}}};
inline constexpr rules::Choice<Confine, 3> confine{
    {{{"auto", Confine::automatic}, {"required", Confine::required}, {"off", Confine::off}}}};
inline constexpr rules::Choice<LogLevel, 5> log_level{{{{"trace", LogLevel::trace},
                                                        {"debug", LogLevel::debug},
                                                        {"info", LogLevel::info},
                                                        {"warn", LogLevel::warn},
                                                        {"error", LogLevel::error}}}};
inline constexpr rules::Choice<LogFormat, 4> log_format{{{{"auto", LogFormat::automatic},
                                                          {"text", LogFormat::text},
                                                          {"json", LogFormat::json},
                                                          {"journal", LogFormat::journal}}}};

}  // namespace limits

template <class Visitor, MaybeConst<UnixListener> Listener>
void visit_fields(Visitor& visit, Listener& listener) {
    visit.value("path", listener.path, rules::Line{});
    visit.value("mode", listener.mode, rules::FileMode{});
    visit.value("owner", listener.owner, rules::Line{.may_be_empty = true});
    visit.value("group", listener.group, rules::Line{.may_be_empty = true});
    visit.texts("allow_users", listener.allow_users, rules::Line{}, limits::accounts_max);
    visit.texts("allow_groups", listener.allow_groups, rules::Line{}, limits::accounts_max);
    visit.texts("priority_users", listener.priority_users, rules::Line{}, limits::accounts_max);
}

template <class Visitor, MaybeConst<TcpListener> Listener>
void visit_fields(Visitor& visit, Listener& listener) {
    visit.value("address", listener.address, rules::IpAddress{});
    visit.value("port", listener.port, rules::Whole{1, 65535});
    visit.value("api_key_file", listener.api_key_file, rules::Line{.may_be_empty = true});
}

template <class Visitor, MaybeConst<Listen> Section>
void visit_fields(Visitor& visit, Section& listen) {
    visit.optional_section("unix", listen.unix_socket);
    visit.optional_section("tcp", listen.tcp);
}

template <class Visitor, MaybeConst<Sampling> Section>
void visit_fields(Visitor& visit, Section& sampling) {
    visit.value("temperature", sampling.temperature, rules::Real{0, 100});
    visit.value("top_k", sampling.top_k, rules::Whole{0, 1'000'000});
    visit.value("top_p", sampling.top_p, rules::Real{0, 1});
    visit.value("min_p", sampling.min_p, rules::Real{0, 1});
    visit.value("repeat_penalty", sampling.repeat_penalty, rules::Real{0.1, 10});
    visit.value("seed", sampling.seed, rules::Whole{-1, 4'294'967'295});
}

template <class Visitor, MaybeConst<RecycleConfig> Section>
void visit_fields(Visitor& visit, Section& recycle) {
    visit.value("max_requests", recycle.max_requests, rules::Whole{0, 1'000'000'000});
    visit.value("memory_limit_mib", recycle.memory_limit_mib, rules::Whole{0, 1 << 24});
    visit.value("max_age", recycle.max_age, limits::duration_or_none);
}

template <class Visitor, MaybeConst<PoolConfig> Pool>
void visit_fields(Visitor& visit, Pool& pool) {
    visit.value("name", pool.name, rules::Line{});
    // Empty when it is missing, which validate.cpp says better than a rule could.
    visit.value("model", pool.model, rules::Line{.may_be_empty = true});
    visit.value("llama_cli", pool.llama_cli, rules::Line{});
    visit.value("workers", pool.workers, rules::WholeOrAuto{{1, limits::workers_max}});
    visit.value("context", pool.context, rules::Whole{2, limits::context_max});
    visit.value("max_tokens", pool.max_tokens, rules::Whole{1, limits::context_max - 1});
    visit.value("threads", pool.threads, rules::WholeOrAuto{{1, 1024}});
    visit.section("sampling", pool.sampling);
    visit.value("unsupported_sampling", pool.unsupported_sampling, limits::unsupported_sampling);
    visit.value("prompt_cache_mib", pool.prompt_cache_mib, rules::Whole{0, 1 << 20});
    visit.texts("extra_args", pool.extra_args, rules::Argument{}, limits::extra_args_max);
    visit.text_map("env", pool.env, rules::Argument{}, limits::env_max);
    visit.section("recycle", pool.recycle);
    visit.value("confine", pool.confine, limits::confine);
    visit.texts("confine_read", pool.confine_read, rules::Line{}, limits::paths_max);
    visit.texts("confine_devices", pool.confine_devices, rules::Line{}, limits::paths_max);
}

template <class Visitor, MaybeConst<MemoryConfig> Section>
void visit_fields(Visitor& visit, Section& memory) {
    visit.value("headroom", memory.headroom, rules::SizeOrPercent{});
}

template <class Visitor, MaybeConst<QueueConfig> Section>
void visit_fields(Visitor& visit, Section& queue) {
    visit.value("limit", queue.limit, rules::Whole{0, 100'000});
    visit.value("timeout", queue.timeout, limits::duration);
}

template <class Visitor, MaybeConst<Timeouts> Section>
void visit_fields(Visitor& visit, Section& timeouts) {
    visit.value("start", timeouts.start, limits::duration);
    visit.value("request", timeouts.request, limits::duration);
    visit.value("stall", timeouts.stall, limits::duration);
    visit.value("cancel", timeouts.cancel, limits::duration);
    visit.value("drain", timeouts.drain, limits::duration_or_none);
    visit.value("client_write", timeouts.client_write, limits::duration);
}

template <class Visitor, MaybeConst<RestartConfig> Section>
void visit_fields(Visitor& visit, Section& restart) {
    visit.value("initial", restart.initial, limits::duration);
    visit.value("max", restart.max, limits::duration);
    visit.value("storm_deaths", restart.storm_deaths, rules::Whole{1, 1000});
    visit.value("storm_window", restart.storm_window, limits::duration);
}

template <class Visitor, MaybeConst<FailoverConfig> Section>
void visit_fields(Visitor& visit, Section& failover) {
    visit.value("attempts", failover.attempts, rules::Whole{1, 1000});
    visit.value("quarantine", failover.quarantine, limits::duration_or_none);
}

template <class Visitor, MaybeConst<HealthConfig> Section>
void visit_fields(Visitor& visit, Section& health) {
    visit.value("interval", health.interval, limits::duration);
    visit.value("timeout", health.timeout, limits::duration);
}

template <class Visitor, MaybeConst<HttpConfig> Section>
void visit_fields(Visitor& visit, Section& http) {
    visit.value("max_connections", http.max_connections, rules::Whole{1, 65536});
    visit.value("max_body_kib", http.max_body_kib, rules::Whole{1, 1 << 20});
    visit.value("header_timeout", http.header_timeout, limits::duration);
    visit.value("body_timeout", http.body_timeout, limits::duration);
    visit.value("idle_timeout", http.idle_timeout, limits::duration);
    visit.texts("allowed_origins", http.allowed_origins, rules::Line{}, limits::origins_max);
}

template <class Visitor, MaybeConst<LogConfig> Section>
void visit_fields(Visitor& visit, Section& log) {
    visit.value("format", log.format, limits::log_format);
    visit.value("level", log.level, limits::log_level);
    visit.value("content", log.content, rules::Flag{});
}

template <class Visitor, MaybeConst<Config> Whole>
void visit_fields(Visitor& visit, Whole& config) {
    visit.section("listen", config.listen);
    visit.list("pools", config.pools, limits::pools_max);
    visit.section("memory", config.memory);
    visit.section("queue", config.queue);
    visit.section("timeouts", config.timeouts);
    visit.section("restart", config.restart);
    visit.section("failover", config.failover);
    visit.section("health", config.health);
    visit.section("http", config.http);
    visit.section("log", config.log);
}

}  // namespace corral
