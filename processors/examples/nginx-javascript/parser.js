// Parses nginx's access log, in the format `combined` or with the seconds that a request took behind it:
//
//     log_format timed '$remote_addr - $remote_user [$time_local] "$request" '
//                      '$status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time';
//
// Names are those of OpenTelemetry's semantic conventions.

import { Line, defineParser } from "./skidway.js";

const MONTHS = { Jan: 0, Feb: 1, Mar: 2, Apr: 3, May: 4, Jun: 5, Jul: 6, Aug: 7, Sep: 8, Oct: 9, Nov: 10, Dec: 11 };

// nginx writes `\x22` for a quote that is part of a value.
const COMBINED =
  /^(\S+) - (\S+) \[(\d\d)\/(\w{3})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\] "([^"]*)" (\d{3}) (\d+) "([^"]*)" "([^"]*)"(?: ([\d.]+))?$/;
const REQUEST = /^([A-Z]+) (\S+) HTTP\/([\d.]+)$/;

function line(text, record) {
  const found = COMBINED.exec(text);
  if (found === null) return Line.UNRECOGNISED;
  const [, address, user, day, month, year, hour, minute, second, sign, hours, minutes] = found;
  const [, , , , , , , , , , , , request, status, size, referer, agent, seconds] = found;

  const ahead = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -60_000 : 60_000);
  record.time(Date.UTC(year, MONTHS[month], day, hour, minute, second) - ahead);
  record.severity(status >= "500" ? 17 : status >= "400" ? 13 : 9);

  record.attribute("client.address", address);
  if (user !== "-") record.attribute("user.name", user);
  const parts = REQUEST.exec(request);
  if (parts === null) {
    // Whatever a client sent, in place of a request.
    record.attribute("http.request.line", request);
  } else {
    const query = parts[2].indexOf("?");
    record.attribute("http.request.method", parts[1]);
    record.attribute("url.path", query < 0 ? parts[2] : parts[2].slice(0, query));
    if (query >= 0) record.attribute("url.query", parts[2].slice(query + 1));
    record.attribute("network.protocol.version", parts[3]);
  }
  record.attribute("http.response.status_code", status, "integer");
  record.attribute("http.response.body.size", size, "integer");
  if (referer !== "-") record.attribute("http.request.header.referer", referer);
  if (agent !== "-") record.attribute("user_agent.original", agent);
  record.attribute("http.server.request.duration", seconds, "float");
  return Line.ENTRY;
}

export const { lifecycle, parser } = defineParser({ line });
