"""The view model of all papers: estimate, invoice, credit note and statement.

Whatever is shown is text here, so that HTML and PDF say the same. It has room for what the law asks
of invoices and estimates: Directive 2006/112/EC, article 226; California 16 CCR 3353 and 3356.
"""

from attrs import frozen


@frozen
class Fact:
    """A label and what it says, such as a date. A text may have several lines."""

    label: str
    text: str


@frozen(kw_only=True)
class Seller:
    """Who writes: as the shop was when the paper was made."""

    name: str
    address: str = ""
    phone: str = ""
    email: str = ""
    registration: str = ""
    tax_number: str = ""


@frozen(kw_only=True)
class Buyer:
    """For whom it is; without a *name* where the person was erased."""

    name: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""


@frozen(kw_only=True)
class PaperLine:
    """One part, labour or charge. *net* is after all discounts and without tax."""

    description: str
    note: str = ""
    quantity: str
    unit_price: str
    discount: str = ""
    net: str
    tax_class: str = ""


@frozen(kw_only=True)
class Sum:
    """A label, an amount, and how it comes about; *is_total* for the one that counts."""

    label: str
    amount: str
    how: str = ""
    is_total: bool = False


@frozen(kw_only=True)
class Section:
    """A job: its title, its kind where that matters, its lines and their sums.

    One that *asks* has boxes for yes and no.
    """

    title: str
    kind: str = ""
    lines: tuple[PaperLine, ...]
    sums: tuple[Sum, ...] = ()
    asks: bool = False


@frozen(kw_only=True)
class Entry:
    """A movement on the account of a customer, for statements."""

    on: str
    what: str
    amount: str
    balance: str


@frozen(kw_only=True)
class Authorization:
    """What a customer has said, when, how, and what was authorized after it."""

    at: str
    who: str
    what: str
    total: str = ""


@frozen(kw_only=True)
class Paper:
    """One paper. *day* is its own date, in the form 2026-03-02; *currency* is that of all amounts.

    *sections* have priced lines, *entries* are those of an account; a kind of paper has one or the
    other. *sums* are the totals, *payments* what is paid and due after them. *consent* is the text
    above the place for a signature.
    """

    title: str
    number: str
    day: str
    currency: str
    facts: tuple[Fact, ...]
    seller: Seller
    buyer: Buyer
    vehicle: tuple[Fact, ...] = ()
    note: str = ""
    sections: tuple[Section, ...] = ()
    entries: tuple[Entry, ...] = ()
    sums: tuple[Sum, ...] = ()
    payments: tuple[Sum, ...] = ()
    remarks: tuple[str, ...] = ()
    authorizations: tuple[Authorization, ...] = ()
    consent: str = ""
    disclosures: tuple[str, ...] = ()
    digest: str = ""

    @property
    def name(self) -> str:
        """The title with the number."""
        return f"{self.title} {self.number}".rstrip()

    @property
    def has_discounts(self) -> bool:
        """Whether a line has a discount, so that there is a column for it."""
        return any(line.discount for section in self.sections for line in section.lines)

    @property
    def has_tax_classes(self) -> bool:
        """Whether a line has a tax class, so that there is a column for it."""
        return any(line.tax_class for section in self.sections for line in section.lines)
