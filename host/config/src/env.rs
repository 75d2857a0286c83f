//! `${env:NAME}` and `${file:PATH}` in scalars, after merging, as the collector does
//! it.
//!
//! - `${env:NAME}` and `${NAME}` stand for the variable, `${env:NAME:-text}` for
//!   `text` where the variable is not set (an empty one is set).
//! - `${file:PATH}` stands for what is in the file, without the line feed at its end.
//! - `$$` is a dollar sign; a dollar sign before anything else is itself, so that
//!   patterns such as `^a$` need no escape.
//! - A scalar that is one reference and nothing else is read again as a scalar:
//!   `true` can be a boolean and `10` a number, where one is due. Otherwise the
//!   value is put into the text.
//! - Unlike in the collector, a variable that is not set is an error, and what a
//!   variable holds is never expanded again.

use std::path::Path;

use crate::problem::{Position, Report};
use crate::tree::{Node, Scalar, Style, Value};

/// Where references lead.
#[derive(Clone, Copy)]
pub(crate) struct Outside<'a> {
    pub(crate) env: &'a dyn Fn(&str) -> Option<String>,
    pub(crate) file: &'a dyn Fn(&Path) -> std::io::Result<String>,
}

/// Expands every scalar under `node`. Keys stay as they are.
pub(crate) fn expand(node: &mut Node, outside: Outside<'_>, report: &mut Report) {
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| expand(item, outside, report)),
        Value::Map(entries) => entries.iter_mut().for_each(|(_, node)| expand(node, outside, report)),
        Value::Scalar(scalar) => scalar_in_place(scalar, &node.at, outside, report),
    }
}

