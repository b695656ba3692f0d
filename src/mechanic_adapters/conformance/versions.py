"""The contract of versions: a change builds on what is kept, or it is refused."""

from typing import Final

import pytest

from mechanic_adapters.conformance.samples.seed import WRITES, Write, seeded, snapshot
from mechanic_core.errors import LostRace
from mechanic_core.unit_of_work import Store

SAVES: Final = [write for write in WRITES if write.name.endswith(".save")]


class TestVersions:
    """Whoever saves a record has seen its last change."""

    @pytest.mark.parametrize("save", SAVES, ids=lambda save: save.name)
    def test_refuses_an_old_version(self, store: Store, save: Write) -> None:
        """Of two changes made of the same version, the second is refused and leaves no trace."""
        seed = seeded(store)
        with store.begin() as work:
            save.act(work, seed)
        kept = snapshot(store, seed)

        with pytest.raises(LostRace), store.begin() as work:
            save.act(work, seed)

        assert kept == snapshot(store, seed)
