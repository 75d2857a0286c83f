//! Where settings stand, for components that find something wrong with theirs.

use std::sync::Arc;

use crate::problem::{Position, Problem};
use crate::tree::{Node, Value};

/// The files as one tree. Values may be secrets: they are never shown.
#[derive(Clone)]
pub(crate) struct Places(Arc<Node>);

impl std::fmt::Debug for Places {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Places")
    }
}

/// Two configs that do the same are equal wherever they are written.
impl PartialEq for Places {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Places {
    pub(crate) fn new(root: Node) -> Self {
        Self(Arc::new(root))
    }

    /// What the component of `who` says of its settings, with their place. `under` is the path
    /// of the settings in the file; a message that begins with a path of its own,
    /// as in `operators[2].layout: ...`, has the place of that.
    pub(crate) fn problem(&self, who: &str, under: &[&str], message: &str) -> Problem {
        let mut node = &*self.0;
        let mut at = None;
        for name in under {
            let Some((key, below)) = node.entries().iter().find(|(key, _)| key.name == *name) else { break };
            (at, node) = (Some(key.at.clone()), below);
        }
        if let Some((path, _)) = message.split_once(": ")
            && is_path(path)
            && let Some(place) = find(node, path)
        {
            at = Some(place);
        }
        Problem { at, message: format!("{who}: {message}"), hint: None }
    }
}

fn is_path(path: &str) -> bool {
    !path.is_empty() && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-[]/".contains(&byte))
}

/// The place of `a[1].b` below a node, or that of the nearest that is there.
pub(crate) fn find(node: &Node, path: &str) -> Option<Position> {
    let mut node = node;
    let mut at = None;
    for part in path.split(['.', '[']) {
        let below = match (part.strip_suffix(']'), &node.value) {
            (Some(index), Value::List(items)) => {
                index.parse().ok().and_then(|index: usize| items.get(index)).map(|item| (&item.at, item))
            }
            (None, Value::Map(entries)) => {
                entries.iter().find(|(key, _)| key.name == part).map(|(key, below)| match &below.value {
                    Value::Scalar(_) => (&below.at, below),
                    _ => (&key.at, below),
                })
            }
            _ => None,
        };
        match below {
            Some((place, below)) => (at, node) = (Some(place), below),
            None => break,
        }
    }
    at.cloned()
}
