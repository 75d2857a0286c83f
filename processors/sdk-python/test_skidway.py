"""The SDK without a sandbox; every answer is checked the way the host does.

    componentize-py -d ../../wit/v0.1.0 -w parser-component bindings BINDINGS
    PYTHONPATH=BINDINGS python3 -m unittest
"""

import random
import unittest

from componentize_py_types import Err
from skidway import Kind, Line, define_parser
from wit_world.exports.parser import Context
from wit_world.imports.types import ZoneChange


def context(flush, zone=((0, 0),)):
    return Context("test.log", 0, [ZoneChange(*change) for change in zone], flush, 0, 0, [])


def read(data, parsed, flush):
    """The records of an answer, as the host reads them."""
    records = parsed.records
    assert parsed.consumed == len(data) if flush else parsed.consumed == 0 or data[parsed.consumed - 1] == 10
    whole = data + records.scratch

    def text(start, end):
        assert start <= end <= len(whole) and (end <= len(data) or start >= len(data))
        return whole[start:end].decode()

    count = len(records.origin)
    assert parsed.entries == count == len(records.time_unix_nano) == len(records.severity_number)
    assert (records.attributes_end or [0])[-1] == len(records.attribute_key) == len(records.attribute_end)
    assert records.origin == sorted(records.origin) and all(origin < parsed.consumed for origin in records.origin)
    read, first = [], 0
    for index in range(count):
        attributes = {}
        for at in range(first, records.attributes_end[index]):
            name = records.keys[records.attribute_key[at]].name
            assert name not in attributes, f"{name} twice"
            attributes[name] = text(records.attribute_start[at], records.attribute_end[at])
        first = records.attributes_end[index]
        body = text(records.body_start[index], records.body_end[index])
        recognised = index not in parsed.unrecognised
        read.append((body, records.time_unix_nano[index], records.severity_number[index], attributes, recognised))
    return read


def pieces(parser, text, cut):
    """Parses a text that arrives up to each line end that `cut` says yes to."""
    data, everything, skipped, start = text.encode(), [], 0, 0
    for end in range(1, len(data) + 1):
        if end == len(data) or (data[end - 1] == 10 and cut()):
            flush = end == len(data)
            piece = data[start:end]
            parsed = parser.parse(piece, context(flush))
            everything += read(piece, parsed, flush)
            skipped += parsed.skipped_lines
            start += parsed.consumed
    return everything, skipped


def parse(text, line, **options):
    _, parser = define_parser(line, **options)
    whole = pieces(parser(), text, lambda: False)
    assert pieces(parser(), text, lambda: True) == whole, "line by line it is not the same"
    for seed in range(16):
        cut = random.Random(seed)
        assert pieces(parser(), text, lambda: cut.random() < 0.4) == whole, "in pieces it is not the same"
    return whole


def levels(text, record, _):
    """`LEVEL NAME text`; an indented line goes on, `#` is a comment."""
    if text.startswith(" "):
        return Line.CONTINUATION
    if text.startswith("#"):
        return Line.SKIP
    level, name, message = (text.split(" ", 2) + ["", ""])[:3]
    record.attribute("name", name)
    record.attribute_to_end("message", message)
    if level not in ("INFO", "WARN"):
        return Line.UNRECOGNISED
    record.severity(9 if level == "INFO" else 13)
    return Line.ENTRY


