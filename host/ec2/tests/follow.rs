//! Following the metadata service over time: what is known stays known, what
//! changes is seen, and a state is logged once.
#![allow(clippy::unwrap_used, reason = "all of this crate is a test")]

use skidway_ec2::{Backoff, Endpoint, Facts, Options, follow};
use skidway_test_support::imds::{Fault, Imds, TOKEN};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tracing_subscriber::fmt::MakeWriter;

const SOON: Duration = Duration::from_secs(10);
const ID: &str = "/latest/meta-data/instance-id";
const TAGS: &str = "/latest/meta-data/tags/";

fn options(imds: &Imds) -> Options {
    Options {
        endpoint: Endpoint::parse(&imds.endpoint()).unwrap(),
        request_timeout: Duration::from_millis(200),
        refresh_interval: Some(Duration::from_millis(5)),
        retry: Backoff::try_new(Duration::from_millis(1), Duration::from_millis(5)).unwrap(),
        forbidden_pause: Duration::from_secs(300),
        ..Options::default()
    }
}

/// A follower on this thread's runtime, and what it logs.
struct Followed {
    facts: watch::Receiver<Option<Facts>>,
    log: Log,
    _log: tracing::subscriber::DefaultGuard,
}

impl Followed {
    fn start(options: Options) -> Self {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(log.clone())
            .with_ansi(false)
            .with_max_level(tracing::Level::TRACE);
        let guard = tracing::subscriber::set_default(subscriber.finish());
        let (sender, facts) = watch::channel(None);
        tokio::spawn(follow(options, sender));
        Self { facts, log, _log: guard }
    }

    async fn until(&mut self, wanted: impl Fn(&Facts) -> bool) -> Facts {
        let found = self.facts.wait_for(|facts| facts.as_ref().is_some_and(&wanted));
        tokio::time::timeout(SOON, found).await.expect("in time").unwrap().clone().unwrap()
    }

    fn now(&self) -> Option<Facts> {
        self.facts.borrow().clone()
    }
}

