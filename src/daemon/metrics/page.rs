//! The page at `/` of the metrics listener: the data that the page may request, and the replies.
//!
//! The page is one file. Its data are replies of the control socket to requests that only read. The website of a stranger could make its own name
//! point at this host and so read these data (DNS rebinding). So the field `Host` of a request must be an address, `localhost`, or a name in
//! `hosts` of the section `metrics`.

use std::cmp::Reverse;
use std::net::IpAddr;

use hickory_proto::rr::Name;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::limits;
use control::{Controlled, read_only};
use dns::question::same_name;
use explain::limits::MAX_WHY_MESSAGES;
use explain::why::MessageReport;
use protocol::{CostsRequest, Reply, Request, Warning, WhyRequest};
use resolver::resolve::list_keys::secrets_of;
use resolverctl::render::html::waterfall;
use resolverctl::render::text;

pub(super) const PAGE: &str = include_str!("page.html");

/// The page may load nothing from elsewhere, and other pages may not show it in a frame.
pub(super) const FIELDS: &str = "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; frame-src 'self'; img-src data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'\r\n\
    X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-store\r\n";

pub(super) const HTML: &str = "text/html; charset=utf-8";

#[derive(Clone, Debug, PartialEq)]
pub(super) enum PageData {
    /// The state in the words of `resolverctl status`.
    Status,
    /// From `from` to `to` (seconds since 1970), in steps of `step` seconds.
    Minutes { from: u64, to: u64, step: u64 },
    /// The DNS lists with their states.
    Lists,
    /// What delayed mail between `from` and `to` (seconds since 1970), as `resolverctl why` shows it.
    Costs { from: u64, to: u64 },
    /// The messages (emails) between `from` and `to` whose DNS time in microseconds is within `waited`, as an HTML page.
    Why { from: u64, to: u64, waited: (u64, u64), offset: Offset },
}

impl PageData {
    /// Parses the target of a request. Returns `None` if the page has nothing at this path.
    pub(super) fn read(path: &str, query: &str) -> Option<Self> {
        let number = |name: &str| -> Option<i64> {
            let mut values = query.split('&').filter_map(|field| field.strip_prefix(name)?.strip_prefix('='));
            let value = values.next().filter(|value| value.len() <= limits::MAX_PAGE_NUMBER)?;
            value.parse().ok().filter(|_| values.next().is_none())
        };
        let count = |name: &str| u64::try_from(number(name)?).ok();
        let span = |longest: u64| {
            let (from, to) = (count("from")?, count("to")?);
            to.checked_sub(from).filter(|length| *length <= longest).map(|_| (from, to))
        };
        match path {
            "/data/lists" if query.is_empty() => Some(Self::Lists),
            "/data/status" if query.is_empty() => Some(Self::Status),
            "/data/minutes" => {
                let (from, to) = span(limits::MAX_PAGE_SPAN.as_secs())?;
                let step = count("step")?;
                let parts = to.saturating_sub(from).checked_div(step)?;
                (parts <= limits::MAX_PAGE_PARTS).then_some(Self::Minutes { from, to, step })
            }
            "/data/costs" => span(limits::MAX_PAGE_SPAN.as_secs()).map(|(from, to)| Self::Costs { from, to }),
            "/data/why" => {
                let (from, to) = span(limits::MAX_PAGE_WHY.as_secs())?;
                let waited = (count("least")?, count("most")?);
                let offset = Offset::from_seconds(i32::try_from(number("offset")?).ok()?).ok()?;
                Some(Self::Why { from, to, waited, offset })
            }
            _ => None,
        }
    }

    fn request(&self) -> Request {
        match *self {
            Self::Status => Request::Status,
            Self::Lists => Request::Dnsbl { list: None },
            Self::Minutes { from, to, step } => Request::Minutes { from, to, step },
            Self::Costs { from, to } => {
                Request::Costs(CostsRequest { from: from as f64, to: to as f64, ..CostsRequest::default() })
            }
            Self::Why { from, to, .. } => Request::Why {
                requests: vec![WhyRequest {
                    from: Some(from as f64),
                    to: Some(to as f64),
                    most: MAX_WHY_MESSAGES,
                    ..WhyRequest::default()
                }],
            },
        }
    }

    /// Returns the media type and the content.
    pub(super) async fn content(&self, subject: &impl Controlled) -> (&'static str, String) {
        let replies = read_only(self.request(), subject).await;
        if let Self::Why { waited, offset, .. } = self {
            return (HTML, messages(&replies, *waited, *offset));
        }
        let lines: Vec<String> = match self {
            Self::Status => replies.iter().filter_map(state).collect(),
            _ => replies.iter().filter_map(|reply| serde_json::to_string(reply).ok()).collect(),
        };
        let text = format!("[{}]\n", lines.join(",\n"));
        let keys = secrets_of(&subject.config());
        ("application/json", if keys.is_empty() { text } else { keys.without_keys(text) })
    }
}