class Lines(unittest.TestCase):
    def test_lines_become_records(self):
        records, skipped = parse("INFO a one\n\n# no\nWARN b two  \r\n  more\n\tx\nwhat\n   late\nINFO c x", levels)
        self.assertEqual(skipped, 2)
        expected = [
            ("INFO a one", 0, 9, {"name": "a", "message": "one"}, True),
            ("WARN b two  \r\n  more", 0, 13, {"name": "b", "message": "two  \r\n  more"}, True),
            ("x", 0, 0, {}, False),
            ("what", 0, 0, {}, False),
            ("late", 0, 0, {}, False),
            ("INFO c x", 0, 9, {"name": "c", "message": "x"}, True),
        ]
        self.assertEqual(records, expected)

    def test_only_four_characters_are_white_space_and_only_one_ends_a_line(self):
        odd = "INFO a x\u2028y\x0bz\x85\u00a0"
        records, skipped = parse(odd + " \r\n\u3000\n", levels)
        self.assertEqual([record[0] for record in records], [odd, "\u3000"])
        self.assertEqual(skipped, 0)

    def test_offsets_are_bytes(self):
        records, _ = parse("\ufeffINFO ä ö\nINFO 🪵müller 🪵 dürr 漢\n  weiter 🪓\nINFO z ß\n🪵\n", levels)
        self.assertEqual(
            [(record[0], record[3]) for record in records],
            [
                ("\ufeffINFO ä ö", {}),
                (
                    "INFO 🪵müller 🪵 dürr 漢\n  weiter 🪓",
                    {"name": "🪵müller", "message": "🪵 dürr 漢\n  weiter 🪓"},
                ),
                ("INFO z ß", {"name": "z", "message": "ß"}),
                ("🪵", {}),
            ],
        )

    def test_any_value_is_delivered_as_it_is_wherever_it_is_from(self):
        words = ["a", "ab", "ä", "äb", "🪵", "🪵x", "漢字", "", "  ", "b", "é"]
        pick = random.Random(7)
        expected = {}
        for _ in range(400):
            text = "x" + " ".join(pick.choice(words) for _ in range(6)) + "y"
            values = []
            for _ in range(5):
                start = pick.randrange(len(text))
                piece = text[start : start + pick.randrange(8)]
                values.append(pick.choice(words) if pick.random() < 0.25 else piece)
            expected[text] = {str(at): value for at, value in enumerate(values)}

        def line(text, record, _):
            for name, value in expected[text].items():
                record.attribute(name, value)
            return Line.ENTRY

        records, _ = parse("\n".join(expected), line)
        self.assertEqual([record[3] for record in records], list(expected.values()))

    def test_an_attribute_that_is_set_twice_has_its_last_value(self):
        def line(text, record, _):
            record.attribute("a", "1")
            record.attribute("b", 2, Kind.INTEGER)
            record.attribute("a", text)
            record.attribute("c", None)
            record.attribute("d", True, Kind.BOOLEAN)
            record.attribute("e", "\ud800")
            return Line.ENTRY

        records, _ = parse("x\ny\n", line)
        rest = {"b": "2", "d": "true", "e": "?"}
        self.assertEqual([record[3] for record in records], [{"a": "x", **rest}, {"a": "y", **rest}])

    def test_names_may_come_in_any_order(self):
        def line(text, record, _):
            for pair in text.split(" "):
                record.attribute(*pair.split("="))
            return Line.ENTRY

        data = "\n".join(f"k{at % 700}={at} b=2 a=1 k{at * 7 % 50}0=x" for at in range(3000)).encode()
        _, parser = define_parser(line)
        for record in read(data, parser().parse(data, context(True)), True):
            self.assertEqual(record[3], dict(pair.split("=") for pair in record[0].split(" ")))

    def test_times_that_64_bits_do_not_hold_are_unknown(self):
        def line(text, record, _):
            record.time(int(text))
            return Line.ENTRY

        records, _ = parse("\n".join(["1795348800123456789", "-1", str(2**64), str(2**64 - 1)]), line)
        self.assertEqual([record[1] for record in records], [1795348800123456789, 0, 0, 2**64 - 1])

    def test_local_times_are_read_with_the_offset_of_their_day(self):
        seen = []

        def line(text, _, context):
            seen.append(context.unix_second(int(text)))
            return Line.ENTRY

        _, parser = define_parser(line)
        zone = ((0, 3600), (100_000, 7200), (200_000, 3600))
        parser().parse(b"50000\n104000\n107200\n204000\n300000\n", context(True, zone))
        self.assertEqual(seen, [46_400, 100_400, 100_000, 196_800, 296_400])


class Joined(unittest.TestCase):
    def parse(self, text, **options):
        def joined(text, record, _):
            record.attribute("lines", str(text.count("\n") + 1))
            record.attribute("name", "several")
            record.attribute("last", text.rpartition("\n")[2])
            record.severity(17)

        return parse(text, levels, joined=joined, **options)

    def test_an_entry_of_several_lines_is_shown_once_it_is_complete(self):
        records, skipped = self.parse("INFO a x\n  ö\n  🪵 y\nINFO b z\nINFO c x\n  1\n\n  2\nINFO d x\n 3\n# no\n")
        self.assertEqual(skipped, 2)
        more = {"name": "several"}
        expected = [
            (17, {**more, "message": "x\n  ö\n  🪵 y", "lines": "3", "last": "  🪵 y"}, True),
            (9, {"name": "b", "message": "z"}, True),
            (17, {**more, "message": "x\n  1", "lines": "2", "last": "  1"}, True),
            (0, {}, False),
            (17, {**more, "message": "x\n 3", "lines": "2", "last": " 3"}, True),
        ]
        self.assertEqual([record[2:] for record in records], expected)

    def test_an_entry_may_go_on_behind_blank_lines(self):
        text = "INFO a x\n  1\n\n \n  2\n\nINFO b y\n\nwhat\n  3\n\n"
        records, skipped = self.parse(text, joins_blank_lines=True)
        # A blank line inside an entry is no line of its own either.
        self.assertEqual(skipped, 5)
        bodies = [record[0] for record in records]
        self.assertEqual(bodies, ["INFO a x\n  1\n\n \n  2", "INFO b y", "what", "3"])
        self.assertEqual(records[0][3]["lines"], "5")


class Errors(unittest.TestCase):
    def test_a_line_function_that_raises_refuses_its_text(self):
        def line(text, record, _):
            record.attribute("a", text)
            return {"good": Line.ENTRY, "forgotten": None}[text]

        _, parser = define_parser(line)
        with self.assertRaises(Err) as caught:
            parser().parse(b"good\nbad\n", context(True))
        self.assertRegex(caught.exception.value, r"^KeyError: 'bad' \(.*test_skidway\.py:\d+\)$")
        with self.assertRaises(Err) as caught:
            parser().parse(b"forgotten\n", context(True))
        self.assertIn("returns one of `Line`", caught.exception.value)
        self.assertEqual(read(b"good\n", parser().parse(b"good\n", context(True)), True)[0][3], {"a": "good"})

    def test_settings_are_refused_where_there_are_none(self):
        lifecycle, _ = define_parser(levels)
        lifecycle().configure("{}")
        for json in ('{"a":1}', "[]", "null", "1"):
            with self.assertRaises(Err) as caught:
                lifecycle().configure(json)
            self.assertIn("leave `config` out", caught.exception.value)

        def configure(settings):
            if settings.get("level") != "x":
                raise ValueError("level: write x")

        lifecycle, _ = define_parser(levels, configure=configure)
        lifecycle().configure('{"level":"x"}')
        with self.assertRaises(Err) as caught:
            lifecycle().configure("{}")
        self.assertEqual(caught.exception.value, "level: write x")


if __name__ == "__main__":
    unittest.main()
