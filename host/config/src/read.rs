//! A tree into the structs of [`crate::written`], through serde, with every error
//! in its place.
//!
//! The deserializer walks the tree itself, so an error knows its node without a
//! table of paths. A reading goes on after an error: the node that failed is left
//! out and the struct read again, until nothing fails. So all unknown keys and
//! all wrong values of a component are told at once.
//!
//! Architecture invariant: messages about a wrong type never quote the value,
//! which may be a secret in the wrong place.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, Expected, IntoDeserializer, Unexpected, Visitor};

use crate::problem::{Position, Problem, Report, nearest};
use crate::tree::{Key, Node, Style, Typed, Value};
use crate::unsupported;

/// Errors told per component; each costs another reading of it.
const MAX_ERRORS: usize = 50;

/// What a message says its key belongs to.
pub(crate) struct Subject {
    /// The type as the collector names it: `filelog`, `pipeline`, `service`.
    pub(crate) kind: &'static str,
    /// In words: ``receiver `filelog/system` ``.
    pub(crate) words: String,
}

/// Reads `node` as a `T`; `None` after having reported at least one error.
pub(crate) fn read<'a, T: Deserialize<'a>>(
    node: &'a Node,
    subject: &'a Subject,
    report: &mut Report,
) -> Option<T> {
    let run = Run { subject, failed: RefCell::default() };
    for told in 0..MAX_ERRORS {
        let reader = Reader { node, path: Path::Root, run: &run };
        match T::deserialize(reader) {
            Ok(value) => return (told == 0).then_some(value),
            Err(error) => {
                let left_out = error.left_out;
                report.errors.push(error.placed(&reader).problem());
                if !left_out {
                    return None;
                }
            }
        }
    }
    None
}

struct Run<'a> {
    subject: &'a Subject,
    /// Addresses of nodes that were told to be wrong. The tree does not move
    /// while it is read.
    failed: RefCell<HashSet<usize>>,
}

impl Run<'_> {
    fn has_failed(&self, node: &Node) -> bool {
        self.failed.borrow().contains(&(std::ptr::from_ref(node) as usize))
    }

    /// Leaves `node` out of the next reading, unless an inner node already is.
    fn leave_out(&self, node: &Node, mut error: Error) -> Error {
        if !error.left_out {
            self.failed.borrow_mut().insert(std::ptr::from_ref(node) as usize);
            error.left_out = true;
        }
        error
    }
}

#[derive(Clone, Copy)]
enum Path<'p> {
    Root,
    Key(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Key(Path::Root, key) => f.write_str(key),
            Path::Key(parent, key) => write!(f, "{parent}.{key}"),
            Path::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

// === Errors ===

/// Separates what is wrong from what to write instead in [`refuse`]'s messages.
const HINT: &str = "\n  hint: ";

/// The error of a value type: what is wrong with the value, and what to write.
pub(crate) fn refuse<E: de::Error>(what: impl fmt::Display, hint: impl fmt::Display) -> E {
    E::custom(format_args!("{what}{HINT}{hint}"))
}

#[derive(Debug)]
struct Error {
    what: What,
    hint: Option<String>,
    at: Option<Position>,
    left_out: bool,
}

#[derive(Debug)]
enum What {
    /// About the value it is placed at.
    Value(String),
    UnknownKey(String, &'static [&'static str]),
    /// Complete: placed.
    Message(String),
}

impl Error {
    fn new(what: What, hint: Option<String>) -> Self {
        Self { what, hint, at: None, left_out: false }
    }

    fn placed(mut self, reader: &Reader<'_, '_>) -> Self {
        self.place(&reader.node.at, &reader.path, reader.run.subject);
        self
    }

    /// The innermost place holds; later calls change nothing.
    fn place(&mut self, at: &Position, path: &Path<'_>, subject: &Subject) {
        if self.at.is_some() {
            return;
        }
        self.at = Some(at.clone());
        let words = &subject.words;
        let (message, hint) = match &self.what {
            What::Message(message) => (message.clone(), self.hint.take()),
            What::Value(what) => match path {
                Path::Root => (format!("{words}: {what}"), self.hint.take()),
                _ => (format!("`{path}` of {words}: {what}"), self.hint.take()),
            },
            What::UnknownKey(key, valid) => {
                let inside = match path {
                    Path::Root => words.clone(),
                    _ => format!("`{path}` of {words}"),
                };
                let full = match path {
                    Path::Root => key.clone(),
                    _ => format!("{path}.{key}"),
                };
                match unsupported::option(subject.kind, &full) {
                    Some(hint) => {
                        (format!("`{key}` in {inside} is not supported yet"), Some(hint.to_owned()))
                    }
                    None => (
                        format!("unknown key `{key}` in {inside}"),
                        Some(nearest(key, "keys", valid.iter().copied())),
                    ),
                }
            }
        };
        self.what = What::Message(message);
        self.hint = hint;
    }

    fn problem(self) -> Problem {
        let message = match self.what {
            What::Message(message) | What::Value(message) => message,
            What::UnknownKey(key, _) => format!("unknown key `{key}`"),
        };
        Problem { at: self.at, message, hint: self.hint.filter(|h| !h.is_empty()) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.what)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        match message.split_once(HINT) {
            Some((what, hint)) => Self::new(What::Value(what.to_owned()), Some(hint.to_owned())),
            None => Self::new(What::Value(message), None),
        }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = plain_words(&expected.to_string());
        let hint = match (found, expected.as_str()) {
            (Unexpected::Str(_), "a list") => Some("write `[…]`, or one `- …` a line".to_owned()),
            (Unexpected::Bool(_) | Unexpected::Signed(_) | Unexpected::Float(_), "text") => {
                Some("put it in quotes".to_owned())
            }
            _ => None,
        };
        Self::new(What::Value(format!("expected {expected}, found {}", kind_of(found))), hint)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_variant(found: &str, valid: &'static [&'static str]) -> Self {
        let what = What::Value(format!("unknown value `{found}`"));
        Self::new(what, Some(nearest(found, "values", valid.iter().copied())))
    }

