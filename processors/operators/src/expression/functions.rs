//! Functions that expressions may call.

use crate::value::{Str, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Len,
    Lower,
    Upper,
    Trim,
    TrimPrefix,
    TrimSuffix,
    HasPrefix,
    HasSuffix,
    IndexOf,
    Replace,
    Split,
    Join,
    Int,
    Float,
    String,
    Type,
}

/// Names, and how many arguments they take at least and at most.
const FUNCTIONS: [(&str, Function, usize, usize); 16] = [
    ("len", Function::Len, 1, 1),
    ("lower", Function::Lower, 1, 1),
    ("upper", Function::Upper, 1, 1),
    ("trim", Function::Trim, 1, 2),
    ("trimPrefix", Function::TrimPrefix, 2, 2),
    ("trimSuffix", Function::TrimSuffix, 2, 2),
    ("hasPrefix", Function::HasPrefix, 2, 2),
    ("hasSuffix", Function::HasSuffix, 2, 2),
    ("indexOf", Function::IndexOf, 2, 2),
    ("replace", Function::Replace, 3, 3),
    ("split", Function::Split, 2, 2),
    ("join", Function::Join, 1, 2),
    ("int", Function::Int, 1, 1),
    ("float", Function::Float, 1, 1),
    ("string", Function::String, 1, 1),
    ("type", Function::Type, 1, 1),
];

impl Function {
    pub(super) fn new(name: &str) -> Result<Self, String> {
        if name == "env" {
            return Err(
                "`env` is not there, because a component sees no environment; write `${env:NAME}` in the \
                        config"
                    .to_owned(),
            );
        }
        let known = FUNCTIONS.iter().find(|(known, ..)| *known == name);
        known.map(|(_, function, ..)| *function).ok_or_else(|| {
            let names: Vec<_> = FUNCTIONS.iter().map(|(name, ..)| *name).collect();
            format!("the function `{name}` is unknown; there are {}", names.join(", "))
        })
    }

    pub(super) fn check(self, arguments: usize) -> Result<(), String> {
        let Some((name, _, least, most)) = FUNCTIONS.iter().find(|(_, function, ..)| *function == self)
        else {
            return Ok(());
        };
        if (*least..=*most).contains(&arguments) {
            return Ok(());
        }
        let due = if least == most { least.to_string() } else { format!("{least} or {most}") };
        Err(format!("`{name}` takes {due} arguments, not {arguments}"))
    }
}

pub(super) fn call<'t>(function: Function, arguments: Vec<Value<'t>>) -> Result<Value<'t>, String> {
    let text = |at: usize| match arguments.get(at) {
        Some(Value::Text(text)) => Ok(text.as_str()),
        Some(other) => Err(format!("{function:?} takes text, not a {}", other.kind())),
        None => Ok(""),
    };
    let Some(first) = arguments.first() else { return Ok(Value::Nil) };
    match function {
        Function::Len => match first {
            Value::Text(text) => Ok(Value::Integer(text.as_str().chars().count() as i64)),
            Value::List(items) => Ok(Value::Integer(items.len() as i64)),
            Value::Map(map) => Ok(Value::Integer(map.0.len() as i64)),
            other => Err(format!("a {} has no length", other.kind())),
        },
        Function::Lower => Ok(Value::made(text(0)?.to_lowercase())),
        Function::Upper => Ok(Value::made(text(0)?.to_uppercase())),
        Function::Trim => {
            let chars: Vec<char> = text(1)?.chars().collect();
            let trimmed =
                if chars.is_empty() { text(0)?.trim() } else { text(0)?.trim_matches(chars.as_slice()) };
            Ok(Value::made(trimmed))
        }
        Function::TrimPrefix => Ok(Value::made(text(0)?.strip_prefix(text(1)?).unwrap_or(text(0)?))),
        Function::TrimSuffix => Ok(Value::made(text(0)?.strip_suffix(text(1)?).unwrap_or(text(0)?))),
        Function::HasPrefix => Ok(Value::Boolean(text(0)?.starts_with(text(1)?))),
        Function::HasSuffix => Ok(Value::Boolean(text(0)?.ends_with(text(1)?))),
        Function::IndexOf => Ok(Value::Integer(text(0)?.find(text(1)?).map_or(-1, |at| at as i64))),
        Function::Replace => Ok(Value::made(text(0)?.replace(text(1)?, text(2)?))),
        Function::Split => Ok(Value::List(text(0)?.split(text(1)?).map(Value::made).collect())),
        Function::Join => match first {
            Value::List(items) => {
                let parts: Option<Vec<_>> =
                    items.iter().map(|item| item.as_text().map(Str::as_str)).collect();
                let parts = parts.ok_or("join takes a list of texts")?;
                Ok(Value::made(parts.join(text(1)?)))
            }
            other => Err(format!("join takes a list, not a {}", other.kind())),
        },
        Function::Int => match first {
            Value::Integer(number) => Ok(Value::Integer(*number)),
            Value::Float(number) => Ok(Value::Integer(*number as i64)),
            Value::Text(text) => text
                .as_str()
                .parse()
                .map(Value::Integer)
                .map_err(|_| format!("{:?} is no whole number", text.as_str())),
            other => Err(format!("a {} is no number", other.kind())),
        },
        Function::Float => match first {
            Value::Integer(number) => Ok(Value::Float(*number as f64)),
            Value::Float(number) => Ok(Value::Float(*number)),
            Value::Text(text) => text
                .as_str()
                .parse()
                .map(Value::Float)
                .map_err(|_| format!("{:?} is no number", text.as_str())),
            other => Err(format!("a {} is no number", other.kind())),
        },
        Function::String => match first {
            Value::Text(text) => Ok(Value::Text(text.clone())),
            Value::Integer(number) => Ok(Value::made(number.to_string())),
            Value::Float(number) => Ok(Value::made(number.to_string())),
            Value::Boolean(truth) => Ok(Value::made(truth.to_string())),
            other => Err(format!("a {} is no text", other.kind())),
        },
        Function::Type => Ok(Value::made(match first {
            Value::Float(_) => "float",
            Value::List(_) => "array",
            other => other.kind(),
        })),
    }
}
