//! What every entry has before the first operator.

use std::rc::Rc;

use serde_json::Value as Json;
use skidway_sdk::Context;

use crate::chain::Failure;
use crate::entry::Entry;
use crate::expression::Template;
use crate::settings::{Problem, Settings};
use crate::value::{Map, Name, Str, Value};

/// Attributes from the settings and of the file.
#[derive(Debug)]
pub(crate) struct Statics {
    attributes: Vec<(Name, Template)>,
    resource: Vec<(Name, Template)>,
    number: Option<Name>,
    offset: Option<Name>,
}

/// Those that are the same for all entries of a text.
pub(crate) struct Base<'s> {
    statics: &'s Statics,
    attributes: Map<'static>,
    resource: Map<'static>,
}

impl Statics {
    pub(crate) fn new(settings: &Settings<'_>) -> Result<Self, Problem> {
        let optional = |key: &str, name: &str| Ok(settings.boolean(key)?.then(|| Name::from(name)));
        Ok(Self {
            attributes: templates(settings, "attributes")?,
            resource: templates(settings, "resource")?,
            number: optional("include_file_record_number", "log.file.record_number")?,
            offset: optional("include_file_record_offset", "log.file.record_offset")?,
        })
    }

    pub(crate) fn base(&self, context: &Context) -> Base<'_> {
        let mut base = Base { statics: self, attributes: Map::default(), resource: Map::default() };
        for (templates, map) in
            [(&self.attributes, &mut base.attributes), (&self.resource, &mut base.resource)]
        {
            for (name, template) in templates {
                if let Template::Fixed(value) = template {
                    map.set(name, value.clone());
                }
            }
        }
        for attribute in &context.file_attributes {
            let value = Value::Text(Str::Shared(attribute.value.as_str().into()));
            base.attributes.set(&Name::from(attribute.name.as_str()), value);
        }
        base
    }
}

impl Base<'_> {
    /// Gives an entry, which is empty but for its body, what it begins with.
    #[inline]
    pub(crate) fn apply(&self, entry: &mut Entry<'_>, number: u64, offset: u64) -> Result<(), Failure> {
        for (name, value) in &self.attributes.0 {
            entry.attributes.0.push((Rc::clone(name), value.clone()));
        }
        for (name, value) in &self.resource.0 {
            entry.resource.0.push((Rc::clone(name), value.clone()));
        }
        if let Some(name) = &self.statics.number {
            entry.attributes.set(name, Value::Integer(number as i64));
        }
        if let Some(name) = &self.statics.offset {
            entry.attributes.set(name, Value::Integer(offset as i64));
        }
        let rendered = |template: &&(Name, Template)| matches!(template.1, Template::Rendered(..));
        for (name, template) in self.statics.attributes.iter().filter(rendered) {
            let value = template.render(entry)?;
            entry.attributes.set(name, value);
        }
        for (name, template) in self.statics.resource.iter().filter(rendered) {
            let value = template.render(entry)?;
            entry.resource.set(name, value);
        }
        Ok(())
    }
}

/// Names and texts of a map of settings.
pub(crate) fn templates(settings: &Settings<'_>, key: &str) -> Result<Vec<(Name, Template)>, Problem> {
    let Some(json) = settings.get(key) else { return Ok(Vec::new()) };
    let path = settings.at(key);
    let map = Settings::new(json, &path)?;
    let template = |(name, value): (&String, &Json)| match value {
        Json::String(text) => {
            let template = Template::new(text).map_err(|why| map.wrong(name, why))?;
            Ok((Name::from(name.as_str()), template))
        }
        other => Err(map.wrong(name, format!("it is {}, not text", crate::settings::kind(other)))),
    };
    map.entries().map(template).collect()
}
