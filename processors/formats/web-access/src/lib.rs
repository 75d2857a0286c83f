//! Access logs of nginx and Apache, in the formats that their packages come with:
//! `203.0.113.9 - ana [25/Nov/2026:14:30:08 +0000] "GET /a?b=c HTTP/1.1" 200 612 "-" "curl/8.5"`.
//!
//! That is common (up to the size), combined (as above), combined with the virtual host
//! in front (Debian's `vhost_combined`), and combined with what nginx's own packages add
//! (`"$http_x_forwarded_for"`) or with the time that the request took at the end: seconds
//! with a fraction (nginx's `$request_time`) or whole microseconds (Apache's `%D`). What
//! follows is passed over.
//!
//! Attributes are those of the semantic conventions for HTTP; headers, which are lists
//! there, are texts. The class of the status is the severity. A request that is none, as
//! scanners send them, is the `message`.

use memchr::{memchr, memrchr};
use skidway_sdk::http::request_line;
use skidway_sdk::time::{Stamp, common_log};
use skidway_sdk::{Context, Kind, Line, Parser, Record, Text, no_settings};

static KEYS: [&str; 17] = [
    "timestamp",
    "server.address",
    "server.port",
    "client.address",
    "user.name",
    "http.request.method",
    "url.path",
    "url.query",
    "url.original",
    "network.protocol.version",
    "message",
    "http.response.status_code",
    "http.response.body.size",
    "http.request.header.referer",
    "user_agent.original",
    "http.request.header.x-forwarded-for",
    "http.server.request.duration",
];

/// The parser; it has no settings.
#[derive(Debug)]
pub struct WebAccess;

impl Parser for WebAccess {
    const KEYS: &'static [&'static str] = &KEYS;

    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self)
    }

    #[inline]
    fn line(&self, line: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
        match read(line, out) {
            Some(()) => Line::Entry,
            None => Line::Unrecognised,
        }
    }
}

#[inline]
fn read(line: &[u8], out: &mut Record<'_>) -> Option<()> {
    let (bracket, stamp) = find_stamp(line)?;
    let front = Front::read(line.get(..bracket)?)?;
    let (written, rest) = line.get(bracket + 1..)?.split_at_checked(stamp.len)?;
    let (request, rest) = Text::until_quote(rest.strip_prefix(b"] \"")?)?;
    let (status, rest) = word(rest.strip_prefix(b" ")?);
    let (size, rest) = word(rest.strip_prefix(b" ")?);
    if !is_status(status) || !is_number(size) {
        return None;
    }
    let tail = Tail::read(rest)?;

    let [timestamp, host, port, client, user, ..] = KEYS;
    out.time(stamp.unix_nano);
    out.severity(severity(status));
    out.attribute(timestamp, written);
    if let Some(vhost) = front.vhost {
        match memrchr(b':', vhost).map(|at| (vhost.get(..at), vhost.get(at + 1..))) {
            Some((Some(name), Some(number)))
                if !number.is_empty() && number.iter().all(u8::is_ascii_digit) =>
            {
                out.attribute(host, name);
                out.attribute_as(port, Kind::Integer, number);
            }
            _ => out.attribute(host, vhost),
        }
    }
    out.attribute(client, front.client);
    text(user, Text::quoted(front.user), out);
    describe_request(request, out);
    let [.., status_code, body_size, referer, agent, forwarded, duration] = KEYS;
    if status != b"-" {
        out.attribute_as(status_code, Kind::Integer, status);
    }
    if size != b"-" {
        out.attribute_as(body_size, Kind::Integer, size);
    }
    text(referer, tail.referer, out);
    text(agent, tail.agent, out);
    text(forwarded, tail.forwarded, out);
    if memchr(b'.', tail.took).is_some() {
        out.attribute_as(duration, Kind::Float, tail.took);
    } else if !tail.took.is_empty() {
        let mut seconds = [b'0'; 24];
        out.attribute_as(duration, Kind::Float, microseconds(tail.took, &mut seconds)?);
    }
    Some(())
}

/// Where the bracket of the stamp is, and the stamp. A user's name may hold a bracket,
/// too.
#[inline]
fn find_stamp(line: &[u8]) -> Option<(usize, Stamp)> {
    memchr::memchr_iter(b'[', line).take(8).find_map(|at| Some((at, common_log(line.get(at + 1..)?)?)))
}

/// What stands before the stamp.
struct Front<'l> {
    vhost: Option<&'l [u8]>,
    client: &'l [u8],
    user: &'l [u8],
}

