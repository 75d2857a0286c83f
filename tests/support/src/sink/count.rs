//! Reads a request without keeping it, so that a benchmark measures the sender.
//!
//! Every field of every record is decoded and checked as a decoder that keeps them
//! does (wire type, length, UTF-8, depth); only the allocations are left out. A test
//! holds it against one: both accept the same bytes.

use prost::encoding::{DecodeContext, WireType, check_wire_type, decode_key, decode_varint, skip_field};

/// As deep as the generated decoder goes.
const MAX_DEPTH: u32 = 100;

type Wrong = Box<dyn std::error::Error + Send + Sync>;

/// The messages of a request, by what their fields hold.
#[derive(Clone, Copy, PartialEq)]
enum Message {
    Request,
    ResourceLogs,
    Resource,
    EntityRef,
    ScopeLogs,
    Scope,
    LogRecord,
    KeyValue,
    AnyValue,
    ArrayValue,
    KeyValueList,
}

enum Field {
    Nested(Message),
    Text,
    Bytes,
    Varint,
    Fixed64,
    Fixed32,
    Unknown,
}

impl Message {
    /// From logs.proto, common.proto, resource.proto and logs_service.proto.
    fn field(self, tag: u32) -> Field {
        use Field::*;
        match (self, tag) {
            (Self::Request, 1) => Nested(Self::ResourceLogs),
            (Self::ResourceLogs, 1) => Nested(Self::Resource),
            (Self::ResourceLogs, 2) => Nested(Self::ScopeLogs),
            (Self::Resource, 1) | (Self::Scope, 3) | (Self::LogRecord, 6) => Nested(Self::KeyValue),
            (Self::Resource, 3) => Nested(Self::EntityRef),
            (Self::ScopeLogs, 1) => Nested(Self::Scope),
            (Self::ScopeLogs, 2) => Nested(Self::LogRecord),
            (Self::LogRecord, 5) | (Self::KeyValue, 2) | (Self::ArrayValue, 1) => Nested(Self::AnyValue),
            (Self::AnyValue, 5) => Nested(Self::ArrayValue),
            (Self::AnyValue, 6) => Nested(Self::KeyValueList),
            (Self::KeyValueList, 1) => Nested(Self::KeyValue),
            (Self::ResourceLogs | Self::ScopeLogs | Self::LogRecord, 3)
            | (Self::EntityRef, 1..=4)
            | (Self::Scope, 1 | 2)
            | (Self::LogRecord, 12)
            | (Self::KeyValue | Self::AnyValue, 1) => Text,
            (Self::LogRecord, 9 | 10) | (Self::AnyValue, 7) => Bytes,
            (Self::Resource | Self::LogRecord, 2)
            | (Self::Scope, 4)
            | (Self::LogRecord, 7)
            | (Self::KeyValue, 3)
            | (Self::AnyValue, 2 | 3 | 8) => Varint,
            (Self::LogRecord, 1 | 11) | (Self::AnyValue, 4) => Fixed64,
            (Self::LogRecord, 8) => Fixed32,
            _ => Unknown,
        }
    }
}

/// How many records an encoded `ExportLogsServiceRequest` holds.
pub(super) fn count(request: &[u8]) -> Result<u64, Wrong> {
    let mut records = 0;
    walk(Message::Request, request, MAX_DEPTH, &mut records)?;
    Ok(records)
}

fn walk(message: Message, mut bytes: &[u8], depth: u32, records: &mut u64) -> Result<(), Wrong> {
    while !bytes.is_empty() {
        let (tag, wire) = decode_key(&mut bytes)?;
        match message.field(tag) {
            Field::Nested(nested) => {
                let depth = depth.checked_sub(1).ok_or("too deep")?;
                walk(nested, delimited(wire, &mut bytes)?, depth, records)?;
                *records += u64::from(nested == Message::LogRecord);
            }
            Field::Text => {
                std::str::from_utf8(delimited(wire, &mut bytes)?).map_err(|_| "text is not UTF-8")?;
            }
            Field::Bytes => drop(delimited(wire, &mut bytes)?),
            Field::Varint => {
                check_wire_type(WireType::Varint, wire)?;
                decode_varint(&mut bytes)?;
            }
            Field::Fixed64 => fixed(WireType::SixtyFourBit, wire, 8, &mut bytes)?,
            Field::Fixed32 => fixed(WireType::ThirtyTwoBit, wire, 4, &mut bytes)?,
            Field::Unknown => skip_field(wire, tag, &mut bytes, DecodeContext::default())?,
        }
    }
    Ok(())
}

