"""Starts a command and prints its status, seconds and peak resident KiB.

A process by itself, started without Python's library: the kernel counts the peak of the process that starts a command
into the command's own (exec_mmap in fs/exec.c), and this one's is some 9 MiB.
"""

import posix
import sys
import time

nothing, away, errors = posix.open("/dev/null", posix.O_RDONLY), posix.open("/dev/null", posix.O_WRONLY), 2
files = [(posix.POSIX_SPAWN_DUP2, nothing, 0), (posix.POSIX_SPAWN_DUP2, away, 1)]
begin = time.perf_counter()
pid = posix.posix_spawnp(sys.argv[1], sys.argv[1:], posix.environ, file_actions=files)
_, status, usage = posix.wait4(pid, 0)
seconds = time.perf_counter() - begin
print(posix.waitstatus_to_exitcode(status), seconds, usage.ru_maxrss)
