// What can be read with GET and changes nothing: health, readiness, models, the report on the
// pools as a whole and as a stream, metrics, and the status page for people. Owned by the API.
#pragma once

#include <memory>
#include <vector>

#include "ipc/http.hpp"
#include "supervisor/outcome.hpp"
#include "supervisor/pool.hpp"
#include "supervisor/process_watch.hpp"
#include "supervisor/report_stream.hpp"

namespace corral {

class Pages {
  public:
    // The page itself, which has no figures in it: a browser can ask for it without an API key.
    static constexpr std::string_view status_path = "/";
    static constexpr std::string_view events_path = "/v1/pool/events";

    // `refused` counts what the API refuses. All outlive this.
    Pages(asio::any_io_executor executor, const Config& config, Clock& clock,
          const std::vector<std::unique_ptr<Pool>>& pools, const RefusedCounts& refused);

    // The response to GET of a path, 404 included; an empty one for events_path.
    HttpResponse get(const std::string& path);
    // GET of events_path; throws ApiError.
    awaitable<void> events(HttpExchange& exchange) { return stream_.watch(exchange); }

    // Something that the report tells is different.
    void note_change() { stream_.note_change(); }
    // From now on /ready says no.
    void refuse_ready() { draining_ = true; }
    // Running answers shall not wait for those who watch.
    void end_streams() { stream_.finish(); }

  private:
    std::string report();
    bool lively() const;
    HttpResponse metrics(bool as_llama_server);
    HttpResponse ready() const;
    HttpResponse models(const std::string& id) const;

    const Config& config_;
    Clock& clock_;
    const std::vector<std::unique_ptr<Pool>>& pools_;
    const RefusedCounts& refused_;
    long started_;  // seconds since the epoch
    bool draining_ = false;
    ProcessWatch processes_;
    ReportStream stream_;
};

}  // namespace corral
