//! What holds for all components: their directory, trust, how changed ones take over.

use std::path::{Path, PathBuf};
use std::time::Duration;

use skidway_trust::{KeyError, PublicKey, Trust};

use crate::Surroundings;
use crate::config::{Accept, Components, Swap, SwapMode};
use crate::problem::Report;
use crate::read::{Subject, read};
use crate::tree::Node;
use crate::values::GoDuration;
use crate::written;

use super::Check;

const SWAP: Swap = Swap {
    mode: SwapMode::Switch,
    chunks: 200,
    accept: Accept::NoFewerFields,
    rollback: Duration::from_secs(300),
};
/// Above: a shadow would run for days on a busy host.
const CHUNKS: (u64, u64) = (1, 1_000_000);
/// Above: what a parser does a day later is no longer the switch's doing.
const ROLLBACK: (Duration, Duration) = (Duration::ZERO, Duration::from_secs(24 * 3600));

/// Where something is wrong it is reported, and the defaults stand in.
pub(super) fn resolve(root: &Node, surroundings: &Surroundings<'_>, report: &mut Report) -> Components {
    let default =
        Components { directory: PathBuf::from(Components::DIRECTORY), trust: Trust::default(), swap: SWAP };
    let Some(node) = root.get("components").filter(|node| !node.is_null()) else { return default };
    let subject = Subject { kind: "components", words: "`components`".to_owned() };
    let Some(written): Option<written::Components> = read(node, &subject, report) else { return default };
    let mut check = Check::new(node, &subject, report);
    let directory = written.directory.unwrap_or(default.directory);
    if directory.as_os_str().is_empty() {
        let at = check.place("directory");
        check.wrong(&at, "directory", "empty", format!("write a path such as `{}`", Components::DIRECTORY));
    }
    let trust = trust(written.trust.unwrap_or_default(), surroundings, &mut check);
    let swap = swap(written.swap, &default.swap, "swap", &mut check);
    Components { directory, trust, swap }
}

fn trust(written: written::Trust, surroundings: &Surroundings<'_>, check: &mut Check<'_>) -> Trust {
    let mut keys: Vec<PublicKey> = Vec::new();
    let texts = written.keys.unwrap_or_default();
    for (i, text) in texts.iter().enumerate() {
        let name = format!("trust.keys[{i}]");
        let at = check.place_of(&name);
        match key(text, surroundings) {
            Ok(key) if keys.contains(&key) => {
                check.wrong(&at, &name, format_args!("key {} is there twice", key.id()), "keep one");
            }
            Ok(key) => keys.push(key),
            Err((what, hint)) => check.wrong(&at, &name, what, hint),
        }
    }
    let require = written.require.unwrap_or_default();
    if require && texts.is_empty() {
        let at = check.place("trust.require");
        let hint = "name the keys whose signatures are good in `keys`; `skidway keygen` makes one";
        check.wrong(&at, "trust.require", "without keys no component could be loaded", hint);
    }
    Trust { keys, require }
}

/// A key that is written out, or the file that it is in; or what is wrong and what to write.
fn key(text: &str, surroundings: &Surroundings<'_>) -> Result<PublicKey, (String, &'static str)> {
    const HINT: &str = "the line of 56 characters that begins with `RW`, or the path of a `.pub` file";
    let no_key = |problem: KeyError| match problem {
        KeyError::Secret => "use the `.pub` file that was written beside it",
        _ => HINT,
    };
    // Paths have no line feeds, and none of ours ends in nothing.
    let written_out = text.contains('\n') || text.trim().len() == PublicKey::LENGTH && text.starts_with("RW");
    if written_out {
        return text.parse().map_err(|error: KeyError| (error.to_string(), no_key(error)));
    }
    if text.is_empty() {
        return Err(("empty".to_owned(), HINT));
    }
    let content = (surroundings.file)(Path::new(text))
        .map_err(|error| (format!("cannot read {text}: {error}"), HINT))?;
    content.parse().map_err(|error: KeyError| (format!("{text}: {error}"), no_key(error)))
}

/// How one component takes over. What concerns the shadow alone counts for nothing without it.
pub(super) fn own_swap(
    written: Option<written::Swap>,
    components: &Components,
    key: &str,
    check: &mut Check<'_>,
) -> Swap {
    let (chunks, accept) =
        written.as_ref().map_or((false, false), |swap| (swap.chunks.is_some(), swap.accept.is_some()));
    let swap = swap(written, &components.swap, key, check);
    if swap.mode == SwapMode::Shadow {
        return swap;
    }
    for (name, _) in [("chunks", chunks), ("accept", accept)].into_iter().filter(|(_, written)| *written) {
        let key = format!("{key}.{name}");
        let message = format!("`{key}` of {} has no effect: nothing is compared", check.words());
        check.warn(&key, message, "`mode: shadow`");
    }
    Swap { mode: swap.mode, rollback: swap.rollback, ..components.swap.clone() }
}

/// What was written, over `default`.
fn swap(written: Option<written::Swap>, default: &Swap, key: &str, check: &mut Check<'_>) -> Swap {
    let written = written.unwrap_or_default();
    let chunks = written.chunks.unwrap_or(default.chunks);
    check.within(&format!("{key}.chunks"), chunks, CHUNKS, |n| n.to_string());
    let rollback = written.rollback.map_or(default.rollback, |duration| duration.0);
    check.within(&format!("{key}.rollback"), rollback, ROLLBACK, |d| GoDuration(d).to_string());
    Swap {
        mode: written.mode.unwrap_or(default.mode),
        chunks,
        accept: written.accept.unwrap_or(default.accept),
        rollback,
    }
}
