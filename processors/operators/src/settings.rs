//! Reading settings strictly: every problem has the path of its setting in front,
//! which the host shows with the place in the user's file.

use serde_json::{Map, Value as Json};

/// Why settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    path: String,
    message: String,
}

impl Problem {
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// A map of settings.
#[derive(Clone, Copy)]
pub(crate) struct Settings<'j> {
    map: &'j Map<String, Json>,
    path: &'j str,
}

type Read<T> = Result<T, Problem>;

impl<'j> Settings<'j> {
    pub(crate) fn new(json: &'j Json, path: &'j str) -> Read<Self> {
        match json {
            Json::Object(map) => Ok(Self { map, path }),
            other => Err(Problem::new(path, format!("it is {}, not a map of settings", kind(other)))),
        }
    }

    /// The path of a setting.
    pub(crate) fn at(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub(crate) fn wrong(&self, key: &str, message: impl Into<String>) -> Problem {
        Problem::new(self.at(key), message)
    }

    /// Whether a setting is there. One without a value counts as left out.
    pub(crate) fn get(&self, key: &str) -> Option<&'j Json> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// Refuses keys that are none of `known`.
    pub(crate) fn only(&self, known: &[&[&str]]) -> Read<()> {
        for key in self.map.keys() {
            let all = || known.iter().flat_map(|group| group.iter().copied());
            if all().all(|name| name != key) {
                return Err(self.wrong(key, format!("unknown setting; {}", nearest(key, all()))));
            }
        }
        Ok(())
    }

    pub(crate) fn text(&self, key: &str) -> Read<Option<&'j str>> {
        match self.get(key) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(key, format!("it is {}, not text", kind(other)))),
        }
    }

    /// Text that must be there; `example` says what to write.
    pub(crate) fn required(&self, key: &str, example: &str) -> Read<&'j str> {
        match self.text(key)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.wrong(key, format!("it is missing; {example}"))),
        }
    }

    pub(crate) fn boolean(&self, key: &str) -> Read<bool> {
        match self.get(key) {
            None => Ok(false),
            Some(Json::Bool(truth)) => Ok(*truth),
            Some(other) => Err(self.wrong(key, format!("it is {}, not true or false", kind(other)))),
        }
    }

    pub(crate) fn count(&self, key: &str, default: usize) -> Read<usize> {
        match self.get(key) {
            None => Ok(default),
            Some(Json::Number(number)) if number.is_u64() => {
                Ok(number.as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX))
            }
            Some(other) => Err(self.wrong(key, format!("it is {other}, not a number from 0 on"))),
        }
    }

    pub(crate) fn list(&self, key: &str) -> Read<&'j [Json]> {
        match self.get(key) {
            None => Ok(&[]),
            Some(Json::Array(items)) => Ok(items),
            Some(other) => Err(self.wrong(key, format!("it is {}, not a list", kind(other)))),
        }
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'j String, &'j Json)> + use<'j> {
        self.map.iter()
    }
}

pub(crate) fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "nothing",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "a map",
    }
}

/// "did you mean" with the nearest of `known`, or all of them.
pub(crate) fn nearest<'k>(wrong: &str, known: impl Iterator<Item = &'k str>) -> String {
    let known: Vec<_> = known.collect();
    let near = known.iter().map(|name| (strsim::damerau_levenshtein(wrong, name), *name)).min();
    match near {
        Some((distance, name)) if distance <= 1 + wrong.len() / 4 => format!("did you mean `{name}`?"),
        _ => format!("there are {}", known.join(", ")),
    }
}