/// Lets the follower go on until the double has been asked for `path` `more` times.
async fn asked(imds: &Imds, path: &str, more: usize) {
    let wanted = count(imds, path) + more;
    let reached = async {
        while count(imds, path) < wanted {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(SOON, reached).await.expect("asked again in time");
}

/// Lets it go on until it has said `text` so many times.
async fn said(followed: &Followed, text: &str, times: usize) {
    let reached = async {
        while followed.log.count(text) < times {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(SOON, reached).await.expect("said in time");
}

fn count(imds: &Imds, path: &str) -> usize {
    imds.calls().iter().filter(|call| call.path.starts_with(path)).count()
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn count(&self, text: &str) -> usize {
        // The HTTP client logs as well, in more detail than this is about.
        self.text().lines().filter(|line| line.contains("skidway_ec2") && line.contains(text)).count()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn errors_are_tried_again_until_the_host_is_known() {
    let imds = Imds::start().unwrap();
    imds.fail_next(5, "", Fault::Status(500));
    let mut followed = Followed::start(options(&imds));
    let facts = followed.until(|_| true).await;
    assert_eq!(facts.instance_id.as_deref(), Some("i-0abc1234def567890"));
    assert_eq!(facts.tags.len(), 3);
    assert_eq!(followed.log.count("this host is not known yet"), 1, "{}", followed.log.text());
    assert_eq!(followed.log.count("this host is known"), 1);
}

#[tokio::test]
async fn a_service_that_comes_up_late_is_found() {
    let mut imds = Imds::start().unwrap();
    imds.stop();
    let mut followed = Followed::start(options(&imds));
    tokio::time::timeout(SOON, async {
        while followed.log.count("nothing answers at") == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .unwrap();
    assert_eq!(followed.now(), None);
    imds.restart().unwrap();
    followed.until(|facts| facts.tags.len() == 3).await;
}

#[tokio::test]
async fn known_facts_outlive_the_service_whatever_it_answers() {
    let imds = Imds::start().unwrap();
    let mut followed = Followed::start(options(&imds));
    let known = followed.until(|_| true).await;
    let statuses = [401, 403, 404, 500, 503].map(Fault::Status);
    let faults = [Fault::Refuse, Fault::Hang].into_iter().chain(statuses);
    for (n, fault) in faults.enumerate() {
        imds.set_fault(fault.clone());
        asked(&imds, "/", 3).await;
        assert_eq!(followed.now().as_ref(), Some(&known), "{fault:?}");
        imds.set_fault(Fault::None);
        said(&followed, "answers again", n + 1).await;
        assert_eq!(followed.log.count("stays as it is"), n + 1, "{fault:?}: {}", followed.log.text());
    }
    imds.set_tag("Shift", "night");
    followed.until(|facts| facts.tags.len() == 4).await;
    assert_eq!(followed.log.count("WARN"), 7, "one a state: {}", followed.log.text());
}

#[tokio::test]
async fn the_host_becomes_known_whatever_was_answered_before() {
    for status in [401, 403, 404, 500] {
        let imds = Imds::start().unwrap();
        // The token is given, all else is not; a 403 on the token has a pause of its own.
        imds.set_fault_at("/latest/meta-data", Fault::Status(status));
        let mut followed = Followed::start(options(&imds));
        asked(&imds, ID, 5).await;
        assert_eq!(followed.now(), None, "{status}");
        imds.set_fault(Fault::None);
        let facts = followed.until(|facts| facts.tags.len() == 3).await;
        assert!(facts.instance_id.is_some(), "{status}");
        assert_eq!(followed.log.count("WARN"), 1, "{status}: {}", followed.log.text());
    }
}

#[tokio::test]
async fn failures_that_take_turns_are_each_said_once() {
    let imds = Imds::start().unwrap();
    let mut followed = Followed::start(options(&imds));
    followed.until(|_| true).await;
    for _ in 0..5 {
        for fault in [Fault::Status(500), Fault::Refuse, Fault::Status(404)] {
            imds.set_fault(fault);
            asked(&imds, "/", 2).await;
        }
    }
    assert_eq!(followed.log.count("WARN"), 3, "{}", followed.log.text());
}

#[tokio::test]
async fn a_refresh_that_gets_half_way_wipes_nothing() {
    let imds = Imds::start().unwrap();
    let mut followed = Followed::start(options(&imds));
    let known = followed.until(|_| true).await;

    imds.set_fault_at("/latest/meta-data/tags/instance/Team", Fault::Status(500));
    imds.set_tag("Shift", "night");
    asked(&imds, "/latest/meta-data/tags/instance/Team", 3).await;
    assert_eq!(followed.now().as_ref(), Some(&known), "half a list of tags is no list");

    imds.set_fault(Fault::None);
    followed.until(|facts| facts.tags.len() == 4).await;
    imds.disable_tags();
    asked(&imds, TAGS, 3).await;
    imds.set_fault_at("/latest/meta-data/hostname", Fault::Status(404));
    asked(&imds, TAGS, 3).await;
    let now = followed.now().unwrap();
    assert_eq!((now.tags.len(), &now.hostname), (4, &known.hostname));
}

#[tokio::test]
async fn tags_that_come_change_and_go_are_seen() {
    let imds = Imds::start().unwrap();
    let mut followed = Followed::start(options(&imds));
    followed.until(|facts| facts.tags["Name"] == "web-1").await;
    imds.set_tag("Shift", "night");
    followed.until(|facts| facts.tags.contains_key("Shift")).await;
    imds.set_tag("Name", "web-2");
    followed.until(|facts| facts.tags["Name"] == "web-2").await;
    imds.remove_tag("Shift");
    followed.until(|facts| !facts.tags.contains_key("Shift")).await;
}

#[tokio::test]
async fn the_host_is_known_even_if_its_tags_fail() {
    let imds = Imds::start().unwrap();
    imds.set_fault_at(TAGS, Fault::Status(500));
    let mut followed = Followed::start(options(&imds));
    let facts = followed.until(|_| true).await;
    assert!(facts.identity_document.is_some() && facts.tags.is_empty());
    imds.set_fault(Fault::None);
    followed.until(|facts| facts.tags.len() == 3).await;
}

#[tokio::test]
async fn nothing_is_published_before_the_document_is_there() {
    let imds = Imds::start().unwrap();
    imds.set_fault_at("/latest/dynamic", Fault::Status(500));
    let mut followed = Followed::start(options(&imds));
    asked(&imds, ID, 3).await;
    assert_eq!(followed.now(), None);
    imds.set_fault(Fault::None);
    followed.until(|facts| facts.identity_document.is_some()).await;
}

#[tokio::test]
async fn disabled_tags_are_said_once_with_the_remedy() {
    let imds = Imds::start().unwrap();
    imds.disable_tags();
    let mut followed = Followed::start(options(&imds));
    followed.until(|_| true).await;
    asked(&imds, TAGS, 5).await;
    assert_eq!(followed.log.count("--instance-metadata-tags enabled"), 1, "{}", followed.log.text());
    assert_eq!(followed.log.count("WARN"), 0);
}

#[tokio::test]
async fn forbidden_is_said_once_and_asked_about_slowly() {
    let imds = Imds::start().unwrap();
    imds.set_fault_at(TOKEN, Fault::Status(403));
    let pause = Duration::from_millis(300);
    let mut followed = Followed::start(Options { forbidden_pause: pause, ..options(&imds) });
    asked(&imds, TOKEN, 1).await;
    let start = std::time::Instant::now();
    asked(&imds, TOKEN, 1).await;
    // The first try is seen a little after it was made, so not the whole pause.
    assert!(start.elapsed() > pause / 2, "the pause of other errors is at most 5 ms");
    assert_eq!(followed.log.count("--http-endpoint enabled"), 1, "{}", followed.log.text());
    imds.set_fault(Fault::None);
    followed.until(|_| true).await;
}

#[tokio::test]
async fn no_token_is_ever_logged() {
    let imds = Imds::start().unwrap();
    let mut followed = Followed::start(options(&imds));
    followed.until(|_| true).await;
    imds.revoke_tokens();
    asked(&imds, TOKEN, 1).await;
    imds.set_fault(Fault::Status(500));
    asked(&imds, ID, 2).await;
    assert!(followed.log.count("") > 0);
    assert!(!followed.log.text().contains("ExampleToken"), "{}", followed.log.text());
}

#[tokio::test]
async fn without_an_interval_it_asks_once_and_stays() {
    let imds = Imds::start().unwrap();
    let mut followed = Followed::start(Options { refresh_interval: None, ..options(&imds) });
    followed.until(|_| true).await;
    assert!(!followed.facts.has_changed().unwrap(), "the channel is open");
    assert_eq!(imds.count(ID), 1);
}

#[tokio::test]
async fn it_ends_when_nobody_listens() {
    let imds = Imds::start().unwrap();
    imds.set_fault(Fault::Hang);
    let (sender, receiver) = watch::channel(None);
    let task = tokio::spawn(follow(Options { request_timeout: SOON, ..options(&imds) }, sender));
    drop(receiver);
    tokio::time::timeout(SOON / 2, task).await.expect("in time").unwrap();
}
