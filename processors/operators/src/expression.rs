//! The expression language of `if`, `expr` and `EXPR(...)`, through the crate
//! `expr-lang`. Names that an entry does not have are nil, as in the collector.

use expr::{Context, ContextProvider, Environment, Program, Value as Evaluated};

use crate::entry::Entry;
use crate::value::{Map, Str, Value};

/// An expression that was read.
#[derive(Debug)]
pub(crate) struct Expression {
    program: Program,
}

/// Text with expressions in it: `EXPR(...)`.
#[derive(Debug)]
pub(crate) enum Template {
    /// None in it.
    Fixed(Value<'static>),
    /// The text before the first one, then each with the text behind it.
    Rendered(Box<str>, Vec<(Expression, Box<str>)>),
}

/// The names that expressions may use.
const NAMES: [&str; 6] = ["body", "attributes", "resource", "timestamp", "severity_text", "severity_number"];

thread_local! {
    static FUNCTIONS: Environment<'static> = Environment::new();
}

impl Expression {
    /// Reads an expression and tries it on an entry without anything in it, which
    /// shows names and functions that do not exist.
    pub(crate) fn new(written: &str) -> Result<Self, String> {
        let program = expr::compile(written).map_err(|error| {
            format!("`{written}` cannot be read: {}; {SUPPORTED}", first_line(&error.to_string()))
        })?;
        let expression = Self { program };
        match expression.evaluate(&Entry::default()) {
            Err(error) if error.starts_with("unknown") || error.contains("Unknown") => {
                Err(format!("`{written}` cannot be used: {error}; {SUPPORTED}"))
            }
            _ => Ok(expression),
        }
    }

    /// The value for an entry.
    pub(crate) fn evaluate(&self, entry: &Entry<'_>) -> Result<Evaluated, String> {
        let view = View::new(entry);
        FUNCTIONS
            .with(|functions| functions.run(&self.program, &view))
            .map_err(|error| first_line(&error.to_string()))
    }

    /// The answer for an entry, which must be yes or no.
    pub(crate) fn holds(&self, entry: &Entry<'_>) -> Result<bool, String> {
        match self.evaluate(entry)? {
            Evaluated::Bool(truth) => Ok(truth),
            other => Err(format!("the expression gives {other}, not true or false")),
        }
    }
}

const SUPPORTED: &str = "expressions use body, attributes, resource, timestamp, severity_text, severity_number, ==, !=, \
                         <, >, and, or, not, in, contains, startsWith, endsWith, matches, ?:, ?? and functions of expr-lang";

fn first_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// An entry as expressions see it.
struct View {
    context: Context,
}

impl View {
    fn new(entry: &Entry<'_>) -> Self {
        let mut context = Context::default();
        let body = evaluated(&entry.body);
        context.insert("$", body.clone());
        context.insert(NAMES[0], body);
        context.insert(NAMES[1], map(&entry.attributes));
        context.insert(NAMES[2], map(&entry.resource));
        context.insert(NAMES[3], Evaluated::Integer(entry.time));
        context.insert(NAMES[4], Evaluated::String(entry.severity_text.as_str().to_owned()));
        context.insert(NAMES[5], Evaluated::Integer(i64::from(entry.severity)));
        Self { context }
    }
}

impl ContextProvider for View {
    fn get(&self, key: &str) -> Option<&Evaluated> {
        self.context.get(key)
    }

    fn to_context(&self) -> Context {
        self.context.clone()
    }
}

fn evaluated(value: &Value<'_>) -> Evaluated {
    match value {
        Value::Nil => Evaluated::Nil,
        Value::Boolean(truth) => Evaluated::Bool(*truth),
        Value::Integer(number) => Evaluated::Integer(*number),
        Value::Float(number) => Evaluated::Float(*number),
        Value::Text(text) => Evaluated::String(text.as_str().to_owned()),
        Value::List(items) => Evaluated::Array(items.iter().map(evaluated).collect()),
        Value::Map(members) => map(members),
    }
}

fn map(members: &Map<'_>) -> Evaluated {
    Evaluated::Map(members.0.iter().map(|(name, value)| (name.to_string(), evaluated(value))).collect())
}

/// What an expression gave, as a value of an entry.
pub(crate) fn value(evaluated: Evaluated) -> Result<Value<'static>, String> {
    Ok(match evaluated {
        Evaluated::Nil => Value::Nil,
        Evaluated::Bool(truth) => Value::Boolean(truth),
        Evaluated::Integer(number) => Value::Integer(number),
        Evaluated::Float(number) => Value::Float(number),
        Evaluated::String(text) => Value::made(text),
        Evaluated::Array(items) => Value::List(items.into_iter().map(value).collect::<Result<_, _>>()?),
        Evaluated::Map(members) => {
            let member = |(name, member): (String, Evaluated)| Ok((name.as_str().into(), value(member)?));
            Value::Map(Map(members.into_iter().map(member).collect::<Result<_, String>>()?))
        }
        other => return Err(format!("the expression gives {other}, which no attribute can hold")),
    })
}

impl Template {
    /// Reads a text as the collector does: an expression goes up to the last closing
    /// bracket before the next one begins.
    pub(crate) fn new(written: &str) -> Result<Self, String> {
        const OPEN: &str = "EXPR(";
        let fixed = || Ok(Self::Fixed(Value::Text(Str::Shared(written.into()))));
        let Some(first) = written.find(OPEN) else { return fixed() };
        let mut parts = Vec::new();
        let mut rest = &written[first..];
        while let Some(inner) = rest.strip_prefix(OPEN) {
            let next = inner.find(OPEN).unwrap_or(inner.len());
            let Some(close) = inner[..next].rfind(')') else { return fixed() };
            parts.push((Expression::new(&inner[..close])?, inner[close + 1..next].into()));
            rest = &inner[next..];
        }
        Ok(Self::Rendered(written[..first].into(), parts))
    }

    /// The text for an entry.
    pub(crate) fn render(&self, entry: &Entry<'_>) -> Result<Value<'static>, String> {
        let (before, parts) = match self {
            Self::Fixed(value) => return Ok(value.clone()),
            Self::Rendered(before, parts) => (before, parts),
        };
        let mut text = before.to_string();
        for (expression, after) in parts {
            match expression.evaluate(entry)? {
                Evaluated::String(part) => text.push_str(&part),
                other => return Err(format!("the expression gives {other}, not text")),
            }
            text.push_str(after);
        }
        Ok(Value::made(text))
    }
}
