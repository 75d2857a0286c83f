// Parses what this application writes:
//
//     2026-11-22T11:19:23.080Z WARN billing: card 4711 was declined
//         an indented line belongs to the entry before it

import { Line, defineParser } from "./skidway.js";

/** `STAMP LEVEL COMPONENT: message`. */
const FIRST = /^(\d{4}-\d\d-\d\dT\S+(?:Z|[+-]\d\d:\d\d)) ([A-Z]+) ([^:]+):(?: |$)/;

/** OpenTelemetry's numbers. */
const SEVERITIES = { TRACE: 1, DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17, FATAL: 21 };

function line(text, record) {
  if (text.startsWith(" ") || text.startsWith("\t")) return Line.CONTINUATION;
  const found = FIRST.exec(text);
  if (found === null) return Line.UNRECOGNISED;
  const [start, stamp, level, component] = found;
  const time = Date.parse(stamp);
  const severity = SEVERITIES[level];
  if (Number.isNaN(time) || severity === undefined) return Line.UNRECOGNISED;

  record.time(time);
  record.severity(severity);
  record.attribute("component", component);
  // To the end of the entry: it grows with the lines that follow.
  record.attributeToEnd("message", text.slice(start.length));
  return Line.ENTRY;
}

export const { lifecycle, parser } = defineParser({ line });
