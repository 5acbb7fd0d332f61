// CLOCK_BOOTTIME, which goes on while the machine sleeps, as numbers alone, so that whoever waits for it needs no
// `unsafe`; see clock_gettime(2) and timerfd_create(2).
#pragma once
#include <errno.h>
#include <poll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

// linux/time.h; not visible without _GNU_SOURCE before the first include of <time.h>.
#ifndef CLOCK_BOOTTIME
#define CLOCK_BOOTTIME 7
#endif

// In nanoseconds.
static inline unsigned long long boot_clock_now(void) {
  struct timespec now = {0};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return (unsigned long long)now.tv_sec * 1000000000ull + (unsigned long long)now.tv_nsec;
}

// Waits until the clock has come to `deadline` (then 0), or `descriptor` can be read or is closed (then 1). A negative
// result is an errno.
static inline int boot_clock_wait(int descriptor, unsigned long long deadline) {
  int timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
  if (timer < 0) return -errno;
  struct itimerspec end = {.it_value = {(time_t)(deadline / 1000000000ull), (long)(deadline % 1000000000ull)}};
  struct pollfd files[2] = {{.fd = timer, .events = POLLIN}, {.fd = descriptor, .events = POLLIN}};
  int result = timerfd_settime(timer, TFD_TIMER_ABSTIME, &end, NULL);
  if (result == 0) {
    do result = poll(files, 2, -1);
    while (result < 0 && errno == EINTR);
  }
  int problem = errno;
  close(timer);
  if (result < 0) return -problem;
  return files[0].revents ? 0 : 1;
}
