"""An estimate on paper, which has no version: it stays as it was made, whatever becomes of it."""

from attrs import frozen

from mechanic_core.estimates.estimate import Estimate


@frozen(kw_only=True)
class EstimatePrintout:
    """An estimate as it is printed."""

    estimate: Estimate
