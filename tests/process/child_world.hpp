// What the tests of real children share: a loop with a spawner, and a child run to its end with all
// that it wrote.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "ipc/process_spawner.hpp"

namespace corral::test {

using namespace std::chrono_literals;

inline constexpr auto patience =
    20s;  // a bound, not a wait: every test ends when its condition holds

inline Command shell(const std::string& script) {
    return {"/bin/sh", {"-c", script}, {}};
}

// Reads to the end; each read's bytes are one element.
inline awaitable<void> read_all(asio::readable_pipe& pipe, std::vector<std::string>& reads) {
    error_code ec;
    std::string bytes(4096, '\0');
    while (true) {
        const auto space = asio::buffer(bytes);
        const std::size_t size = co_await pipe.async_read_some(space, into(ec));
        if (ec) break;
        reads.push_back(bytes.substr(0, size));
    }
}

struct Ran {
    std::vector<std::string> output;
    std::vector<std::string> errors;
    std::optional<ExitStatus> status;
    std::string text() const { return joined(output); }
    std::string errors_text() const { return joined(errors); }

  private:
    static std::string joined(const std::vector<std::string>& parts) {
        std::string all;
        for (const std::string& part : parts) all += part;
        return all;
    }
};

inline awaitable<void> wait_for(Child& child, Ran& ran) {
    const ExitStatus status = co_await child.wait();
    ran.status = status;
}

struct World {
    asio::io_context io{1};
    ProcessSpawner spawner{io.get_executor()};

    Ran run(const Command& command) {
        const auto child = spawner.spawn(command);
        Ran ran;
        asio::co_spawn(io, read_all(child->output, ran.output), asio::use_future);
        asio::co_spawn(io, read_all(child->errors, ran.errors), asio::use_future);
        asio::co_spawn(io, wait_for(*child, ran), asio::use_future);
        io.restart();
        io.run_for(patience);
        return ran;
    }
    // Runs the loop until `done` holds.
    template <class Condition>
    bool until(Condition done) {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (!done() && std::chrono::steady_clock::now() < end) {
            io.restart();
            io.run_for(5ms);
        }
        return done();
    }
};

}  // namespace corral::test
