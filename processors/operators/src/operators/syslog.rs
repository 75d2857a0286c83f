//! Syslog messages (RFC 3164, RFC 5424; collector-contrib, `parser/syslog`, whose
//! strictness is that of go-syslog).

use skidway_stamp::severity::SYSLOG;
use skidway_stamp::{Layout, Zone};

use super::parse::Places;
use crate::chain::{Failure, Fate, Making, Operator, Surroundings};
use crate::entry::Entry;
use crate::settings::{Problem, Settings};
use crate::value::{Map, Name, Str, Value};

#[derive(Debug)]
pub(crate) struct Syslog {
    places: Places,
    protocol: Protocol,
    optional_priority: bool,
    zone: Option<Zone>,
    stamp: Layout,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Rfc3164,
    Rfc5424,
}

pub(crate) const KNOWN: &[&str] = &[
    "protocol",
    "location",
    "enable_octet_counting",
    "allow_skip_pri_header",
    "non_transparent_framing_trailer",
    "max_octets",
    "parse_from",
    "parse_to",
    "timestamp",
    "severity",
];

/// What a message says.
#[derive(Default)]
struct Message<'m> {
    priority: Option<u8>,
    stamp: Option<&'m str>,
    version: Option<i64>,
    texts: Vec<(&'static str, &'m str)>,
    data: Option<Map<'static>>,
}

impl Syslog {
    pub(crate) fn new(settings: &Settings<'_>, making: &Making<'_>) -> Result<Self, Problem> {
        let (protocol, stamp) = match settings.required("protocol", "write rfc3164 or rfc5424")? {
            "rfc3164" => (Protocol::Rfc3164, Layout::gotime("Jan _2 15:04:05")),
            "rfc5424" => (Protocol::Rfc5424, Layout::gotime("2006-01-02T15:04:05.999999Z07:00")),
            other => {
                return Err(settings
                    .wrong("protocol", format!("`{other}` is unknown; there are rfc3164 and rfc5424")));
            }
        };
        for network in ["enable_octet_counting", "non_transparent_framing_trailer", "max_octets"] {
            let is_off = settings.get(network).is_none_or(|json| json == false || json == 0);
            if !is_off {
                return Err(
                    settings.wrong(network, "it is meant for messages from a network; files have lines")
                );
            }
        }
        let zone = match settings.text("location")?.unwrap_or("UTC") {
            "" => Some(Zone::utc()),
            name => making.zones.find(name).map_err(|why| settings.wrong("location", why))?,
        };
        Ok(Self {
            places: Places::new(settings, making)?,
            protocol,
            optional_priority: settings.boolean("allow_skip_pri_header")?,
            zone,
            stamp,
        })
    }

    fn parse<'m>(&self, text: &'m str) -> Option<Message<'m>> {
        let mut message = Message::default();
        let rest = match priority(text) {
            Some((priority, rest)) => {
                message.priority = Some(priority);
                rest
            }
            None if self.optional_priority && !text.starts_with('<') => text,
            None => return None,
        };
        match self.protocol {
            Protocol::Rfc3164 => rfc3164(rest, &mut message)?,
            Protocol::Rfc5424 => rfc5424(rest, &mut message)?,
        }
        Some(message)
    }
}

/// `<0>` to `<191>`.
fn priority(text: &str) -> Option<(u8, &str)> {
    let (digits, rest) = text.strip_prefix('<')?.split_once('>')?;
    let plain = matches!(digits.len(), 1..=3) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let well_formed = plain && (digits == "0" || !digits.starts_with('0'));
    let priority = digits.parse().ok().filter(|priority| *priority <= 191 && well_formed)?;
    Some((priority, rest))
}

/// `Oct 11 22:14:15 host tag[pid]: message`; the tag may be missing.
fn rfc3164<'m>(text: &'m str, message: &mut Message<'m>) -> Option<()> {
    let (stamp, rest) = text.split_at_checked(15)?;
    let (host, rest) = rest.strip_prefix(' ')?.split_once(' ')?;
    if host.is_empty() || host.len() > 255 || !host.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    message.stamp = Some(stamp);
    message.texts.push(("hostname", host));
    let text = match tag(rest) {
        Some((tag, pid, text)) => {
            message.texts.push(("appname", tag));
            message.texts.extend(pid.map(|pid| ("proc_id", pid)));
            text
        }
        None => rest,
    };
    if text.is_empty() {
        return None;
    }
    message.texts.push(("message", text));
    Some(())
}

