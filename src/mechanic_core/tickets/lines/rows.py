"""The jobs and lines of a ticket: one is found in them, put among them or left out."""

from typing import TypeVar

from attrs import evolve

from mechanic_core.pricing.bounds import MAX_LINES
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.job import Job
from mechanic_core.tickets.lines.charge import ChargeLine
from mechanic_core.tickets.lines.labor_line import LaborLine
from mechanic_core.tickets.lines.line import LineId, LineNotFound
from mechanic_core.tickets.lines.part_line import PartLine

Line = TypeVar("Line", PartLine, LaborLine, ChargeLine)
Row = TypeVar("Row", Job, PartLine, LaborLine, ChargeLine)


def find_line(lines: tuple[Line, ...], line_id: LineId) -> Line:
    """Return the line with that id, or raise `LineNotFound`."""
    for line in lines:
        if line.id == line_id:
            return line
    raise LineNotFound


def put_line(lines: tuple[Line, ...], line: Line) -> tuple[Line, ...]:
    """Return *lines* with *line* added, or replaced if its id is there; raise `TooMany`."""
    return put(lines, line, MAX_LINES, "lines of this kind on the ticket")


def put(rows: tuple[Row, ...], row: Row, most: int, of: str) -> tuple[Row, ...]:
    """Return *rows* with *row* added, or replaced if its id is there; raise `TooMany` *of* them."""
    row = evolve(row, version=0)  # among the ticket's rows it is the ticket that has one
    if row.id and any(old.id == row.id for old in rows):
        return tuple(row if old.id == row.id else old for old in rows)
    if len(rows) >= most:
        raise TooMany(most, of)
    return rows + (row,)  # noqa: RUF005 - unpacking loses the row's type


def without_line(lines: tuple[Line, ...], line_id: LineId) -> tuple[Line, ...]:
    """Return *lines* without that one, or raise `LineNotFound`."""
    find_line(lines, line_id)
    return tuple(line for line in lines if line.id != line_id)
