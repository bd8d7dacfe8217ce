//! Tests of the checks of single name servers.

use crate::codes::Code;
use crate::facts::tests::{TWO_SERVERS, facts};
use crate::judge;

#[test]
fn randomly_failing_server_is_not_lame() {
    let found = |more: &str| {
        let lines = TWO_SERVERS
            .replace("lookup ns2.a.test. A | 198.18.2.1", "lookup ns2.a.test. A | 198.18.2.1 | 198.18.2.2");
        let lines = format!("{lines}\nserver 198.18.2.2 a.test. SOA udp REFUSED\n{more}");
        let found = judge(&facts("a.test.", &lines)).into_iter();
        let found = found.filter(|found| [Code::NsPartly, Code::NsLame].contains(&found.code));
        found.map(|found| (found.code, found.evidence)).collect::<Vec<_>>()
    };
    assert_eq!(found("")[0].0, Code::NsLame);
    let random = found("server 198.18.2.1 a.test. SOA udp aa after=REFUSED | ns1.a.test. h. 7 2 3 4 5");
    assert_eq!(random.len(), 1, "{random:#?}");
    assert_eq!(random[0].0, Code::NsPartly, "{random:#?}");
    let other = found("server 198.18.2.1 a.test. SOA udp aa after=SERVFAIL | ns1.a.test. h. 7 2 3 4 5");
    assert!(other.iter().any(|(code, _)| *code == Code::NsLame), "another error: {other:#?}");
    let answered = found("server 198.18.2.2 ns1.a.test. A udp aa | 198.18.1.1");
    let words = "198.18.2.2 (ns2.a.test.) answers REFUSED for a.test. SOA";
    assert_eq!(answered, [(Code::NsPartly, words.to_owned())]);
    // The refused queries for MX records are not a second finding.
    let refused = "server 198.18.2.1 a.test. SOA udp aa after=REFUSED | ns1.a.test. h. 7 2 3 4 5
        server 198.18.2.2 a.test. SOA udp aa | ns1.a.test. h. 7 2 3 4 5
        server 198.18.2.2 a.test. MX udp REFUSED\nserver 198.18.2.2 a.test. MX tcp REFUSED";
    assert_eq!(found(refused).len(), 1, "{:#?}", found(refused));
}

#[test]
fn lossy_path_blames_no_server() {
    let shown = |lost: usize| -> Vec<Code> {
        let soa = "server 198.18.2.1 a.test. SOA";
        let lines = format!("{TWO_SERVERS}\n{soa} udp silent\n{soa} plain silent\n{soa} tcp silent");
        let mut facts = facts("a.test.", &lines);
        for (server, lost) in [("198.18.1.1", lost), ("198.18.9.1", lost), ("198.18.2.1", 0)] {
            let sent = facts.sent.entry(server.parse().unwrap()).or_default();
            (sent.answered, sent.unanswered, sent.lost) = (3, 3, lost);
        }
        judge(&facts).into_iter().map(|finding| finding.code).collect()
    };
    assert!(shown(0).contains(&Code::NsSilent), "{:?}", shown(0));
    let lossy = shown(1);
    assert!(!lossy.contains(&Code::NsSilent) && lossy.contains(&Code::DelegationUnknown), "{lossy:?}");
}

#[test]
fn tcp_only_servers_need_open_port() {
    let remedy = |second: &str| {
        let without_udp = |server: &str, tcp: &str| {
            format!(
                "server {server} a.test. SOA udp silent\nserver {server} a.test. SOA plain silent\nserver {server} a.test. SOA tcp {tcp}\n"
            )
        };
        let sound = "aa | ns1.a.test. h. 7 2 3 4 5";
        let lines = format!(
            "{TWO_SERVERS}\nlookup a.test. SOA SERVFAIL\nlookup a.test. MX SERVFAIL\n{}{}",
            without_udp("198.18.1.1", sound),
            without_udp("198.18.2.1", if second.is_empty() { sound } else { second })
        );
        let found = judge(&facts("a.test.", &lines));
        let shown = found.iter().find(|finding| finding.code == Code::NsNoneAnswers);
        shown.unwrap_or_else(|| panic!("{found:#?}")).remedy()
    };
    assert!(remedy("").starts_with("Open port 53 for UDP"), "{}", remedy(""));
    assert_eq!(remedy("silent"), Code::NsNoneAnswers.entry().remedy);
}

/// Returns the faults of the second server, which answers queries for the SOA over TCP only. `mail` is its answer for the MX records.
/// `lost`: how many datagrams to each server were lost, in addition to nine answered ones.
fn without_soa_over_udp(mail: &str, lost: [usize; 2]) -> Vec<(Code, String)> {
    let second = "server 198.18.2.1 a.test.";
    let base = TWO_SERVERS.replace(&format!("{second} SOA udp aa"), &format!("{second} SOA tcp aa"));
    let lines = format!("{base}\n{second} SOA udp silent\n{second} SOA plain silent\n{second} MX udp {mail}");
    let mut facts = facts("a.test.", &lines);
    for (server, lost) in ["198.18.1.1", "198.18.2.1"].into_iter().zip(lost) {
        let sent = facts.sent.entry(server.parse().unwrap()).or_default();
        (sent.answered, sent.lost) = (9, lost);
    }
    let of_server = [Code::NsPartly, Code::NsSilent];
    let found = judge(&facts).into_iter().filter(|finding| of_server.contains(&finding.code));
    found.map(|finding| (finding.code, finding.evidence)).collect()
}

#[test]
fn server_dropping_udp_soa_is_named() {
    let shown =
        [(Code::NsPartly, "198.18.2.1 (ns2.a.test.) answers over TCP only for a.test. SOA".to_owned())];
    let mail = "aa | 10 mx.a.test.";
    assert_eq!(without_soa_over_udp(mail, [0, 0]), shown);
    assert_eq!(
        without_soa_over_udp(mail, [2, 0]),
        shown,
        "six in a row are no chance where one in five is lost"
    );
    assert_eq!(without_soa_over_udp(mail, [0, 1]), [], "it loses others too");
    assert_eq!(without_soa_over_udp(mail, [4, 0]), [], "others lose one in three");
}

// Also where other servers lose some queries.
#[test]
fn server_without_udp_is_named() {
    let words = "198.18.2.1 (ns2.a.test.) does not answer over UDP and answers over TCP";
    let shown = [(Code::NsSilent, words.to_owned())];
    assert_eq!(without_soa_over_udp("silent", [0, 0]), shown);
    assert_eq!(without_soa_over_udp("silent", [2, 0]), shown);
    assert_eq!(without_soa_over_udp("silent", [4, 0]), []);
}