/// The tag, what stands behind it in brackets, and the text.
fn tag(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let end = text.find([' ', ':', '[']).filter(|end| (1..=32).contains(end))?;
    let (tag, rest) = text.split_at(end);
    if !tag.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let (pid, rest) = match rest.strip_prefix('[') {
        Some(inner) => {
            let (pid, rest) = inner.split_once(']')?;
            (Some(pid), rest)
        }
        None => (None, rest),
    };
    Some((tag, pid, rest.strip_prefix(": ")?))
}

/// `1 2003-10-11T22:14:15.003Z host app pid id [data] message`; `-` for what is not
/// there.
fn rfc5424<'m>(text: &'m str, message: &mut Message<'m>) -> Option<()> {
    let (version, rest) = text.split_once(' ')?;
    message.version = Some(version.parse().ok().filter(|version| (1..=999).contains(version))?);
    let mut rest = rest;
    let mut next = |most: usize| {
        let (word, more) = rest.split_once(' ')?;
        rest = more;
        (!word.is_empty() && word.len() <= most && word.bytes().all(|byte| byte.is_ascii_graphic()))
            .then_some(word)
    };
    message.stamp = Some(next(64)?).filter(|stamp| *stamp != "-");
    for (name, most) in [("hostname", 255), ("appname", 48), ("proc_id", 128), ("msg_id", 32)] {
        let word = next(most)?;
        if word != "-" {
            message.texts.push((name, word));
        }
    }
    let rest = match rest.strip_prefix('-') {
        Some(rest) => rest,
        None => {
            let (data, rest) = structured_data(rest)?;
            message.data = Some(data);
            rest
        }
    };
    let text = match rest.strip_prefix(' ') {
        Some(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        None if rest.is_empty() => "",
        None => return None,
    };
    if !text.is_empty() {
        message.texts.push(("message", text));
    }
    Some(())
}

/// Elements such as `[id name="value"]`, each in brackets of its own.
fn structured_data(text: &str) -> Option<(Map<'static>, &str)> {
    let mut data = Map::default();
    let mut rest = text;
    while let Some(inner) = rest.strip_prefix('[') {
        let end = inner.find([' ', ']'])?;
        let mut element = Map::default();
        let id = &inner[..end];
        rest = &inner[end..];
        while let Some(pair) = rest.strip_prefix(' ') {
            let (name, quoted) = pair.split_once("=\"")?;
            let (value, after) = unquoted(quoted)?;
            element.set(&Name::from(name), Value::made(value));
            rest = after;
        }
        rest = rest.strip_prefix(']')?;
        if id.is_empty() {
            return None;
        }
        data.set(&Name::from(id), Value::Map(element));
    }
    (!data.0.is_empty()).then_some((data, rest))
}

/// A value up to its quote; `\"`, `\\` and `\]` stand for what is escaped.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                escaped @ ('"' | '\\' | ']') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            _ => value.push(c),
        }
    }
    None
}

impl Operator for Syslog {
    fn process<'t>(
        &self,
        entry: &mut Entry<'t>,
        surroundings: &Surroundings<'_>,
    ) -> Result<Fate<'_>, Failure> {
        let text = self.places.text(entry, "syslog")?.clone();
        let message = self.parse(text.as_str()).ok_or("it is no such syslog message")?;
        let zone = self.zone.as_ref().unwrap_or(surroundings.local);
        let now = surroundings.context.clock.reference_unix_nano();
        let time = match message.stamp {
            None => None,
            Some(stamp) => {
                let time = self.stamp.parse(stamp.as_bytes(), zone, now);
                Some(time.map_err(|why| format!("cannot read the time: {why}"))?)
            }
        };
        let part = |part: &str| match &text {
            Str::Text(text) => {
                let start = part.as_ptr().addr() - text.as_ptr().addr();
                Str::Text(text.get(start..start + part.len()).unwrap_or(""))
            }
            _ => Str::Made(part.to_owned()),
        };
        let mut map = Map::default();
        for (name, value) in &message.texts {
            map.set(&Name::from(*name), Value::Text(part(value)));
        }
        if let Some(version) = message.version {
            map.set(&Name::from("version"), Value::Integer(version));
        }
        if let Some(priority) = message.priority {
            map.set(&Name::from("priority"), Value::Integer(i64::from(priority)));
            map.set(&Name::from("facility"), Value::Integer(i64::from(priority / 8)));
        }
        if let Some(data) = message.data {
            map.set(&Name::from("structured_data"), Value::Map(data));
        }
        let severity = message.priority.map(|priority| SYSLOG[usize::from(priority % 8)]);
        entry.time = time.unwrap_or(0) as i64;
        if let Some((number, text)) = severity {
            entry.severity = number;
            entry.severity_text = Str::Text(text);
        }
        self.places.write(entry, Value::Map(map), surroundings)?;
        Ok(Fate::On)
    }
}
