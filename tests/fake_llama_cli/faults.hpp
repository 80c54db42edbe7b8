// The ways in which a process can misbehave, each in a function. None knows the dialect.
#pragma once

#include <chrono>
#include <string>

#include "fake_llama_cli/output.hpp"

namespace fake {

// Dies of the signal, whatever was done about it before; leaves no core.
[[noreturn]] void crash(const EventFile& events, int signal);
// Sleeps for ever; a SIGINT is noted and nothing more.
[[noreturn]] void stall();
// Keeps a core busy; for ever if `duration` is 0.
void spin(std::chrono::milliseconds duration);
// Touches memory that is never given back.
void leak(unsigned mib);
void close_stdout();
// The caller must be the main thread; the process lives on in another one that does nothing.
[[noreturn]] void end_main_thread();
void ignore_signal(int signal);
// From a thread of its own, whatever the process does then.
void exit_later(const EventFile& events, std::chrono::milliseconds after, int code);
// True for the first who asks, among all processes; makes the file.
bool first_time(const std::string& file);
bool exists(const std::string& file);

}  // namespace fake