    fn unknown_field(found: &str, valid: &'static [&'static str]) -> Self {
        Self::new(What::UnknownKey(found.to_owned(), valid), None)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(What::Value(format!("`{field}` is missing")), None)
    }
}

/// serde's words for what it expected, in the user's.
fn plain_words(expected: &str) -> String {
    match expected {
        "a string" => "text",
        "a sequence" => "a list",
        "a boolean" => "`true` or `false`",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, not negative",
        "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        other => other,
    }
    .to_owned()
}

fn kind_of(found: Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Signed(n) if n < 0 => "a negative number",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a number",
        Unexpected::Float(_) => "a decimal number",
        Unexpected::Str(_) | Unexpected::Char(_) => "text",
        Unexpected::Seq => "a list",
        Unexpected::Map => "a map",
        _ => "nothing",
    }
}

// === Reading ===

#[derive(Clone, Copy)]
struct Reader<'r, 'de> {
    node: &'de Node,
    path: Path<'r>,
    run: &'r Run<'r>,
}

impl<'de> Reader<'_, 'de> {
    /// The text of a scalar, also of one that is no text by type.
    fn raw(&self) -> Option<&'de str> {
        match &self.node.value {
            Value::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let result = match &self.node.value {
            Value::List(items) => visitor.visit_seq(Items { items: items.iter().enumerate(), reader: &self }),
            Value::Map(entries) => {
                visitor.visit_map(Entries { entries: entries.iter(), value: None, reader: &self })
            }
            Value::Scalar(scalar) => match scalar.typed() {
                Typed::Null => visitor.visit_unit(),
                Typed::Bool(b) => visitor.visit_bool(b),
                Typed::Int(n) => visitor.visit_i64(n),
                Typed::Float(n) => visitor.visit_f64(n),
                Typed::Text(text) => visitor.visit_str(text),
            },
        };
        result.map_err(|e| e.placed(&self))
    }

    /// A value from the environment is text where text is due, whatever it looks like.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Scalar(scalar) if scalar.style == Style::Expanded => {
                visitor.visit_str(&scalar.text).map_err(|e: Error| e.placed(&self))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    /// Scalars as they were written: `1.10` stays `1.10`.
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.raw() {
            Some(text) if !self.node.is_null() => visitor.visit_str(text).map_err(|e: Error| e.placed(&self)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if !self.node.is_null() {
            return self.deserialize_any(visitor);
        }
        let nothing = Entries { entries: [].iter(), value: None, reader: &self };
        visitor.visit_map(nothing).map_err(|e| e.placed(&self))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        // serde would read a list as the fields in their order.
        if let Value::List(_) = &self.node.value {
            return Err(Error::placed(de::Error::invalid_type(Unexpected::Seq, &visitor), &self));
        }
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let result = match &self.node.value {
            Value::Scalar(_) if !self.node.is_null() => {
                let text: StrDeserializer<'_, Error> = self.raw().unwrap_or("").into_deserializer();
                visitor.visit_enum(text)
            }
            Value::Map(_) => Err(de::Error::invalid_type(Unexpected::Map, &"text")),
            Value::List(_) => Err(de::Error::invalid_type(Unexpected::Seq, &"text")),
            Value::Scalar(_) => Err(de::Error::invalid_type(Unexpected::Unit, &"text")),
        };
        result.map_err(|e| e.placed(&self))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self).map_err(|e| e.placed(&self))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        seq tuple tuple_struct ignored_any
    }
}

struct Items<'r, 'de> {
    items: std::iter::Enumerate<std::slice::Iter<'de, Node>>,
    reader: &'r Reader<'r, 'de>,
}

impl<'de> de::SeqAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let run = self.reader.run;
        let Some((index, node)) = self.items.by_ref().find(|(_, node)| !run.has_failed(node)) else {
            return Ok(None);
        };
        let parent = self.reader.path;
        nested(Path::Item(&parent, index), node, run, seed).map(Some)
    }
}

struct Entries<'r, 'de> {
    entries: std::slice::Iter<'de, (Key, Node)>,
    value: Option<(&'de Key, &'de Node)>,
    reader: &'r Reader<'r, 'de>,
}

impl<'de> de::MapAccess<'de> for Entries<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let run = self.reader.run;
        let Some((key, node)) = self.entries.by_ref().find(|(_, node)| !run.has_failed(node)) else {
            return Ok(None);
        };
        self.value = Some((key, node));
        let name: StrDeserializer<'_, Error> = key.name.as_str().into_deserializer();
        seed.deserialize(name).map(Some).map_err(|mut error| {
            error.place(&key.at, &self.reader.path, run.subject);
            run.leave_out(node, error)
        })
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let (key, node) = self.value.take().ok_or_else(|| de::Error::custom("a value without a key"))?;
        let parent = self.reader.path;
        nested(Path::Key(&parent, &key.name), node, self.reader.run, seed)
    }
}

fn nested<'de, S: DeserializeSeed<'de>>(
    path: Path<'_>,
    node: &'de Node,
    run: &Run<'_>,
    seed: S,
) -> Result<S::Value, Error> {
    let reader = Reader { node, path, run };
    seed.deserialize(reader).map_err(|error| run.leave_out(node, error.placed(&reader)))
}
