//! Operators that decide where entries go.

use crate::chain::{Failure, Fate, Making, Operator, Surroundings};
use crate::entry::Entry;
use crate::expression::{Expression, Template};
use crate::settings::{Problem, Settings};
use crate::statics::templates;
use crate::value::Name;

pub(crate) const ROUTER: &[&str] = &["routes", "default"];
pub(crate) const FILTER: &[&str] = &["expr", "drop_ratio"];

#[derive(Debug)]
pub(crate) struct Noop;

impl Operator for Noop {
    fn process<'t>(&self, _: &mut Entry<'t>, _: &Surroundings<'_>) -> Result<Fate<'_>, Failure> {
        Ok(Fate::On)
    }
}

/// Sends entries to the operators of the first route whose expression holds.
#[derive(Debug)]
pub(crate) struct Router {
    routes: Vec<Route>,
    default: Vec<usize>,
}

#[derive(Debug)]
struct Route {
    condition: Expression,
    outputs: Vec<usize>,
    attributes: Vec<(Name, Template)>,
}

impl Router {
    pub(crate) fn new(settings: &Settings<'_>, making: &Making<'_>) -> Result<Self, Problem> {
        let list = settings.list("routes")?;
        if list.is_empty() {
            return Err(settings.wrong("routes", "it is empty; write at least one `{expr, output}`"));
        }
        let mut routes = Vec::with_capacity(list.len());
        for (index, json) in list.iter().enumerate() {
            let path = format!("{}[{index}]", settings.at("routes"));
            let route = Settings::new(json, &path)?;
            route.only(&[&["expr", "output", "attributes"]])?;
            let written = route.required("expr", "write when this route is taken")?;
            let condition = Expression::new(written).map_err(|why| route.wrong("expr", why))?;
            routes.push(Route {
                condition,
                outputs: making.outputs(&route, "output")?,
                attributes: templates(&route, "attributes")?,
            });
            if routes.last().is_some_and(|route| route.outputs.is_empty()) {
                return Err(route.wrong("output", "it is missing; name the operator that goes on"));
            }
        }
        Ok(Self { routes, default: making.outputs(settings, "default")? })
    }
}

impl Operator for Router {
    fn process<'t>(&self, entry: &mut Entry<'t>, _: &Surroundings<'_>) -> Result<Fate<'_>, Failure> {
        for route in &self.routes {
            // A route that cannot be decided is not taken.
            if route.condition.holds(entry) != Ok(true) {
                continue;
            }
            for (name, template) in &route.attributes {
                let value = template.render(entry)?;
                entry.attributes.set(name, value);
            }
            return Ok(Fate::To(&route.outputs));
        }
        if self.default.is_empty() { Ok(Fate::Dropped) } else { Ok(Fate::To(&self.default)) }
    }

    fn routes(&self) -> Vec<usize> {
        self.routes.iter().flat_map(|route| &route.outputs).chain(&self.default).copied().collect()
    }
}

/// Drops entries for which an expression holds.
#[derive(Debug)]
pub(crate) struct Filter {
    condition: Expression,
    /// Of a million.
    share: u64,
}

const MILLION: u64 = 1_000_000;

impl Filter {
    pub(crate) fn new(settings: &Settings<'_>) -> Result<Self, Problem> {
        let written = settings.required("expr", "write which entries to drop")?;
        let condition = Expression::new(written).map_err(|why| settings.wrong("expr", why))?;
        let ratio = match settings.get("drop_ratio") {
            None => 1.0,
            Some(json) => match json.as_f64() {
                Some(ratio) if (0.0..=1.0).contains(&ratio) => ratio,
                _ => {
                    return Err(
                        settings.wrong("drop_ratio", format!("it is {json}, not a number from 0 to 1"))
                    );
                }
            },
        };
        Ok(Self { condition, share: (ratio * MILLION as f64) as u64 })
    }
}

impl Operator for Filter {
    fn process<'t>(&self, entry: &mut Entry<'t>, _: &Surroundings<'_>) -> Result<Fate<'_>, Failure> {
        if !self.condition.holds(entry)? {
            return Ok(Fate::On);
        }
        // By what stands where, not by chance: the same entry has the same fate when
        // it is read again.
        let lot = (entry.origin as u64 ^ text_sum(entry)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        if self.share == MILLION || lot % MILLION < self.share { Ok(Fate::Dropped) } else { Ok(Fate::On) }
    }
}

fn text_sum(entry: &Entry<'_>) -> u64 {
    let text = entry.body.as_text().map_or("", |text| text.as_str());
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
