"""Processes made of this one, which tell when they are ready and end when it ends."""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from threading import Thread
from typing import Final, NoReturn, TypeAlias, final

from attrs import define, field

from mechanic_core.errors import Refused

HANDLED: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
"""What the parent handles, and a child at first does not."""

Work: TypeAlias = Callable[[Callable[[], object]], None]
"""What a process does until SIGTERM; it calls what it is given once it is ready."""


@final
@define(eq=False)
class Forks:
    """Forks of this process.

    The parent alone holds the writing end of a pipe that all the children read: when it goes,
    however it goes, they see the end of it and stop in order.
    """

    _work: Work
    _lifeline: tuple[int, int] = field(factory=os.pipe, init=False)
    _news: tuple[int, int] = field(factory=os.pipe, init=False)

    @property
    def news(self) -> int:
        """The file from which a byte can be read for each child that has become ready."""
        return self._news[0]

    def start(self) -> int:
        """Start a child and return its id. Raises `OSError`."""
        # A signal that came before the child has its own handlers would be lost.
        masked = signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
        try:
            sys.stdout.flush()
            pid = os.fork()
            if not pid:
                self._live(masked)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)
        return pid

    def close(self) -> None:
        """Cut the line: children that are left stop."""
        for end in (*self._lifeline, *self._news):
            os.close(end)

    def _live(self, masked: set[int]) -> NoReturn:
        """Be the child: nothing of the parent's stack is run after this."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for one in HANDLED:
                signal.signal(one, signal.SIG_DFL)
            os.close(self._lifeline[1])
            Thread(target=self._end_with_parent, daemon=True).start()
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)
            self._work(lambda: os.write(self._news[1], b"."))
            code = 0
        except (Refused, OSError) as error:
            sys.stderr.write(f"mechanic-shop: {error}\n")
        except BaseException:  # noqa: BLE001 - the process ends here, whatever it was
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _end_with_parent(self) -> None:
        os.read(self._lifeline[0], 1)
        os.kill(os.getpid(), signal.SIGTERM)
