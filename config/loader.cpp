#include "config/loader.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "config/validate.hpp"
#include "config/yaml_document.hpp"
#include "config/yaml_reader.hpp"

namespace corral {

namespace {

constexpr std::size_t file_bytes_max = 1024 * 1024;

[[noreturn]] void fail_file(const std::string& path, const std::string& what, int error) {
    throw ConfigError(path + ": " + what + ": " + std::strerror(error));
}

std::string read_file(const std::string& path) {
    // stdio rather than fstream: it tells why, also for a directory, which opens and then does not
    // read.
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "re"));
    if (!file) fail_file(path, "cannot open", errno);
    std::string text(file_bytes_max + 1, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    if (std::ferror(file.get()) != 0) fail_file(path, "cannot read", errno);
    return text;
}

}  // namespace

Config load_config(const std::string& path) {
    return parse_config(read_file(path), path);
}

Config parse_config(std::string_view yaml_text, const std::string& source_name) {
    return parse_config(yaml_text, source_name, [](const char* name) { return std::getenv(name); });
}

Config parse_config(std::string_view yaml_text, const std::string& source_name,
                    const EnvLookup& lookup) {
    if (yaml_text.size() > file_bytes_max) {
        throw ConfigError(source_name + ": larger than 1 MiB, too large for a configuration");
    }
    try {
        const YamlDocument document(yaml_text);
        YamlReader reader(source_name, lookup);
        Config config;
        reader.read(document, config);
        if (const auto problem = find_problem(config)) reader.fail(problem->key, problem->message);
        return config;
    } catch (const YamlError& error) {
        throw ConfigError(source_name + ":" + std::to_string(error.at.line) + ":" +
                          std::to_string(error.at.column) + ": " + error.what());
    }
}

}  // namespace corral
