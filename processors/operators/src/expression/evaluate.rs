use std::cmp::Ordering;

use skidway_pattern::Pattern;

use super::{EntryName, Node, Operator, functions};
use crate::entry::Entry;
use crate::value::{Map, Name, Str, Value};

type Evaluated<'t> = Result<Value<'t>, String>;

pub(super) fn evaluate<'t>(node: &Node, entry: &Entry<'t>) -> Evaluated<'t> {
    match node {
        Node::Value(value) => Ok(value.clone()),
        Node::Name(name) => Ok(match name {
            EntryName::Body => entry.body.clone(),
            EntryName::Attributes => Value::Map(entry.attributes.clone()),
            EntryName::Resource => Value::Map(entry.resource.clone()),
            EntryName::SeverityText => Value::Text(entry.severity_text.clone()),
            EntryName::SeverityNumber => Value::Integer(i64::from(entry.severity)),
        }),
        Node::List(items) => {
            Ok(Value::List(items.iter().map(|item| evaluate(item, entry)).collect::<Result<_, _>>()?))
        }
        Node::Member { of, key, optional } => {
            let key = evaluate(key, entry)?;
            // The usual case takes no copy of a whole map.
            match &**of {
                Node::Name(EntryName::Attributes) => named(&entry.attributes, &key),
                Node::Name(EntryName::Resource) => named(&entry.resource, &key),
                of => member(&evaluate(of, entry)?, &key, *optional),
            }
        }
        Node::Slice { of, from, to } => {
            let bound = |node: &Option<Box<Node>>| match node {
                None => Ok(None),
                Some(node) => match evaluate(node, entry)? {
                    Value::Integer(number) => Ok(Some(number)),
                    other => Err(format!("a {} is no place in a text", other.kind())),
                },
            };
            slice(evaluate(of, entry)?, bound(from)?, bound(to)?)
        }
        Node::Not(node) => match evaluate(node, entry)? {
            Value::Boolean(truth) => Ok(Value::Boolean(!truth)),
            other => Err(format!("not takes true or false, not a {}", other.kind())),
        },
        Node::Negative(node) => match evaluate(node, entry)? {
            Value::Integer(number) => Ok(Value::Integer(number.wrapping_neg())),
            Value::Float(number) => Ok(Value::Float(-number)),
            other => Err(format!("a {} has no negative", other.kind())),
        },
        Node::Choice(condition, yes, no) => match evaluate(condition, entry)? {
            Value::Boolean(true) => evaluate(yes, entry),
            Value::Boolean(false) => evaluate(no, entry),
            other => Err(format!("?: takes true or false, not a {}", other.kind())),
        },
        Node::Matches(text, pattern) => matches(&evaluate(text, entry)?, pattern),
        Node::Binary(operator, left, right) => binary(*operator, left, right, entry),
        Node::Call(function, arguments) => {
            let arguments: Result<Vec<_>, _> = arguments.iter().map(|node| evaluate(node, entry)).collect();
            functions::call(*function, arguments?)
        }
    }
}

fn binary<'t>(operator: Operator, left: &Node, right: &Node, entry: &Entry<'t>) -> Evaluated<'t> {
    let first = evaluate(left, entry)?;
    // These look at the second value only where it counts.
    match (operator, &first) {
        (Operator::And, Value::Boolean(false)) | (Operator::Or, Value::Boolean(true)) => return Ok(first),
        (Operator::And | Operator::Or, Value::Boolean(_)) => {
            return match evaluate(right, entry)? {
                second @ Value::Boolean(_) => Ok(second),
                other => Err(format!("and and or take true or false, not a {}", other.kind())),
            };
        }
        (Operator::And | Operator::Or, other) => {
            return Err(format!("and and or take true or false, not a {}", other.kind()));
        }
        (Operator::Default, Value::Nil) => return evaluate(right, entry),
        (Operator::Default, _) => return Ok(first),
        _ => {}
    }
    let second = evaluate(right, entry)?;
    let wrong = || Err(format!("{operator:?} does not take a {} and a {}", first.kind(), second.kind()));
    match operator {
        Operator::Equal => Ok(Value::Boolean(equal(&first, &second))),
        Operator::Unequal => Ok(Value::Boolean(!equal(&first, &second))),
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            let Some(order) = order(&first, &second) else { return wrong() };
            Ok(Value::Boolean(match operator {
                Operator::Less => order == Ordering::Less,
                Operator::LessOrEqual => order != Ordering::Greater,
                Operator::Greater => order == Ordering::Greater,
                _ => order != Ordering::Less,
            }))
        }
        Operator::In | Operator::NotIn => {
            let is_in = match (&first, &second) {
                (_, Value::List(items)) => items.iter().any(|item| equal(item, &first)),
                (Value::Text(name), Value::Map(map)) => map.get(name.as_str()).is_some(),
                (_, Value::Nil) => false,
                _ => return wrong(),
            };
            Ok(Value::Boolean(is_in == (operator == Operator::In)))
        }
        Operator::Contains | Operator::StartsWith | Operator::EndsWith => {
            let (Value::Text(text), Value::Text(part)) = (&first, &second) else { return wrong() };
            let (text, part) = (text.as_str(), part.as_str());
            Ok(Value::Boolean(match operator {
                Operator::Contains => memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some(),
                Operator::StartsWith => text.starts_with(part),
                _ => text.ends_with(part),
            }))
        }
        Operator::Matches => match &second {
            Value::Text(written) => {
                let pattern = Pattern::new(written.as_str()).map_err(|error| error.to_string())?;
                matches(&first, &pattern)
            }
            _ => wrong(),
        },
        Operator::Add => match (&first, &second) {
            (Value::Text(a), Value::Text(b)) => Ok(Value::made(format!("{}{}", a.as_str(), b.as_str()))),
            _ => arithmetic(operator, &first, &second).map_or_else(wrong, Ok),
        },
        _ => arithmetic(operator, &first, &second).map_or_else(wrong, Ok),
    }
}

