"""Pricing: what the lines of a ticket come to, to the cent.

Everything is counted in whole cents. Each step rounds once, to the nearest cent; half a cent goes
away from zero, so that a credit of -0.005 mirrors a charge of 0.005.

Before the first step the lines are put in order: parts, labour, charges, each by its id. So the
order in which they were entered changes no figure, and "the first line" always means the same one.

1. **Amount.** Quantity times unit price, or hours times rate, for each line.
2. **Discount of a line.** An amount, or a percentage of the line's amount; never more than that. A
   line below 0, such as a core that comes back, takes no discount.
3. **Discounts on the whole ticket**, in the order given, each on what the former ones have left of
   the lines in its scope: of parts, of labour, or of all lines but core charges. Lines below 0 are
   not counted. The lines share the discount in proportion. Shares are cut to whole cents; the cents
   that this leaves go one each to the lines of which most was cut off, among equals to the first.
4. **Supplies fee.** A percentage of what is left of the labour, or of parts and labour, up to a cap.
   It becomes the last line, unless it is 0.
5. **Tax on net prices.** For each tax class and each authority the rate times what is left of the
   class, rounded once for the document; the lines share it as in step 3, each in proportion to its
   own tax. If the shop rounds by line, each authority's tax is rounded on every line, and summed.
   A tax class without rates is untaxed.
6. **Tax in gross prices.** If prices include tax, what is left after step 4 is gross. Its net is
   gross / (1 + all rates of the class), rounded once for each class, or on every line if the shop
   rounds by line, and the tax is the rest. The lines share the tax of a class as in step 5. The
   authorities share it by their rates, again in whole cents; a cent in doubt goes to the first
   by name.
7. **Total.** Net plus tax. With gross prices that is the sum of the prices shown.

The nets of the lines sum to the net, their taxes to the tax, and so do the taxes of the
authorities. An input that is refused prices nothing.

`credit` gives a document back in parts.
"""

from mechanic_core.pricing.credits import credit
from mechanic_core.pricing.steps import price

__all__ = ["credit", "price"]
