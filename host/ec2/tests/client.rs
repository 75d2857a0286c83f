//! One fetch against the metadata service double: every rule of the protocol.
#![allow(clippy::unwrap_used, reason = "all of this crate is a test")]

use skidway_ec2::{Client, Endpoint, Facts, FetchError, Options};
use skidway_test_support::imds::{Fault, Imds, TOKEN};
use std::time::{Duration, Instant};

const ID: &str = "/latest/meta-data/instance-id";
const HOSTNAME: &str = "/latest/meta-data/hostname";
const DOCUMENT: &str = "/latest/dynamic/instance-identity/document";
const TAGS: &str = "/latest/meta-data/tags/instance/";

fn options(imds: &Imds) -> Options {
    Options { endpoint: Endpoint::parse(&imds.endpoint()).unwrap(), ..Options::default() }
}

fn client(imds: &Imds) -> Client {
    Client::new(options(imds)).unwrap()
}

/// Gives up after 200 ms in all.
fn hasty(imds: &Imds) -> Client {
    let limit = Duration::from_millis(100);
    Client::new(Options { connect_timeout: limit, request_timeout: limit, ..options(imds) }).unwrap()
}

async fn fetch(imds: &Imds) -> Result<Facts, FetchError> {
    client(imds).fetch().await
}

