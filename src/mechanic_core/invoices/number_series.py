"""Series of numbers of invoices and credit notes: 1, 2, 3 and so on, without a gap."""

from typing import Annotated, Any, Self, cast

from attrs import evolve, frozen

from mechanic_core.digests import Digested
from mechanic_core.rules import Description, Example

DocumentNumber = Annotated[
    str, Example("INV-1"), Description("The prefix of its series, and its number in it.")
]


@frozen(kw_only=True)
class Series:
    """A series, by its prefix, with its last number and the digest of the document that has it.

    A prefix that was changed and comes back goes on where it stopped.
    """

    prefix: str
    last: int = 0
    digest: str | None = None

    @property
    def next_number(self) -> str:
        """The number of the next document, such as ``INV-1``."""
        return f"{self.prefix}{self.last + 1}"

    def after(self, digest: str) -> Self:
        """Return the series after its next document, which has that *digest*."""
        return evolve(self, last=self.last + 1, digest=digest)


class NumberedDocument(Digested):
    """A document that gets the next number of a series when it is issued.

    A subclass has the fields *number*, *series*, *sequence*, *previous* and *digest*.
    """

    __slots__ = ()

    def numbered(self, series: Series) -> Self:
        """Return the document as the next one of *series*, with its digest."""
        numbered = evolve(
            cast("Any", self),
            number=series.next_number,
            series=series.prefix,
            sequence=series.last + 1,
            previous=series.digest,
        )
        return cast("Self", numbered.digested())
