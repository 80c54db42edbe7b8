#include "supervisor/llama_cli_command.hpp"

#include <spdlog/fmt/fmt.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <sstream>
#include <stdexcept>

namespace corral {
namespace {

std::string number(double value) {
    return fmt::format("{}", value);
}

bool runnable_file(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
           access(path.c_str(), X_OK) == 0;
}

}  // namespace

Command llama_cli_command(const PoolConfig& pool, const std::string& program,
                          const std::string& template_file, unsigned threads) {
    const Sampling& sampling = pool.sampling;
    Command command{
        program,
        {"-m", pool.model,
         // Plain pipes: otherwise it talks to /dev/tty.
         "--simple-io", "--no-show-timings",
         // Thoughts stay in the text as the model wrote them. (--skip-chat-parsing would do more,
         // but 0.7.0 then drops the white space that an answer starts with.)
         "--reasoning-format", "none",
         // Token counts and errors are on stderr at this level.
         "-lv", "4", "--log-colors", "off", "-c", std::to_string(pool.context), "-n",
         std::to_string(pool.max_tokens), "-t", std::to_string(threads), "--cache-ram",
         std::to_string(pool.prompt_cache_mib), "--offline", "--chat-template-file", template_file,
         "--temp", number(sampling.temperature), "--top-k", std::to_string(sampling.top_k),
         "--top-p", number(sampling.top_p), "--min-p", number(sampling.min_p), "--repeat-penalty",
         number(sampling.repeat_penalty), "--seed", std::to_string(sampling.seed)},
        pool.env};
    command.arguments.insert(command.arguments.end(), pool.extra_args.begin(),
                             pool.extra_args.end());
    // Without it an aborting worker starts gdb on itself and takes seconds to die.
    command.extra_environment.emplace("GGML_NO_BACKTRACE", "1");
    return command;
}

std::string find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) {
        if (runnable_file(name)) return name;
        throw std::runtime_error(
            "cannot run " + name + ": " +
            (access(name.c_str(), F_OK) == 0 ? "not an executable file" : std::strerror(errno)) +
            "; give the path of llama-cli (llama_cli, --llama-cli)");
    }
    const char* path = getenv("PATH");
    std::istringstream folders(path ? path : "/usr/local/bin:/usr/bin:/bin");
    for (std::string folder; std::getline(folders, folder, ':');) {
        const std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
        if (runnable_file(candidate)) return candidate;
    }
    throw std::runtime_error(name +
                             " is not on PATH; install llama.cpp or give the path of "
                             "llama-cli (llama_cli, --llama-cli)");
}

}  // namespace corral
