/**
 * Write a line function, get a Skidway parser.
 *
 *     import { Line, defineParser } from "./skidway.js";
 *
 *     export const { lifecycle, parser } = defineParser({
 *       line(text, record) {
 *         const space = text.indexOf(" ");
 *         if (space < 0) return Line.UNRECOGNISED;
 *         record.attribute("level", text.slice(0, space));
 *         record.attributeToEnd("message", text.slice(space + 1));
 *         return Line.ENTRY;
 *       },
 *     });
 *
 * What happens around the line function:
 * - White space (space, tab, CR, LF) is trimmed off both ends of an entry; a line of nothing else is skipped and ends
 *   the entry before it.
 * - `Line.CONTINUATION` joins the line to the entry right before it. Without an entry it is a record of its own,
 *   unrecognised.
 * - An entry at the end of the text waits for its continuation, unless no more bytes are coming soon.
 * - A line function that throws gives its line up: it is delivered as it stands, marked with the error.
 *
 * The host wants columns of byte offsets, JavaScript has strings of UTF-16 units: nothing but this file knows of either.
 */

/** What a line turned out to be. */
export const Line = Object.freeze({
  /** The first line of an entry. */
  ENTRY: 0,
  /** A further line of the entry before it. What was set in the record is dropped. */
  CONTINUATION: 1,
  /** Nothing, on purpose: it is counted and not delivered. */
  SKIP: 2,
  /** A line that this parser does not know. It is delivered as it stands, what was set in the record is dropped. */
  UNRECOGNISED: 3,
});

/**
 * The exports of a parser component.
 *
 * `line(text, record, context)` reads one line: never empty, without its line end and trailing white space. Leading
 * white space is still there: it often marks a continuation. It returns one of `Line`. A line may be shown to it
 * twice.
 *
 * `configure(settings)` gets what the user wrote as `config`, `{}` without; it throws an `Error` whose message says
 * what to write instead. A parser without it has no settings.
 *
 * `joined(text, record, context)` sees each entry of several lines once it is complete, as one text, and may set more
 * in its record.
 *
 * With `joinsBlankLines` an entry goes on behind a blank line when a continuation follows.
 */
export function defineParser({ line, configure = noSettings, joined, joinsBlankLines = false }) {
  const author = { line, joined, joinsBlankLines };
  return {
    lifecycle: {
      configure(json) {
        try {
          configure(JSON.parse(json));
        } catch (error) {
          throw error instanceof Error ? error.message : String(error);
        }
      },
    },
    parser: {
      ownsFileAttributes: () => false,
      parse(bytes, context) {
        try {
          return parse(author, bytes, new Context(context));
        } catch (error) {
          // A string is an answer to the host; an `Error` would end the instance.
          throw described(error);
        }
      },
    },
  };
}

function noSettings(settings) {
  if (settings === null || typeof settings !== "object" || Array.isArray(settings) || Object.keys(settings).length > 0) {
    throw new Error("it has no settings: leave `config` out");
  }
}

/** The error and where it came from, on one line. */
function described(error) {
  if (!(error instanceof Error)) return String(error);
  const place = String(error.stack ?? "").split("\n").find((frame) => frame !== "" && !frame.startsWith(error.name));
  return place === undefined ? String(error) : `${error} (${place.trim()})`;
}

/** What a pure function over lines cannot know by itself. */
class Context {
  #zone;

  constructor({ path, referenceTimeUnixNano, zone, fileAttributes, flush }) {
    /** The file's path. */
    this.path = path;
    /** No line was written later than this, give or take a clock set wrong: milliseconds, as a `Date` has them. */
    this.referenceTime = Number(referenceTimeUnixNano / 1_000_000n);
    /** What the host knows of the file: `[{ name, value }]`. It puts these on every record by itself. */
    this.fileAttributes = fileAttributes;
    this.flush = flush;
    this.#zone = zone.map((change) => [Number(change.fromUnixSecond) * 1000, change.utcOffsetSecond * 1000]);
  }

  /**
   * When local clocks show `local`, the milliseconds that it would be in UTC (`Date.UTC`): milliseconds, as a `Date`
   * has them. A time that they show twice is the first of both; one that they skip is read with the offset from before.
   */
  fromLocal(local) {
    let previous;
    for (let index = 0; index < this.#zone.length; index += 1) {
      const [from, offset] = this.#zone[index];
      const time = local - offset;
      if (previous !== undefined && time < from) return previous;
      const next = this.#zone[index + 1];
      if (next === undefined || time < next[0]) return time;
      previous = time;
    }
    return local;
  }
}

