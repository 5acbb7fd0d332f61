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

// 0, or an errno: EAGAIN when another open file description has the lock and `waits` is 0.
static inline int file_lock_exclusive(int descriptor, int waits) {
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  while (fcntl(descriptor, waits ? F_OFD_SETLKW : F_OFD_SETLK, &whole) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}
