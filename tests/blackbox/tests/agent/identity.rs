//! Who the host is, where the metadata service is slow, away, or not what it should be.

use crate::lines::ubuntu;
use crate::rig::{Books, PATIENCE, Rig};
use skidway_test_support::ec2_api::{Ec2Api, Keys, Verdict};
use skidway_test_support::imds::{Fault, Imds, TOKEN};
use skidway_test_support::sink::{Record, Value};
use std::time::{Duration, Instant};

const INSTANCE: &str = "i-0abc1234def567890";

fn host_ids(records: &[Record]) -> Vec<Option<&str>> {
    records.iter().map(|record| record.resource_attr("host.id")).collect()
}

#[test]
fn the_start_does_not_wait_for_the_metadata_service() {
    let mut rig = Rig::new();
    rig.config("processors: {resourcedetection: {wait: 1h}}");
    rig.imds.set_fault(Fault::Hang);
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.imds.wait_for(PATIENCE, |calls| !calls.is_empty()).unwrap();
    let told = Instant::now();
    assert_eq!(rig.stop(), Books::default(), "the lines are still in their file");
    assert!(told.elapsed() < Duration::from_secs(5), "the end waits for it, too: {:?}", told.elapsed());
    assert_eq!(rig.sink.requests(), 0);
}

#[test]
fn records_wait_for_a_slow_service() {
    let mut rig = Rig::new();
    rig.imds.set_fault(Fault::Slow(Duration::from_millis(200)));
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.expect(&ubuntu(0..10));
    assert_eq!(host_ids(&rig.sink.records()), [Some(INSTANCE); 10]);
}

#[test]
fn records_wait_no_longer_than_configured() {
    let mut rig = Rig::new();
    rig.config("processors: {resourcedetection: {wait: 100ms}}");
    rig.imds.set_fault(Fault::Hang);
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.expect(&ubuntu(0..10));
    let record = &rig.sink.records()[0];
    assert_eq!(record.resource_attr("host.id"), None);
    assert_eq!(record.resource_attr("os.type"), Some("linux"), "what the system says is there");
    assert!(record.resource_attr("host.name").is_some_and(|name| !name.is_empty()));
    assert_eq!(rig.stop(), Books::all_delivered(10));
}

#[test]
fn later_records_are_complete_when_the_service_comes_up() {
    let mut rig = Rig::new();
    rig.config("processors: {resourcedetection: {wait: 50ms}}");
    rig.imds.stop();
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.expect(&ubuntu(0..10));
    assert_eq!(host_ids(&rig.sink.records()), [None; 10]);
    rig.wait_for_log("this host is not known yet");

    rig.imds.restart().unwrap();
    rig.wait_for_log("this host is known");
    let n = until_records_have_the_id(&rig, 10);
    let ids = host_ids(&rig.sink.records()).into_iter().map(|id| id.is_some()).collect::<Vec<_>>();
    assert!(ids.is_sorted(), "known values are never wiped: {ids:?}");
    assert_eq!(rig.said("not known yet").len(), 1, "said once, not per try");
    assert_eq!(rig.stop(), Books::all_delivered(n as u64));
}

/// Waits until the lane has heard of the identity: a fact is known a moment before, and the first records tell.
/// Answers how many lines there are now.
fn until_records_have_the_id(rig: &Rig, mut lines: usize) -> usize {
    while host_ids(&rig.records(lines)).last() != Some(&Some(INSTANCE)) {
        assert!(lines < 1000, "the lane never hears of it");
        rig.append("syslog", ubuntu(lines..lines + 1));
        lines += 1;
    }
    lines
}

