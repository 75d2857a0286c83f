//! Turns what the EC2 instance metadata service says into the resource attributes
//! of the OpenTelemetry semantic conventions, the same that the collector's `ec2`
//! detector sets.
//!
//! Missing facts are left out. Without an identity document and an instance id it
//! is not known that this is EC2 at all: then only tags are told.

use skidway_sdk::json::{self, Object};
use skidway_sdk::{Attribute, Describer, Fact, no_settings};

/// The describer; it has no settings.
#[derive(Debug)]
pub struct Ec2;

impl Describer for Ec2 {
    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self)
    }

    fn describe(&self, facts: &[Fact]) -> Result<Vec<Attribute>, String> {
        let mut attributes = instance(facts)?;
        for fact in facts {
            if let Some(key) = fact.name.strip_prefix("tag/").filter(|key| !key.is_empty()) {
                attributes.push(attribute(&["ec2.tag.", key].concat(), &fact.value));
            }
        }
        Ok(attributes)
    }
}

fn instance(facts: &[Fact]) -> Result<Vec<Attribute>, String> {
    let fact = |name: &str| facts.iter().find(|fact| fact.name == name).map(|fact| fact.value.as_str());
    let document = match fact("identity-document") {
        Some(text) => Some(
            json::object(text)
                .map_err(|error| ["the identity document cannot be read: ", &error].concat())?,
        ),
        None => None,
    };
    let written = |key: &str| document.as_ref().and_then(|document| text(document, key));
    let id = written("instanceId").or(fact("instance-id"));
    if id.is_none() && document.is_none() {
        return Ok(Vec::new());
    }
    let known = [
        ("cloud.provider", Some("aws")),
        ("cloud.platform", Some("aws_ec2")),
        ("cloud.region", written("region")),
        ("cloud.account.id", written("accountId")),
        ("cloud.availability_zone", written("availabilityZone")),
        ("host.id", id),
        ("host.image.id", written("imageId")),
        ("host.type", written("instanceType")),
        ("host.name", fact("hostname")),
    ];
    let told = known.into_iter().filter_map(|(name, value)| Some((name, value?)));
    Ok(told.filter(|(_, value)| !value.is_empty()).map(|(name, value)| attribute(name, value)).collect())
}

/// The value of a key, where it is text that says something.
fn text<'d>(document: &'d Object, key: &str) -> Option<&'d str> {
    document.get(key)?.as_str().filter(|text| !text.is_empty())
}

fn attribute(name: &str, value: &str) -> Attribute {
    Attribute { name: name.into(), value: value.into() }
}

skidway_sdk::export_describer!(Ec2);

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{
        "accountId": "111122223333", "architecture": "x86_64", "availabilityZone": "eu-west-1b",
        "billingProducts": null, "devpayProductCodes": [{"a": [1.5e3, true]}], "imageId": "ami-0a1b",
        "instanceId": "i-0123", "instanceType": "t3.small", "pendingTime": "2026-01-02T03:04:05Z",
        "privateIp": "10.0.0.4", "region": "eu-west-1", "version": "2017-09-30"
    }"#;

    fn describe(facts: &[(&str, &str)]) -> Result<Vec<(String, String)>, String> {
        let facts: Vec<_> =
            facts.iter().map(|&(name, value)| Fact { name: name.into(), value: value.into() }).collect();
        let attributes = Ec2::configure("{}").unwrap().describe(&facts)?;
        Ok(attributes.into_iter().map(|attribute| (attribute.name, attribute.value)).collect())
    }

    fn pairs(pairs: &[(&str, &str)]) -> Result<Vec<(String, String)>, String> {
        Ok(pairs.iter().map(|&(name, value)| (name.into(), value.into())).collect())
    }

    #[test]
    fn everything_that_is_known() {
        let facts = [
            ("tag/Name", "web 1"),
            ("hostname", "ip-10-0-0-4.eu-west-1.compute.internal"),
            ("identity-document", DOCUMENT),
            ("instance-id", "i-0123"),
            ("tag/team/owner", ""),
            ("something-new", "x"),
        ];
        let expected = pairs(&[
            ("cloud.provider", "aws"),
            ("cloud.platform", "aws_ec2"),
            ("cloud.region", "eu-west-1"),
            ("cloud.account.id", "111122223333"),
            ("cloud.availability_zone", "eu-west-1b"),
            ("host.id", "i-0123"),
            ("host.image.id", "ami-0a1b"),
            ("host.type", "t3.small"),
            ("host.name", "ip-10-0-0-4.eu-west-1.compute.internal"),
            ("ec2.tag.Name", "web 1"),
            ("ec2.tag.team/owner", ""),
        ]);
        assert_eq!(describe(&facts), expected);
    }

    #[test]
    fn an_instance_id_alone_is_enough_to_know_that_this_is_ec2() {
        let expected = [("cloud.provider", "aws"), ("cloud.platform", "aws_ec2"), ("host.id", "i-9")];
        assert_eq!(describe(&[("instance-id", "i-9")]), pairs(&expected));
    }

    #[test]
    fn a_document_with_gaps_leaves_gaps() {
        let expected = pairs(&[
            ("cloud.provider", "aws"),
            ("cloud.platform", "aws_ec2"),
            ("cloud.region", "eu-west-1"),
            ("host.id", "i-9"),
        ]);
        let gaps = r#"{"region": "eu-west-1", "accountId": null, "imageId": "", "instanceId": "", "instanceType": 5}"#;
        assert_eq!(describe(&[("identity-document", gaps), ("instance-id", "i-9")]), expected);
    }

    #[test]
    fn without_an_instance_only_tags_are_told() {
        assert_eq!(describe(&[]), pairs(&[]));
        let facts = [("hostname", "laptop"), ("tag/Name", "x"), ("tag/", "no key")];
        assert_eq!(describe(&facts), pairs(&[("ec2.tag.Name", "x")]));
    }

    #[test]
    fn a_document_that_is_none_is_an_error() {
        for bad in ["", "<html>", "[]", "{\"region\": \"a\"", &"[".repeat(100_000)] {
            let error = describe(&[("identity-document", bad)]).unwrap_err();
            assert!(error.starts_with("the identity document cannot be read: "), "{error}");
        }
    }

    #[test]
    fn it_has_no_settings() {
        assert!(Ec2::configure(r#"{"tags": []}"#).is_err());
    }
}