impl<'l> Front<'l> {
    /// `CLIENT IDENTITY USER ` or `VHOST CLIENT IDENTITY USER `, where the identity is
    /// nearly always `-` and the user may hold blanks.
    #[inline]
    fn read(front: &'l [u8]) -> Option<Self> {
        let front = front.strip_suffix(b" ")?;
        let (first, rest) = word(front);
        let (second, third_on) = word(rest.strip_prefix(b" ")?);
        let third_on = third_on.strip_prefix(b" ")?;
        if first.is_empty() || second.is_empty() {
            return None;
        }
        let (third, rest) = word(third_on);
        // Apache's way to write a name that is empty.
        let named = |user: &'l [u8]| if user == b"\"\"" { b"-" } else { user };
        match rest.strip_prefix(b" ") {
            Some(user) if third == b"-" && second != b"-" => {
                Some(Self { vhost: Some(first), client: second, user: named(user) })
            }
            _ => Some(Self { vhost: None, client: first, user: named(third_on) }),
        }
    }
}

/// What stands behind the size: all of it may be missing, or empty.
struct Tail<'l> {
    referer: Text<'l>,
    agent: Text<'l>,
    forwarded: Text<'l>,
    took: &'l [u8],
}

impl<'l> Tail<'l> {
    #[inline]
    fn read(rest: &'l [u8]) -> Option<Self> {
        let nothing = Text::plain(b"");
        let mut tail = Self { referer: nothing, agent: nothing, forwarded: nothing, took: b"" };
        let Some(rest) = rest.strip_prefix(b" \"") else {
            // Common, perhaps with the time.
            tail.took = took(rest)?;
            return Some(tail);
        };
        let (referer, rest) = Text::until_quote(rest)?;
        let (agent, mut rest) = Text::until_quote(rest.strip_prefix(b" \"")?)?;
        (tail.referer, tail.agent) = (referer, agent);
        if let Some(quoted) = rest.strip_prefix(b" \"") {
            (tail.forwarded, rest) = Text::until_quote(quoted)?;
        }
        tail.took = took(rest)?;
        Some(tail)
    }
}

/// The number that stands at the start of `rest`, behind a blank; empty where there is
/// something else.
#[inline]
fn took(rest: &[u8]) -> Option<&[u8]> {
    if rest.is_empty() {
        return Some(rest);
    }
    let (number, _) = word(rest.strip_prefix(b" ")?);
    let digits = number.iter().filter(|byte| byte.is_ascii_digit()).count();
    let points = number.iter().filter(|&&byte| byte == b'.').count();
    let is_number = digits > 0 && digits < 18 && points <= 1 && digits + points == number.len();
    Some(if is_number && number.first() != Some(&b'.') { number } else { &[] })
}

/// Microseconds as seconds.
fn microseconds<'b>(digits: &[u8], out: &'b mut [u8; 24]) -> Option<&'b [u8]> {
    let zeros = 7usize.saturating_sub(digits.len());
    let len = zeros + digits.len();
    out.get_mut(zeros..len)?.copy_from_slice(digits);
    // Room for the point.
    out.copy_within(len - 6..len, len - 5);
    *out.get_mut(len - 6)? = b'.';
    out.get(..=len)
}

#[inline]
fn describe_request(request: Text<'_>, out: &mut Record<'_>) {
    let [_, _, _, _, _, method, path, query, original, version, message, ..] = KEYS;
    let part = |raw| Text { raw, escaped: request.escaped };
    let Some(line) = request_line(request.raw) else { return text(message, request, out) };
    out.attribute(method, line.method);
    if line.path.is_empty() {
        out.attribute_text(original, part(line.target));
    } else {
        out.attribute_text(path, part(line.path));
        text(query, part(line.query), out);
    }
    if !line.version.is_empty() {
        out.attribute(version, line.version);
    }
}

/// Sets what is there.
#[inline]
fn text(key: &'static str, value: Text<'_>, out: &mut Record<'_>) {
    if !value.raw.is_empty() && value.raw != b"-" {
        out.attribute_text(key, value);
    }
}

/// The text up to the next blank, and the rest from there on.
#[inline]
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(memchr(b' ', text).unwrap_or(text.len()))
}

#[inline]
fn is_status(word: &[u8]) -> bool {
    word == b"-" || (word.len() == 3 && word.iter().all(u8::is_ascii_digit))
}

#[inline]
fn is_number(word: &[u8]) -> bool {
    word == b"-" || (!word.is_empty() && word.iter().all(u8::is_ascii_digit))
}

#[inline]
fn severity(status: &[u8]) -> u8 {
    match status {
        [b'1'..=b'3', ..] => 9,
        [b'4', ..] => 13,
        [b'5', ..] => 17,
        _ => 0,
    }
}

skidway_sdk::export_parser!(WebAccess);

#[cfg(test)]
mod tests;
