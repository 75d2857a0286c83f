//! What describes the source of records: what it says of itself, fixed attributes
//! and detected ones.

use std::sync::Arc;

use skidway_actions::{Actions, Attributes, Value};
use skidway_model::{Attribute, Kind};

use crate::detection::Detection;

/// The processors of a pipeline that concern resources, in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resource {
    /// What is done to a resource, one after the other.
    pub steps: Vec<ResourceStep>,
}

/// What one processor does to a resource.
#[derive(Debug, Clone)]
pub enum ResourceStep {
    /// Adds what is known about the host.
    Detect(Box<Detection>),
    /// Carries out the actions of a `resource` processor.
    Act {
        /// Ready to be carried out.
        actions: Arc<Actions>,
        /// As written.
        written: serde_json::Value,
    },
}

impl PartialEq for ResourceStep {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Detect(a), Self::Detect(b)) => a == b,
            (Self::Act { written: a, .. }, Self::Act { written: b, .. }) => a == b,
            _ => false,
        }
    }
}

impl Resource {
    /// The detections, in their order.
    pub fn detections(&self) -> impl Iterator<Item = &Detection> {
        self.steps.iter().filter_map(|step| match step {
            ResourceStep::Detect(detection) => Some(&**detection),
            ResourceStep::Act { .. } => None,
        })
    }

    /// The attributes of a source of which `own` is known, each name once.
    /// `detected` has what each detection knows by now.
    pub fn attributes(&self, own: &[Attribute], detected: &[impl AsRef<[Attribute]>]) -> Vec<Attribute> {
        let mut all: Vec<(String, Value)> = own.iter().map(|a| (a.name.clone(), value(a))).collect();
        let mut detected = detected.iter();
        for step in &self.steps {
            match step {
                ResourceStep::Act { actions, .. } => actions.apply(&mut all),
                ResourceStep::Detect(detection) => {
                    for attribute in detected.next().map_or(&[][..], |found| found.as_ref()) {
                        if detection.override_existing || all.get(&attribute.name).is_none() {
                            all.set(&attribute.name, value(attribute));
                        }
                    }
                }
            }
        }
        all.into_iter().map(|(name, value)| attribute(name, value)).collect()
    }
}

fn value(attribute: &Attribute) -> Value {
    let text = || Value::Text(attribute.value.clone());
    match attribute.kind {
        Kind::Text => text(),
        Kind::Integer => attribute.value.parse().map_or_else(|_| text(), Value::Integer),
        Kind::Float => attribute.value.parse().map_or_else(|_| text(), Value::Float),
        Kind::Boolean => attribute.value.parse().map_or_else(|_| text(), Value::Boolean),
        Kind::Json => Value::Json(attribute.value.clone()),
    }
}

fn attribute(name: String, value: Value) -> Attribute {
    let (value, kind) = match value {
        Value::Text(text) => (text, Kind::Text),
        Value::Integer(number) => (number.to_string(), Kind::Integer),
        Value::Float(number) => (number.to_string(), Kind::Float),
        Value::Boolean(truth) => (truth.to_string(), Kind::Boolean),
        Value::Json(json) => (json, Kind::Json),
    };
    Attribute { name, value, kind }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::detection::{Detector, Ec2, System};

    fn act(written: serde_json::Value) -> ResourceStep {
        ResourceStep::Act { actions: Arc::new(Actions::read(&written).unwrap()), written }
    }

    fn detect(override_existing: bool) -> ResourceStep {
        ResourceStep::Detect(Box::new(Detection {
            id: "resourcedetection".into(),
            detectors: vec![Detector::System],
            timeout: Duration::from_secs(5),
            override_existing,
            only: vec![],
            refresh_interval: Duration::ZERO,
            wait: Duration::ZERO,
            fail_on_missing_metadata: false,
            retry: None,
            ec2: Ec2::default(),
            system: System::default(),
        }))
    }

    fn shown(attributes: &[Attribute]) -> Vec<(&str, &str)> {
        attributes.iter().map(|a| (a.name.as_str(), a.value.as_str())).collect()
    }

    #[test]
    fn the_order_of_the_processors_counts() {
        let detected = [[Attribute::new("host.name", "ip-10-0-0-1"), Attribute::new("os.type", "linux")]];
        let mine = || act(json!([{"key": "host.name", "value": "mine", "action": "insert"}]));
        let all = |steps: Vec<ResourceStep>| Resource { steps }.attributes(&[], &detected);
        let kept = [("host.name", "mine"), ("os.type", "linux")];
        let replaced = [("host.name", "ip-10-0-0-1"), ("os.type", "linux")];
        assert_eq!(shown(&all(vec![mine(), detect(false)])), kept);
        assert_eq!(shown(&all(vec![mine(), detect(true)])), replaced);
        assert_eq!(shown(&all(vec![detect(false), mine()])), replaced);
        let nothing: [[Attribute; 0]; 0] = [];
        let resource = Resource { steps: vec![detect(false), mine()] };
        assert_eq!(shown(&resource.attributes(&[], &nothing)), [("host.name", "mine")]);
    }

    #[test]
    fn what_a_source_says_of_itself_comes_first() {
        let own = [
            Attribute::new("host.name", "own"),
            Attribute { kind: Kind::Integer, ..Attribute::new("n", "5") },
        ];
        let detected = [[Attribute::new("host.name", "found")]];
        let steps =
            vec![detect(false), act(json!([{"key": "m", "from_attribute": "n", "action": "upsert"}]))];
        let all = Resource { steps }.attributes(&own, &detected);
        assert_eq!(shown(&all), [("host.name", "own"), ("n", "5"), ("m", "5")]);
        assert_eq!(all[2].kind, Kind::Integer);
    }
}
