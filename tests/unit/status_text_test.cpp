// The line that `systemctl status` shows.
#include "supervisor/status_text.hpp"

#include <doctest/doctest.h>

using namespace corral;

namespace {

Worker::Snapshot worker(unsigned number, WorkerState state,
                        std::optional<LoadingProgress> loading = std::nullopt) {
    return {"default/" + std::to_string(number), state, {}, {}, {}, 0, 0, "", loading};
}

}  // namespace

TEST_CASE("workers are counted by what clients have of them") {
    CHECK(status_text({worker(1, WorkerState::ready), worker(2, WorkerState::checking),
                       worker(3, WorkerState::busy)},
                      4) == "2 ready, 1 busy, 4 queued");
    CHECK(status_text({worker(1, WorkerState::backoff), worker(2, WorkerState::recovering)}, 0) ==
          "0 ready, 0 busy, 0 queued, 2 not available");
}

TEST_CASE("how far workers have loaded, of a few by name") {
    const LoadingProgress some{45ull << 20, 100ull << 20};
    std::vector<Worker::Snapshot> workers{worker(1, WorkerState::ready),
                                          worker(2, WorkerState::starting, some)};
    CHECK(status_text(workers, 0) ==
          "1 ready, 0 busy, 0 queued, 1 not available; default/2 has loaded 45 % of 100 MiB");
    for (unsigned i = 3; i <= 7; ++i) workers.push_back(worker(i, WorkerState::starting, some));
    const std::string text = status_text(workers, 0);
    CHECK(text.find(", default/5 has loaded 45 % of 100 MiB, and 2 more load") != text.npos);
    CHECK(text.find("default/6") == text.npos);
}
