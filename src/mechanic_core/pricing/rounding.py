"""Division of whole numbers: rounded once, or shared out so that no cent is lost or made."""

from collections.abc import Sequence


def rounded(numerator: int, denominator: int) -> int:
    """Return a quotient as the nearest whole number; from the middle, the one away from zero.

    Args:
        numerator: Any whole number.
        denominator: Any whole number but 0.
    """
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    if numerator < 0:
        return -((denominator - 2 * numerator) // (2 * denominator))
    return (2 * numerator + denominator) // (2 * denominator)


def shared(total: int, numerators: Sequence[int], denominator: int) -> list[int]:
    """Return whole numbers that sum to *total*, by the method of the largest remainder.

    Each exact share, a numerator over the *denominator*, is cut towards zero. What the sum then
    lacks is given out in single units, first where most was cut off; among equals, to the earlier.
    A sum that is too great gives units back in the same way.

    Args:
        total: A sum of the exact shares that is rounded, or cut.
        numerators: The exact shares, times the denominator.
        denominator: A whole number above 0.
    """
    shares = [
        -(-exact // denominator) if exact < 0 else exact // denominator for exact in numerators
    ]
    lacking = total - sum(shares)
    if lacking:
        unit = 1 if lacking > 0 else -1
        cut_off = [
            unit * (exact - share * denominator)
            for exact, share in zip(numerators, shares, strict=True)
        ]
        ranked = sorted(range(len(shares)), key=cut_off.__getitem__, reverse=True)
        for place in ranked[: abs(lacking)]:
            shares[place] += unit
    return shares
