"""Runs a command at a terminal of its own and answers it: ANSWER COMMAND... Prints what it said, and exits as it did.

ANSWER is a text to type, `interrupt` for Ctrl-C, `nothing`, `hangup` for a terminal that goes away, or `kill` (SIGKILL), each
when the question comes; or `early` for a yes that is typed before it.
"""

import os
import pty
import signal
import sys

QUESTION = b"Keep this change"


def answer(word, pid, terminal):
    if word == "interrupt":
        os.write(terminal, b"\x03")
    elif word == "hangup":
        os.close(terminal)
    elif word == "kill":
        os.kill(pid, signal.SIGKILL)
    elif word not in ("nothing", "early"):
        os.write(terminal, word.encode() + b"\n")
    return word != "hangup"


def main():
    word, command = sys.argv[1], sys.argv[2:]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    if word == "early":
        os.write(terminal, b"y\n")
    said, is_asked, is_open = b"", False, True
    while is_open:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # EIO: nobody has the other end any more.
            break
        if not part:
            break
        said += part
        if QUESTION in said and not is_asked:
            is_asked = True
            is_open = answer(word, pid, terminal)
    _, status = os.waitpid(pid, 0)
    print(said.decode(errors="replace").replace("\r", "\n"))
    status = os.waitstatus_to_exitcode(status)
    sys.exit(status if status >= 0 else 128 - status)


main()
