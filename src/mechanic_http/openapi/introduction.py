"""What holds for the whole interface, said once at the top of the document."""

from typing import Final

SUMMARY: Final = "A repair shop: customers, vehicles, mechanics, service tickets and inventory."

INTRODUCTION: Final = """\
**Start** with `POST /login` (customers) or `POST /mechanics/login` (mechanics and managers), and
send the `token` of the answer as `Authorization: Bearer …`. A token speaks for one person in one
role; a manager may do whatever a mechanic may. `x-access` tells programs who may call what:
*roles* always, *owners* for what is their own, *anyone* even without a token. What is not yours
to see looks as if it were not there (404).

**Values.** Money has at most 2 decimals, quantities and hours at most 3; both are exact, and are
also taken as text (`"19.99"`). Moments are UTC, as in `2026-03-02T09:30:00Z`. Members and query
parameters that are not known here are refused, never ignored; answers may get new members.

**Lists** come in pieces: by `page` near the start, by `cursor` anywhere at constant cost. `Link`
headers tell the way.

**Two people at once.** Every resource has an `ETag`. Send it back as `If-Match`, and a change is
made only if nobody else has changed the resource since you read it (412 otherwise). Send it as
`If-None-Match`, and what you have already is not sent again (304). Whoever says `Accept-Encoding:
gzip` gets large answers packed; their `ETag` ends in `-gzip`, and is as good as the other one.

**Once, not twice.** Every `POST` but those that issue tokens takes an `Idempotency-Key`, a name that
you make up. When no answer comes, send the same again: it is done once, and the first answer comes
back with `Idempotency-Replayed`.

**Refusals** are problem documents (RFC 9457), always: those named below, and also an unknown
address (404), a method that is not there (405), a request that came by plain HTTP where HTTPS is
asked for (403), and our own faults (500). `code` is for programs, `detail` for people, `type`
leads to a page that explains it. Everything that is wrong with what you sent is told at once.
Quote `request_id` when you ask for help; give your own as `X-Request-ID`.

**Limits** are counted by person, or by address where there is no token; logins by account too.
`RateLimit` tells what is left of each.
"""
