//! The texts of the collector's debug exporter (exporter/debugexporter/internal/
//! {normal,otlptext} there).

use std::fmt::Write as _;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs};
use serde_json::{Map, Value as Json};

/// How many there are.
pub(super) fn basic(request: &ExportLogsServiceRequest) -> String {
    let resources = &request.resource_logs;
    let scopes = resources.iter().flat_map(|resource| &resource.scope_logs);
    let records: usize = scopes.map(|scope| scope.log_records.len()).sum();
    format!("Logs\t{{\"resource logs\": {}, \"log records\": {records}}}\n", resources.len())
}

/// A line for each record: its body and its attributes.
pub(super) fn normal(request: &ExportLogsServiceRequest) -> String {
    let mut out = String::new();
    for (i, resource) in request.resource_logs.iter().enumerate() {
        let _ = write!(out, "ResourceLog #{i}");
        schema(&mut out, &resource.schema_url);
        pairs(&mut out, attributes(resource));
        out.push('\n');
        for (i, scope) in resource.scope_logs.iter().enumerate() {
            let _ = write!(out, "ScopeLog #{i}");
            if let Some(InstrumentationScope { name, version, .. }) = &scope.scope
                && !name.is_empty()
            {
                let _ = write!(out, " {name}");
                if !version.is_empty() {
                    let _ = write!(out, "@{version}");
                }
            }
            schema(&mut out, &scope.schema_url);
            pairs(&mut out, scope.scope.as_ref().map_or(&[], |scope| &scope.attributes));
            out.push('\n');
            for record in &scope.log_records {
                out.push_str(&plain(record.body.as_ref()));
                pairs(&mut out, &record.attributes);
                out.push('\n');
            }
        }
    }
    out
}

/// Everything.
pub(super) fn detailed(request: &ExportLogsServiceRequest) -> String {
    let mut out = String::new();
    for (i, resource) in request.resource_logs.iter().enumerate() {
        let _ = writeln!(out, "ResourceLog #{i}");
        let _ = writeln!(out, "Resource SchemaURL: {}", resource.schema_url);
        list(&mut out, "Resource attributes", attributes(resource));
        for (i, scope) in resource.scope_logs.iter().enumerate() {
            let _ = writeln!(out, "ScopeLogs #{i}");
            let _ = writeln!(out, "ScopeLogs SchemaURL: {}", scope.schema_url);
            let about = scope.scope.clone().unwrap_or_default();
            let _ = writeln!(out, "InstrumentationScope {} {}", about.name, about.version);
            list(&mut out, "InstrumentationScope attributes", &about.attributes);
            for (i, record) in scope.log_records.iter().enumerate() {
                let _ = writeln!(out, "LogRecord #{i}");
                details(&mut out, record);
            }
        }
    }
    out
}

fn details(out: &mut String, record: &LogRecord) {
    let _ = writeln!(out, "ObservedTimestamp: {}", moment(record.observed_time_unix_nano));
    let _ = writeln!(out, "Timestamp: {}", moment(record.time_unix_nano));
    let _ = writeln!(out, "SeverityText: {}", record.severity_text);
    let _ = writeln!(out, "SeverityNumber: {}", severity(record.severity_number));
    if !record.event_name.is_empty() {
        let _ = writeln!(out, "EventName: {}", record.event_name);
    }
    let _ = writeln!(out, "Body: {}", typed(record.body.as_ref()));
    list(out, "Attributes", &record.attributes);
    let _ = writeln!(out, "Trace ID: {}", hex(&record.trace_id));
    let _ = writeln!(out, "Span ID: {}", hex(&record.span_id));
    let _ = writeln!(out, "Flags: {}", record.flags);
}

fn attributes(resource: &ResourceLogs) -> &[KeyValue] {
    resource.resource.as_ref().map_or(&[], |resource| &resource.attributes)
}

fn schema(out: &mut String, url: &str) {
    if !url.is_empty() {
        let _ = write!(out, " [{url}]");
    }
}

fn pairs(out: &mut String, attributes: &[KeyValue]) {
    for KeyValue { key, value, .. } in attributes {
        let _ = write!(out, " {key}={}", plain(value.as_ref()));
    }
}

fn list(out: &mut String, what: &str, attributes: &[KeyValue]) {
    if attributes.is_empty() {
        return;
    }
    let _ = writeln!(out, "{what}:");
    for KeyValue { key, value, .. } in attributes {
        let _ = writeln!(out, "     -> {key}: {}", typed(value.as_ref()));
    }
}

/// A moment as Go prints one.
fn moment(unix_nano: u64) -> String {
    let (seconds, nanos) = (unix_nano / 1_000_000_000, unix_nano % 1_000_000_000);
    let time = humantime(seconds);
    match nanos {
        0 => format!("{time} +0000 UTC"),
        nanos => format!("{time}.{} +0000 UTC", format!("{nanos:09}").trim_end_matches('0')),
    }
}

/// `1970-01-01 00:00:00`.
fn humantime(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    match jiff::Timestamp::from_second(seconds) {
        Ok(moment) => moment.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        // 584 years from 1970 fit into a u64, so this does not come about.
        Err(_) => format!("second {seconds}"),
    }
}