fn delimited<'a>(wire: WireType, bytes: &mut &'a [u8]) -> Result<&'a [u8], Wrong> {
    check_wire_type(WireType::LengthDelimited, wire)?;
    let length = usize::try_from(decode_varint(bytes)?).map_err(|_| "a length past memory")?;
    Ok(bytes.split_off(..length).ok_or("cut short")?)
}

fn fixed(want: WireType, wire: WireType, size: usize, bytes: &mut &[u8]) -> Result<(), Wrong> {
    check_wire_type(want, wire)?;
    Ok(bytes.split_off(..size).map(drop).ok_or("cut short")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    use opentelemetry_proto::tonic::common::v1::*;
    use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
    use opentelemetry_proto::tonic::resource::v1::Resource;
    use prost::Message as _;

    fn kept(bytes: &[u8]) -> Option<u64> {
        let request = ExportLogsServiceRequest::decode(bytes).ok()?;
        let scopes = request.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
        Some(scopes.map(|scope| scope.log_records.len() as u64).sum())
    }

    fn pair(key: &str, value: Value) -> KeyValue {
        KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), key_strindex: 1 }
    }

    /// A request with every field that there is.
    fn full() -> ExportLogsServiceRequest {
        let text = || Value::StringValue("größe".to_owned());
        let attributes = vec![
            pair("text", text()),
            pair("boolean", Value::BoolValue(true)),
            pair("integer", Value::IntValue(-1)),
            pair("float", Value::DoubleValue(1.5)),
            pair("bytes", Value::BytesValue(vec![0xff])),
            pair("index", Value::StringValueStrindex(300)),
            pair("list", Value::ArrayValue(ArrayValue { values: vec![AnyValue { value: Some(text()) }] })),
            pair("map", Value::KvlistValue(KeyValueList { values: vec![pair("k", text())] })),
        ];
        let record = LogRecord {
            time_unix_nano: 1,
            observed_time_unix_nano: 2,
            severity_number: 9,
            severity_text: "INFO".to_owned(),
            body: Some(AnyValue { value: Some(text()) }),
            attributes: attributes.clone(),
            dropped_attributes_count: 3,
            flags: 4,
            trace_id: vec![5; 16],
            span_id: vec![6; 8],
            event_name: "event".to_owned(),
        };
        let scope = InstrumentationScope {
            name: "name".to_owned(),
            version: "1".to_owned(),
            attributes: attributes.clone(),
            dropped_attributes_count: 1,
        };
        let entity = EntityRef {
            schema_url: "s".to_owned(),
            r#type: "host".to_owned(),
            id_keys: vec!["host.id".to_owned()],
            description_keys: vec!["host.name".to_owned()],
        };
        let resource = Resource { attributes, dropped_attributes_count: 1, entity_refs: vec![entity] };
        let scope_logs = ScopeLogs {
            scope: Some(scope),
            log_records: vec![record.clone(), record, LogRecord::default()],
            schema_url: "https://example.com".to_owned(),
        };
        ExportLogsServiceRequest {
            resource_logs: vec![ResourceLogs {
                resource: Some(resource),
                scope_logs: vec![scope_logs],
                schema_url: "https://example.com".to_owned(),
            }],
        }
    }

    #[test]
    fn it_accepts_and_counts_what_the_keeping_decoder_does() {
        let good = full().encode_to_vec();
        assert_eq!((count(&good).ok(), kept(&good)), (Some(3), Some(3)));
        let (mut refused, mut accepted) = (0, 0);
        for at in 0..good.len() {
            assert_eq!(count(&good[..at]).ok(), kept(&good[..at]), "cut at {at}");
            for bit in 0..8 {
                let mut bytes = good.clone();
                bytes[at] ^= 1 << bit;
                let result = count(&bytes).ok();
                assert_eq!(result, kept(&bytes), "bit {bit} of byte {at}");
                if result.is_some() { accepted += 1 } else { refused += 1 }
            }
        }
        assert!(accepted > 500 && refused > 500, "{accepted} {refused}");
    }

    #[test]
    fn a_request_too_deep_ends_in_an_error() {
        let mut value = AnyValue::default();
        for _ in 0..200 {
            value = AnyValue { value: Some(Value::ArrayValue(ArrayValue { values: vec![value] })) };
        }
        let mut request = full();
        request.resource_logs[0].scope_logs[0].log_records[0].body = Some(value);
        let bytes = request.encode_to_vec();
        assert_eq!((count(&bytes).ok(), kept(&bytes)), (None, None));
    }
}