/// Returns the state as JSON: the first line of `resolverctl status`, whether it is good, and its warnings, the worst first.
fn state(reply: &Reply) -> Option<String> {
    let Reply::Status(status) = reply else { return None };
    let warning = |warning: &Warning| {
        serde_json::json!({
            "label": text::warning_label(warning.severity),
            "problem": warning.problem,
            "remedy": warning.remedy,
        })
    };
    let mut warnings: Vec<&Warning> = status.warnings.iter().collect();
    warnings.sort_by_key(|warning| Reverse(warning.severity));
    let state = serde_json::json!({
        "verdict": format!("resolverd {} {}", status.daemon.version, text::verdict(status)),
        "works": status.works(),
        "warnings": warnings.into_iter().map(warning).collect::<Vec<_>>(),
    });
    Some(state.to_string())
}

/// Shows the messages (emails) with a DNS time from `least` to `most` microseconds; if there are none, the slowest ones.
fn messages(replies: &[Reply], (least, most): (u64, u64), offset: Offset) -> String {
    let mut all: Vec<&MessageReport> = replies.iter().filter_map(Reply::message).collect();
    all.sort_by(|one, other| other.waited.total_cmp(&one.waited));
    let is_wanted = |one: &&MessageReport| (least as f64..most as f64).contains(&(one.waited * 1e6));
    let wanted: Vec<&MessageReport> = all.iter().copied().filter(is_wanted).collect();
    let note = match (wanted.is_empty(), all.first()) {
        (true, Some(slowest)) if !slowest.is_absent() => {
            "The query history has no message of this DNS time; these are the slowest of the time."
        }
        _ => "",
    };
    let moment = |unix: f64| {
        let time =
            SignedDuration::try_from_secs_f64(unix).ok().and_then(|time| Timestamp::from_duration(time).ok());
        let zoned = time.map(|time| time.to_zoned_datetime(TimeZone::fixed(offset)));
        zoned.map(|zoned| zoned.strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default()
    };
    waterfall::page(if wanted.is_empty() { &all } else { &wanted }, note, &moment, false)
}

/// Returns true if the field `Host` of the request is an address, `localhost`, or a host name of the configuration. Any other name may be that of
/// a hostile web page (DNS rebinding).
pub(super) fn is_own_host(host: &[u8], hosts: &[Name]) -> bool {
    let host = String::from_utf8_lossy(host);
    let host = host.trim();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_named =
        || Name::from_ascii(name).is_ok_and(|name| hosts.iter().any(|host| same_name(host, &name)));
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok() || is_named()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_these_targets_have_data() {
        let minutes = PageData::Minutes { from: 60, to: 360, step: 300 };
        assert_eq!(PageData::read("/data/minutes", "from=60&to=360&step=300"), Some(minutes));
        assert_eq!(PageData::read("/data/lists", ""), Some(PageData::Lists));
        assert_eq!(PageData::read("/data/status", ""), Some(PageData::Status));
        assert_eq!(
            PageData::read("/data/costs", "from=0&to=300"),
            Some(PageData::Costs { from: 0, to: 300 })
        );
        let offset = Offset::from_seconds(-3_600).unwrap();
        let why = PageData::Why { from: 0, to: 300, waited: (1, 2), offset };
        assert_eq!(PageData::read("/data/why", "from=0&to=300&least=1&most=2&offset=-3600"), Some(why));
        for (path, query) in [
            ("/data/minutes", ""),
            ("/data/minutes", "from=60&to=360"),
            ("/data/minutes", "from=360&to=60&step=300"),
            ("/data/minutes", "from=60&from=60&to=360&step=300"),
            ("/data/minutes", "from=-60&to=360&step=300"),
            ("/data/minutes", "from=60&to=360&step=0"),
            ("/data/minutes", "from=0&to=604800&step=60"),
            ("/data/minutes", "from=0&to=9999999&step=86400"),
            ("/data/minutes", "from=60&to=00000000000000000360&step=300"),
            ("/data/why", "from=0&to=300&least=1&most=2&offset=999999"),
            ("/data/costs", "from=0&to=9999999"),
            ("/data/why", "from=0&to=999999&least=1&most=2&offset=0"),
            ("/data/lists", "x"),
            ("/data/flush", ""),
            ("/data/", ""),
        ] {
            assert_eq!(PageData::read(path, query), None, "{path}?{query}");
        }
    }

    #[test]
    fn no_data_change_the_daemon() {
        let offset = Offset::UTC;
        for data in [
            PageData::Lists,
            PageData::Minutes { from: 0, to: 1, step: 1 },
            PageData::Costs { from: 0, to: 1 },
            PageData::Why { from: 0, to: 1, waited: (0, 1), offset },
        ] {
            assert!(!data.request().changes(), "{data:?}");
        }
    }

    #[test]
    fn a_host_is_an_address() {
        for host in ["127.0.0.1:9453", "[::1]:9453", "[::1]", "localhost:9453", "LOCALHOST", "192.0.2.1"] {
            assert!(is_own_host(host.as_bytes(), &[]), "{host}");
        }
        for host in ["rebound.example", "rebound.example:9453", "localhost.example", "", "1.2.3.4.example"] {
            assert!(!is_own_host(host.as_bytes(), &[]), "{host}");
        }
        assert!(!is_own_host(b"\xff", &[]));
    }
}