/**
 * A record in the making: what a line function fills in.
 *
 * The state of the text at hand lies in variables of this module, not in objects: components interpret JavaScript, and
 * this is what an interpreter does fastest. One text is parsed at a time.
 */
const record = Object.freeze({
  /**
   * When it happened: milliseconds since 1970-01-01T00:00:00Z, as a `Date` has them, and the nanoseconds past them. A
   * time that is none, `NaN` or before 1970, is unknown.
   */
  time(unixMillis, nanoseconds = 0) {
    if (!(unixMillis >= 0 && unixMillis < LATEST_MILLIS)) {
      timeLow = 0;
      timeHigh = 0;
      return;
    }
    // Numbers are exact to 2^53, nanoseconds since 1970 take 61 bits, and a BigInt is slow to make.
    const high = Math.floor(unixMillis / 65536) * 1e6;
    const low = Math.round((unixMillis % 65536) * 1e6) + nanoseconds;
    const sum = (high % 65536) * 65536 + low;
    timeLow = sum % 4294967296;
    timeHigh = Math.floor(high / 65536) + Math.floor(sum / 4294967296);
  },

  /** OpenTelemetry severity number, 1 (TRACE) to 24 (FATAL4); 0 means unspecified. */
  severity(number) {
    severityNumber = number;
  },

  /**
   * Sets an attribute; one that is set twice has its last value, `undefined` and `null` set nothing. Kinds are `text`,
   * `integer`, `float`, `boolean` and `json`; the first use of a name settles the kind of all.
   *
   * A piece of the line costs the least: only its place is handed on.
   */
  attribute(name, value, kind = "text") {
    if (value === undefined || value === null) return;
    const piece = typeof value === "string" ? value : `${value}`;
    // Where the line has it: any place will do, and pieces mostly come in the order of the line.
    let at = content.indexOf(piece, cursor);
    if (at < 0 && cursor > 0) at = content.indexOf(piece);
    if (at < 0) return copy(name, piece, kind);
    const end = at + piece.length;
    if (isAscii) {
      set(name, kind, lineStart + at, lineStart + end);
    } else {
      const from = byteOffset(at);
      const to = byteOffset(end);
      if (from < 0 || to < 0) return copy(name, piece, kind);
      set(name, kind, from, to);
    }
    cursor = end;
  },

  /**
   * Sets an attribute to everything from the start of `rest` to the end of the entry: it grows when lines are joined
   * to the entry. `rest` is the end of the line, be it empty; anything else does not grow. One entry has one such
   * attribute.
   */
  attributeToEnd(name, rest) {
    const from = content.endsWith(rest) ? byteOffset(content.length - rest.length) : -1;
    if (from < 0) {
      copy(name, rest, "text");
      toEnd = -1;
    } else {
      toEnd = set(name, "text", from, lineEnd);
    }
  },
});

const LINE_FEED = 10;
/** Nanoseconds since 1970 are 64 bits. */
const LATEST_MILLIS = 18_446_744_073_000;
const MAX_KEYS = 65_536;
const NONE = new Uint32Array(0);

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

// The records of the text at hand. The columns are kept from text to text and grow as needed: what counts of them is
// said by `records` and `attributes`.
let records;
let origin = new Uint32Array(256);
/** Nanoseconds in halves, low ones first. */
let time = new Uint32Array(512);
let severity = new Uint8Array(256);
let bodyStart = new Uint32Array(256);
let bodyEnd = new Uint32Array(256);
let attributesEnd = new Uint32Array(256);

let attributes;
let attributeKey = new Uint16Array(2048);
let attributeStart = new Uint32Array(2048);
let attributeEnd = new Uint32Array(2048);

let textLength;
let skipped;
let unrecognised;
let keys;
let keyByName;
let scratch;
let scratchLength;
/** Whether the last record may be continued, and was. */
let open;
let grown;
/** The attribute that grows with it, or -1; how many lines were skipped before it. */
let openAttribute;
let skippedBefore;

// The record at hand. Its attributes are those from `firstAttribute` on, with keys below `nextKey`.
let timeLow;
let timeHigh;
let severityNumber;
let firstAttribute;
let nextKey;
let toEnd;

// The line at hand: its text, and its place in bytes.
let content;
let lineStart;
let lineEnd;
let isAscii;
/** Where the last value ended, in units of `content`. */
let cursor;
/** A place in `content` whose byte offset is known. */
let knownUnit;
let knownByte;