fn tags(facts: &Facts) -> Vec<(&str, &str)> {
    facts.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

fn is_complete(facts: &Facts) {
    assert_eq!(facts.instance_id.as_deref(), Some("i-0abc1234def567890"));
    assert_eq!(facts.hostname.as_deref(), Some("ip-10-0-1-23.ec2.internal"));
    let document = facts.identity_document.as_deref().unwrap();
    assert!(document.contains("\"accountId\": \"123456789012\""), "{document}");
    assert_eq!(tags(facts), [("Environment", "production"), ("Name", "web-1"), ("Team", "platform")]);
}

#[tokio::test]
async fn everything_is_fetched_with_one_token() {
    let imds = Imds::start().unwrap();
    let mut client = client(&imds);
    is_complete(&client.fetch().await.unwrap());
    is_complete(&client.fetch().await.unwrap());
    assert_eq!(imds.count(TOKEN), 1);
    assert_eq!(imds.calls()[0].method, "PUT");
}

#[tokio::test]
async fn ipv6_is_asked_where_the_endpoint_says_so() {
    let Ok(imds) = Imds::start_v6() else {
        eprintln!("skipped: no IPv6 here");
        return;
    };
    assert!(imds.endpoint().starts_with("http://[::1]:"));
    is_complete(&fetch(&imds).await.unwrap());
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let imds = Imds::start().unwrap();
    let mut client = client(&imds);
    client.fetch().await.unwrap();
    imds.revoke_tokens();
    is_complete(&client.fetch().await.unwrap());
    assert_eq!(imds.count(TOKEN), 2);

    imds.set_fault_at(ID, Fault::Status(401));
    let error = client.fetch().await.unwrap_err();
    assert_eq!(error, FetchError::Unauthorized { path: "meta-data/instance-id".to_owned() });
    assert_eq!((imds.count(TOKEN), imds.count(ID)), (3, 5), "one more try with a new token, no more");
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires() {
    let imds = Imds::start().unwrap();
    // Used for half of its life, so that it is due after one second.
    let mut client = Client::new(Options { token_ttl: Duration::from_secs(2), ..options(&imds) }).unwrap();
    let end = Instant::now() + Duration::from_secs(10);
    while imds.count(TOKEN) < 2 && Instant::now() < end {
        client.fetch().await.unwrap();
    }
    assert_eq!(imds.count(TOKEN), 2);
    assert!(imds.calls().iter().all(|call| call.status == Some(200)), "no 401 was needed");
}

#[tokio::test]
async fn a_ttl_out_of_range_is_brought_into_it() {
    let imds = Imds::start().unwrap();
    for seconds in [0, 1_000_000] {
        let token_ttl = Duration::from_secs(seconds);
        is_complete(&Client::new(Options { token_ttl, ..options(&imds) }).unwrap().fetch().await.unwrap());
    }
}

#[tokio::test]
async fn forbidden_says_how_to_allow_it() {
    let imds = Imds::start().unwrap();
    imds.set_fault_at(TOKEN, Fault::Status(403));
    let error = fetch(&imds).await.unwrap_err();
    assert_eq!(error, FetchError::Forbidden);
    assert!(error.to_string().contains("--http-endpoint enabled"), "{error}");
    assert_eq!(imds.count(TOKEN), 1);
    assert_eq!(imds.calls().len(), 1, "version 1 is not tried");
}

#[tokio::test]
async fn without_tags_in_metadata_the_rest_is_complete() {
    let imds = Imds::start().unwrap();
    imds.disable_tags();
    let facts = fetch(&imds).await.unwrap();
    assert!(facts.tags.is_empty());
    assert!(facts.instance_id.is_some() && facts.hostname.is_some() && facts.identity_document.is_some());
}

#[tokio::test]
async fn tags_are_not_asked_for_unless_wanted() {
    let imds = Imds::start().unwrap();
    let mut client = Client::new(Options { want_tags: false, ..options(&imds) }).unwrap();
    assert!(client.fetch().await.unwrap().tags.is_empty());
    assert_eq!(imds.count(TAGS), 0);
}

#[tokio::test]
async fn tag_keys_may_hold_anything_a_path_may_not() {
    let imds = Imds::start().unwrap();
    for key in ["cost centre/eu", "a?b#c", "100%", "größe", "aws:x=y+z@w", "../../api/token"] {
        imds.set_tag(key, key);
    }
    imds.set_tag("empty", "");
    let facts = fetch(&imds).await.unwrap();
    assert_eq!(facts.tags.len(), 3 + 6 + 1);
    assert_eq!(facts.tags["empty"], "");
    for (key, value) in
        tags(&facts).into_iter().filter(|(key, _)| key.len() > 3 && key.contains(['/', '?', 'ö', ':']))
    {
        assert_eq!(key, value);
    }
}

#[tokio::test]
async fn a_bad_tag_costs_only_itself() {
    let imds = Imds::start().unwrap();
    imds.set_tag("bell", "\u{7}");
    imds.set_tag("gone", "");
    imds.set_tag("latin", "");
    imds.set_raw(&format!("{TAGS}latin"), &b"\xe9"[..]);
    imds.set_fault_at(&format!("{TAGS}gone"), Fault::Status(404));
    is_complete(&fetch(&imds).await.unwrap());
}

#[tokio::test]
async fn more_tags_than_an_instance_can_have_are_not_asked_for() {
    let imds = Imds::start().unwrap();
    for i in 0..100 {
        imds.set_tag(&format!("key{i:03}"), "x");
    }
    assert_eq!(fetch(&imds).await.unwrap().tags.len(), 50);
}

#[tokio::test]
async fn answers_that_are_no_text_are_refused() {
    for (path, bad) in [
        (ID, &b"\xff\xfe"[..]),
        (ID, b""),
        (ID, b"i-0abc\x1b[2J"),
        (HOSTNAME, b"a\nb"),
        (DOCUMENT, b"{\0}"),
        (TAGS, b"Name\n\xff"),
    ] {
        let imds = Imds::start().unwrap();
        imds.set_raw(path, bad);
        let error = fetch(&imds).await.unwrap_err();
        assert_eq!(error, FetchError::NotText { path: path.replacen("/latest/", "", 1) });
    }
}

#[tokio::test]
async fn an_answer_without_end_is_not_kept() {
    for path in [ID, DOCUMENT, TAGS] {
        let imds = Imds::start().unwrap();
        imds.set_raw(path, vec![b'a'; 64 << 10]);
        // Within the limit; what it is taken for differs.
        assert!(!matches!(fetch(&imds).await, Err(FetchError::TooLarge { .. })));
        imds.set_raw(path, vec![b'a'; (64 << 10) + 1]);
        let error = fetch(&imds).await.unwrap_err();
        assert_eq!(error, FetchError::TooLarge { path: path.replacen("/latest/", "", 1), limit: 64 << 10 });
    }
}

#[tokio::test]
async fn a_server_error_is_named_and_over_with_the_next_try() {
    let imds = Imds::start().unwrap();
    let mut client = client(&imds);
    for path in [TOKEN, ID, HOSTNAME, DOCUMENT, TAGS] {
        imds.revoke_tokens();
        imds.fail_next(1, path, Fault::Status(500));
        let error = client.fetch().await.unwrap_err();
        // A revoked token shows first: the 500 then hits what is asked next.
        assert!(matches!(error, FetchError::Status { status: 500, .. }), "{path}: {error}");
        is_complete(&client.fetch().await.unwrap());
    }
}

#[tokio::test]
async fn slow_is_no_failure_within_the_limit() {
    let imds = Imds::start().unwrap();
    imds.set_fault(Fault::Slow(Duration::from_millis(20)));
    is_complete(&fetch(&imds).await.unwrap());
}

#[tokio::test]
async fn a_token_that_never_comes_is_explained_by_the_hop_limit() {
    let imds = Imds::start().unwrap();
    imds.set_fault(Fault::Hang);
    let error = hasty(&imds).fetch().await.unwrap_err();
    assert_eq!(error, FetchError::NoToken { within: Duration::from_millis(200) });
    assert!(error.to_string().contains("--http-put-response-hop-limit 2"), "{error}");
}

#[tokio::test]
async fn an_answer_that_never_comes_is_given_up() {
    let imds = Imds::start().unwrap();
    imds.set_fault_at(DOCUMENT, Fault::Hang);
    let error = hasty(&imds).fetch().await.unwrap_err();
    let path = "dynamic/instance-identity/document".to_owned();
    assert_eq!(error, FetchError::TimedOut { path, within: Duration::from_millis(200) });
}

#[tokio::test]
async fn a_cut_connection_and_a_closed_port_are_told_apart() {
    let mut imds = Imds::start().unwrap();
    imds.set_fault_at(ID, Fault::Refuse);
    let error = fetch(&imds).await.unwrap_err();
    assert!(matches!(&error, FetchError::Broken { path, .. } if path == "meta-data/instance-id"), "{error}");
    imds.stop();
    let error = fetch(&imds).await.unwrap_err();
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("AWS_EC2_METADATA_DISABLED=true"), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

/// A listener whose queue is full drops what comes next, as a network without a
/// metadata service does.
#[tokio::test]
async fn an_address_where_nothing_is_fails_as_such() {
    let limit = Duration::from_millis(100);
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = socket.listen(0).unwrap();
    let addr = full.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = tokio::time::timeout(limit, tokio::net::TcpStream::connect(addr)).await {
        waiting.push(stream.unwrap());
    }
    let options = Options {
        endpoint: Endpoint::parse(&format!("http://{addr}")).unwrap(),
        connect_timeout: limit,
        // Shorter, yet the limit for the connection is the one that is hit.
        request_timeout: limit / 10,
        ..Options::default()
    };
    let error = Client::new(options).unwrap().fetch().await.unwrap_err();
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn another_service_is_not_taken_for_ec2() {
    let imds = Imds::start().unwrap();
    imds.set_fault_at(ID, Fault::Status(404));
    assert_eq!(fetch(&imds).await.unwrap_err(), FetchError::NotEc2);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (imds, elsewhere) = (Imds::start().unwrap(), Imds::start().unwrap());
    imds.set_fault_at(ID, Fault::Redirect(format!("{}{ID}", elsewhere.endpoint())));
    let error = fetch(&imds).await.unwrap_err();
    assert_eq!(error, FetchError::Status { path: "meta-data/instance-id".to_owned(), status: 307 });
    assert!(elsewhere.calls().is_empty(), "the token went nowhere else");
}

/// The environment cannot be changed in this process, so the test runs itself again
/// with a proxy that leads nowhere.
#[tokio::test]
async fn a_proxy_in_the_environment_is_ignored() {
    const ALREADY: &str = "SKIDWAY_TEST_UNDER_PROXY";
    if std::env::var_os(ALREADY).is_some() {
        let imds = Imds::start().unwrap();
        return is_complete(&fetch(&imds).await.unwrap());
    }
    let again = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_proxy_in_the_environment_is_ignored"])
        .env(ALREADY, "1")
        .envs(["http_proxy", "all_proxy"].map(|name| (name, "http://127.0.0.1:9")))
        .env_remove("no_proxy")
        .env_remove("NO_PROXY")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success() && said.contains("1 passed"), "{said}");
}
