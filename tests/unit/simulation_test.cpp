// Days of crashes, hangs, garbage and leaving clients in virtual time, from a seed: every request
// that completes has the right answer, every accepted one completes, and all is well again once the
// faults stop.
#include <csignal>
#include <random>

#include "tests/support/pool_world.hpp"

using namespace corral;
using namespace corral::test;

namespace {

// The answer to "N": N words.
std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words;
    for (int i = 1; i <= std::stoi(text); ++i)
        words.push_back((i == 1 ? "w" : " w") + std::to_string(i));
    return words;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += word;
    return text;
}

// Plays llama-cli at the far ends of a fake process's pipes, a step at a time.
class Player {
  public:
    explicit Player(FakeProcess& process) : process_(process) {}

    void step() {
        if (process_.status || hung) return;
        input_ += process_.read_input();
        if (!nonce_.empty()) {
            answer_on();
        } else if (input_.starts_with("/clear\n")) {
            begin();
        } else if (const std::string line = take_line(); !line.empty()) {
            // At the prompt: a sentinel.
            process_.write_output((std::exchange(loaded_, true) ? "" : "Loading\n> ") +
                                  sentinel_echo(line.substr(7)));
        }
    }
    bool answering() const { return !nonce_.empty(); }
    bool hung = false;

  private:
    std::string take_line() {
        const std::size_t end = input_.find('\n');
        if (end == std::string::npos) return "";
        const std::string line = input_.substr(0, end);
        input_.erase(0, end + 1);
        return line;
    }
    void begin() {
        take_line();
        const std::string request = take_line();
        nonce_ = take_line().substr(7);
        const std::string user = field(request, "\x1euser\x1f");
        const std::string prefill = field(request, "\x1eprefill\x1f");
        words_.clear();
        std::size_t skip = prefill.size();
        for (std::string& word : words_of(user)) {
            const std::size_t said = std::min(skip, word.size());
            skip -= said;
            if (said < word.size()) words_.push_back(word.substr(said));
        }
        total_ = words_.size();
        interrupts_ = process_.signals.size();
        process_.write_output("Chat history cleared.\n\n> ");
    }
    void answer_on() {
        const bool interrupted = process_.signals.size() > interrupts_;
        if (!words_.empty() && !interrupted) {
            process_.write_output(words_.front());
            words_.erase(words_.begin());
        } else {
            process_.finish(std::exchange(nonce_, ""), total_ + 1);
        }
    }
    static std::string field(const std::string& request, const std::string& label) {
        const std::size_t at = request.find(label);
        if (at == std::string::npos) return "";
        const std::size_t begin = at + label.size();
        return request.substr(begin, request.find('\x1e', begin) - begin);
    }

    FakeProcess& process_;
    std::string input_;
    std::string nonce_;  // of the answer under way
    std::vector<std::string> words_;
    std::size_t total_ = 0;
    std::size_t interrupts_ = 0;
    bool loaded_ = false;
};

class Simulation {
  public:
    explicit Simulation(unsigned seed) : random_(seed), world_(3) {}

    void run() {
        for (int step = 0; step < 20'000; ++step) {
            const unsigned what = below(1000);
            if (what < 30 && unfinished() < 20) world_.ask(std::to_string(1 + below(30)));
            if (what >= 30 && what < 36) fault();
            if (what >= 40 && what < 45) leave();
            play_all(what % 7 == 0);
            world_.clock.advance(milliseconds(1 + below(what % 50 == 0 ? 3000 : 20)));
            check_busy();
        }
        // Nothing more goes wrong: everything that is left completes.
        for (int step = 0; step < 100'000 && unfinished() > 0; ++step) {
            play_all(false);
            world_.clock.advance(20ms);
        }
        CHECK(unfinished() == 0);
        std::size_t answered = 0;
        for (const auto& one : world_.asked) {
            const bool gone = one->cancellation.reason() == CancelReason::client_gone;
            if (one->end && !gone) {
                ++answered;
                CHECK(one->sink.text ==
                      joined(words_of(one->request.conversation.messages[0].text)));
            }
            // What may become of the others: a full queue, or a worker lost eight times.
            if (one->error && !gone)
                CHECK((one->error->status == 503 || one->error->code == "worker_lost"));
        }
        CHECK(answered > 100);
        CHECK(world_.pool.counters().resumed > 0);
    }

  private:
    unsigned below(unsigned limit) {
        return std::uniform_int_distribution<unsigned>(0, limit - 1)(random_);
    }

    void play_all(bool twice) {
        while (players_.size() < world_.spawner.processes.size())
            players_.emplace_back(world_.process(players_.size()));
        for (int round = 0; round <= static_cast<int>(twice); ++round)
            for (Player& player : players_) player.step();
        world_.clock.settle();
    }
    std::size_t unfinished() const {
        return static_cast<std::size_t>(
            std::ranges::count_if(world_.asked, [](const auto& one) { return !one->done(); }));
    }
    void fault() {
        const std::size_t first = players_.size() < 3 ? 0 : players_.size() - 3;
        if (players_.empty()) return;
        const std::size_t index = first + below(static_cast<unsigned>(players_.size() - first));
        FakeProcess& process = world_.process(index);
        if (process.status) return;
        switch (below(5)) {
            case 0:
                process.die_of(SIGKILL);
                break;
            case 1:
                process.die_of(SIGTERM);
                break;
            case 2:
                process.exit_with(0);
                break;
            case 3:
                players_[index].hung = true;
                break;
            default:
                // Within an answer it could not be told from one.
                if (!players_[index].answering()) process.write_output("garbage");
        }
    }
    void leave() {
        for (const auto& one : world_.asked) {
            if (one->done() || below(4) != 0) continue;
            one->cancellation.cancel(CancelReason::client_gone);
            return;
        }
    }
    // No busy worker without a request, none with two.
    void check_busy() {
        std::size_t busy = 0;
        for (const auto& worker : world_.pool.workers()) busy += worker.state == WorkerState::busy;
        CHECK(busy + world_.pool.queue().length <= unfinished());
    }

    std::mt19937 random_;
    PoolWorld world_;
    std::deque<Player> players_;
};

}  // namespace

TEST_CASE("whatever befalls workers and clients, answers are right and nothing is lost") {
    for (const unsigned seed : {1U, 2U, 3U, 4U}) {
        CAPTURE(seed);
        Simulation(seed).run();
    }
}
