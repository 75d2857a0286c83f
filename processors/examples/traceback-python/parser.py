"""Parses what a Python program logs, in a usual format of `logging`:

    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")

    2026-11-22 11:19:25,112 ERROR shop.checkout: order 4711 failed
    Traceback (most recent call last):
      File "/srv/shop/checkout.py", line 41, in pay
        gateway.charge(card, total)
    ValueError: unknown currency: kr

Stamps are local time. Names are those of OpenTelemetry's semantic conventions.
"""

import re
from datetime import datetime, timezone

from skidway import Line, define_parser

FIRST = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d{3}) ([A-Z]+) ([\w.]+): ?")
SEVERITIES = {"DEBUG": 5, "INFO": 9, "WARNING": 13, "ERROR": 17, "CRITICAL": 21}

TRACEBACK = re.compile(r"^Traceback \(most recent call last\):$", re.MULTILINE)
# `package.Error: message`, the first line behind the frames that is not indented. The message may have several lines.
EXCEPTION = re.compile(r"^(\w[\w.]*)(?:: (.*))?\Z", re.MULTILINE | re.DOTALL)


def line(text, record, context):
    found = FIRST.match(text)
    if not found:
        return Line.CONTINUATION
    stamp, milliseconds, level, logger = found.groups()
    severity = SEVERITIES.get(level)
    if severity is None:
        return Line.UNRECOGNISED
    local = datetime.fromisoformat(stamp).replace(tzinfo=timezone.utc).timestamp()
    record.time(context.unix_second(int(local)) * 1_000_000_000 + int(milliseconds) * 1_000_000)
    record.severity(severity)
    record.attribute("logger", logger)
    record.attribute_to_end("message", text[found.end() :])
    return Line.ENTRY


def joined(text, record, context):
    tracebacks = list(TRACEBACK.finditer(text))
    if not tracebacks:
        return
    # The last of a chain is the one that was not handled.
    exception = EXCEPTION.search(text, tracebacks[-1].end() + 1)
    if exception:
        record.attribute("exception.type", exception[1])
        record.attribute("exception.message", exception[2])
    start = tracebacks[0].start()
    record.attribute("exception.stacktrace", text[start:])
    record.attribute("message", text[FIRST.match(text).end() : start].rstrip())


Lifecycle, Parser = define_parser(line, joined=joined, joins_blank_lines=True)
