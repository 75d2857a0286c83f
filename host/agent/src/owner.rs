//! Which host this is, as far as it decides whose state is found in a folder: a disk that
//! was copied with the state on it starts another host, whose files begin like those of
//! the first.
//!
//! The metadata service is believed first, then what the virtual machine's firmware says
//! (on EC2's Nitro the asset tag is the instance's id), then the machine's own id.

use std::time::Instant;

use skidway_state::Host;
use tokio::runtime::Handle;

use crate::identity::Identity;

/// What is known of this host now.
pub(crate) fn now(identity: &Identity) -> Host {
    Host {
        instance: identity.now().instance().map(str::to_owned).or_else(skidway_system::instance_id),
        machine: skidway_system::machine_id(),
    }
}

/// The same after waiting for the metadata service, for as long as records would wait
/// for it.
pub(crate) fn known(identity: &Identity, runtime: &Handle) -> Host {
    let answered = identity.answered();
    let until = tokio::time::Instant::from_std(identity.until.max(Instant::now()));
    // Too late is what `now` is for.
    let _ = runtime.block_on(async { tokio::time::timeout_at(until, answered).await });
    now(identity)
}