/** From a text to columns. */
function parse(author, bytes, context) {
  const text = decoder.decode(bytes);
  beginText(bytes.length);
  // UTF-8 has as many bytes as UTF-16 has units where all of it is ASCII, and more everywhere else.
  const ascii = text.length === bytes.length;
  let start = 0;
  let byteStart = 0;
  while (start < text.length) {
    let end = text.indexOf("\n", start);
    if (end < 0) {
      if (!context.flush) break;
      end = text.length;
    }
    const byteEnd = ascii ? end : end < text.length ? bytes.indexOf(LINE_FEED, byteStart) : bytes.length;
    let trimmed = end;
    while (trimmed > start && isSpace(text.charCodeAt(trimmed - 1))) trimmed -= 1;
    if (trimmed === start) {
      skip(author, bytes, context, !author.joinsBlankLines);
    } else {
      take(author, bytes, context, text.substring(start, trimmed), byteStart, byteEnd - (end - trimmed));
    }
    start = end + 1;
    byteStart = byteEnd + 1;
  }
  return answer(author, bytes, context, Math.min(byteStart, bytes.length));
}

function isSpace(unit) {
  return unit <= 32 && (unit === 32 || unit === 9 || unit === 13 || unit === 10);
}

function beginText(length) {
  textLength = length;
  records = 0;
  attributes = 0;
  skipped = 0;
  unrecognised = [];
  keys = [];
  keyByName = new Map();
  scratch = [];
  scratchLength = 0;
  open = false;
  grown = false;
  openAttribute = -1;
  skippedBefore = 0;
  beginRecord();
}

function beginRecord() {
  timeLow = 0;
  timeHigh = 0;
  severityNumber = 0;
  firstAttribute = attributes;
  nextKey = 0;
  toEnd = -1;
}

/** The values that follow are pieces of `text`, which is at these bytes. */
function beginLine(text, start, end) {
  content = text;
  lineStart = start;
  lineEnd = end;
  isAscii = text.length === end - start;
  cursor = 0;
  knownUnit = 0;
  knownByte = start;
}

/** Does as the line function says. */
function take(author, bytes, context, text, start, end) {
  beginLine(text, start, end);
  let kind = author.line(text, record, context);
  if (grown && kind !== Line.CONTINUATION && author.joined) {
    // That entry's attributes come before those of this line, which is asked again.
    discard();
    complete(author, bytes, context);
    beginLine(text, start, end);
    kind = author.line(text, record, context);
  }
  switch (kind) {
    case Line.ENTRY:
      skippedBefore = skipped;
      openAttribute = toEnd;
      push();
      open = true;
      break;
    case Line.CONTINUATION:
      if (!open) {
        pushUnrecognised();
        break;
      }
      discard();
      grown = true;
      bodyEnd[records - 1] = end;
      if (openAttribute >= 0) attributeEnd[openAttribute] = end;
      break;
    case Line.SKIP:
      discard();
      skip(author, bytes, context, true);
      break;
    case Line.UNRECOGNISED:
      pushUnrecognised();
      break;
    default:
      throw new TypeError("a line function returns one of `Line`");
  }
}

function skip(author, bytes, context, closes) {
  skipped += 1;
  if (!closes) return;
  if (grown && author.joined) complete(author, bytes, context);
  open = false;
}

/** Shows the last record, of several lines, to `joined`. */
function complete(author, bytes, context) {
  const last = records - 1;
  const text = decoder.decode(bytes.subarray(bodyStart[last], bodyEnd[last]));
  beginLine(text, bodyStart[last], bodyEnd[last]);
  timeLow = time[2 * last];
  timeHigh = time[2 * last + 1];
  severityNumber = severity[last];
  firstAttribute = last > 0 ? attributesEnd[last - 1] : 0;
  nextKey = keys.length;
  author.joined(text, record, context);
  time[2 * last] = timeLow;
  time[2 * last + 1] = timeHigh;
  severity[last] = severityNumber;
  attributesEnd[last] = attributes;
  grown = false;
  beginRecord();
}

function pushUnrecognised() {
  discard();
  unrecognised.push(records);
  push();
  open = false;
}

/** Forgets what was set since the last record. */
function discard() {
  attributes = firstAttribute;
  beginRecord();
}