/// The service answers with this status whatever is asked of it below `path`, and recovers.
fn answers_at_first(path: &str, status: u16) {
    let mut rig = Rig::new();
    rig.config(
        "processors: {resourcedetection: {wait: 100ms, retry: {initial_interval: 10ms, max_interval: 20ms}}}",
    );
    rig.imds.set_fault_at(path, Fault::Status(status));
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.expect(&ubuntu(0..10));
    assert_eq!(host_ids(&rig.sink.records()), [None; 10], "{path}: {status}");
    let asked = rig.imds.calls().len();
    rig.imds.wait_for(PATIENCE, |calls| calls.len() >= asked + 5).unwrap();
    rig.imds.set_fault(Fault::None);
    rig.wait_for_log("this host is known");
    let lines = until_records_have_the_id(&rig, 10);
    assert_eq!(rig.stop(), Books::all_delivered(lines as u64));
    let said = rig.said("this host is not known yet");
    assert!(said.len() == 1 && said[0].contains("WARN"), "{path}: {status}: {said:?}");
}

#[test]
fn a_service_that_answers_401_is_asked_again_and_records_do_not_wait() {
    answers_at_first("/latest/meta-data", 401);
    answers_at_first(TOKEN, 401);
}

#[test]
fn a_service_that_answers_403_is_asked_again_and_records_do_not_wait() {
    answers_at_first("/latest/meta-data", 403);
}

#[test]
fn a_service_that_answers_404_is_asked_again_and_records_do_not_wait() {
    answers_at_first("/latest/meta-data", 404);
    answers_at_first(TOKEN, 404);
}

#[test]
fn a_service_that_answers_500_is_asked_again_and_records_do_not_wait() {
    answers_at_first("/latest/meta-data", 500);
    answers_at_first(TOKEN, 500);
}

#[test]
fn where_metadata_is_turned_off_records_do_not_wait_and_the_way_is_said_once() {
    let mut rig = Rig::new();
    rig.config(
        "processors: {resourcedetection: {wait: 100ms, retry: {initial_interval: 10ms, max_interval: 20ms}}}",
    );
    rig.imds.set_fault_at(TOKEN, Fault::Status(403));
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.expect(&ubuntu(0..10));
    assert_eq!(host_ids(&rig.sink.records()), [None; 10]);
    assert_eq!(rig.stop(), Books::all_delivered(10));
    let said = rig.said("--http-endpoint enabled");
    assert!(said.len() == 1 && said[0].contains("WARN"), "{said:?}");
    // Only a person changes that, and is not expected within seconds.
    assert_eq!(rig.imds.count(TOKEN), 1);
}

#[test]
fn pipelines_wait_for_the_service_at_the_same_time() {
    const WAIT: Duration = Duration::from_secs(3);
    let mut rig = Rig::new();
    rig.config(
        "processors: {resourcedetection: {wait: 3s}}\n\
         service:\n  pipelines:\n    \
         logs/2: {receivers: [filelog], processors: [resourcedetection], exporters: [otlphttp]}\n    \
         logs/3: {receivers: [filelog], processors: [resourcedetection], exporters: [otlphttp]}\n",
    );
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.records(30);
    rig.stop();
    // With a state to be checked, the start itself waits for the id.
    rig.imds.set_fault(Fault::Hang);
    rig.append("syslog", ubuntu(10..11));
    let begun = Instant::now();
    rig.start();
    rig.records(33);
    let waited = begun.elapsed();
    assert!(waited >= WAIT && waited < 2 * WAIT, "records waited for {waited:?}");
    rig.stop();
}

#[test]
fn a_token_that_is_not_accepted_is_replaced() {
    let mut rig = Rig::new();
    rig.imds.fail_next(1, "/latest/meta-data/instance-id", Fault::Status(401));
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.expect(&ubuntu(0..10));
    assert_eq!(host_ids(&rig.sink.records()), [Some(INSTANCE); 10]);
    assert_eq!(rig.imds.count(TOKEN), 2);
}

#[test]
fn without_tags_in_metadata_all_else_is_there_and_the_way_is_said() {
    let mut rig = Rig::new();
    rig.imds.disable_tags();
    rig.append("syslog", ubuntu(0..1));
    rig.start();
    let records = rig.records(1);
    assert_eq!(records[0].resource_attr("host.id"), Some(INSTANCE));
    assert_eq!(records[0].resource_attr("cloud.region"), Some("us-east-1"));
    assert_eq!(records[0].resource_attr("ec2.tag.Name"), None);
    assert_eq!(rig.said("--instance-metadata-tags enabled").len(), 1);
}

