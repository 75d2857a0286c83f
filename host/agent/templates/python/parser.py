"""Parses what this application writes:

    2026-11-22T11:19:23.080Z WARN billing: card 4711 was declined
        an indented line belongs to the entry before it
"""

import re
from datetime import datetime

from skidway import Line, define_parser

# `STAMP LEVEL COMPONENT: message`
FIRST = re.compile(r"(\d{4}-\d\d-\d\dT\S+) ([A-Z]+) ([^:]+):(?: |$)")

# OpenTelemetry's numbers.
SEVERITIES = {"TRACE": 1, "DEBUG": 5, "INFO": 9, "WARN": 13, "ERROR": 17, "FATAL": 21}


def line(text, record, context):
    if text[0] in " \t":
        return Line.CONTINUATION
    found = FIRST.match(text)
    if not found:
        return Line.UNRECOGNISED
    stamp, level, component = found.groups()
    time = read_stamp(stamp)
    if time is None or level not in SEVERITIES:
        return Line.UNRECOGNISED
    record.time(time)
    record.severity(SEVERITIES[level])
    record.attribute("component", component)
    # To the end of the entry: it grows with the lines that follow.
    record.attribute_to_end("message", text[found.end() :])
    return Line.ENTRY


def read_stamp(stamp):
    """Nanoseconds since 1970, of a stamp that names its zone."""
    try:
        time = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    if time.tzinfo is None:
        return None
    return int(time.replace(microsecond=0).timestamp()) * 1_000_000_000 + time.microsecond * 1000


Lifecycle, Parser = define_parser(line)
