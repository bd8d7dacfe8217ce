//! The headers of HTTP responses, with a DNS reply (RFC 8484 section 4.2) or without one.

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};

use super::request::{MEDIA_TYPE, RefusedRequest};
use dns::wire::ttl;

const METHODS: &str = "GET, HEAD, POST";

/// Returns the header of the HTTP response with this DNS reply. HTTP caches may store the reply as long as its TTLs allow.
pub(super) fn with(reply: &[u8]) -> Response<()> {
    let mut response = Response::new(());
    let header = response.headers_mut();
    header.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    header.insert(CONTENT_LENGTH, HeaderValue::from(reply.len()));
    let kept = ttl::for_http_cache(reply).map(|seconds| format!("max-age={seconds}"));
    let kept = kept.and_then(|kept| HeaderValue::try_from(kept).ok());
    header.insert(CACHE_CONTROL, kept.unwrap_or(HeaderValue::from_static("no-store")));
    response
}

pub(super) fn to(refused: RefusedRequest) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = refused.status();
    let header = response.headers_mut();
    header.insert(CONTENT_LENGTH, HeaderValue::from(0));
    header.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if refused.status() == StatusCode::METHOD_NOT_ALLOWED {
        header.insert(ALLOW, HeaderValue::from_static(METHODS));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_states_length_type_and_lifetime() {
        // The DNS messages are NOERROR with one answer whose TTL is 300 s, and SERVFAIL.
        let kept = b"\0\0\x81\x80\0\0\0\x01\0\0\0\0\x04mail\0\0\x01\0\x01\0\0\x01\x2c\0\x04\x7f\0\0\x01";
        for (reply, control) in [(&kept[..], "max-age=300"), (b"\0\0\x81\x82\0\0\0\0\0\0\0\0", "no-store")] {
            let response = with(reply);
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.headers()[CONTENT_TYPE], "application/dns-message");
            assert_eq!(response.headers()[CONTENT_LENGTH], reply.len().to_string());
            assert_eq!(response.headers()[CACHE_CONTROL], control);
        }
        let refused = to(RefusedRequest::Method);
        assert_eq!(refused.headers()[ALLOW], "GET, HEAD, POST");
        assert!(!to(RefusedRequest::Path).headers().contains_key(ALLOW));
    }
}