#[test]
fn only_the_tags_that_are_asked_for_are_there() {
    let mut rig = Rig::new();
    rig.config("processors: {resourcedetection: {ec2: {tags: [^Team$, nvironment]}}}");
    rig.append("syslog", ubuntu(0..1));
    rig.start();
    let records = rig.records(1);
    let tags: Vec<_> = records[0].resource.keys().filter(|name| name.starts_with("ec2.tag.")).collect();
    assert_eq!(tags, ["ec2.tag.Environment", "ec2.tag.Team"]);
}

#[test]
fn what_is_known_stays_known_when_the_service_is_gone() {
    let mut rig = Rig::new();
    rig.config("processors: {resourcedetection: {refresh_interval: 10s}}");
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.records(10);
    rig.imds.stop();
    rig.wait_for_log("what is known of this host stays as it is");
    rig.append("syslog", ubuntu(10..20));
    rig.expect(&ubuntu(0..20));
    assert_eq!(host_ids(&rig.sink.records()), [Some(INSTANCE); 20]);
    assert_eq!(rig.stop(), Books::all_delivered(20));
}

#[test]
fn a_changed_tag_is_on_later_records() {
    let mut rig = Rig::new();
    rig.config("processors: {resourcedetection: {refresh_interval: 10s}}");
    rig.append("syslog", ubuntu(0..1));
    rig.start();
    rig.records(1);
    rig.imds.set_tag("Name", "web-2");
    // An expired token on the way is replaced.
    rig.imds.revoke_tokens();
    rig.wait_for_log("metadata has changed");
    let mut n = 1;
    while rig.records(n).last().unwrap().resource_attr("ec2.tag.Name") != Some("web-2") {
        assert!(n < 1000, "the lane never hears of it");
        rig.append("syslog", ubuntu(n..n + 1));
        n += 1;
    }
    assert_eq!(rig.sink.records()[0].resource_attr("ec2.tag.Name"), Some("web-1"));
}

#[test]
fn turned_off_nobody_is_asked() {
    let mut rig = Rig::new();
    rig.env("AWS_EC2_METADATA_DISABLED", "true");
    rig.config("processors: {resourcedetection: {wait: 1h}}");
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.expect(&ubuntu(0..10));
    let records = rig.sink.records();
    assert_eq!(records[0].resource_attr("os.type"), Some("linux"));
    assert_eq!(records[0].resource_attr("host.id"), None);
    assert_eq!(rig.imds.calls(), []);
}

#[test]
fn the_service_is_found_at_an_ipv6_address() {
    let Ok(imds) = Imds::start_v6() else { return println!("skipped: this machine has no IPv6") };
    let mut rig = Rig::new();
    rig.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &imds.endpoint());
    rig.append("syslog", ubuntu(0..1));
    rig.start();
    assert_eq!(host_ids(&rig.records(1)), [Some(INSTANCE)]);
}

#[test]
fn an_endpoint_that_is_none_ends_the_start() {
    let mut rig = Rig::new();
    rig.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ftp://169.254.169.254");
    let mut agent = rig.spawn();
    assert_eq!(agent.wait(PATIENCE).unwrap().code(), Some(1));
    let log = agent.log().join("\n");
    assert!(log.contains("is no metadata endpoint") && log.contains("http://169.254.169.254"), "{log}");
}

/// A rig whose instance has a role and no tags in its metadata, and the EC2 API.
fn with_api() -> (Rig, Ec2Api) {
    let mut rig = Rig::new();
    rig.imds.disable_tags();
    rig.imds.set_role("hosts", Keys::sample());
    let api = Ec2Api::start("us-east-1", Keys::sample()).unwrap();
    api.set_tag("Name", "web-1");
    api.set_tag("Team", "platform");
    rig.env("AWS_ENDPOINT_URL_EC2", &api.endpoint());
    rig.config("processors: {resourcedetection: {ec2: {max_backoff: 10ms}}}");
    rig.append("syslog", ubuntu(0..10));
    (rig, api)
}

