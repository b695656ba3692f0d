"""The order in which a Postman runner can send every request, and what it keeps from each answer."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from attrs import frozen

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_ID: Final = MappingProxyType({"spareId": "id"})
_TOKENS: Final = MappingProxyType({"token": "token", "refreshToken": "refresh_token"})

_OWN: Final = "{{$guid}}"
"""Something else each time, by Postman: for what must be the only one of its kind."""


@frozen
class Step:
    """One request: *keeps* names variables and the members of the answer that fill them.

    *body* has members that are not the documents' example; one that is None is left out.
    *spare*: it is about the thing that was made only to be deleted.
    """

    operation_id: str
    keeps: Mapping[str, str] = _NOTHING
    body: Mapping[str, Any] = _NOTHING
    name: str = ""
    spare: bool = False


def _kept(variable: str) -> Mapping[str, str]:
    return {variable: "id"}


_STAFF: Final = {"email": "{{email}}", "password": "{{password}}"}
_CUSTOMER: Final = {"email": "{{customerEmail}}", "password": "{{password}}"}
_PASSWORDS: Final = {"current_password": "{{password}}", "new_password": "{{password}}"}
_REFRESH: Final = {"refresh_token": "{{refreshToken}}"}
_ADA: Final = {"email": f"ada.{_OWN}@example.com"}
_LUIS: Final = {"email": f"luis.{_OWN}@example.com"}
_CAR: Final = {"vin": None}
_PART: Final = {"sku": None}
_TICKET: Final = {"mechanic_ids": ["{{mechanicId}}"]}
_ON: Final = {"add_ids": ["{{mechanicId}}"], "remove_ids": None}

STORY: Final = (
    Step("log_in_staff", _TOKENS, _STAFF),
    Step("read_me"),
    Step("change_password", body=_PASSWORDS),
    Step("refresh_tokens", _TOKENS, _REFRESH),
    Step("log_out", body=_REFRESH),
    Step("log_in_customer", body=_CUSTOMER),
    Step("log_in_staff", _TOKENS, _STAFF, name="Log in again, for all that follows"),
    Step("read_public_keys"),
    Step("register_customer", _kept("customerId"), _ADA),
    Step("list_customers"),
    Step("read_customer"),
    Step("change_customer", body=_ADA),
    Step("patch_customer"),
    Step("register_customer", _ID, _ADA, "Become a customer, to be forgotten"),
    Step("erase_customer", spare=True),
    Step("add_vehicle", _kept("vehicleId"), _CAR),
    Step("list_vehicles"),
    Step("read_vehicle"),
    Step("change_vehicle", body=_CAR),
    Step("patch_vehicle", body={"vin": None, "odometer": 148_900}),
    Step("list_vehicle_tickets"),
    Step("add_vehicle", _ID, _CAR, "Write down a vehicle by mistake"),
    Step("remove_vehicle", spare=True),
    Step("hire_mechanic", _kept("mechanicId"), _LUIS),
    Step("list_mechanics"),
    Step("read_leaderboard"),
    Step("read_mechanic"),
    Step("change_mechanic", body=_LUIS),
    Step("patch_mechanic"),
    Step("list_worked"),
    Step("hire_mechanic", _ID, _LUIS, "Take somebody on for a day"),
    Step("let_mechanic_go", spare=True),
    Step("add_part", _kept("partId"), _PART),
    Step("list_parts"),
    Step("read_part"),
    Step("change_part", body=_PART),
    Step("patch_part"),
    Step("move_stock"),
    Step("list_movements"),
    Step("add_part", _ID, {**_PART, "quantity": None}, "Put a part on the shelf that nobody buys"),
    Step("archive_part", spare=True),
    Step("open_ticket", _kept("ticketId"), _TICKET),
    Step("list_tickets"),
    Step("list_my_tickets"),
    Step("read_ticket"),
    Step("change_ticket"),
    Step("patch_ticket"),
    Step("unassign_mechanic"),
    Step("assign_mechanic"),
    Step("assign_mechanics", body=_ON),
    Step("open_ticket", _ID, _TICKET, "Write a ticket by mistake"),
    Step("remove_ticket", spare=True),
    Step("add_part_line", _kept("lineId")),
    Step("patch_part_line"),
    Step("remove_part_line"),
    Step("add_part_line", _kept("lineId"), name="Put the part on the ticket after all"),
    Step("add_labor_line", _kept("lineId")),
    Step("patch_labor_line"),
    Step("remove_labor_line"),
    Step("read_transitions"),
    Step("move_ticket", name="Start work on a ticket"),
    Step("move_ticket", body={"to": "completed"}, name="Complete a ticket: its parts are consumed"),
    Step("list_history"),
    Step("is_alive"),
    Step("is_ready"),
    Step("read_metrics"),
    Step("find_documents"),
    Step("read_documents"),
    Step("read_openapi"),
    Step("read_openapi_yaml"),
    Step("read_problem"),
)
