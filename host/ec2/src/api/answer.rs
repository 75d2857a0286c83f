//! What the API answers, in XML.

use serde::Deserialize;

use super::ApiError;

/// Longest text of the API's that is passed on, in characters.
const MAX_MESSAGE: usize = 300;

/// A `DescribeTagsResponse`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) tags: Vec<(String, String)>,
    /// Asks for the next page.
    pub(super) next: Option<String>,
}

#[derive(Deserialize)]
struct DescribeTagsResponse {
    #[serde(rename = "tagSet", default)]
    tag_set: TagSet,
    #[serde(rename = "nextToken")]
    next: Option<String>,
}

#[derive(Deserialize, Default)]
struct TagSet {
    #[serde(default)]
    item: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    key: String,
    #[serde(default)]
    value: String,
}

/// The body of an error.
#[derive(Deserialize)]
struct Response {
    #[serde(rename = "Errors")]
    errors: Errors,
}

#[derive(Deserialize)]
struct Errors {
    #[serde(rename = "Error")]
    error: Vec<Why>,
}

#[derive(Deserialize)]
struct Why {
    #[serde(rename = "Code")]
    code: String,
    #[serde(rename = "Message", default)]
    message: String,
}

pub(super) fn read(status: u16, body: &str) -> Result<Page, ApiError> {
    if status != 200 {
        return Err(failure(status, body));
    }
    let page: DescribeTagsResponse = quick_xml::de::from_str(body)
        .map_err(|error| ApiError::Failed { status, message: tidy(&error.to_string()) })?;
    let tags = page.tag_set.item.into_iter().map(|item| (item.key, item.value)).collect();
    Ok(Page { tags, next: page.next.filter(|next| !next.is_empty()) })
}

/// Codes from the EC2 API reference, "Error codes".
fn failure(status: u16, body: &str) -> ApiError {
    let said = quick_xml::de::from_str::<Response>(body).ok();
    let Some(Why { code, message }) = said.and_then(|said| said.errors.error.into_iter().next()) else {
        return ApiError::Failed { status, message: tidy(body) };
    };
    let message = tidy(&format!("{code}: {message}"));
    match code.as_str() {
        "UnauthorizedOperation" | "AccessDenied" | "AccessDeniedException" => ApiError::Denied(message),
        "RequestLimitExceeded" | "Throttling" | "ThrottlingException" => ApiError::Throttled(message),
        "AuthFailure"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "ExpiredToken"
        | "RequestExpired"
        | "SignatureDoesNotMatch" => ApiError::Credentials(message),
        _ => ApiError::Failed { status, message },
    }
}

/// One line of bounded length, without control characters.
fn tidy(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().take(MAX_MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read() {
        let body = r#"<?xml version="1.0" encoding="UTF-8"?>
<DescribeTagsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
    <requestId>7a62c49f</requestId>
    <tagSet>
        <item><resourceId>i-0abc</resourceId><resourceType>instance</resourceType><key>Name</key><value>web &amp; db</value></item>
        <item><resourceId>i-0abc</resourceId><resourceType>instance</resourceType><key>empty</key><value/></item>
    </tagSet>
    <nextToken>more</nextToken>
</DescribeTagsResponse>"#;
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let tags = vec![pair("Name", "web & db"), pair("empty", "")];
        assert_eq!(read(200, body), Ok(Page { tags, next: Some("more".to_owned()) }));
        let none = "<DescribeTagsResponse><tagSet/></DescribeTagsResponse>";
        assert_eq!(read(200, none), Ok(Page { tags: Vec::new(), next: None }));
    }

    #[test]
    fn errors_are_told_apart() {
        let said = |status, code: &str| {
            let error = format!("<Error><Code>{code}</Code><Message>because\nof you</Message></Error>");
            let body = format!("<Response><Errors>{error}</Errors><RequestID>x</RequestID></Response>");
            read(status, &body).unwrap_err()
        };
        let denied = ApiError::Denied("UnauthorizedOperation: because of you".to_owned());
        assert_eq!(said(403, "UnauthorizedOperation"), denied);
        assert!(matches!(said(503, "RequestLimitExceeded"), ApiError::Throttled(_)));
        assert!(matches!(said(401, "AuthFailure"), ApiError::Credentials(_)));
        assert!(matches!(said(400, "InvalidParameterValue"), ApiError::Failed { status: 400, .. }));
        assert!(matches!(read(502, "<html>bad gateway"), Err(ApiError::Failed { status: 502, .. })));
        assert!(matches!(read(200, "<html>"), Err(ApiError::Failed { .. })));
        let deep = "<a>".repeat(100_000);
        assert!(matches!(read(200, &deep), Err(ApiError::Failed { .. })));
    }
}
