//! Operators in the order in which entries pass them (collector-contrib,
//! `pkg/stanza/pipeline` and `operator/helper/{writer,transformer}.go`).

use std::borrow::Cow;

use serde_json::Value as Json;
use skidway_sdk::Context;
use skidway_stamp::Zone;

use crate::entry::Entry;
use crate::expression::Expression;
use crate::operators::{self, Recombine};
use crate::settings::{Problem, Settings, nearest};
use crate::zones::Zones;

/// Why an operator could not do its work on an entry.
pub(crate) type Failure = Cow<'static, str>;

/// What becomes of an entry after an operator.
#[derive(Debug)]
pub(crate) enum Fate<'o> {
    /// It goes on.
    On,
    /// It goes to these.
    To(&'o [usize]),
    Dropped,
}

/// What operators need besides the entry.
pub(crate) struct Surroundings<'c> {
    pub(crate) context: &'c Context,
    /// Local time by the host's view of this text, for a host that gave no zones.
    pub(crate) local: &'c Zone,
}

pub(crate) trait Operator: std::fmt::Debug {
    fn process<'t>(
        &self,
        entry: &mut Entry<'t>,
        surroundings: &Surroundings<'_>,
    ) -> Result<Fate<'_>, Failure>;

    /// Where it may send entries besides its outputs.
    fn routes(&self) -> Vec<usize> {
        Vec::new()
    }
}

#[derive(Debug)]
pub(crate) enum Work {
    One(Box<dyn Operator>),
    /// Needs more than one entry.
    Recombine(Box<Recombine>),
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) kind: &'static str,
    pub(crate) work: Work,
    pub(crate) condition: Option<Expression>,
    pub(crate) on_error: OnError,
    /// Where its entries go; [`END`] is out of the chain.
    pub(crate) next: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnError {
    Send,
    SendQuiet,
    Drop,
    DropQuiet,
}

/// The place behind the last operator.
pub(crate) const END: usize = usize::MAX;

#[derive(Debug, Default)]
pub(crate) struct Chain {
    pub(crate) nodes: Vec<Node>,
    pub(crate) has_recombine: bool,
}

/// Settings that every operator has.
const COMMON: &[&str] = &["type", "id", "output", "on_error", "if"];

/// What operators are made with.
pub(crate) struct Making<'a> {
    pub(crate) zones: &'a Zones,
    /// The ids of all operators, by place.
    ids: &'a [String],
}

impl Making<'_> {
    /// The places of the operators that a setting names, one or a list of them.
    pub(crate) fn outputs(&self, settings: &Settings<'_>, key: &str) -> Result<Vec<usize>, Problem> {
        let one = |json: &Json| match json {
            Json::String(id) => self.ids.iter().position(|known| known == id).ok_or_else(|| {
                let hint = nearest(id, self.ids.iter().map(String::as_str));
                settings.wrong(key, format!("no operator has the id `{id}`; {hint}"))
            }),
            other => Err(settings.wrong(key, format!("it is {}, not an id", crate::settings::kind(other)))),
        };
        match settings.get(key) {
            None => Ok(Vec::new()),
            Some(Json::Array(ids)) => ids.iter().map(one).collect(),
            Some(other) => one(other).map(|place| vec![place]),
        }
    }
}

/// The longest list of operators.
const MAX_OPERATORS: usize = 1000;

impl Chain {
    pub(crate) fn new(list: &[Json], path: &str, zones: &Zones) -> Result<Self, Problem> {
        if list.len() > MAX_OPERATORS {
            return Err(Problem::new(path, format!("there are more than {MAX_OPERATORS} operators")));
        }
        let paths: Vec<_> = (0..list.len()).map(|index| format!("{path}[{index}]")).collect();
        let settings: Vec<_> = list
            .iter()
            .zip(&paths)
            .map(|(json, path)| Settings::new(json, path))
            .collect::<Result<_, _>>()?;
        let ids = ids(&settings)?;
        let mut nodes = Vec::with_capacity(settings.len());
        for (place, settings) in settings.iter().enumerate() {
            let making = Making { zones, ids: &ids };
            let (kind, known, work) = operators::make(settings, &making)?;
            settings.only(&[COMMON, known])?;
            let condition = match settings.text("if")?.filter(|text| !text.is_empty()) {
                None => None,
                Some(text) => Some(Expression::new(text).map_err(|why| settings.wrong("if", why))?),
            };
            let next = match settings.get("output") {
                None if place + 1 < list.len() => vec![place + 1],
                None => vec![END],
                Some(_) => making.outputs(settings, "output")?,
            };
            nodes.push(Node { kind, work, condition, on_error: on_error(settings)?, next });
        }
        let has_recombine = nodes.iter().any(|node| matches!(node.work, Work::Recombine(_)));
        let chain = Self { nodes, has_recombine };
        chain.check_circles(&paths)?;
        Ok(chain)
    }

    /// An entry that comes back to an operator would go round for ever.
    fn check_circles(&self, paths: &[String]) -> Result<(), Problem> {
        // 1: on the way that is followed, 2: all that follows is known to end.
        let mut state = vec![0; self.nodes.len()];
        for start in 0..self.nodes.len() {
            let mut way = vec![(start, 0)];
            while let Some((place, output)) = way.pop() {
                if state[place] == 2 {
                    continue;
                }
                state[place] = 1;
                let outputs = self.outputs(place);
                let Some(&next) = outputs.get(output) else {
                    state[place] = 2;
                    continue;
                };
                way.push((place, output + 1));
                if next != END {
                    if state[next] == 1 {
                        return Err(Problem::new(
                            format!("{}.output", paths[place]),
                            format!("entries would go round in a circle through {}", paths[next]),
                        ));
                    }
                    way.push((next, 0));
                }
            }
        }
        Ok(())
    }

    fn outputs(&self, place: usize) -> Vec<usize> {
        let node = &self.nodes[place];
        let routes = match &node.work {
            Work::One(operator) => operator.routes(),
            Work::Recombine(_) => Vec::new(),
        };
        node.next.iter().copied().chain(routes).collect()
    }
}

/// The ids of all operators: those without one are called by their type, numbered
/// from the second of a type on, as the collector does.
fn ids(settings: &[Settings<'_>]) -> Result<Vec<String>, Problem> {
    let mut ids: Vec<String> = Vec::with_capacity(settings.len());
    let mut counts = std::collections::HashMap::new();
    for settings in settings {
        let kind = settings.required("type", "name the operator, such as `type: regex_parser`")?;
        let id = match settings.text("id")?.filter(|id| !id.is_empty()) {
            Some(id) if ids.iter().any(|known| known == id) => {
                return Err(settings.wrong("id", format!("another operator has the id `{id}`")));
            }
            Some(id) => id.to_owned(),
            None => {
                let count = counts.entry(kind).or_insert(0);
                *count += 1;
                if *count == 1 { kind.to_owned() } else { format!("{kind}{}", *count - 1) }
            }
        };
        ids.push(id);
    }
    Ok(ids)
}

fn on_error(settings: &Settings<'_>) -> Result<OnError, Problem> {
    match settings.text("on_error")? {
        None | Some("send") => Ok(OnError::Send),
        Some("send_quiet") => Ok(OnError::SendQuiet),
        Some("drop") => Ok(OnError::Drop),
        Some("drop_quiet") => Ok(OnError::DropQuiet),
        Some(other) => Err(settings.wrong(
            "on_error",
            format!("`{other}` is unknown; there are send, send_quiet, drop and drop_quiet"),
        )),
    }
}