fn scalar_in_place(scalar: &mut Scalar, at: &Position, outside: Outside<'_>, report: &mut Report) {
    if !scalar.text.contains('$') {
        return;
    }
    let mut out = String::with_capacity(scalar.text.len());
    let mut rest = scalar.text.as_str();
    let mut whole = false;
    while let Some(dollar) = rest.find('$') {
        out.push_str(&rest[..dollar]);
        let after = &rest[dollar + 1..];
        if let Some(more) = after.strip_prefix('$') {
            out.push('$');
            rest = more;
        } else if let Some(more) = after.strip_prefix('{') {
            let Some(end) = more.find('}') else {
                report.error(at, "`${` without a closing `}`", "write `$$` for a dollar sign");
                return;
            };
            match lookup(&more[..end], outside) {
                Ok(value) => out.push_str(&value),
                Err((message, hint)) => report.error(at, message, hint),
            }
            whole = dollar == 0 && rest.len() == scalar.text.len() && end + 1 == more.len();
            rest = &more[end + 1..];
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    scalar.text = out;
    if whole {
        scalar.style = Style::Expanded;
    } else if scalar.style == Style::Plain {
        // `${env:HOST}:4318` was text before and stays text.
        scalar.style = Style::Quoted;
    }
}

/// The value of a reference, `inner` being what is between the braces.
fn lookup(inner: &str, outside: Outside<'_>) -> Result<String, (String, String)> {
    if let Some(path) = inner.strip_prefix("file:") {
        let text = (outside.file)(Path::new(path)).map_err(|error| {
            (
                format!("cannot read {path}: {error}"),
                "write the path of a file that the agent may read".into(),
            )
        })?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        return Ok(line.strip_suffix('\r').unwrap_or(line).to_owned());
    }
    let reference = match inner.strip_prefix("env:") {
        Some(reference) => reference,
        None => match inner.split_once(':') {
            Some((scheme, rest)) if !rest.starts_with('-') => {
                return Err((
                    format!("`${{{scheme}:…}}` is not supported"),
                    "only `${env:NAME}`, `${env:NAME:-default}` and `${file:PATH}` are; write `$$` for a dollar sign".into(),
                ));
            }
            _ => inner,
        },
    };
    let (name, default) = match reference.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (reference, None),
    };
    let start = |b: u8| b.is_ascii_alphabetic() || b == b'_';
    if !name.bytes().next().is_some_and(start) || !name.bytes().all(|b| start(b) || b.is_ascii_digit()) {
        return Err((
            format!("`{name}` is not the name of an environment variable"),
            "letters, digits and `_` make a name; write `$$` for a dollar sign".into(),
        ));
    }
    if default.is_some_and(|d| d.contains("${")) {
        return Err((
            format!("the default of `{name}` holds another reference"),
            "references do not nest; set the variable instead".into(),
        ));
    }
    (outside.env)(name).or_else(|| default.map(str::to_owned)).ok_or_else(|| {
        let hint = format!("set it, or write `${{env:{name}:-default}}`");
        (format!("environment variable `{name}` is not set"), hint)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Typed;

    fn env(name: &str) -> Option<String> {
        let value = match name {
            "HOST" => "example.org",
            "PORT" => "4318",
            "EMPTY" => "",
            "TRICK" => "${env:HOST} $$ # x",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn expanded(text: &str) -> Result<Scalar, String> {
        let mut scalar = Scalar { text: text.into(), style: Style::Plain };
        let mut report = Report::default();
        let at = Position { file: "x".into(), line: 1, column: 1 };
        let file = |path: &Path| match path.to_str() {
            Some("/etc/key") => Ok("a secret\n".to_owned()),
            _ => Err(std::io::ErrorKind::NotFound.into()),
        };
        scalar_in_place(&mut scalar, &at, Outside { env: &env, file: &file }, &mut report);
        match report.errors.first() {
            None => Ok(scalar),
            Some(problem) => Err(problem.message.clone()),
        }
    }

    #[test]
    fn references_stand_for_values() {
        let table = [
            ("${env:HOST}", "example.org"),
            ("${HOST}", "example.org"),
            ("http://${env:HOST}:${env:PORT}/x", "http://example.org:4318/x"),
            ("${env:NONE:-http://localhost:4318}", "http://localhost:4318"),
            ("${NONE:-}", ""),
            ("Bearer ${file:/etc/key}.", "Bearer a secret."),
            ("${env:EMPTY:-default}", ""),
            ("$$", "$"),
            ("$${env:HOST}", "${env:HOST}"),
            ("^a$|^b$", "^a$|^b$"),
            ("a $ b $HOST", "a $ b $HOST"),
            ("${env:TRICK}", "${env:HOST} $$ # x"),
        ];
        for (text, expected) in table {
            assert_eq!(expanded(text).map(|s| s.text), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn only_a_whole_scalar_is_typed_again() {
        assert_eq!(expanded("${env:PORT}").unwrap().typed(), Typed::Int(4318));
        assert_eq!(expanded("${env:NONE:-true}").unwrap().typed(), Typed::Bool(true));
        assert_eq!(expanded("${env:EMPTY}").unwrap().typed(), Typed::Null);
        assert_eq!(expanded("${env:PORT}0").unwrap().typed(), Typed::Text("43180"));
        assert_eq!(expanded("${env:PORT}${env:PORT}").unwrap().typed(), Typed::Text("43184318"));
        assert_eq!(expanded("$$${env:PORT}").unwrap().typed(), Typed::Text("$4318"));
    }

    #[test]
    fn what_cannot_be_looked_up_is_an_error() {
        let table = [
            ("${env:NONE}", "environment variable `NONE` is not set"),
            ("x${env:HOST", "`${` without a closing `}`"),
            ("${file:/etc/none}", "cannot read /etc/none: entity not found"),
            ("${yaml:x}", "`${yaml:…}` is not supported"),
            ("${env:A B}", "`A B` is not the name of an environment variable"),
            ("${}", "`` is not the name of an environment variable"),
            ("${env:1A}", "`1A` is not the name of an environment variable"),
            ("${env:NONE:-${env:HOST}}", "the default of `NONE` holds another reference"),
        ];
        for (text, expected) in table {
            assert_eq!(expanded(text).err().as_deref(), Some(expected), "{text}");
        }
    }
}
