//! A YAML document with the place of every key and value, and how documents merge.

use crate::problem::Position;

/// A value and where it stands. No `Debug`: a value may be a secret.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) at: Position,
    pub(crate) value: Value,
}

#[derive(Clone)]
pub(crate) enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    /// In the order of the file; each key once.
    Map(Vec<(Key, Node)>),
}

#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) at: Position,
    pub(crate) name: String,
}

#[derive(Clone)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    pub(crate) style: Style,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes: `10` is a number.
    Plain,
    /// In quotes or as a block: always text.
    Quoted,
    /// From the environment: a number where a number is due, text where text is.
    Expanded,
}

/// A scalar as YAML 1.2's core schema reads it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Typed<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
}

impl Scalar {
    pub(crate) fn typed(&self) -> Typed<'_> {
        if self.style == Style::Quoted { Typed::Text(&self.text) } else { typed(&self.text) }
    }
}

fn typed(text: &str) -> Typed<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Typed::Null,
        "true" | "True" | "TRUE" => return Typed::Bool(true),
        "false" | "False" | "FALSE" => return Typed::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" => return Typed::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Typed::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Typed::Float(f64::NAN),
        _ => {}
    }
    let radix = |prefix, radix| text.strip_prefix(prefix).and_then(|t| i64::from_str_radix(t, radix).ok());
    if let Some(n) = radix("0x", 16).or_else(|| radix("0o", 8)).or_else(|| text.parse().ok()) {
        return Typed::Int(n);
    }
    // Rust also reads `inf` and `nan`, which are words in YAML.
    let numeric = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    match text.parse() {
        Ok(n) if numeric => Typed::Float(n),
        _ => Typed::Text(text),
    }
}

impl Node {
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(s) if s.typed() == Typed::Null)
    }

    /// The entries of a map; none of anything else.
    pub(crate) fn entries(&self) -> &[(Key, Node)] {
        if let Value::Map(entries) = &self.value { entries } else { &[] }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(k, _)| k.name == key).map(|(_, node)| node)
    }

    /// Where the value of `key` stands, or this node where there is none.
    pub(crate) fn at(&self, key: &str) -> &Position {
        self.get(key).map_or(&self.at, |node| &node.at)
    }

    /// Where item `index` of the list under `key` stands.
    pub(crate) fn at_item(&self, key: &str, index: usize) -> &Position {
        match self.get(key).map(|node| &node.value) {
            Some(Value::List(items)) => items.get(index).map_or_else(|| self.at(key), |item| &item.at),
            _ => self.at(key),
        }
    }

    /// Lays a later file over this one as the collector does: maps merge key by
    /// key, everything else (lists, scalars, null) takes the place of what was there.
    pub(crate) fn merge(&mut self, over: Node) {
        match (&mut self.value, over.value) {
            (Value::Map(base), Value::Map(over)) => {
                for (key, node) in over {
                    match base.iter_mut().find(|(k, _)| k.name == key.name) {
                        Some((k, base)) => {
                            if !matches!((&base.value, &node.value), (Value::Map(_), Value::Map(_))) {
                                *k = key;
                            }
                            base.merge(node);
                        }
                        None => base.push((key, node)),
                    }
                }
            }
            (_, value) => *self = Node { at: over.at, value },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_follow_the_core_schema() {
        let table = [
            ("", Typed::Null),
            ("~", Typed::Null),
            ("true", Typed::Bool(true)),
            ("yes", Typed::Text("yes")),
            ("-12", Typed::Int(-12)),
            ("0x1F", Typed::Int(31)),
            ("0o17", Typed::Int(15)),
            ("1.5", Typed::Float(1.5)),
            ("1e3", Typed::Float(1000.0)),
            (".inf", Typed::Float(f64::INFINITY)),
            ("inf", Typed::Text("inf")),
            ("nan", Typed::Text("nan")),
            ("1.2.3", Typed::Text("1.2.3")),
            ("10s", Typed::Text("10s")),
        ];
        for (text, expected) in table {
            assert_eq!(typed(text), expected, "{text}");
            let quoted = Scalar { text: text.into(), style: Style::Quoted };
            assert_eq!(quoted.typed(), Typed::Text(text));
        }
    }
}
