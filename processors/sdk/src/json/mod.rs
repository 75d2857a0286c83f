//! JSON for components: the user's `config`, documents among a describer's facts.
//!
//! A reader of its own, because general ones bring the formatting and parsing of
//! floats along, which is most of the 100 KB that a component should have. Numbers
//! stay as they are written.

mod reader;
mod scan;

pub use scan::{Member, members};

/// Deeper JSON is refused: it is read by recursion, and a component's stack is small.
const MAX_DEPTH: usize = 64;

/// A JSON value (RFC 8259).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number as it is written; `str::parse` makes what is needed of it.
    Number(String),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Value>),
    /// An object.
    Object(Object),
}

impl Value {
    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

/// A JSON object: keys and values in the order in which they are written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Object(pub Vec<(String, Value)>);

impl Object {
    /// The value of a key; the last one of a key that is there twice.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().rev().find(|(known, _)| known == key).map(|(_, value)| value)
    }
}

/// Reads a text that is a JSON value.
///
/// # Errors
/// Text that is not JSON or nested more than 64 deep: what is wrong, and where.
pub fn parse(text: &str) -> Result<Value, String> {
    reader::parse(text)
}

/// Reads a text that is a JSON object.
///
/// # Errors
/// What [`parse`] refuses, and anything else than an object.
pub fn object(text: &str) -> Result<Object, String> {
    match parse(text)? {
        Value::Object(object) => Ok(object),
        _ => Err("it is no JSON object".into()),
    }
}

/// Reads a component's `config`, of which all keys are optional.
///
/// # Errors
/// What [`object`] refuses, and a key that is not in `known`: the message lists those.
pub fn settings(config: &str, known: &[&str]) -> Result<Object, String> {
    let settings = object(config)?;
    match settings.0.iter().find(|(key, _)| !known.contains(&key.as_str())) {
        Some((unknown, _)) => Err(["unknown key `", unknown, "`: there is ", &known.join(", ")].concat()),
        None => Ok(settings),
    }
}

#[cfg(test)]
mod tests;
