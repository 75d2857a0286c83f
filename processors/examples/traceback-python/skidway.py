"""Write a line function, get a Skidway parser.

    from skidway import Line, define_parser

    def line(text, record, context):
        level, space, message = text.partition(" ")
        if not space:
            return Line.UNRECOGNISED
        record.attribute("level", level)
        record.attribute_to_end("message", message)
        return Line.ENTRY

    Lifecycle, Parser = define_parser(line)

What happens around the line function:
- White space (space, tab, CR, LF) is trimmed off both ends of an entry; a line of nothing else is skipped and ends the
  entry before it.
- `Line.CONTINUATION` joins the line to the entry right before it. Without an entry it is a record of its own,
  unrecognised.
- An entry at the end of the text waits for its continuation, unless no more bytes are coming soon.
- A line function that raises gives its line up: it is delivered as it stands, marked with the error.

The host wants columns of byte offsets, Python has strings of code points: nothing but this file knows of either.
"""

import json
import traceback
from enum import Enum

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.parser import Parsed
from wit_world.imports.types import Key, Kind, Records, Subject

__all__ = ["Kind", "Line", "define_parser"]


class Line(Enum):
    """What a line turned out to be."""

    ENTRY = "the first line of an entry"
    CONTINUATION = "a further line of the entry before it; what was set in the record is dropped"
    SKIP = "nothing, on purpose: it is counted and not delivered"
    UNRECOGNISED = "a line that this parser does not know: it is delivered as it stands, what was set is dropped"


# An interpreter finds these faster.
_ENTRY, _CONTINUATION, _SKIP, _UNRECOGNISED = Line


def define_parser(line, *, configure=None, joined=None, joins_blank_lines=False):
    """The classes of a parser component.

    `line(text, record, context)` reads one line: never empty, without its line end and trailing white space. Leading
    white space is still there: it often marks a continuation. It returns one of `Line`. A line may be shown to it
    twice.

    `configure(settings)` gets what the user wrote as `config`, `{}` without; it raises a `ValueError` that says what to
    write instead. A parser without it has no settings.

    `joined(text, record, context)` sees each entry of several lines once it is complete, as one text, and may set more
    in its record.

    With `joins_blank_lines` an entry goes on behind a blank line when a continuation follows.
    """

    class Lifecycle(exports.Lifecycle):
        def configure(self, json):
            try:
                (configure or _no_settings)(_read_json(json))
            except Exception as error:
                raise Err(str(error)) from None

    class Parser(exports.Parser):
        def owns_file_attributes(self):
            return False

        def parse(self, text, context):
            try:
                return _Run(text, Context(context), line, joined, joins_blank_lines).parse()
            except Exception as error:
                # An answer to the host; anything else would end the instance.
                raise Err(_described(error)) from None

    return Lifecycle, Parser


_read_json = json.loads


def _no_settings(settings):
    if settings != {}:
        raise ValueError("it has no settings: leave `config` out")


def _described(error):
    """The error and where it came from, on one line."""
    what = "".join(traceback.format_exception_only(error)).strip()
    frames = traceback.extract_tb(error.__traceback__)
    return f"{what} ({frames[-1].filename}:{frames[-1].lineno})" if frames else what


class Context:
    """What a pure function over lines cannot know by itself."""

    def __init__(self, context):
        self.path = context.path
        """The file's path."""
        self.reference_time = context.reference_time_unix_nano
        """No line was written later than this, give or take a clock set wrong: nanoseconds since 1970."""
        self.file_attributes = [(attribute.name, attribute.value) for attribute in context.file_attributes]
        """What the host knows of the file. It puts these on every record by itself."""
        self.flush = context.flush
        self._zone = [(change.from_unix_second, change.utc_offset_second) for change in context.zone]

    def unix_second(self, local_second):
        """The second since 1970-01-01T00:00:00Z at which local clocks show `local_second`, the seconds that it would
        be in UTC. A time that they show twice is the first of both; one that they skip is read with the offset from
        before.
        """
        previous = None
        for index, (start, offset) in enumerate(self._zone):
            second = local_second - offset
            if previous is not None and second < start:
                return previous
            if index + 1 == len(self._zone) or second < self._zone[index + 1][0]:
                return second
            previous = second
        return local_second


_MAX_KEYS = 65_536


