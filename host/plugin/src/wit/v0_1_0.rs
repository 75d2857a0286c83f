//! `wit/v0.1.0`: bindings, and the way between its types and the model's.

use skidway_model::{Attribute, Key, Kind, Patch, Records, Subject};

use wasmtime::Store;

use crate::component::Component;
use crate::parser::{Context, Parsed};
use crate::store::{Guest, World};

pub(crate) mod parsing {
    wasmtime::component::bindgen!({ path: "../../wit/v0.1.0", world: "parser-component" });
}
pub(crate) mod enriching {
    wasmtime::component::bindgen!({
        path: "../../wit/v0.1.0",
        world: "enricher-component",
        with: {
            "skidway:processor/host@0.1.0": super::parsing::skidway::processor::host,
            "skidway:processor/types@0.1.0": super::parsing::skidway::processor::types,
        },
    });
}
pub(crate) mod describing {
    wasmtime::component::bindgen!({
        path: "../../wit/v0.1.0",
        world: "describer-component",
        with: {
            "skidway:processor/host@0.1.0": super::parsing::skidway::processor::host,
            "skidway:processor/types@0.1.0": super::parsing::skidway::processor::types,
        },
    });
}

pub(crate) use parsing::skidway::processor::{host, types};

/// The worlds differ in what they export besides `lifecycle`; to make an instance
/// is the same for all.
macro_rules! world {
    ($world:ty, $pre:ident in $module:ident) => {
        impl World for $world {
            type Pre = $module::$pre<Guest>;

            fn pre(component: &Component) -> wasmtime::Result<Self::Pre> {
                $module::$pre::new(component.code.pre.clone())
            }

            fn instantiate(pre: &Self::Pre, store: &mut Store<Guest>) -> wasmtime::Result<Self> {
                pre.instantiate(store)
            }

            fn configure(
                &self,
                store: &mut Store<Guest>,
                json: &str,
            ) -> wasmtime::Result<Result<(), String>> {
                self.skidway_processor_lifecycle().call_configure(store, json)
            }
        }
    };
}

world!(parsing::ParserComponent, ParserComponentPre in parsing);
world!(enriching::EnricherComponent, EnricherComponentPre in enriching);
world!(describing::DescriberComponent, DescriberComponentPre in describing);

impl From<types::Key> for Key {
    fn from(key: types::Key) -> Self {
        let kind = match key.kind {
            types::Kind::Text => Kind::Text,
            types::Kind::Integer => Kind::Integer,
            types::Kind::Float => Kind::Float,
            types::Kind::Boolean => Kind::Boolean,
            types::Kind::Json => Kind::Json,
        };
        let subject = match key.subject {
            types::Subject::Entry => Subject::Entry,
            types::Subject::Source => Subject::Source,
        };
        Self { name: key.name, kind, subject }
    }
}

impl From<&Key> for types::Key {
    fn from(key: &Key) -> Self {
        let kind = match key.kind {
            Kind::Text => types::Kind::Text,
            Kind::Integer => types::Kind::Integer,
            Kind::Float => types::Kind::Float,
            Kind::Boolean => types::Kind::Boolean,
            Kind::Json => types::Kind::Json,
        };
        let subject = match key.subject {
            Subject::Entry => types::Subject::Entry,
            Subject::Source => types::Subject::Source,
        };
        Self { name: key.name.clone(), kind, subject }
    }
}

impl From<types::Records> for Records {
    fn from(records: types::Records) -> Self {
        Self {
            origin: records.origin,
            time_unix_nano: records.time_unix_nano,
            severity_number: records.severity_number,
            severity_text_start: records.severity_text_start,
            severity_text_end: records.severity_text_end,
            body_start: records.body_start,
            body_end: records.body_end,
            body_json: records.body_json,
            attributes_end: records.attributes_end,
            attribute_key: records.attribute_key,
            attribute_start: records.attribute_start,
            attribute_end: records.attribute_end,
            keys: records.keys.into_iter().map(Key::from).collect(),
            scratch: records.scratch,
        }
    }
}

/// A copy, because the host keeps its own until the answer has been checked.
pub(crate) fn records(records: &Records) -> types::Records {
    let own = records.clone();
    types::Records {
        origin: own.origin,
        time_unix_nano: own.time_unix_nano,
        severity_number: own.severity_number,
        severity_text_start: own.severity_text_start,
        severity_text_end: own.severity_text_end,
        body_start: own.body_start,
        body_end: own.body_end,
        body_json: own.body_json,
        attributes_end: own.attributes_end,
        attribute_key: own.attribute_key,
        attribute_start: own.attribute_start,
        attribute_end: own.attribute_end,
        keys: records.keys.iter().map(types::Key::from).collect(),
        scratch: own.scratch,
    }
}

pub(crate) fn context(context: &Context) -> parsing::exports::skidway::processor::parser::Context {
    let change = |&(from_unix_second, utc_offset_second): &(i64, i32)| types::ZoneChange {
        from_unix_second,
        utc_offset_second,
    };
    parsing::exports::skidway::processor::parser::Context {
        path: context.path.clone(),
        reference_time_unix_nano: context.reference_time_unix_nano,
        zone: context.zone.iter().map(change).collect(),
        flush: context.flush,
        offset: context.offset,
        entries_before: context.entries_before,
        file_attributes: context.file_attributes.iter().map(types::Attribute::from).collect(),
    }
}

impl From<parsing::exports::skidway::processor::parser::Parsed> for Parsed {
    fn from(parsed: parsing::exports::skidway::processor::parser::Parsed) -> Self {
        Self {
            records: parsed.records.into(),
            consumed: parsed.consumed,
            skipped_lines: parsed.skipped_lines,
            dropped: parsed.dropped,
            entries: parsed.entries,
            unrecognised: parsed.unrecognised,
            unrecognised_reason: parsed.unrecognised_reason,
        }
    }
}

impl From<enriching::exports::skidway::processor::enricher::Patch> for Patch {
    fn from(patch: enriching::exports::skidway::processor::enricher::Patch) -> Self {
        Self {
            set_record: patch.set_record,
            set_key: patch.set_key,
            set_start: patch.set_start,
            set_end: patch.set_end,
            remove_record: patch.remove_record,
            remove_key: patch.remove_key,
            keys: patch.keys.into_iter().map(Key::from).collect(),
            severity_number: patch.severity_number,
            severity_text_start: patch.severity_text_start,
            severity_text_end: patch.severity_text_end,
            body_record: patch.body_record,
            body_start: patch.body_start,
            body_end: patch.body_end,
            drop: patch.drop,
            scratch: patch.scratch,
        }
    }
}

impl From<types::Attribute> for Attribute {
    fn from(attribute: types::Attribute) -> Self {
        Self::new(attribute.name, attribute.value)
    }
}

impl From<&Attribute> for types::Attribute {
    fn from(attribute: &Attribute) -> Self {
        Self { name: attribute.name.clone(), value: attribute.value.clone() }
    }
}