#[test]
fn tags_come_from_the_ec2_api_where_the_metadata_has_none() {
    let (mut rig, api) = with_api();
    api.answer_next(1, Verdict::Throttled);
    rig.start();
    let record = rig.records(10).remove(0);
    assert_eq!(record.resource_attr("ec2.tag.Name"), Some("web-1"));
    assert_eq!(record.resource_attr("ec2.tag.Team"), None, "not asked for");
    assert_eq!(record.resource_attr("host.id"), Some(INSTANCE));
    assert_eq!(api.answers(), [Err("RequestLimitExceeded"), Ok(())]);
    let secrets = [Keys::sample().secret_access_key, Keys::sample().session_token.unwrap()];
    assert!(secrets.iter().all(|secret| rig.said(secret).is_empty()));
    assert_eq!(rig.stop(), Books::all_delivered(10));
}

#[test]
fn who_may_not_ask_the_ec2_api_is_told_once_how_to() {
    let (mut rig, api) = with_api();
    api.set_verdict(Verdict::Denied);
    rig.start();
    let record = rig.records(10).remove(0);
    assert_eq!(
        (record.resource_attr("ec2.tag.Name"), record.resource_attr("host.id")),
        (None, Some(INSTANCE))
    );
    rig.stop();
    let said = rig.said("ec2:DescribeTags");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("WARN") && said[0].contains("--instance-metadata-tags enabled"), "{said:?}");
}

#[test]
fn tags_from_the_metadata_alone_are_not_asked_for_elsewhere() {
    let (mut rig, api) = with_api();
    rig.config("processors: {resourcedetection: {ec2: {tags_from_imds: true}}}");
    rig.start();
    let record = rig.records(10).remove(0);
    assert_eq!(
        (record.resource_attr("ec2.tag.Name"), record.resource_attr("host.id")),
        (None, Some(INSTANCE))
    );
    rig.stop();
    assert_eq!(api.answers(), []);
}

#[test]
fn the_agent_ends_where_the_host_must_be_known_and_is_not() {
    let mut rig = Rig::new();
    rig.config(
        "processors: {resourcedetection: {timeout: 200ms, wait: 100ms, fail_on_missing_metadata: true, \
         retry: {initial_interval: 10ms, max_interval: 20ms}}}",
    );
    rig.append("syslog", ubuntu(0..10));
    rig.imds.set_fault(Fault::Status(500));
    let mut agent = rig.spawn();
    assert_eq!(agent.wait(PATIENCE).unwrap().code(), Some(1));
    let log = agent.log().join("\n");
    assert!(
        log.contains("cannot start: pipeline logs: this host did not become known within 200ms"),
        "{log}"
    );
    assert!(log.contains("answered 500"), "{log}");
    // With the time that a busy machine may need.
    rig.config("processors: {resourcedetection: {timeout: 20s}}");
    rig.imds.set_fault(Fault::None);
    rig.start();
    rig.expect(&ubuntu(0..10));
    assert_eq!(host_ids(&rig.sink.records()), [Some(INSTANCE); 10]);
}

#[test]
fn the_system_says_what_it_is_asked_for() {
    let mut rig = Rig::new();
    rig.config(
        "processors: {resourcedetection: {detectors: [system], system: {hostname_sources: [os], \
         resource_attributes: {host.arch: {enabled: true}, host.ip: {enabled: true}, os.type: {enabled: false}, \
         os.description: {enabled: true}}}}}",
    );
    rig.append("syslog", ubuntu(0..1));
    rig.start();
    let record = rig.records(1).remove(0);
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    assert_eq!(record.resource_attr("host.name"), Some(name.as_str()));
    assert_eq!(record.resource_attr("os.type"), None);
    assert!(record.resource_attr("os.description").is_some_and(|text| text.contains("Linux")));
    let arch = if cfg!(target_arch = "x86_64") { "amd64" } else { "arm64" };
    assert_eq!(record.resource_attr("host.arch"), Some(arch));
    assert!(matches!(record.resource["host.ip"], Value::List(_)), "{:?}", record.resource);
    rig.stop();
}
