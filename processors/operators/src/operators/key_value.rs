use super::parse::Places;
use crate::chain::{Failure, Fate, Making, Operator, Surroundings};
use crate::entry::Entry;
use crate::settings::{Problem, Settings};
use crate::value::{Map, Value};

/// Pairs such as `name=value` (collector-contrib, `parser/keyvalue` and
/// `coreinternal/parseutils`).
#[derive(Debug)]
pub(crate) struct KeyValue {
    places: Places,
    delimiter: Box<str>,
    pair_delimiter: Box<str>,
}

pub(crate) const KNOWN: &[&str] =
    &["parse_from", "parse_to", "delimiter", "pair_delimiter", "timestamp", "severity"];

impl KeyValue {
    pub(crate) fn new(settings: &Settings<'_>, making: &Making<'_>) -> Result<Self, Problem> {
        let delimiter = settings.text("delimiter")?.unwrap_or("=");
        let pair_delimiter = settings.text("pair_delimiter")?.filter(|text| !text.is_empty()).unwrap_or(" ");
        if delimiter.is_empty() {
            return Err(settings.wrong("delimiter", "it is empty; write what stands between name and value"));
        }
        if delimiter == pair_delimiter {
            return Err(settings.wrong("pair_delimiter", "it is the same as `delimiter`"));
        }
        Ok(Self {
            places: Places::new(settings, making)?,
            delimiter: delimiter.into(),
            pair_delimiter: pair_delimiter.into(),
        })
    }

    fn parse(&self, text: &str) -> Result<Map<'static>, Failure> {
        if text.is_empty() {
            return Err("the text to parse is empty".into());
        }
        let mut map = Map::default();
        for pair in pairs(text, &self.pair_delimiter)? {
            let Some((name, value)) = pair.split_once(&*self.delimiter) else {
                return Err(format!("cannot split {pair:?} into 2 items").into());
            };
            map.set(&bare(name).into(), Value::made(bare(value)));
        }
        Ok(map)
    }
}

fn bare(text: &str) -> &str {
    text.trim().trim_matches(['"', '\'']).trim()
}

/// The text between delimiters that stand outside of quotes, which are left out.
fn pairs(text: &str, delimiter: &str) -> Result<Vec<String>, Failure> {
    let mut pairs = Vec::new();
    let mut pair = String::new();
    let mut quote = None;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if quote.is_none() && rest.starts_with(delimiter) {
            if !pair.is_empty() {
                pairs.push(std::mem::take(&mut pair));
            }
            rest = &rest[delimiter.len()..];
            continue;
        }
        match quote {
            None if matches!(c, '"' | '\'') => quote = Some(c),
            Some(open) if open == c => quote = None,
            _ => pair.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    if quote.is_some() {
        return Err("never reached the end of a quoted value".into());
    }
    if !pair.is_empty() {
        pairs.push(pair);
    }
    Ok(pairs)
}

impl Operator for KeyValue {
    fn process<'t>(
        &self,
        entry: &mut Entry<'t>,
        surroundings: &Surroundings<'_>,
    ) -> Result<Fate<'_>, Failure> {
        let map = self.parse(self.places.text(entry, "key value pairs")?.as_str())?;
        self.places.write(entry, Value::Map(map), surroundings)?;
        Ok(Fate::On)
    }
}