fn matches<'t>(text: &Value<'_>, pattern: &Pattern) -> Evaluated<'t> {
    match text {
        Value::Text(text) => Ok(Value::Boolean(pattern.is_match(text.as_str().as_bytes()))),
        Value::Nil => Ok(Value::Boolean(false)),
        other => Err(format!("matches takes text, not a {}", other.kind())),
    }
}

fn arithmetic<'t>(operator: Operator, a: &Value<'_>, b: &Value<'_>) -> Option<Value<'t>> {
    if let (Value::Integer(a), Value::Integer(b)) = (a, b) {
        return Some(match operator {
            Operator::Add => Value::Integer(a.wrapping_add(*b)),
            Operator::Subtract => Value::Integer(a.wrapping_sub(*b)),
            Operator::Multiply => Value::Integer(a.wrapping_mul(*b)),
            Operator::Divide => Value::Float(*a as f64 / *b as f64),
            _ => Value::Integer(a.checked_rem(*b)?),
        });
    }
    let (a, b) = (float(a)?, float(b)?);
    Some(Value::Float(match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide => a / b,
        _ => return None,
    }))
}

fn float(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

pub(super) fn equal(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Nil, Value::Nil) => true,
        (Value::Boolean(a), Value::Boolean(b)) => a == b,
        (Value::Integer(a), Value::Integer(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => a.as_str() == b.as_str(),
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Map(Map(a)), Value::Map(map)) => {
            let same =
                |(name, value): &(Name, Value<'_>)| map.get(name).is_some_and(|other| equal(value, other));
            a.len() == map.0.len() && a.iter().all(same)
        }
        _ => float(a).zip(float(b)).is_some_and(|(a, b)| a == b),
    }
}

fn order(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => Some(a.as_str().cmp(b.as_str())),
        (Value::Integer(a), Value::Integer(b)) => Some(a.cmp(b)),
        _ => float(a)?.partial_cmp(&float(b)?),
    }
}

fn named<'t>(map: &Map<'t>, key: &Value<'_>) -> Evaluated<'t> {
    match key {
        Value::Text(name) => Ok(map.get(name.as_str()).cloned().unwrap_or(Value::Nil)),
        other => Err(format!("a {} is no name of a member", other.kind())),
    }
}

fn member<'t>(of: &Value<'t>, key: &Value<'_>, optional: bool) -> Evaluated<'t> {
    match (of, key) {
        (Value::Map(map), _) => named(map, key),
        (Value::List(items), Value::Integer(index)) => {
            let place = if *index < 0 { items.len() as i64 + index } else { *index };
            let item = usize::try_from(place).ok().and_then(|place| items.get(place));
            item.cloned().ok_or_else(|| format!("there is no item {index}"))
        }
        (Value::Nil, _) if optional => Ok(Value::Nil),
        _ => Err(format!("a {} has no members", of.kind())),
    }
}

fn slice<'t>(of: Value<'t>, from: Option<i64>, to: Option<i64>) -> Evaluated<'t> {
    let length = match &of {
        Value::Text(text) => text.as_str().len(),
        Value::List(items) => items.len(),
        other => return Err(format!("a {} cannot be sliced", other.kind())),
    };
    let place = |bound: i64| {
        let place = if bound < 0 { length as i64 + bound } else { bound };
        usize::try_from(place.max(0)).unwrap_or(length).min(length)
    };
    let from = from.map_or(0, place);
    let to = to.map_or(length, place).max(from);
    Ok(match of {
        Value::List(items) => Value::List(items.into_iter().take(to).skip(from).collect()),
        Value::Text(Str::Text(text)) => Value::Text(Str::Text(text.get(from..to).unwrap_or(""))),
        Value::Text(text) => Value::made(text.as_str().get(from..to).unwrap_or("")),
        other => other,
    })
}
