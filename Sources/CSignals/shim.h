// What a process does with signals, as numbers alone, so that whoever asks needs no `unsafe`; see signal(7).
#pragma once
#include <signal.h>
#include <stddef.h>

// A write to a pipe that nobody reads fails with EPIPE then, and does not end the process.
static inline void ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }

// What a terminal, or who stops a service, sends: a process that has to outlive them ignores it.
static inline void ignore_signals_of_others(void) {
  signal(SIGHUP, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  signal(SIGQUIT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  ignore_broken_pipes();
}

// Whether whoever started the process has it ignore the signal, as nohup(1) does with SIGHUP.
static inline int is_signal_ignored(int number) {
  struct sigaction action;
  return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}
