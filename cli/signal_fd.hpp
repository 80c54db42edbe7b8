// Signals as something to poll: blocked while this lives, and read one at a time. For the
// subcommands that run on a terminal; they start no children who would inherit the mask.
#pragma once

#include <signal.h>

#include <initializer_list>

namespace corral {

class SignalFd {
  public:
    // Throws std::system_error.
    explicit SignalFd(std::initializer_list<int> signals);
    SignalFd(const SignalFd&) = delete;
    ~SignalFd();

    int fd() const { return fd_; }  // readable while a signal is pending
    int take();                     // the oldest pending signal, 0 if there is none

  private:
    sigset_t before_;
    int fd_;
};

}  // namespace corral
