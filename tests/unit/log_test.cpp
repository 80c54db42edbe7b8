// Log lines about something, as the sinks for programs write them.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/json.hpp>

#include "cli/log_sinks.hpp"

using namespace corral;

namespace {

// Keeps what each line became, and its subject.
class Recorder final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
  public:
    std::vector<std::string> json;
    std::vector<std::vector<std::string>> journal;

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        json.push_back(json_log_line(message, log::subject()));
        journal.push_back(journal_fields(message, log::subject()));
    }
    void flush_() override {}
};

struct Recording {
    Recording() {
        auto logger = std::make_shared<spdlog::logger>("test", recorder);
        logger->set_level(spdlog::level::info);
        spdlog::set_default_logger(logger);
    }
    ~Recording() { spdlog::set_default_logger(before); }
    boost::json::object line() const {
        return boost::json::parse(recorder->json.back()).as_object();
    }
    bool in_journal(const std::string& field) const {
        return std::ranges::count(recorder->journal.back(), field) == 1;
    }

    std::shared_ptr<spdlog::logger> before = spdlog::default_logger();
    std::shared_ptr<Recorder> recorder = std::make_shared<Recorder>();
};

}  // namespace

TEST_CASE("a line about a worker says so in text and in fields") {
    const Recording recording;
    log::warn(log::worker("a/b/2"), "gone after {} s", 3);
    CHECK(recording.line().at("message") == "worker a/b/2: gone after 3 s");
    CHECK(recording.line().at("level") == "warn");
    CHECK(recording.line().at("worker") == "a/b/2");
    CHECK(recording.line().at("pool") == "a/b");
    CHECK_FALSE(recording.line().contains("request"));
    CHECK(recording.in_journal("MESSAGE=worker a/b/2: gone after 3 s"));
    CHECK(recording.in_journal("CORRAL_WORKER=a/b/2"));
    CHECK(recording.in_journal("CORRAL_POOL=a/b"));
    CHECK(recording.in_journal("PRIORITY=4"));
}

TEST_CASE("a line about a request carries its id, and the next one nothing of it") {
    const Recording recording;
    log::info(log::request("chatcmpl-1", "default"), "answer: {}", "\"{}\"\n\x01");
    CHECK(recording.line().at("message") == "chatcmpl-1 default: answer: \"{}\"\n\x01");
    CHECK(recording.in_journal("CORRAL_REQUEST=chatcmpl-1"));
    CHECK(recording.in_journal("PRIORITY=6"));
    CHECK(std::ranges::count(recording.recorder->json.back(), '\n') == 1);
    spdlog::error("stopped");
    CHECK(recording.line().at("level") == "error");
    CHECK(recording.line().size() == 3);
    CHECK(recording.recorder->journal.back().size() == 3);
}

TEST_CASE("what is below the level costs nothing and is not written") {
    const Recording recording;
    log::debug(log::pool("default"), "{}", "quiet");
    CHECK(recording.recorder->json.empty());
}

TEST_CASE("the journal is known by device and inode") {
    struct stat status {};
    REQUIRE(fstat(0, &status) == 0);
    const auto stream = fmt::format("{}:{}", status.st_dev, status.st_ino);
    unsetenv("JOURNAL_STREAM");
    CHECK_FALSE(is_journal(0));
    setenv("JOURNAL_STREAM", stream.c_str(), 1);
    CHECK(is_journal(0));
    setenv("JOURNAL_STREAM", (stream + "1").c_str(), 1);
    CHECK_FALSE(is_journal(0));
    unsetenv("JOURNAL_STREAM");
}
