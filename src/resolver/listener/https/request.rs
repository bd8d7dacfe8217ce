//! Finds the DNS message in an HTTP request, or the status with which the request is refused (RFC 8484 sections 4.1 and 6, RFC 9110 section
//! 15.5).

use data_encoding::BASE64URL_NOPAD;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, StatusCode, Uri};

use crate::limits::MAX_QUERY;
use config::defaults::HTTPS_PATH;

/// The variable of the path with the DNS message (RFC 8484 section 4.1.1).
const VARIABLE: &str = "dns";

/// The media type of a DNS message (RFC 8484 section 6).
pub(super) const MEDIA_TYPE: &str = "application/dns-message";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SentMessage {
    InPath(Vec<u8>),
    /// The body has not been read yet.
    InBody,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefusedRequest {
    /// The path is not `/dns-query`.
    Path,
    Method,
    /// The DNS message is missing, cannot be decoded, or is not a query.
    Message,
    /// The DNS message is longer than `MAX_QUERY`.
    Length,
    /// The body does not have the media type of a DNS message.
    MediaType,
    /// The body was not complete in time.
    Time,
    /// There is no reply for this request: it repeats a query whose first copy gets the reply, or the resolution has panicked.
    NoReply,
}

impl RefusedRequest {
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Path => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Message => StatusCode::BAD_REQUEST,
            Self::Length => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Time => StatusCode::REQUEST_TIMEOUT,
            Self::NoReply => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// Finds the DNS message in the path of a request, or finds out that it is in the body.
pub(super) fn read(method: &Method, uri: &Uri, header: &HeaderMap) -> Result<SentMessage, RefusedRequest> {
    if uri.path() != HTTPS_PATH {
        return Err(RefusedRequest::Path);
    }
    match *method {
        Method::GET | Method::HEAD => in_path(uri.query().unwrap_or_default()),
        Method::POST => in_body(header),
        _ => Err(RefusedRequest::Method),
    }
}

/// Returns the DNS message in the variables of a path. If the variable `dns` occurs several times, the first one is used.
fn in_path(variables: &str) -> Result<SentMessage, RefusedRequest> {
    let mut pairs = variables.split('&').filter_map(|pair| pair.split_once('='));
    let (_, encoded) = pairs.find(|(name, _)| *name == VARIABLE).ok_or(RefusedRequest::Message)?;
    let length = BASE64URL_NOPAD.decode_len(encoded.len()).map_err(|_| RefusedRequest::Message)?;
    if length > MAX_QUERY {
        return Err(RefusedRequest::Length);
    }
    let message = BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(|_| RefusedRequest::Message)?;
    Ok(SentMessage::InPath(message))
}

/// Checks the header of a request whose DNS message is in the body. The header need not contain the length of the body.
fn in_body(header: &HeaderMap) -> Result<SentMessage, RefusedRequest> {
    let kind = header.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // The media type of DNS messages has no parameters. If a client sends some, they are ignored.
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case(MEDIA_TYPE) {
        return Err(RefusedRequest::MediaType);
    }
    let length = |length: &HeaderValue| length.to_str().ok()?.parse::<u64>().ok();
    match header.get(CONTENT_LENGTH).map(length) {
        Some(None) => Err(RefusedRequest::Message),
        Some(Some(length)) if length > MAX_QUERY as u64 => Err(RefusedRequest::Length),
        _ => Ok(SentMessage::InBody),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asked(
        method: &str,
        path: &str,
        header: &[(&'static str, &str)],
    ) -> Result<SentMessage, RefusedRequest> {
        let header = header.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        read(&method.parse().unwrap(), &path.parse().unwrap(), &header.collect())
    }

    #[test]
    fn rfc_8484_example_is_read() {
        let path = "/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB";
        let Ok(SentMessage::InPath(message)) = asked("GET", path, &[]) else { panic!() };
        assert_eq!(&message[12..], b"\x03www\x07example\x03com\x00\x00\x01\x00\x01");
        assert_eq!(asked("HEAD", path, &[]), Ok(SentMessage::InPath(message.clone())));
        let more = path.replace('?', "?ct=application/dns-message&");
        assert_eq!(asked("GET", &more, &[]), Ok(SentMessage::InPath(message)));
        let header = [("content-type", MEDIA_TYPE), ("content-length", "33"), ("accept", MEDIA_TYPE)];
        assert_eq!(asked("POST", "/dns-query", &header), Ok(SentMessage::InBody));
        assert_eq!(asked("POST", "/dns-query", &header[..1]), Ok(SentMessage::InBody));
    }

    #[test]
    fn bad_request_gets_matching_status() {
        let status = |method, path, header: &[_]| asked(method, path, header).unwrap_err().status().as_u16();
        for path in ["/", "/dns-query/", "/resolve?dns=AAAA", "/DNS-QUERY"] {
            assert_eq!(status("GET", path, &[]), 404, "{path}");
        }
        for method in ["PUT", "DELETE", "OPTIONS", "BREW"] {
            assert_eq!(status(method, "/dns-query?dns=AAAA", &[]), 405, "{method}");
        }
        // The wrong requests are: no variable, padding, letters of base64 that base64url does not have, and bits that belong to no octet.
        for query in [
            "",
            "?",
            "?dns",
            "?name=mail.example",
            "?dns=AAA=",
            "?dns=AA+A",
            "?dns=AA/A",
            "?dns=AAB",
            "?dns=A",
        ] {
            let path = format!("/dns-query{query}");
            assert_eq!(asked("GET", &path, &[]), Err(RefusedRequest::Message), "{path}");
        }
        let kind = ("content-type", MEDIA_TYPE);
        assert_eq!(status("POST", "/dns-query", &[]), 415);
        assert_eq!(status("POST", "/dns-query", &[("content-type", "application/dns-json")]), 415);
        assert_eq!(status("POST", "/dns-query", &[kind, ("content-length", "4097")]), 413);
        assert_eq!(status("POST", "/dns-query", &[kind, ("content-length", "long")]), 400);
        assert!(asked("POST", "/dns-query", &[("content-type", "Application/DNS-Message; a=b")]).is_ok());
    }

    #[test]
    fn path_message_has_query_size_limit() {
        let of = |length: usize| {
            asked("GET", &format!("/dns-query?dns={}", BASE64URL_NOPAD.encode(&vec![7; length])), &[])
        };
        assert_eq!(of(MAX_QUERY), Ok(SentMessage::InPath(vec![7; MAX_QUERY])));
        assert_eq!(of(MAX_QUERY + 1), Err(RefusedRequest::Length));
    }

    proptest! {
        #[test]
        fn every_message_comes_through_the_path(message in proptest::collection::vec(any::<u8>(), 0..600)) {
            let path = format!("/dns-query?dns={}", BASE64URL_NOPAD.encode(&message));
            prop_assert_eq!(asked("GET", &path, &[]), Ok(SentMessage::InPath(message)));
        }

        #[test]
        fn arbitrary_request_gets_verdict(
            method in "GET|HEAD|POST|PUT", query in "[ -~&&[^ #<>\"`{}|\\\\^]]{0,80}", kind in "[ -~]{0,40}", length in "[ -~]{0,30}",
        ) {
            let Ok(uri) = format!("/dns-query?{query}").parse::<Uri>() else { return Ok(()) };
            let mut header = HeaderMap::new();
            header.insert(CONTENT_TYPE, HeaderValue::from_str(&kind).unwrap());
            header.insert(CONTENT_LENGTH, HeaderValue::from_str(&length).unwrap());
            if let Ok(SentMessage::InPath(message)) = read(&method.parse().unwrap(), &uri, &header) {
                prop_assert!(message.len() <= MAX_QUERY && query.contains("dns="));
            }
        }
    }
}
