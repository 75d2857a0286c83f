// `node --test`: the SDK without a sandbox. Every answer is checked the way the host does.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Line, defineParser } from "./skidway.js";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encode = (text) => new TextEncoder().encode(text);

const context = (flush) => ({
  path: "test.log",
  referenceTimeUnixNano: 1_795_348_800_000_000_000n,
  zone: [{ fromUnixSecond: 0n, utcOffsetSecond: 0 }],
  flush,
  offset: 0n,
  entriesBefore: 0n,
  fileAttributes: [],
});

/** The records of an answer, as the host reads them. */
function read(bytes, { records, consumed, entries, unrecognised }, flush) {
  assert.ok(flush ? consumed === bytes.length : consumed === 0 || bytes[consumed - 1] === 10, `consumed ${consumed}`);
  const all = new Uint8Array([...bytes, ...records.scratch]);
  const text = (start, end) => {
    assert.ok(start <= end && end <= all.length && (end <= bytes.length || start >= bytes.length));
    return decoder.decode(all.subarray(start, end));
  };
  assert.equal(entries, records.origin.length);
  assert.equal(records.attributesEnd.at(-1) ?? 0, records.attributeKey.length);
  let first = 0;
  return Array.from(records.origin, (origin, index) => {
    assert.ok(origin < consumed && (index === 0 || origin >= records.origin[index - 1]));
    const attributes = {};
    for (; first < records.attributesEnd[index]; first += 1) {
      const { name } = records.keys[records.attributeKey[first]];
      assert.ok(!(name in attributes), `${name} twice`);
      attributes[name] = text(records.attributeStart[first], records.attributeEnd[first]);
    }
    return {
      body: text(records.bodyStart[index], records.bodyEnd[index]),
      time: records.timeUnixNano[index],
      severity: records.severityNumber[index],
      attributes,
      recognised: !unrecognised.includes(index),
    };
  });
}

/** Parses a text that arrives up to each line end that `cut` says yes to. */
function pieces(parser, text, cut) {
  const bytes = encode(text);
  const all = [];
  let skipped = 0;
  let start = 0;
  for (let end = 1; end <= bytes.length; end += 1) {
    if (end < bytes.length && !(bytes[end - 1] === 10 && cut())) continue;
    const flush = end === bytes.length;
    const piece = bytes.subarray(start, end);
    const answer = parser.parse(piece, context(flush));
    all.push(...read(piece, answer, flush));
    skipped += answer.skippedLines;
    start += answer.consumed;
  }
  return { all, skipped };
}

function parse(line, text, options = {}) {
  const { parser } = defineParser({ line, ...options });
  const whole = pieces(parser, text, () => false);
  assert.deepEqual(pieces(parser, text, () => true), whole, "line by line it is not the same");
  let random = 1;
  for (let round = 0; round < 16; round += 1) {
    const cut = () => {
      random = (random * 48271) % 2147483647;
      return random % 3 === 0;
    };
    assert.deepEqual(pieces(parser, text, cut), whole, "in pieces it is not the same");
  }
  return whole;
}

/** `LEVEL NAME text`; an indented line goes on, `#` is a comment. */
function levels(text, record) {
  if (text.startsWith(" ")) return Line.CONTINUATION;
  if (text.startsWith("#")) return Line.SKIP;
  const found = /^(INFO|WARN) (\S+) (.*)$/su.exec(text);
  if (found === null) {
    record.attribute("dropped", text);
    return Line.UNRECOGNISED;
  }
  record.severity(found[1] === "INFO" ? 9 : 13);
  record.attribute("name", found[2]);
  record.attributeToEnd("message", found[3]);
  return Line.ENTRY;
}

test("lines become records", () => {
  const { all, skipped } = parse(levels, "INFO a one\n\n# no\nWARN b two  \r\n  more\n\tx\nwhat\n   late\nINFO c x");
  assert.equal(skipped, 2);
  assert.deepEqual(
    all.map(({ body, severity, attributes, recognised }) => [body, severity, attributes, recognised]),
    [
      ["INFO a one", 9, { name: "a", message: "one" }, true],
      ["WARN b two  \r\n  more", 13, { name: "b", message: "two  \r\n  more" }, true],
      ["x", 0, {}, false],
      ["what", 0, {}, false],
      ["late", 0, {}, false],
      ["INFO c x", 9, { name: "c", message: "x" }, true],
    ],
  );
});

