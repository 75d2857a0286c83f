//! The resources of records: mostly one, the host's.

use std::collections::HashMap;
use std::sync::Arc;

use skidway_config::Resource as Rules;
use skidway_model::{Attribute, Checked, Subject};
use skidway_otlp::Resource;

use crate::identity::Known;

/// Resources by what records say of their source.
pub(crate) struct Sources {
    rules: Rules,
    /// What the receiver says of all of them.
    own: Vec<Attribute>,
    detected: Vec<Vec<Attribute>>,
    /// That of records which say nothing of their source.
    host: Arc<Resource>,
    others: HashMap<Vec<u8>, Arc<Resource>>,
    /// What the record at hand says, as the key of `others`.
    key: Vec<u8>,
}

/// So many resources are remembered; a file in which each line has one of its own
/// must not fill the memory.
const REMEMBERED: usize = 1024;

impl Sources {
    pub(crate) fn new(rules: Rules, own: Vec<Attribute>, known: Known) -> Self {
        let host = Arc::new(Resource::new(&[]));
        let (others, key) = (HashMap::new(), Vec::new());
        let mut sources = Self { rules, own, detected: Vec::new(), host, others, key };
        sources.update(known);
        sources
    }

    /// The host is known better now.
    pub(crate) fn update(&mut self, known: Known) {
        self.detected = known.detected;
        self.others.clear();
        self.host = Arc::new(Resource::new(&self.rules.attributes(&self.own, &self.detected)));
    }

    /// The resource of records that say nothing of their source.
    pub(crate) fn host(&self) -> &Arc<Resource> {
        &self.host
    }

    /// The resource of record `i`, and how many records from there on have it.
    pub(crate) fn of(&mut self, records: &Checked<'_>, i: usize) -> (Arc<Resource>, usize) {
        let mut key = std::mem::take(&mut self.key);
        spell(records, i, &mut key);
        let mut next = Vec::new();
        let same = (i + 1..records.len())
            .take_while(|&other| {
                spell(records, other, &mut next);
                next == key
            })
            .count();
        let resource = match self.others.get(&key) {
            Some(known) => Arc::clone(known),
            None => self.remember(records, i, &key),
        };
        self.key = key;
        (resource, 1 + same)
    }

    fn remember(&mut self, records: &Checked<'_>, i: usize, key: &[u8]) -> Arc<Resource> {
        let mut own = self.own.clone();
        for (index, value) in records.attributes(i) {
            let key = &records.keys()[usize::from(index)];
            if key.subject == Subject::Source {
                let value = String::from_utf8_lossy(value).into_owned();
                own.retain(|attribute| attribute.name != key.name);
                own.push(Attribute { name: key.name.clone(), value, kind: key.kind });
            }
        }
        let resource = Arc::new(Resource::new(&self.rules.attributes(&own, &self.detected)));
        if self.others.len() >= REMEMBERED {
            self.others.clear();
        }
        self.others.insert(key.to_vec(), Arc::clone(&resource));
        resource
    }
}

/// Writes down what a record says of its source. No value holds the byte 255, which
/// is not part of UTF-8.
fn spell(records: &Checked<'_>, i: usize, out: &mut Vec<u8>) {
    out.clear();
    for (index, value) in records.attributes(i) {
        let key = &records.keys()[usize::from(index)];
        if key.subject == Subject::Source {
            out.extend_from_slice(key.name.as_bytes());
            out.extend_from_slice(&[255, key.kind as u8, 255]);
            out.extend_from_slice(value);
            out.push(255);
        }
    }
}