class Record:
    """A record in the making: what a line function fills in, and the columns behind it.

    Attributes from `_first` on belong to the record at hand, with keys below `_next_key`.
    """

    __slots__ = (
        "_time", "_severity", "_first", "_next_key", "_to_end",
        "_attribute_key", "_attribute_start", "_attribute_end",
        "_keys", "_key_by_name", "_scratch", "_text_length",
        "_line", "_line_start", "_line_end", "_ascii", "_cursor", "_known", "_known_byte",
    )  # fmt: skip

    def __init__(self, text_length):
        self._attribute_key = []
        self._attribute_start = []
        self._attribute_end = []
        self._keys = []
        self._key_by_name = {}
        self._scratch = bytearray()
        self._text_length = text_length
        self._begin()

    def time(self, unix_nano):
        """When it happened, in nanoseconds since 1970-01-01T00:00:00Z. A time that 64 bits do not hold is unknown."""
        unix_nano = int(unix_nano)
        self._time = unix_nano if 0 <= unix_nano < 1 << 64 else 0

    def severity(self, number):
        """OpenTelemetry severity number, 1 (TRACE) to 24 (FATAL4); 0 means unspecified."""
        self._severity = number

    def attribute(self, name, value, kind=Kind.TEXT):
        """Sets an attribute; one that is set twice has its last value, `None` sets nothing. The first use of a name
        settles the kind of all.

        A piece of the line costs the least: only its place is handed on.
        """
        if value is None:
            return
        if type(value) is not str:
            value = str(value).lower() if isinstance(value, bool) else str(value)
        # Where the line has it: any place will do, and pieces mostly come in the order of the line.
        at = self._line.find(value, self._cursor)
        if at < 0 and (at := self._line.find(value)) < 0:
            self._copy(name, value, kind)
            return
        end = at + len(value)
        self._cursor = end
        if self._ascii:
            self._set(name, kind, self._line_start + at, self._line_start + end)
        else:
            self._set(name, kind, self._byte(at), self._byte(end))

    def attribute_to_end(self, name, rest):
        """Sets an attribute to everything from the start of `rest` to the end of the entry: it grows when lines are
        joined to the entry. `rest` is the end of the line, be it empty; anything else does not grow. One entry has one
        such attribute.
        """
        if self._line.endswith(rest):
            start = self._byte(len(self._line) - len(rest))
            self._to_end = self._set(name, Kind.TEXT, start, self._line_end)
        else:
            self._copy(name, rest, Kind.TEXT)
            self._to_end = -1

    def _begin(self):
        self._time = 0
        self._severity = 0
        self._first = len(self._attribute_key)
        self._next_key = 0
        self._to_end = -1

    def _cut(self, attributes):
        """Forgets what was set since there were so many attributes."""
        if attributes < len(self._attribute_key):
            del self._attribute_key[attributes:]
            del self._attribute_start[attributes:]
            del self._attribute_end[attributes:]
        self._begin()

    def _discard(self):
        self._cut(self._first)

    def _on(self, line, start, end):
        """The values that follow are pieces of `line`, which is at these bytes of the text."""
        self._line = line
        self._line_start = start
        self._line_end = end
        # UTF-8 has as many bytes as there are code points where all of it is ASCII, and more everywhere else.
        self._ascii = len(line) == end - start
        self._cursor = 0
        self._known = 0
        self._known_byte = start

    def _byte(self, at):
        """The byte offset of a place in the line."""
        if self._ascii:
            return self._line_start + at
        if at < self._known:
            self._known = 0
            self._known_byte = self._line_start
        self._known_byte += len(self._line[self._known : at].encode())
        self._known = at
        return self._known_byte

    def _copy(self, name, value, kind):
        """Sets an attribute to what the line does not have."""
        start = self._text_length + len(self._scratch)
        self._scratch += value.encode("utf-8", "replace")
        self._set(name, kind, start, self._text_length + len(self._scratch))

    def _set(self, name, kind, start, end):
        """Sets an attribute of the record at hand and tells its place in the columns."""
        key = self._key_by_name.get(name)
        if key is None:
            key = self._new_key(name, kind)
        if key >= self._next_key:
            self._next_key = key + 1
        else:
            for at in range(self._first, len(self._attribute_key)):
                if self._attribute_key[at] == key:
                    self._attribute_start[at] = start
                    self._attribute_end[at] = end
                    return at
        self._attribute_key.append(key)
        self._attribute_start.append(start)
        self._attribute_end.append(end)
        return len(self._attribute_key) - 1

    def _new_key(self, name, kind):
        key = len(self._keys)
        if key == _MAX_KEYS:
            raise ValueError(f"attributes have more than {_MAX_KEYS} names")
        self._keys.append(Key(name, kind, Subject.ENTRY))
        self._key_by_name[name] = key
        return key


_SPACE = " \t\r\n"


