"""Admission: a database that was away at the start is looked at before its records are used."""

from collections.abc import Callable
from threading import Lock
from typing import final

from attrs import define, field

from mechanic_adapters.sql.engine.outages import Cause, Outages, Use
from mechanic_core.errors import Unavailable


@final
@define(eq=False)
class Admission:
    """Lets every use pass, or after `hold` those from when a check has found nothing wrong."""

    _outages: Outages
    check: Callable[[], Cause | None] | None = field(init=False, default=None)
    """What each use has to wait for in `require`; None if there is nothing to check."""
    _lock: Lock = field(init=False, factory=Lock)

    def hold(self, check: Callable[[], Cause | None]) -> None:
        """Call *check* before each use until it returns no cause why the records are of no use."""
        self.check = check

    def require(self) -> None:
        """Raise `Unavailable` while a check finds something wrong, and what it raises itself."""
        check = self.check
        if check is None:
            return
        cause = check()
        with self._lock:
            if self.check is not check:  # another thread has found that nothing is wrong
                return
            if cause is None:
                self.check = None
                self._outages.end(Use.ADMISSION)
                return
            self._outages.begin(Use.ADMISSION, cause)
        raise Unavailable