fn severity(number: i32) -> String {
    const NAMES: [&str; 6] = ["Trace", "Debug", "Info", "Warn", "Error", "Fatal"];
    match usize::try_from(number - 1) {
        Ok(n) if n < 24 => match n % 4 {
            0 => format!("{}({number})", NAMES[n / 4]),
            step => format!("{}{}({number})", NAMES[n / 4], step + 1),
        },
        _ => format!("Unspecified({number})"),
    }
}

/// A value as text.
fn plain(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        None => String::new(),
        Some(Value::StringValue(text)) => text.clone(),
        Some(value) => json(value).to_string(),
    }
}

/// A value with its type in front.
fn typed(value: Option<&AnyValue>) -> String {
    let value = value.and_then(|value| value.value.as_ref());
    let name = match value {
        None => return "Empty()".to_owned(),
        Some(Value::StringValue(text)) => return format!("Str({text})"),
        Some(Value::BoolValue(_)) => "Bool",
        Some(Value::IntValue(_)) => "Int",
        Some(Value::DoubleValue(_)) => "Double",
        Some(Value::ArrayValue(_)) => "Slice",
        Some(Value::KvlistValue(_)) => "Map",
        Some(_) => "Bytes",
    };
    format!("{name}({})", value.map(json).unwrap_or_default())
}

fn json(value: &Value) -> Json {
    let member = |value: &AnyValue| value.value.as_ref().map_or(Json::Null, json);
    match value {
        Value::StringValue(text) => text.as_str().into(),
        Value::BoolValue(yes) => (*yes).into(),
        Value::IntValue(number) => (*number).into(),
        Value::DoubleValue(number) => (*number).into(),
        Value::ArrayValue(list) => list.values.iter().map(member).collect(),
        Value::KvlistValue(map) => {
            let pairs = map
                .values
                .iter()
                .map(|pair| (pair.key.clone(), pair.value.as_ref().map_or(Json::Null, member)));
            Json::Object(pairs.collect::<Map<_, _>>())
        }
        Value::BytesValue(bytes) => hex(bytes).into(),
        // A reference into tables that logs do not have.
        Value::StringValueStrindex(index) => (*index).into(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::common::v1::KeyValueList;
    use opentelemetry_proto::tonic::logs::v1::ScopeLogs;
    use opentelemetry_proto::tonic::resource::v1::Resource;

    fn any(value: Value) -> Option<AnyValue> {
        Some(AnyValue { value: Some(value) })
    }

    fn pair(key: &str, value: Value) -> KeyValue {
        KeyValue { key: key.to_owned(), value: any(value), ..KeyValue::default() }
    }

    fn request() -> ExportLogsServiceRequest {
        let nested = KeyValueList { values: vec![pair("n", Value::IntValue(1))] };
        let record = LogRecord {
            time_unix_nano: 1_767_225_600_120_000_000,
            severity_number: 10,
            severity_text: "notice".to_owned(),
            body: any(Value::StringValue("a line".to_owned())),
            attributes: vec![
                pair("unit", Value::StringValue("sshd".to_owned())),
                pair("map", Value::KvlistValue(nested)),
            ],
            ..LogRecord::default()
        };
        let resource = Resource {
            attributes: vec![pair("host.name", Value::StringValue("web-1".to_owned()))],
            ..Resource::default()
        };
        let scope_logs = vec![ScopeLogs { log_records: vec![record], ..ScopeLogs::default() }];
        let resource_logs = ResourceLogs { resource: Some(resource), scope_logs, ..ResourceLogs::default() };
        ExportLogsServiceRequest { resource_logs: vec![resource_logs] }
    }

    #[test]
    fn basic_counts() {
        assert_eq!(basic(&request()), "Logs\t{\"resource logs\": 1, \"log records\": 1}\n");
    }

    #[test]
    fn normal_is_a_line_a_record() {
        let expected = "ResourceLog #0 host.name=web-1\nScopeLog #0\na line unit=sshd map={\"n\":1}\n";
        assert_eq!(normal(&request()), expected);
    }

    #[test]
    fn detailed_shows_everything() {
        let expected = "ResourceLog #0\n\
            Resource SchemaURL: \n\
            Resource attributes:\n\
            \x20    -> host.name: Str(web-1)\n\
            ScopeLogs #0\n\
            ScopeLogs SchemaURL: \n\
            InstrumentationScope  \n\
            LogRecord #0\n\
            ObservedTimestamp: 1970-01-01 00:00:00 +0000 UTC\n\
            Timestamp: 2026-01-01 00:00:00.12 +0000 UTC\n\
            SeverityText: notice\n\
            SeverityNumber: Info2(10)\n\
            Body: Str(a line)\n\
            Attributes:\n\
            \x20    -> unit: Str(sshd)\n\
            \x20    -> map: Map({\"n\":1})\n\
            Trace ID: \n\
            Span ID: \n\
            Flags: 0\n";
        assert_eq!(detailed(&request()), expected);
    }

    #[test]
    fn severities_have_names() {
        let said = [0, 1, 4, 9, 24, 25, -1].map(severity);
        let expected = [
            "Unspecified(0)",
            "Trace(1)",
            "Trace4(4)",
            "Info(9)",
            "Fatal4(24)",
            "Unspecified(25)",
            "Unspecified(-1)",
        ];
        assert_eq!(said, expected);
    }
}