function joined(text, record) {
  record.attribute("lines", text.split("\n").length, "integer");
  record.attribute("name", "several");
  record.attribute("last", text.slice(text.lastIndexOf("\n") + 1));
  record.severity(17);
}

test("an entry of several lines is shown once it is complete", () => {
  const text = "INFO a x\n  ö\n  🪵 y\nINFO b z\nINFO c x\n  1\n\n  2\nINFO d x\n 3\n# no\n";
  const { all, skipped } = parse(levels, text, { joined });
  assert.equal(skipped, 2);
  assert.deepEqual(
    all.map(({ severity, attributes, recognised }) => [severity, attributes, recognised]),
    [
      [17, { name: "several", message: "x\n  ö\n  🪵 y", lines: "3", last: "  🪵 y" }, true],
      [9, { name: "b", message: "z" }, true],
      [17, { name: "several", message: "x\n  1", lines: "2", last: "  1" }, true],
      [0, {}, false],
      [17, { name: "several", message: "x\n 3", lines: "2", last: " 3" }, true],
    ],
  );
});

test("an entry may go on behind blank lines", () => {
  const text = "INFO a x\n  1\n\n \n  2\n\nINFO b y\n\nwhat\n  3\n\n";
  const { all, skipped } = parse(levels, text, { joined, joinsBlankLines: true });
  // A blank line inside an entry is no line of its own either.
  assert.equal(skipped, 5);
  assert.deepEqual(all.map(({ body }) => body), ["INFO a x\n  1\n\n \n  2", "INFO b y", "what", "3"]);
  assert.equal(all[0].attributes.lines, "5");
});

test("only four characters are white space, and only one ends a line", () => {
  const odd = "INFO a x\u2028y\u000bz\u0085\u00a0";
  const { all, skipped } = parse(levels, `${odd} \r\n\u3000\n`);
  assert.equal(skipped, 0);
  assert.deepEqual(all.map(({ body }) => body), [odd, "\u3000"]);
});

test("offsets are bytes: umlauts, emoji, a byte order mark", () => {
  const { all } = parse(levels, "\ufeffINFO ä ö\nINFO 🪵müller 🪵 dürr 漢\n  weiter 🪓\nINFO z ß\n🪵\n");
  assert.deepEqual(
    all.map(({ body, attributes }) => [body, attributes]),
    [
      ["\ufeffINFO ä ö", {}],
      ["INFO 🪵müller 🪵 dürr 漢\n  weiter 🪓", { name: "🪵müller", message: "🪵 dürr 漢\n  weiter 🪓" }],
      ["INFO z ß", { name: "z", message: "ß" }],
      ["🪵", {}],
    ],
  );
});

test("any value is delivered as it is, wherever it is from", () => {
  const words = ["a", "ab", "ä", "äb", "🪵", "🪵x", "漢字", "", "  ", "b", "é"];
  let random = 7;
  const pick = (below) => (random = (random * 48271) % 2147483647) % below;
  const expected = [];
  const lines = [];
  for (let at = 0; at < 400; at += 1) {
    const line = `x${Array.from({ length: 6 }, () => words[pick(words.length)]).join(" ")}y`;
    const characters = Array.from(line);
    const values = Array.from({ length: 5 }, () => {
      const start = pick(characters.length);
      return pick(4) === 0 ? words[pick(words.length)] : characters.slice(start, start + pick(8)).join("");
    });
    lines.push(line);
    expected.push({ ...values });
  }
  const line = (text, record) => {
    const own = expected[lines.indexOf(text)];
    for (const name of Object.keys(own)) record.attribute(name, own[name]);
    return Line.ENTRY;
  };
  const { all } = parse(line, lines.join("\n"));
  assert.deepEqual(all.map(({ attributes }) => attributes), lines.map((text) => expected[lines.indexOf(text)]));
});