function push() {
  if (records === origin.length) growRecords();
  let leading = 0;
  while (isSpace(content.charCodeAt(leading))) leading += 1;
  origin[records] = lineStart;
  time[2 * records] = timeLow;
  time[2 * records + 1] = timeHigh;
  severity[records] = severityNumber;
  bodyStart[records] = lineStart + leading;
  bodyEnd[records] = lineEnd;
  attributesEnd[records] = attributes;
  records += 1;
  grown = false;
  beginRecord();
}

/** Sets an attribute of the record at hand and tells its place in the columns. */
function set(name, kind, start, end) {
  // Records mostly set the same names in the same order.
  let key = nextKey;
  if (key >= keys.length || keys[key].name !== name) key = keyOf(name, kind);
  let at = attributes;
  if (key >= nextKey) {
    nextKey = key + 1;
  } else {
    at = firstAttribute;
    while (at < attributes && attributeKey[at] !== key) at += 1;
  }
  if (at === attributes) {
    if (at === attributeKey.length) growAttributes();
    attributes += 1;
  }
  attributeKey[at] = key;
  attributeStart[at] = start;
  attributeEnd[at] = end;
  return at;
}

function keyOf(name, kind) {
  const known = keyByName.get(name);
  if (known !== undefined) return known;
  if (keys.length === MAX_KEYS) throw new RangeError(`attributes have more than ${MAX_KEYS} names`);
  keys.push({ name, kind, subject: "entry" });
  keyByName.set(name, keys.length - 1);
  return keys.length - 1;
}

/** Sets an attribute to what the line does not have. */
function copy(name, value, kind) {
  const bytes = encoder.encode(value);
  const start = textLength + scratchLength;
  scratch.push(bytes);
  scratchLength += bytes.length;
  set(name, kind, start, start + bytes.length);
}

/** The byte offset of a place in the line; -1 inside a character. */
function byteOffset(unit) {
  if (isAscii) return lineStart + unit;
  if (isHalf(content.charCodeAt(unit), 0xdc00) && isHalf(content.charCodeAt(unit - 1), 0xd800)) return -1;
  if (unit < knownUnit) {
    knownUnit = 0;
    knownByte = lineStart;
  }
  while (knownUnit < unit) {
    const code = content.charCodeAt(knownUnit);
    // Both halves of a pair together make four bytes.
    knownByte += code < 0x80 ? 1 : code < 0x800 || (code & 0xf800) === 0xd800 ? 2 : 3;
    knownUnit += 1;
  }
  return knownByte;
}

function isHalf(code, first) {
  return (code & 0xfc00) === first;
}

function growRecords() {
  origin = doubled(origin);
  time = doubled(time);
  severity = doubled(severity);
  bodyStart = doubled(bodyStart);
  bodyEnd = doubled(bodyEnd);
  attributesEnd = doubled(attributesEnd);
}

function growAttributes() {
  attributeKey = doubled(attributeKey);
  attributeStart = doubled(attributeStart);
  attributeEnd = doubled(attributeEnd);
}

function doubled(column) {
  const larger = new column.constructor(2 * column.length);
  larger.set(column);
  return larger;
}

/** What the host is told of the text; good until the next one. */
function answer(author, bytes, context, end) {
  let consumed = end;
  if (open && !context.flush) {
    // It may go on: it is offered again with more bytes behind it.
    skipped = skippedBefore;
    records -= 1;
    consumed = origin[records];
    attributes = records > 0 ? attributesEnd[records - 1] : 0;
  } else if (grown && author.joined) {
    complete(author, bytes, context);
  }
  return {
    records: {
      origin: origin.subarray(0, records),
      timeUnixNano: new BigUint64Array(time.buffer, 0, records),
      severityNumber: severity.subarray(0, records),
      severityTextStart: NONE,
      severityTextEnd: NONE,
      bodyStart: bodyStart.subarray(0, records),
      bodyEnd: bodyEnd.subarray(0, records),
      bodyJson: NONE,
      attributesEnd: attributesEnd.subarray(0, records),
      attributeKey: attributeKey.subarray(0, attributes),
      attributeStart: attributeStart.subarray(0, attributes),
      attributeEnd: attributeEnd.subarray(0, attributes),
      keys,
      scratch: joined(scratch, scratchLength),
    },
    consumed,
    skippedLines: skipped,
    dropped: 0,
    entries: records,
    unrecognised: Uint32Array.from(unrecognised),
    unrecognisedReason: "",
  };
}

function joined(parts, length) {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
