//! The user's `config`, all of it optional:
//!
//! ```json
//! {
//!   "from": "body",
//!   "window": 256,
//!   "default": "info",
//!   "keywords": {"panic": "fatal"},
//!   "overwrite": false
//! }
//! ```
//!
//! - `from`: `body`, or the name of the attribute to look for keywords in. A record
//!   without that attribute is searched in its body.
//! - `window`: how many bytes of it to search.
//! - `default`: the level where no keyword is found, or `unspecified`.
//! - `keywords`: levels by the beginnings of words, next to the built-in ones or
//!   instead of them; in any case. The longest that fits counts.
//! - `overwrite`: also replace a severity that a record has already.
//!
//! Levels are `trace`, `debug`, `info`, `warn`, `error` and `fatal`, or with a digit
//! up to 4 as in `error2`.

use crate::level;
use skidway_keywords::{GATEWAY, Keywords};
use skidway_sdk::json::{self, Value};
use std::collections::BTreeMap;

const INFO: u8 = 9;

/// The settings, understood.
#[derive(Debug)]
pub struct Settings {
    /// The attribute to search; the body without one.
    pub attribute: Option<String>,
    /// How many bytes to search.
    pub window: usize,
    /// The severity number where nothing is found.
    pub default: u8,
    pub(crate) keywords: Keywords,
    /// Whether to replace a severity that is there.
    pub overwrite: bool,
}

impl Settings {
    /// Reads the JSON text of the user's `config`.
    ///
    /// # Errors
    /// A key or a value that is not known, and what would be.
    pub fn read(config: &str) -> Result<Self, String> {
        let written = json::settings(config, &["from", "window", "default", "keywords", "overwrite"])?;
        let mut settings = Self {
            attribute: None,
            window: 256,
            default: INFO,
            keywords: Keywords::default(),
            overwrite: false,
        };
        let mut keywords: BTreeMap<String, u8> =
            GATEWAY.iter().map(|&(word, number)| (word.into(), number)).collect();
        for (key, value) in &written.0 {
            match (key.as_str(), value) {
                ("from", Value::String(name)) => settings.attribute = (name != "body").then(|| name.clone()),
                ("window", Value::Number(bytes)) => settings.window = window(bytes)?,
                ("default", Value::String(name)) if name == "unspecified" => settings.default = 0,
                ("default", Value::String(name)) => settings.default = level_of(name, "default")?,
                ("keywords", Value::Object(words)) => {
                    for (word, name) in &words.0 {
                        let name = name.as_str().unwrap_or("");
                        keywords.insert(keyword(word)?, level_of(name, "keywords")?);
                    }
                }
                ("overwrite", Value::Boolean(overwrite)) => settings.overwrite = *overwrite,
                _ => return Err([key, ": it must be ", kind_of(key)].concat()),
            }
        }
        settings.keywords = Keywords::new(keywords);
        Ok(settings)
    }
}

/// What is right for a key that has something else.
fn kind_of(key: &str) -> &'static str {
    match key {
        "from" => "`body` or the name of an attribute",
        "window" => "a number of bytes",
        "default" => "the name of a level",
        "keywords" => "a map from words to levels",
        _ => "true or false",
    }
}

fn window(bytes: &str) -> Result<usize, String> {
    let bytes = bytes.parse::<u32>().map_err(|_| "window: it must be a whole number of bytes")?;
    Ok(bytes as usize)
}

fn keyword(word: &str) -> Result<String, String> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if word.is_empty() || !word.bytes().all(is_word) {
        return Err(["keywords: \"", word, "\" is no word: use ASCII letters, digits and _"].concat());
    }
    Ok(word.to_ascii_lowercase())
}

fn level_of(name: &str, key: &str) -> Result<u8, String> {
    level::by_name(name.as_bytes()).ok_or_else(|| {
        let unspecified = if key == "default" { " or unspecified" } else { "" };
        [key, ": \"", name, "\" is no level: use trace, debug, info, warn, error, fatal", unspecified]
            .concat()
    })
}

#[cfg(test)]
mod tests {
    use super::Settings;

    fn error(config: &str) -> String {
        Settings::read(config).unwrap_err()
    }

    #[test]
    fn errors_name_the_key_and_what_would_be_right() {
        let unknown = error(r#"{"wndow": 5}"#);
        for word in ["wndow", "from", "window", "default", "keywords", "overwrite"] {
            assert!(unknown.contains(word), "{unknown}");
        }
        assert!(error(r#"{"default": "loud"}"#).contains("default: \"loud\" is no level: use trace"));
        assert!(
            error(r#"{"keywords": {"oops": "unspecified"}}"#)
                .starts_with("keywords: \"unspecified\" is no level")
        );
        assert!(error(r#"{"keywords": {"two words": "info"}}"#).contains("\"two words\" is no word"));
        assert!(error(r#"{"keywords": {"": "info"}}"#).contains("is no word"));
        for bad in ["-1", "1.5", "1e99"] {
            assert_eq!(
                error(&format!("{{\"window\": {bad}}}")),
                "window: it must be a whole number of bytes"
            );
        }
        for key in ["from", "window", "default", "keywords", "overwrite"] {
            assert!(
                error(&format!("{{\"{key}\": null}}")).starts_with(&format!("{key}: it must be ")),
                "{key}"
            );
        }
        assert_eq!(error("[]"), "it is no JSON object");
        assert!(!error("{").is_empty());
    }

    #[test]
    fn everything_is_optional() {
        let settings = Settings::read("{}").unwrap();
        assert_eq!((settings.attribute, settings.window, settings.default), (None, 256, 9));
        assert!(!settings.overwrite);
    }
}
