use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Attributes by name.
pub type Attributes = BTreeMap<String, Value>;
/// HTTP headers by lower-case name; of several with one name, the last.
pub type Headers = BTreeMap<String, String>;

/// A log record as it arrived, with all that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// When it happened; 0 if unknown.
    pub time_unix_nano: u64,
    /// When it was read; 0 if not said.
    pub observed_time_unix_nano: u64,
    /// 0 to 24.
    pub severity_number: i32,
    /// As sent.
    pub severity_text: String,
    /// The body as text: any other kind of value as [`Value`]'s `Display` writes it.
    pub body: String,
    /// Its own attributes.
    pub attributes: Attributes,
    /// Of the resource it was sent under.
    pub resource: Arc<Attributes>,
    /// The scope it was sent under.
    pub scope: Arc<Scope>,
    /// Of the request that it came with.
    pub headers: Arc<Headers>,
}

impl Record {
    /// The text of attribute `key`; none if it is missing or no text.
    pub fn attr(&self, key: &str) -> Option<&str> {
        self.attributes.get(key)?.as_text()
    }

    /// The text of resource attribute `key`; none if it is missing or no text.
    pub fn resource_attr(&self, key: &str) -> Option<&str> {
        self.resource.get(key)?.as_text()
    }
}

/// Who made a record, by its own account.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "each is what its name says")]
pub struct Scope {
    pub name: String,
    pub version: String,
    pub attributes: Attributes,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the kinds of the protocol")]
pub enum Value {
    Empty,
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    Map(Attributes),
}

impl Value {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl PartialEq<&str> for Value {
    fn eq(&self, other: &&str) -> bool {
        self.as_text() == Some(other)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Integer(n) => n.fmt(f),
            Self::Float(n) => n.fmt(f),
            Self::Boolean(b) => b.fmt(f),
            Self::Bytes(bytes) => write!(f, "bytes{bytes:?}"),
            Self::List(values) => f.debug_list().entries(values).finish(),
            Self::Map(map) => f.debug_map().entries(map).finish(),
        }
    }
}

/// Every record of `request`, in its order, or what is wrong with it. Stricter than
/// most receivers, so that an encoder's mistake does not go unseen: a name twice, an
/// empty name and a severity number past 24 are refused.
pub(super) fn records(request: ExportLogsServiceRequest, headers: Headers) -> Result<Vec<Record>, String> {
    let headers = Arc::new(headers);
    let mut records = Vec::new();
    for resource_logs in request.resource_logs {
        let resource = resource_logs.resource.unwrap_or_default();
        let resource = Arc::new(attributes("resource", resource.attributes)?);
        for scope_logs in resource_logs.scope_logs {
            let scope = scope_logs.scope.unwrap_or_default();
            let attributes = attributes("scope", scope.attributes)?;
            let scope = Arc::new(Scope { name: scope.name, version: scope.version, attributes });
            for log in scope_logs.log_records {
                records.push(record(log, &resource, &scope, &headers)?);
            }
        }
    }
    Ok(records)
}

fn record(
    log: LogRecord,
    resource: &Arc<Attributes>,
    scope: &Arc<Scope>,
    headers: &Arc<Headers>,
) -> Result<Record, String> {
    if !(0..=24).contains(&log.severity_number) {
        return Err(format!("severity number {} is past 24", log.severity_number));
    }
    let body = match log.body.map_or(Ok(Value::Empty), value)? {
        Value::Text(text) => text,
        other => other.to_string(),
    };
    Ok(Record {
        time_unix_nano: log.time_unix_nano,
        observed_time_unix_nano: log.observed_time_unix_nano,
        severity_number: log.severity_number,
        severity_text: log.severity_text,
        body,
        attributes: attributes("record", log.attributes)?,
        resource: Arc::clone(resource),
        scope: Arc::clone(scope),
        headers: Arc::clone(headers),
    })
}

fn attributes(of: &str, pairs: Vec<KeyValue>) -> Result<Attributes, String> {
    let mut map = Attributes::new();
    for pair in pairs {
        if pair.key.is_empty() {
            return Err(format!("an attribute of a {of} has no name"));
        }
        let value = pair.value.map_or(Ok(Value::Empty), value)?;
        if let Some(twice) = map.insert(pair.key.clone(), value) {
            return Err(format!("a {of} has attribute {:?} twice, first as {twice:?}", pair.key));
        }
    }
    Ok(map)
}

fn value(any: AnyValue) -> Result<Value, String> {
    Ok(match any.value {
        None => Value::Empty,
        Some(any_value::Value::StringValue(text)) => Value::Text(text),
        Some(any_value::Value::BoolValue(b)) => Value::Boolean(b),
        Some(any_value::Value::IntValue(n)) => Value::Integer(n),
        Some(any_value::Value::DoubleValue(n)) => Value::Float(n),
        Some(any_value::Value::BytesValue(bytes)) => Value::Bytes(bytes),
        Some(any_value::Value::ArrayValue(list)) => {
            Value::List(list.values.into_iter().map(value).collect::<Result<_, _>>()?)
        }
        Some(any_value::Value::KvlistValue(map)) => Value::Map(attributes("map", map.values)?),
        Some(any_value::Value::StringValueStrindex(_)) => {
            return Err("an index into a string table, which logs do not have".to_owned());
        }
    })
}
