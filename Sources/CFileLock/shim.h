// fcntl(2) takes the lock's description through a pointer; these take and give numbers alone, so that Locking needs
// no `unsafe`. The lock is one on the open file description (Linux 3.15): it ends when the last descriptor of that
// description is closed, and so with its process, however that ends.
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

// Linux, asm-generic/fcntl.h; not visible without _GNU_SOURCE before the first include of <fcntl.h>.
#ifndef F_OFD_SETLK
#define F_OFD_SETLK 37
#define F_OFD_SETLKW 38
#endif

// 0, or an errno: EAGAIN when another open file description has a lock on some of it and `waits` is 0. A length of 0
// is up to the file's end, wherever that comes to be.
static inline int file_lock_range(int descriptor, short type, long long start, long long length, int waits) {
  struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
  while (fcntl(descriptor, waits ? F_OFD_SETLKW : F_OFD_SETLK, &range) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

static inline int file_lock_exclusive(int descriptor, int waits) {
  return file_lock_range(descriptor, F_WRLCK, 0, 0, waits);
}