class _Run:
    """From a text to columns."""

    def __init__(self, data, context, line, joined, joins_blank_lines):
        self.data = data
        self.context = context
        self.line = line
        self.joined = joined
        self.joins_blank_lines = joins_blank_lines
        self.record = Record(len(data))
        self.origin = []
        self.time = []
        self.severity = bytearray()
        self.body_start = []
        self.body_end = []
        self.attributes_end = []
        self.skipped = 0
        self.unrecognised = []
        # Whether the last record may be continued, and was; the attribute that grows with it; lines skipped before it.
        self.open = False
        self.grown = False
        self.open_attribute = -1
        self.skipped_before = 0

    def parse(self):
        text = self.data.decode()
        lines = text.split("\n")
        # Their sizes in bytes.
        sizes = map(len, lines if text.isascii() else self.data.split(b"\n"))
        if not (lines[-1] and self.context.flush):
            # What stands behind the last line feed.
            lines.pop()
        start = 0
        for line, size in zip(lines, sizes):
            content = line.rstrip(_SPACE)
            end = start + size
            if content:
                # White space is ASCII: as many bytes.
                self.take(content, start, end - (len(line) - len(content)))
            else:
                self.skip(closes=not self.joins_blank_lines)
            start = end + 1
        return self.answer(min(start, len(self.data)))

    def take(self, content, start, end):
        """Does as the line function says."""
        record = self.record
        record._on(content, start, end)
        answer = self.line(content, record, self.context)
        if answer is not _CONTINUATION and self.grown and self.joined:
            # That entry's attributes come before those of this line, which is asked again.
            record._discard()
            self.complete()
            record._on(content, start, end)
            answer = self.line(content, record, self.context)
        if answer is _ENTRY:
            self.skipped_before = self.skipped
            self.open_attribute = record._to_end
            self.push(content, start, end)
            self.open = True
        elif answer is _CONTINUATION and self.open:
            record._discard()
            self.grown = True
            self.body_end[-1] = end
            if self.open_attribute >= 0:
                record._attribute_end[self.open_attribute] = end
        elif answer is _SKIP:
            record._discard()
            self.skip(closes=True)
        elif answer is _UNRECOGNISED or answer is _CONTINUATION:
            record._discard()
            self.unrecognised.append(len(self.origin))
            self.push(content, start, end)
            self.open = False
        else:
            raise TypeError("a line function returns one of `Line`")

    def skip(self, closes):
        self.skipped += 1
        if closes:
            if self.grown and self.joined:
                self.complete()
            self.open = False

    def push(self, content, start, end):
        record = self.record
        self.origin.append(start)
        self.time.append(record._time)
        self.severity.append(record._severity)
        self.body_start.append(start + len(content) - len(content.lstrip(_SPACE)))
        self.body_end.append(end)
        self.attributes_end.append(len(record._attribute_key))
        self.grown = False
        record._begin()

    def complete(self):
        """Shows the last record, of several lines, to `joined`."""
        record = self.record
        start, end = self.body_start[-1], self.body_end[-1]
        text = self.data[start:end].decode()
        record._on(text, start, end)
        record._time = self.time[-1]
        record._severity = self.severity[-1]
        record._first = self.attributes_end[-2] if len(self.attributes_end) > 1 else 0
        record._next_key = len(record._keys)
        self.joined(text, record, self.context)
        self.time[-1] = record._time
        self.severity[-1] = record._severity
        self.attributes_end[-1] = len(record._attribute_key)
        self.grown = False
        record._begin()

    def answer(self, consumed):
        record = self.record
        if self.open and not self.context.flush:
            # It may go on: it is offered again with more bytes behind it.
            self.skipped = self.skipped_before
            consumed = self.origin.pop()
            for column in (self.time, self.severity, self.body_start, self.body_end, self.attributes_end):
                column.pop()
            record._cut(self.attributes_end[-1] if self.attributes_end else 0)
        elif self.grown and self.joined:
            self.complete()
        return Parsed(
            records=Records(
                origin=self.origin,
                time_unix_nano=self.time,
                severity_number=bytes(self.severity),
                severity_text_start=[],
                severity_text_end=[],
                body_start=self.body_start,
                body_end=self.body_end,
                body_json=[],
                attributes_end=self.attributes_end,
                attribute_key=record._attribute_key,
                attribute_start=record._attribute_start,
                attribute_end=record._attribute_end,
                keys=record._keys,
                scratch=bytes(record._scratch),
            ),
            consumed=consumed,
            skipped_lines=self.skipped,
            dropped=0,
            entries=len(self.origin),
            unrecognised=self.unrecognised,
            unrecognised_reason="",
        )
