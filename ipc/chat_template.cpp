#include "ipc/chat_template.hpp"

namespace corral {

const std::string_view chatml_template =
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}";

namespace {

// The separators stand in the template as the bytes themselves: Jinja has no escape for them. GS-g
// must be undone last, or a text's own GS followed by an n would become a newline.
constexpr std::string_view prologue =
    "{%- set corral = namespace(messages=messages, prefill='') -%}"
    "{%- if messages and messages[-1]['content'] is string"
    " and messages[-1]['content'][:1] == '\x1e' -%}"
    "{%- set corral.messages = [] -%}"
    "{%- for entry in messages[-1]['content'].split('\x1e') -%}"
    "{%- if entry -%}"
    "{%- set part = entry.split('\x1f') -%}"
    "{%- set text = part[1] | replace('\x1dn', '\\n') | replace('\x1dr', '\x1e')"
    " | replace('\x1du', '\x1f') | replace('\x1dg', '\x1d') -%}"
    "{%- if part[0] == 'prefill' -%}"
    "{%- set corral.prefill = text -%}"
    "{%- else -%}"
    "{%- set corral.messages = corral.messages + [{'role': part[0], 'content': text}] -%}"
    "{%- endif -%}"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- endif -%}"
    "{%- set messages = corral.messages -%}";

constexpr std::string_view epilogue = "{{- corral.prefill -}}";

}  // namespace

std::string wrap_chat_template(std::string_view model_template) {
    std::string wrapped(prologue);
    wrapped += model_template;
    wrapped += epilogue;
    return wrapped;
}

}  // namespace corral
