"""A program run and watched: how long it took, and the most memory it held, of its own and with the files it maps."""
import os
import pathlib
import signal
import subprocess
import time


def own_memory(pid):
    """Bytes of memory that is no file's; 0 of a process that has ended."""
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return 1024 * int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0


class Watched:
    """`kill_after` seconds: SIGKILL then, if it still runs."""

    def __init__(self, command, folder, kill_after=None):
        begin = time.monotonic()
        self.output = pathlib.Path(folder) / "output.txt"
        with open(self.output, "wb") as output:
            process = subprocess.Popen([str(word) for word in command], cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        self.own = 0
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            self.own = max(self.own, own_memory(process.pid))
            if kill_after is not None and time.monotonic() - begin > kill_after:
                os.kill(process.pid, signal.SIGKILL)
                kill_after = None
            time.sleep(0.01)
        process.returncode = 0  # it has been waited for
        self.seconds = time.monotonic() - begin
        self.peak = 1024 * usage.ru_maxrss
        self.code = os.waitstatus_to_exitcode(status)
        self.text = self.output.read_text(errors="replace")
        self.output.unlink()
