#include "config/validate.hpp"

#include <map>

#include "config/duration.hpp"
#include "config/expand_env.hpp"
#include "config/fields.hpp"
#include "config/reserved_args.hpp"
#include "config/text.hpp"

namespace corral {

namespace {

constexpr std::size_t unix_path_bytes_max = 107;  // sockaddr_un's sun_path less its NUL

std::string item_path(const std::string& list, std::size_t index) {
    return list + "[" + std::to_string(index) + "]";
}

// Visitor of fields.hpp: thrown out of the walk by the first value that its rule does not allow.
class RuleChecker {
  public:
    template <class Field, class Rule>
    void value(const std::string& key, const Field& field, const Rule& rule) const {
        if (rule.allows(field)) return;
        fail(join(key), "expected " + rule.expected() + ", got " + quoted(rule.show(field)));
    }

    template <class Section>
    void section(const std::string& key, const Section& section) const {
        RuleChecker inner(join(key));
        visit_fields(inner, section);
    }

    template <class Section>
    void optional_section(const std::string& key, const std::optional<Section>& optional) const {
        if (optional) section(key, *optional);
    }

    template <class Item>
    void list(const std::string& key, const std::vector<Item>& items, std::size_t most) const {
        check_size(key, items.size(), most);
        for (std::size_t i = 0; i < items.size(); ++i) section(item_path(key, i), items[i]);
    }

    template <class Rule>
    void texts(const std::string& key, const std::vector<std::string>& items, const Rule& rule,
               std::size_t most) const {
        check_size(key, items.size(), most);
        for (std::size_t i = 0; i < items.size(); ++i) value(item_path(key, i), items[i], rule);
    }

    template <class Rule>
    void text_map(const std::string& key, const std::map<std::string, std::string>& items,
                  const Rule& rule, std::size_t most) const {
        check_size(key, items.size(), most);
        for (const auto& [name, text] : items) value(key + "." + shown_key(name), text, rule);
    }

    RuleChecker() = default;

  private:
    explicit RuleChecker(std::string path) : path_(std::move(path)) {}

    std::string join(const std::string& key) const {
        return path_.empty() ? key : path_ + "." + key;
    }

    void check_size(const std::string& key, std::size_t size, std::size_t most) const {
        if (size <= most) return;
        fail(join(key),
             "expected at most " + std::to_string(most) + " items, got " + std::to_string(size));
    }

    [[noreturn]] static void fail(std::string key, std::string message) {
        throw ConfigProblem{std::move(key), std::move(message)};
    }

    std::string path_;
};

using Problem = std::optional<ConfigProblem>;

Problem check_listen(const Listen& listen) {
    if (!listen.unix_socket && !listen.tcp) {
        return ConfigProblem{"listen", "there is no listener: give unix, tcp or both"};
    }
    if (listen.unix_socket && listen.unix_socket->path.size() > unix_path_bytes_max) {
        return ConfigProblem{"listen.unix.path",
                             "the path of a Unix socket has at most 107 bytes, this one has " +
                                 std::to_string(listen.unix_socket->path.size())};
    }
    if (listen.tcp && listen.tcp->api_key_file.empty() &&
        !rules::is_loopback(listen.tcp->address)) {
        return ConfigProblem{"listen.tcp.api_key_file", "an API key is needed to listen on " +
                                                            quoted(listen.tcp->address) +
                                                            ", which other machines can reach"};
    }
    return std::nullopt;
}

Problem check_pool(const PoolConfig& pool, const std::string& path) {
    if (pool.model.empty()) {
        return ConfigProblem{path + ".model", "a model is needed: the path of a GGUF file"};
    }
    if (pool.max_tokens >= pool.context) {
        return ConfigProblem{path + ".max_tokens",
                             "expected less than the context of " + std::to_string(pool.context) +
                                 " tokens, got " + quoted(std::to_string(pool.max_tokens))};
    }
    for (std::size_t i = 0; i < pool.extra_args.size(); ++i) {
        if (auto reason = find_reserved_arg(pool.extra_args[i])) {
            return ConfigProblem{item_path(path + ".extra_args", i), *reason};
        }
    }
    for (const auto& [name, value] : pool.env) {
        if (is_env_name(name)) continue;
        return ConfigProblem{path + ".env." + shown_key(name),
                             quoted(name) + " is not the name of an environment variable"};
    }
    return std::nullopt;
}

Problem check_pools(const std::vector<PoolConfig>& pools) {
    if (pools.empty()) return ConfigProblem{"pools", "at least one pool is needed"};
    std::map<std::string, std::string> path_by_name;
    for (std::size_t i = 0; i < pools.size(); ++i) {
        const std::string path = item_path("pools", i);
        const auto [first, inserted] = path_by_name.emplace(pools[i].name, path);
        if (!inserted) {
            return ConfigProblem{
                path + ".name", quoted(pools[i].name) + " is already the name of " + first->second};
        }
        if (auto problem = check_pool(pools[i], path)) return problem;
    }
    return std::nullopt;
}

Problem check_restart(const RestartConfig& restart) {
    if (restart.initial <= restart.max) return std::nullopt;
    return ConfigProblem{"restart.initial", "expected at most restart.max (" +
                                                format_duration(restart.max) + "), got " +
                                                quoted(format_duration(restart.initial))};
}

}  // namespace

std::optional<ConfigProblem> find_problem(const Config& config) {
    try {
        RuleChecker checker;
        visit_fields(checker, config);
    } catch (const ConfigProblem& problem) {
        return problem;
    }
    // What no single value shows.
    if (auto problem = check_listen(config.listen)) return problem;
    if (auto problem = check_pools(config.pools)) return problem;
    return check_restart(config.restart);
}

void validate(const Config& config) {
    if (const auto problem = find_problem(config)) {
        throw ConfigError(problem->key + ": " + problem->message);
    }
}

}  // namespace corral
