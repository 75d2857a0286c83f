//! Values of entries. What lies in the text costs two numbers, what comes from the
//! settings a counter; only what operators make is copied.

use std::rc::Rc;

/// The name of an attribute, or of a member of a map.
pub(crate) type Name = Rc<str>;

/// Text of an entry.
#[derive(Debug, Clone)]
pub(crate) enum Str<'t> {
    /// A part of the text that is being parsed.
    Text(&'t str),
    /// From the settings.
    Shared(Rc<str>),
    Made(String),
}

#[derive(Debug, Clone)]
pub(crate) enum Value<'t> {
    Nil,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(Str<'t>),
    List(Vec<Value<'t>>),
    Map(Map<'t>),
}

/// Members in the order in which they were set, each name once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Map<'t>(pub(crate) Vec<(Name, Value<'t>)>);

impl Str<'_> {
    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Shared(text) => text,
            Self::Made(text) => text,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }
}

impl<'t> Value<'t> {
    pub(crate) fn made(text: impl Into<String>) -> Self {
        Self::Text(Str::Made(text.into()))
    }

    pub(crate) fn as_text(&self) -> Option<&Str<'t>> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What it is called in messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "nil",
            Self::Boolean(_) => "bool",
            Self::Integer(_) => "int",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
            Self::List(_) => "list",
            Self::Map(_) => "map",
        }
    }

    /// A value from the settings, to be used for many entries.
    pub(crate) fn shared(json: &serde_json::Value) -> Value<'static> {
        use serde_json::Value as Json;
        match json {
            Json::Null => Value::Nil,
            Json::Bool(truth) => Value::Boolean(*truth),
            Json::Number(number) => match number.as_i64() {
                Some(number) => Value::Integer(number),
                None => Value::Float(number.as_f64().unwrap_or(0.0)),
            },
            Json::String(text) => Value::Text(Str::Shared(text.as_str().into())),
            Json::Array(items) => Value::List(items.iter().map(Value::shared).collect()),
            Json::Object(map) => Value::Map(Map(map
                .iter()
                .map(|(name, value)| (name.as_str().into(), Value::shared(value)))
                .collect())),
        }
    }
}

impl<'t> Map<'t> {
    #[inline]
    pub(crate) fn get(&self, name: &str) -> Option<&Value<'t>> {
        self.0.iter().find(|(known, _)| same(known, name)).map(|(_, value)| value)
    }

    #[inline]
    pub(crate) fn set(&mut self, name: &Name, value: Value<'t>) {
        match self.0.iter_mut().find(|(known, _)| same(known, name)) {
            Some((_, old)) => *old = value,
            None => self.0.push((Rc::clone(name), value)),
        }
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Value<'t>> {
        let place = self.0.iter().position(|(known, _)| same(known, name))?;
        Some(self.0.remove(place).1)
    }

    /// The map that is the member `name`, which becomes one where it is none.
    pub(crate) fn map(&mut self, name: &Name) -> &mut Map<'t> {
        let place = self.0.iter().position(|(known, _)| same(known, name)).unwrap_or_else(|| {
            self.0.push((Rc::clone(name), Value::Nil));
            self.0.len() - 1
        });
        let value = &mut self.0[place].1;
        if !matches!(value, Value::Map(_)) {
            *value = Value::Map(Map::default());
        }
        match value {
            Value::Map(map) => map,
            _ => unreachable!("it was made a map right above"),
        }
    }
}

/// Names mostly come from the same place, so that their addresses tell.
#[inline]
fn same(a: &str, b: &str) -> bool {
    std::ptr::eq(a, b) || a == b
}