test("half a character is no character", () => {
  const line = (text, record) => {
    record.attribute("half", text.slice(0, 2));
    record.attribute("other", text.slice(2));
    record.attributeToEnd("rest", text.slice(2));
    return Line.ENTRY;
  };
  const { all } = parse(line, "a🪵b\n");
  assert.deepEqual(all[0].attributes, { half: "a\ufffd", other: "\ufffdb", rest: "\ufffdb" });
});

test("an attribute that is set twice has its last value; undefined sets nothing", () => {
  const line = (text, record) => {
    record.attribute("a", "1");
    record.attribute("b", 2, "integer");
    record.attribute("a", text);
    record.attribute("c", undefined);
    return Line.ENTRY;
  };
  const { all } = parse(line, "x\ny\n");
  assert.deepEqual(all.map(({ attributes }) => attributes), [{ a: "x", b: "2" }, { a: "y", b: "2" }]);
});

test("names may come in any order, and many of them", () => {
  const line = (text, record) => {
    for (const pair of text.split(" ")) record.attribute(...pair.split("="));
    return Line.ENTRY;
  };
  const text = Array.from({ length: 3000 }, (_, at) => `k${at % 700}=${at} b=2 a=1 k${(at * 7) % 50}0=x`).join("\n");
  const { parser } = defineParser({ line });
  const bytes = encode(text);
  const records = read(bytes, parser.parse(bytes, context(true)), true);
  records.forEach(({ body, attributes }) => {
    assert.deepEqual(attributes, Object.fromEntries(body.split(" ").map((pair) => pair.split("="))));
  });
});

test("times are exact to the nanosecond", () => {
  const line = (text, record) => {
    record.time(...text.split(" ").map(Number));
    return Line.ENTRY;
  };
  const times = ["0 1", "1795348800123 456789", "18446744072999 999999", "4294967296000", "65536", "NaN", "-1", "18446744073000"];
  const { all } = parse(line, times.join("\n"));
  assert.deepEqual(
    all.map(({ time }) => time),
    [1n, 1795348800123456789n, 18446744072999999999n, 4294967296000000000n, 65536000000n, 0n, 0n, 0n],
  );
});

test("local times are read with the offset of their day", () => {
  const seen = [];
  const { parser } = defineParser({
    line(text, _, context) {
      seen.push(context.fromLocal(Number(text) * 1000) / 1000);
      return Line.ENTRY;
    },
  });
  const zone = [
    { fromUnixSecond: 0n, utcOffsetSecond: 3600 },
    { fromUnixSecond: 100_000n, utcOffsetSecond: 7200 },
    { fromUnixSecond: 200_000n, utcOffsetSecond: 3600 },
  ];
  parser.parse(encode("50000\n104000\n107200\n204000\n300000\n"), { ...context(true), zone });
  assert.deepEqual(seen, [46_400, 100_400, 100_000, 196_800, 296_400]);
});

test("a line function that throws refuses its text, and the next one is fresh", () => {
  const { parser } = defineParser({
    line(text, record) {
      record.attribute("a", text);
      if (text === "bad") throw new TypeError("no such thing");
      return Line.ENTRY;
    },
  });
  assert.throws(
    () => parser.parse(encode("good\nbad\n"), context(true)),
    (error) => typeof error === "string" && /^TypeError: no such thing \(.*skidway\.test\.js:\d+:\d+\)?/.test(error),
  );
  const bytes = encode("good\n");
  assert.deepEqual(read(bytes, parser.parse(bytes, context(true)), true)[0].attributes, { a: "good" });
  const forgetful = defineParser({ line() {} });
  assert.throws(() => forgetful.parser.parse(encode("x\n"), context(true)), (error) => /one of `Line`/.test(error));
});

test("settings are refused where there are none", () => {
  const { lifecycle } = defineParser({ line: levels });
  lifecycle.configure("{}");
  for (const json of ['{"a":1}', "[]", "null", "1"]) {
    assert.throws(() => lifecycle.configure(json), (error) => error.includes("leave `config` out"));
  }
  const strict = defineParser({
    line: levels,
    configure({ level }) {
      if (level !== "x") throw new Error("level: write x");
    },
  });
  strict.lifecycle.configure('{"level":"x"}');
  assert.throws(() => strict.lifecycle.configure("{}"), (error) => error === "level: write x");
});
