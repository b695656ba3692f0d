"""What an estimate on paper has beside the estimate itself: for whom, and for which vehicle."""

from attrs import frozen

from mechanic_core.customers.customer import Customer
from mechanic_core.estimates.estimate import Estimate
from mechanic_core.tickets.ticket_vehicle import TicketVehicle


@frozen(kw_only=True)
class EstimatePrintout:
    """An estimate as it is printed. An erased customer is None."""

    estimate: Estimate
    customer: Customer | None
    vehicle: TicketVehicle | None
