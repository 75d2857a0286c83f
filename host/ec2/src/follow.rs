use crate::{Client, Facts, FetchError, Options};
use std::mem::{Discriminant, discriminant};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Finds out who this host is and keeps it up to date, until nobody listens.
///
/// The first facts are published when all is known, or all but the tags. A failed
/// refresh wipes nothing. States are logged when they change, not per try.
pub async fn follow(options: Options, facts: watch::Sender<Option<Facts>>) {
    let client = match Client::new(options) {
        Ok(client) => client,
        Err(error) => {
            tracing::warn!(%error, "records go out without the identity of this host");
            return;
        }
    };
    let mut follower =
        Follower { client, known: Facts::default(), told: Vec::new(), failures: 0, failing_since: None };
    tokio::select! {
        () = facts.closed() => {}
        () = follower.run(&facts) => {}
    }
}

struct Follower {
    client: Client,
    known: Facts,
    /// Kinds of failures since the last success, each of which was logged once.
    told: Vec<Discriminant<FetchError>>,
    failures: u32,
    /// Since when nothing but failures.
    failing_since: Option<Instant>,
}

impl Follower {
    async fn run(&mut self, facts: &watch::Sender<Option<Facts>>) {
        loop {
            let result = self.client.refresh(&mut self.known).await;
            if result.is_ok() || self.known.identity_document.is_some() {
                self.publish(facts);
            }
            let pause = match result {
                Ok(()) => self.succeeded(),
                Err(error) => self.failed(&error, facts.borrow().is_some()),
            };
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                // The sender lives on: a closed channel would look like a failure.
                None => facts.closed().await,
            }
        }
    }

    fn publish(&self, facts: &watch::Sender<Option<Facts>>) {
        let known = &self.known;
        let before = facts.borrow().is_some();
        let changed = facts.send_if_modified(|published| {
            let changed = published.as_ref() != Some(known);
            if changed {
                *published = Some(known.clone());
            }
            changed
        });
        if changed {
            let what = if before { "the instance's metadata has changed" } else { "this host is known" };
            let instance_id = known.instance_id.as_deref().unwrap_or_default();
            tracing::info!(instance_id, tags = known.tags.len(), "{what}");
        }
    }

    fn succeeded(&mut self) -> Option<Duration> {
        self.failures = 0;
        self.failing_since = None;
        if !self.told.is_empty() {
            self.told.clear();
            tracing::info!("the metadata service answers again");
        }
        self.client.options().refresh_interval
    }

    /// How long to wait before the next try; none: there is none.
    fn failed(&mut self, error: &FetchError, known: bool) -> Option<Duration> {
        self.failures = self.failures.saturating_add(1);
        let kind = discriminant(error);
        if !self.told.contains(&kind) {
            self.told.push(kind);
            if known {
                tracing::warn!("what is known of this host stays as it is: {error}");
            } else {
                tracing::warn!("this host is not known yet, and asked about again: {error}");
            }
        }
        let options = self.client.options();
        let pause = match error {
            FetchError::Forbidden => options.forbidden_pause,
            _ => options.retry.pause(self.failures),
        };
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        if options.give_up_after.is_some_and(|limit| since.elapsed() + pause > limit) {
            self.failing_since = None;
            self.failures = 0;
            return options.refresh_interval;
        }
        Some(pause)
    }
}
