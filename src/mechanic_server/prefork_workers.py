"""Pre-fork worker processes: they report readiness and stop when their parent is gone."""

import os
import signal
import sys
from collections.abc import Callable
from threading import Thread
from typing import NoReturn, TypeAlias, final

from attrs import define, field

Work: TypeAlias = Callable[[Callable[[], object]], None]
"""What a worker runs until SIGTERM; it calls its argument once it is ready to serve."""


def supervisor_signals() -> tuple[signal.Signals, ...]:
    """Return the signals that the supervisor handles; Windows does not have all of them.

    A worker starts with their default actions.
    """
    return signal.SIGTERM, signal.SIGINT, signal.SIGCHLD


@final
@define(eq=False)
class PreforkWorkers:
    """Forks of this process.

    The workers read a pipe whose write end only the parent has open. When the parent exits,
    however it does, they read end-of-file and shut down gracefully.
    """

    _work: Work
    _report_error: Callable[[BaseException], None]
    _parent_pipe: tuple[int, int] = field(factory=os.pipe, init=False)
    _ready_pipe: tuple[int, int] = field(factory=os.pipe, init=False)

    @property
    def ready_fd(self) -> int:
        """The file descriptor that yields one byte for each worker that is ready."""
        return self._ready_pipe[0]

    def start(self) -> int:
        """Fork a worker and return its process id. Raises `OSError`."""
        # Block signals until the worker has its own handlers, or an early one would be lost.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, supervisor_signals())
        try:
            sys.stdout.flush()
            pid = os.fork()
            if not pid:
                self._run_worker(mask)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        return pid

    def close(self) -> None:
        """Close the pipes, which also stops any worker that still runs."""
        for fd in (*self._parent_pipe, *self._ready_pipe):
            os.close(fd)

    def _run_worker(self, mask: set[int]) -> NoReturn:
        """Run the worker and exit the process, so that no frame of the parent is resumed."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for one in supervisor_signals():
                signal.signal(one, signal.SIG_DFL)
            os.close(self._parent_pipe[1])
            Thread(target=self._stop_with_parent, daemon=True).start()
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            self._work(lambda: os.write(self._ready_pipe[1], b"."))
            code = 0
        except BaseException as error:  # noqa: BLE001 - the process exits here in any case
            self._report_error(error)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _stop_with_parent(self) -> None:
        os.read(self._parent_pipe[0], 1)
        os.kill(os.getpid(), signal.SIGTERM)
