//! What describes the host: the order of fixed and detected attributes.

use serde::{Deserialize, Serialize};
use skidway_model::Attribute;

use crate::config::Detection;

/// What describes the host: fixed attributes and detected ones, in the order of
/// the pipeline's processors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resource {
    /// Actions of `resource` processors before the detection; all of them where
    /// there is no detection.
    pub before: Vec<ResourceAction>,
    /// Whom to ask.
    pub detection: Option<Detection>,
    /// Actions of `resource` processors behind the detection.
    pub after: Vec<ResourceAction>,
}

/// One change of a resource attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceAction {
    /// The attribute.
    pub key: String,
    /// What to do with it.
    pub action: Action,
}

/// What to do with a resource attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Set it where it is not there.
    Insert(String),
    /// Set it where it is there.
    Update(String),
    /// Set it.
    Upsert(String),
    /// Take it away.
    Delete,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ActionKind {
    Insert,
    Update,
    Upsert,
    Delete,
}

impl Resource {
    /// The host's attributes, `detected` being what the detection knows by now.
    /// Each name once.
    pub fn attributes(&self, detected: &[Attribute]) -> Vec<Attribute> {
        let mut all = Vec::new();
        self.before.iter().for_each(|action| action.apply(&mut all));
        let override_existing = self.detection.as_ref().is_some_and(|d| d.override_existing);
        for Attribute { name, value } in detected {
            let action =
                if override_existing { Action::Upsert(value.clone()) } else { Action::Insert(value.clone()) };
            ResourceAction { key: name.clone(), action }.apply(&mut all);
        }
        self.after.iter().for_each(|action| action.apply(&mut all));
        all
    }
}

impl ResourceAction {
    fn apply(&self, all: &mut Vec<Attribute>) {
        let place = all.iter().position(|a| a.name == self.key);
        match (&self.action, place) {
            (Action::Update(value) | Action::Upsert(value), Some(i)) => all[i].value.clone_from(value),
            (Action::Insert(value) | Action::Upsert(value), None) => {
                all.push(Attribute::new(&self.key, value));
            }
            (Action::Delete, Some(i)) => {
                all.remove(i);
            }
            (Action::Insert(_), Some(_)) | (Action::Update(_) | Action::Delete, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::Detector;

    fn action(key: &str, action: Action) -> ResourceAction {
        ResourceAction { key: key.into(), action }
    }

    fn shown(attributes: &[Attribute]) -> Vec<(&str, &str)> {
        attributes.iter().map(|a| (a.name.as_str(), a.value.as_str())).collect()
    }

    fn detection(override_existing: bool) -> Option<Detection> {
        Some(Detection {
            id: "resourcedetection".into(),
            detectors: vec![Detector::System],
            timeout: Duration::from_secs(5),
            override_existing,
            tags: vec![],
            refresh_interval: Duration::ZERO,
            wait: Duration::ZERO,
        })
    }

    #[test]
    fn each_action_does_what_it_says() {
        let resource = Resource {
            before: vec![
                action("a", Action::Insert("1".into())),
                action("a", Action::Insert("2".into())),
                action("b", Action::Update("3".into())),
                action("c", Action::Upsert("4".into())),
                action("c", Action::Upsert("5".into())),
                action("d", Action::Upsert("6".into())),
                action("d", Action::Update("7".into())),
                action("e", Action::Insert("8".into())),
                action("e", Action::Delete),
                action("f", Action::Delete),
            ],
            ..Resource::default()
        };
        assert_eq!(shown(&resource.attributes(&[])), [("a", "1"), ("c", "5"), ("d", "7")]);
    }

    #[test]
    fn the_order_of_the_processors_counts() {
        let detected = [Attribute::new("host.name", "ip-10-0-0-1"), Attribute::new("os.type", "linux")];
        let mine = vec![action("host.name", Action::Insert("mine".into()))];
        let first = |override_existing| Resource {
            before: mine.clone(),
            detection: detection(override_existing),
            after: vec![],
        };
        let last = Resource { before: vec![], detection: detection(false), after: mine.clone() };
        let (kept, replaced) = (
            [("host.name", "mine"), ("os.type", "linux")],
            [("host.name", "ip-10-0-0-1"), ("os.type", "linux")],
        );
        assert_eq!(shown(&first(false).attributes(&detected)), kept);
        assert_eq!(shown(&first(true).attributes(&detected)), replaced);
        assert_eq!(shown(&last.attributes(&detected)), replaced);
        assert_eq!(shown(&last.attributes(&[])), [("host.name", "mine")]);
    }
}
