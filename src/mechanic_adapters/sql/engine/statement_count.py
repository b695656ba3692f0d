"""The number of statements that a thread has run."""

import threading
from typing import Final, final


@final
class StatementCount(threading.local):
    """The number of statements that the current thread has run, BEGIN and COMMIT included."""

    total = 0


STATEMENT_COUNT: Final = StatementCount()
