//! The expression language of `if`, `expr` and `EXPR(...)`: what configs for logs
//! use of it (<https://expr-lang.org/docs/language-definition>).
//!
//! The crate for that language takes 1.3 MB as a component, of which every start
//! without a cache would compile each byte, has Unicode's regular expressions where
//! the collector has RE2's, and does not show what it read, so that a name that
//! does not exist could not be refused when the config is checked.

mod evaluate;
mod functions;
mod read;

use skidway_pattern::Pattern;

use crate::entry::Entry;
use crate::value::{Str, Value};

/// An expression that was read.
#[derive(Debug)]
pub(crate) struct Expression(Node);

/// Text with expressions in it: `EXPR(...)`.
#[derive(Debug)]
pub(crate) enum Template {
    /// None in it.
    Fixed(Value<'static>),
    /// The text before the first one, then each with the text behind it.
    Rendered(Box<str>, Vec<(Expression, Box<str>)>),
}

#[derive(Debug)]
enum Node {
    Value(Value<'static>),
    Name(EntryName),
    List(Vec<Node>),
    Member {
        of: Box<Node>,
        key: Box<Node>,
        optional: bool,
    },
    Slice {
        of: Box<Node>,
        from: Option<Box<Node>>,
        to: Option<Box<Node>>,
    },
    Not(Box<Node>),
    Negative(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    /// A pattern that stands in the expression.
    Matches(Box<Node>, Box<Pattern>),
    Choice(Box<Node>, Box<Node>, Box<Node>),
    Call(functions::Function, Vec<Node>),
}

/// What an entry has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EntryName {
    Body,
    Attributes,
    Resource,
    SeverityText,
    SeverityNumber,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Default,
}

const SUPPORTED: &str = "expressions use body, attributes, resource, severity_text and severity_number, literals and \
                         lists, ==, !=, <, <=, >, >=, and, or, not, in, contains, startsWith, endsWith, matches, + - * / %, \
                         ?:, ?? and functions such as len, lower, trim, split";

impl Expression {
    /// Reads an expression.
    pub(crate) fn new(written: &str) -> Result<Self, String> {
        read::read(written).map(Self).map_err(|why| format!("`{written}` cannot be read: {why}; {SUPPORTED}"))
    }

    /// The value for an entry.
    pub(crate) fn evaluate<'t>(&self, entry: &Entry<'t>) -> Result<Value<'t>, String> {
        evaluate::evaluate(&self.0, entry)
    }

    /// The answer for an entry, which must be yes or no.
    pub(crate) fn holds(&self, entry: &Entry<'_>) -> Result<bool, String> {
        match self.evaluate(entry)? {
            Value::Boolean(truth) => Ok(truth),
            other => Err(format!("the expression gives a {}, not true or false", other.kind())),
        }
    }
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
                Value::Text(part) => text.push_str(part.as_str()),
                other => return Err(format!("the expression gives a {}, not text", other.kind())),
            }
            text.push_str(after);
        }
        Ok(Value::made(text))
    }
}
