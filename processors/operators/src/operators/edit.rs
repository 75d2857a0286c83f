//! Operators that move values about (collector-contrib,
//! `operator/transformer/{add,remove,move,copy,retain}`).

use serde_json::Value as Json;

use super::parse::required;
use crate::chain::{Failure, Fate, Operator, Surroundings};
use crate::entry::Entry;
use crate::expression::Expression;
use crate::field::{Field, Root};
use crate::settings::{Problem, Settings, kind};
use crate::value::{Str, Value};

pub(crate) const ADD: &[&str] = &["field", "value"];
pub(crate) const REMOVE: &[&str] = &["field"];
pub(crate) const MOVE: &[&str] = &["from", "to"];
pub(crate) const RETAIN: &[&str] = &["fields"];

#[derive(Debug)]
pub(crate) struct Add {
    field: Field,
    what: What,
}

#[derive(Debug)]
enum What {
    Fixed(Value<'static>),
    Computed(Expression),
}

impl Add {
    pub(crate) fn new(settings: &Settings<'_>) -> Result<Self, Problem> {
        let field = required(settings, "field", true)?;
        let written = settings.get("value");
        let written =
            written.ok_or_else(|| settings.wrong("value", "it is missing; write a value, or EXPR(...)"))?;
        let expression = written.as_str().and_then(|text| text.strip_prefix("EXPR(")?.strip_suffix(')'));
        let what = match expression {
            Some(written) => {
                What::Computed(Expression::new(written).map_err(|why| settings.wrong("value", why))?)
            }
            None => What::Fixed(Value::shared(written)),
        };
        Ok(Self { field, what })
    }
}

impl Operator for Add {
    fn process<'t>(&self, entry: &mut Entry<'t>, _: &Surroundings<'_>) -> Result<Fate<'_>, Failure> {
        let value = match &self.what {
            What::Fixed(value) => value.clone(),
            What::Computed(expression) => expression.evaluate(entry)?,
        };
        self.field.set(entry, value)?;
        Ok(Fate::On)
    }
}

#[derive(Debug)]
pub(crate) struct Remove(Field);

impl Remove {
    pub(crate) fn new(settings: &Settings<'_>) -> Result<Self, Problem> {
        required(settings, "field", true).map(Self)
    }
}

impl Operator for Remove {
    fn process<'t>(&self, entry: &mut Entry<'t>, _: &Surroundings<'_>) -> Result<Fate<'_>, Failure> {
        match self.0.remove(entry) {
            Some(_) => Ok(Fate::On),
            None => Err(format!("remove: field does not exist: {}", self.0.as_written()).into()),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Move(Field, Field);

impl Move {
    pub(crate) fn new(settings: &Settings<'_>) -> Result<Self, Problem> {
        Ok(Self(required(settings, "from", true)?, required(settings, "to", true)?))
    }
}

impl Operator for Move {
    fn process<'t>(&self, entry: &mut Entry<'t>, _: &Surroundings<'_>) -> Result<Fate<'_>, Failure> {
        match self.0.remove(entry) {
            Some(value) => {
                self.1.set(entry, value)?;
                Ok(Fate::On)
            }
            None => Err(format!("move: field does not exist: {}", self.0.as_written()).into()),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Copy(Field, Field);

impl Copy {
    pub(crate) fn new(settings: &Settings<'_>) -> Result<Self, Problem> {
        Ok(Self(required(settings, "from", true)?, required(settings, "to", true)?))
    }
}

impl Operator for Copy {
    fn process<'t>(&self, entry: &mut Entry<'t>, _: &Surroundings<'_>) -> Result<Fate<'_>, Failure> {
        match self.0.copy(entry) {
            Some(value) => {
                self.1.set(entry, value)?;
                Ok(Fate::On)
            }
            None => {
                Err(format!("copy: from field does not exist in this entry: {}", self.0.as_written()).into())
            }
        }
    }
}

/// Leaves nothing but some fields; what has no field among them stays whole.
#[derive(Debug)]
pub(crate) struct Retain {
    fields: Vec<Field>,
}

impl Retain {
    pub(crate) fn new(settings: &Settings<'_>) -> Result<Self, Problem> {
        let list = settings.list("fields")?;
        if list.is_empty() {
            return Err(settings.wrong("fields", "it is empty; name at least one field to keep"));
        }
        let field = |json: &Json| match json {
            Json::String(written) => Field::new(written, true).map_err(|why| settings.wrong("fields", why)),
            other => Err(settings.wrong("fields", format!("an entry is {}, not text", kind(other)))),
        };
        Ok(Self { fields: list.iter().map(field).collect::<Result<_, _>>()? })
    }
}

impl Operator for Retain {
    fn process<'t>(&self, entry: &mut Entry<'t>, _: &Surroundings<'_>) -> Result<Fate<'_>, Failure> {
        let kept: Vec<_> = self.fields.iter().map(|field| (field, field.copy(entry))).collect();
        for root in [Root::Body, Root::Attributes, Root::Resource] {
            if self.fields.iter().any(|field| field.root == root) {
                match root {
                    Root::Body => entry.body = Value::Nil,
                    Root::Attributes => entry.attributes.0.clear(),
                    Root::Resource => entry.resource.0.clear(),
                }
            }
        }
        // The collector makes a new entry, which has no severity.
        entry.severity = 0;
        entry.severity_text = Str::Text("");
        for (field, value) in kept {
            if let Some(value) = value {
                field.set(entry, value)?;
            }
        }
        Ok(Fate::On)
    }
}
