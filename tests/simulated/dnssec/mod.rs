//! DNSSEC over the lab: zones that are signed in every usual way, zones with every kind of fault, and the time of validation.

mod chains;
mod clocks;
mod cost;
mod forward;
mod hashes;
mod keys;
mod loss;
mod mail;
mod reload;
mod rollover;
mod root_keys;
mod table;

use lab::scenario::Scenario;
use lab::simulation::paused;

/// The beginning of every scenario: a signed root and a signed TLD.
const TOP: &str = "
server a.root 127.0.0.1 rtt=10ms
server ns.tld 127.0.0.2 rtt=20ms
server ns1.zone.tld 127.0.0.3 rtt=30ms
server ns2.zone.tld 127.0.0.4 rtt=40ms
zone . a.root
zone tld. ns.tld
sign .
sign tld.
";

/// A zone on two servers.
const ZONE: &str = "zone zone.tld. ns1.zone.tld ns2.zone.tld
  @ 300 MX 10 mail
  www 300 A 10.0.0.1
  mail 300 A 10.0.0.2
  _25._tcp.mail 300 TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
  *.wild 300 A 10.0.0.3
  a.ent 300 A 10.0.0.4
  alias 300 CNAME www
";

/// Returns how the result differs from the expected result.
fn play(text: &str) -> Option<String> {
    let scenario: Scenario = match text.parse() {
        Ok(scenario) => scenario,
        Err(error) => return Some(format!("{error}\n{text}")),
    };
    paused(scenario.play(1)).err().map(|error| error.to_string())
}

/// Fails with the reports of all scenarios that fail.
fn play_all(scenarios: impl IntoIterator<Item = (String, String)>) {
    let mut wrong = Vec::new();
    for (title, text) in scenarios {
        wrong.extend(play(&format!("title: {title}\n{text}")));
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n\n"));
}
