// The status page for people, GET /: one document without figures and without anything from
// elsewhere; its script asks for the report. Made of the files in supervisor/status_page/ when
// corral is built (embed.cmake).
#pragma once

#include <string_view>

namespace corral {

extern const std::string_view status_page_html;
// Nothing but its own style and script, known by their hashes, and questions to its own origin.
extern const std::string_view status_page_policy;

}  // namespace corral
