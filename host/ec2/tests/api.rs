//! Tags from the EC2 API, which checks every signature.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::collections::BTreeMap;
use std::time::Duration;

use aws_credential_types::Credentials;
use skidway_ec2::{ApiError, ApiOptions, Client, Endpoint, Facts, FetchError, Options};
use skidway_test_support::ec2_api::{Ec2Api, Keys, Verdict};
use skidway_test_support::imds::Imds;

const ROLE: &str = "/latest/meta-data/iam/security-credentials/hosts";

/// An instance with a role and without tags in its metadata, and the API.
fn doubles() -> (Imds, Ec2Api) {
    let imds = Imds::start().unwrap();
    imds.disable_tags();
    imds.set_role("hosts", Keys::sample());
    let api = Ec2Api::start("us-east-1", Keys::sample()).unwrap();
    api.set_tag("Name", "web & <db>");
    api.set_tag("Team", "platform");
    (imds, api)
}

fn client(imds: &Imds, api: &Ec2Api) -> Client {
    client_with(imds, ApiOptions { endpoint: Some(api.endpoint().parse().unwrap()), ..quick() })
}

fn quick() -> ApiOptions {
    ApiOptions { max_backoff: Duration::from_millis(2), ..ApiOptions::default() }
}

fn client_with(imds: &Imds, api: ApiOptions) -> Client {
    let endpoint = Endpoint::parse(&imds.endpoint()).unwrap();
    Client::new(Options { endpoint, api: Some(api), ..Options::default() }).unwrap()
}

fn tags() -> BTreeMap<String, String> {
    [("Name", "web & <db>"), ("Team", "platform")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
}

#[tokio::test]
async fn tags_come_from_the_api_where_the_metadata_has_none() {
    let (imds, api) = doubles();
    let mut client = client(&imds, &api);
    assert_eq!(client.fetch().await.unwrap().tags, tags());
    assert_eq!(client.fetch().await.unwrap().tags, tags());
    assert_eq!(api.answers(), [Ok(()), Ok(())], "the signatures are right");
    assert_eq!(imds.count(ROLE), 1, "credentials are kept until they expire");
    imds.set_tag("Name", "in the metadata");
    let known = client.fetch().await.unwrap();
    assert_eq!(known.tags["Name"], "in the metadata");
    assert_eq!(api.answers().len(), 2, "which is asked first");
}

#[tokio::test]
async fn many_tags_come_page_by_page() {
    let (imds, api) = doubles();
    for i in 0..45 {
        api.set_tag(&format!("key {i}"), &format!("value {i}"));
    }
    api.set_page(10);
    assert_eq!(client(&imds, &api).fetch().await.unwrap().tags.len(), 47);
    assert_eq!(api.answers().len(), 5);
}

#[tokio::test]
async fn keys_of_the_environment_go_before_those_of_the_role() {
    let (imds, api) = doubles();
    let keys = Keys { access_key_id: "AKIAEXAMPLEEXAMPLE00".into(), session_token: None, ..Keys::sample() };
    api.set_keys(keys.clone());
    let credentials = Credentials::new(keys.access_key_id, keys.secret_access_key, None, None, "test");
    let endpoint = Some(api.endpoint().parse().unwrap());
    let mut client = client_with(&imds, ApiOptions { endpoint, credentials: Some(credentials), ..quick() });
    assert_eq!(client.fetch().await.unwrap().tags, tags());
    assert_eq!(imds.count(ROLE), 0);
}

#[tokio::test]
async fn new_credentials_are_fetched_when_the_old_ones_are_refused() {
    let (imds, api) = doubles();
    let mut client = client(&imds, &api);
    client.fetch().await.unwrap();
    let keys = Keys { secret_access_key: "another+secret".into(), ..Keys::sample() };
    api.set_keys(keys.clone());
    imds.set_role("hosts", keys);
    assert_eq!(client.fetch().await.unwrap().tags, tags());
    assert_eq!(api.answers(), [Ok(()), Err("SignatureDoesNotMatch"), Ok(())]);
}

#[tokio::test]
async fn who_may_not_ask_goes_without_tags() {
    let (imds, api) = doubles();
    api.set_verdict(Verdict::Denied);
    let mut client = client(&imds, &api);
    let mut known = Facts::default();
    client.refresh(&mut known).await.unwrap();
    assert!(known.identity_document.is_some() && known.tags.is_empty());
    assert_eq!(api.answers(), [Err("UnauthorizedOperation")], "asking again would not help");
    // What is known stays known.
    api.set_verdict(Verdict::Tags);
    client.refresh(&mut known).await.unwrap();
    api.set_verdict(Verdict::Denied);
    client.refresh(&mut known).await.unwrap();
    assert_eq!(known.tags, tags());
}

#[tokio::test]
async fn throttling_is_waited_out() {
    let (imds, api) = doubles();
    api.answer_next(2, Verdict::Throttled);
    let mut client = client(&imds, &api);
    assert_eq!(client.fetch().await.unwrap().tags, tags());
    assert_eq!(api.answers().len(), 3);
    api.set_verdict(Verdict::Throttled);
    let error = client.fetch().await.unwrap_err();
    assert!(matches!(error, FetchError::Api(ApiError::Throttled(_))), "{error}");
    assert_eq!(api.answers().len(), 6, "three attempts each time");
}

#[tokio::test]
async fn without_a_role_or_the_api_there_are_no_tags() {
    let imds = Imds::start().unwrap();
    imds.disable_tags();
    let endpoint = Some("http://127.0.0.1:1".parse().unwrap());
    let mut client = client_with(&imds, ApiOptions { endpoint, ..quick() });
    assert!(client.fetch().await.unwrap().tags.is_empty());
    imds.set_role("hosts", Keys::sample());
    let error = client.fetch().await.unwrap_err();
    assert!(matches!(error, FetchError::Api(ApiError::Unreachable(_))), "{error}");
}
