// The chat template that lets llama-cli take a whole conversation in one user message: a prologue
// that unpacks what ipc/chat_line.hpp packed and rebuilds `messages`, the model's own template
// unchanged, and the prefill after it. Messages that were not packed (llama.cpp probes a template
// with some of its own at load) pass through. Pure.
#pragma once

#include <string>
#include <string_view>

namespace corral {

// What a model without a template of its own gets; llama.cpp falls back to the same.
extern const std::string_view chatml_template;

std::string wrap_chat_template(std::string_view model_template);

}  // namespace corral
