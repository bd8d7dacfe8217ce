//! Cases of name servers that are not those of the delegation, or have no address.

use super::cuts::at;
use super::tests::{SOUND, WAY, referral, rows, sentence, with_resolver};
use super::*;
use crate::facts::QueryForm;
use crate::facts::tests::facts;

#[test]
fn a_server_that_does_not_delegate_the_zone_as_others_do_is_named() {
    let lines = format!(
        "lookup a.test. SOA | >test. SOA ns.test. h. 1 2 3 4 5\nlookup test. SOA | ns.test. h. 1 2 3 4 5\n\
         lookup . SOA | root. h. 1 2 3 4 5\nlookup . NS | root.\nlookup root. A | 198.18.9.9\n\
         server 198.18.9.9 a.test. MX udp | >test. NS ns.test. | >test. NS other.test. | +ns.test. A 198.18.9.1 | +other.test. A 198.18.9.2\n\
         server 198.18.9.2 a.test. MX NXDOMAIN udp aa | >test. SOA ns.test. h. 1 2 3 4 5\n{}\n{SOUND}",
        referral("MX")
    )
    .replace("MX NXDOMAIN udp aa", "MX udp NXDOMAIN aa");
    let mut facts = facts("a.test.", &lines);
    facts.subject.resolvers.clear();
    let told = rows(&facts, "MX");
    let why = "it does not delegate a.test., and others of its zone do".to_owned();
    assert_eq!(told, [("198.18.9.2 (other.test.)".to_owned(), AnswerVerdict::Different, why)]);
}

/// The zone's own NS records and the addresses in the zone, as its first server tells them.
fn own(server: &str) -> String {
    format!(
        "server 198.18.1.1 a.test. NS udp aa | ns1.a.test.\nserver 198.18.1.1 ns1.a.test. A udp aa | {server}\n\
         server 198.18.1.1 ns1.a.test. AAAA udp aa\n"
    )
}

#[test]
fn this_resolver_may_still_ask_former_name_servers() {
    let lines = |own: &str| {
        format!(
            "{}\n{own}lookup a.test. NS | ns1.a.test.\nlookup ns1.a.test. A | 198.18.7.1\n\
             server 198.18.7.1 a.test. MX udp aa | 10 old.a.test.",
            SOUND.replace("lookup a.test. MX | 10 mx.a.test.", "lookup a.test. MX | 10 old.a.test.")
        )
    };
    let facts = with_resolver(&lines(&own("198.18.1.1")), "MX");
    let wants = SideBySide { kind: "MX" }.wants(&facts, &BTreeSet::new());
    assert!(wants.contains(&lookup("a.test.", "NS")), "{wants:?}");
    let told = rows(&facts, "MX");
    assert_eq!(told.len(), 2, "{told:?}");
    let remedy = "the answer of 198.18.7.1 (ns1.a.test.), a name server that only the cache of this resolver has; remove it with \
                  `resolverctl flush --tree a.test.`";
    assert_eq!((told[0].1, told[0].2.as_str()), (AnswerVerdict::Old, remedy));
    assert_eq!(told[1].0, "198.18.7.1 (ns1.a.test.)");
    // Without the zone's own NS records nothing shows that the server is a former one.
    let told = rows(&with_resolver(&lines(""), "MX"), "MX");
    assert!(told.iter().all(|row| row.1 == AnswerVerdict::Unknown && !row.2.contains("flush")), "{told:?}");
}

#[test]
fn servers_that_only_the_zone_itself_names_are_not_former_ones() {
    let lines = |new: &str| {
        format!(
            "{}\n{}server 198.18.7.1 a.test. MX udp aa | 10 {new}.a.test.\n\
             server 198.18.7.1 a.test. MX plain aa | 10 {new}.a.test.",
            SOUND.replace(
                "lookup a.test. MX | 10 mx.a.test.",
                &format!("lookup a.test. MX | 10 {new}.a.test.")
            ),
            own("198.18.7.1")
        )
    };
    let facts = with_resolver(&lines("new"), "MX");
    let wants = SideBySide { kind: "MX" }.wants(&facts, &BTreeSet::new());
    assert!(wants.contains(&at([198, 18, 7, 1].into(), ("a.test.", "SOA"), QueryForm::Udp)), "{wants:?}");
    let told = rows(&facts, "MX");
    assert!(told.iter().all(|row| row.1 == AnswerVerdict::Different && !row.2.contains("flush")), "{told:?}");
    assert_eq!(told.len(), 6, "{told:?}");
    let whose =
        "the answer of 198.18.7.1 (ns1.a.test.), which the zone itself names and the zone above does not";
    assert_eq!(told[0].2, whose);
    let same = with_resolver(&lines("mx"), "MX");
    assert_eq!(sentence(&same, "MX"), "all 6 answers are the same: 10 mx.a.test.");
}

#[test]
fn names_of_servers_without_an_address_have_rows() {
    let with = |lookups: &str| {
        let lines = format!("{WAY}\n{} | >a.test. NS ns.gone.test.\n{SOUND}\n{lookups}", referral("MX"));
        let mut facts = facts("a.test.", &lines);
        facts.subject.resolvers.clear();
        rows(&facts, "MX")
            .into_iter()
            .map(|(server, verdict, why)| format!("{server} {verdict:?} {why}"))
            .collect::<Vec<_>>()
    };
    let denied = "lookup ns.gone.test. A NXDOMAIN\nlookup ns.gone.test. AAAA NXDOMAIN";
    assert_eq!(with(denied), ["ns.gone.test. Failed the name does not exist, so the server has no address"]);
    let none = "lookup ns.gone.test. A\nlookup ns.gone.test. AAAA";
    assert_eq!(with(none), ["ns.gone.test. Failed the server has no address"]);
    assert_eq!(with(""), ["ns.gone.test. Unknown its address could not be looked up in time"]);
    let failed = "lookup ns.gone.test. A SERVFAIL\nlookup ns.gone.test. AAAA";
    assert_eq!(with(failed), ["ns.gone.test. Unknown its address was not found: SERVFAIL"]);
}

#[test]
fn the_answer_of_a_server_that_does_not_delegate_is_not_old() {
    let lines = format!(
        "lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5\nlookup test. SOA | ns.test. h. 1 2 3 4 5\nlookup test. NS | ns.test. | other.test.\n\
         lookup ns.test. A | 198.18.9.1\nlookup other.test. A | 198.18.9.2\n{}\n\
         server 198.18.9.2 a.test. MX udp NXDOMAIN aa | >test. SOA ns.test. h. 1 2 3 4 5\n{}",
        referral("MX"),
        SOUND.replace(
            "lookup a.test. MX | 10 mx.a.test.",
            "lookup a.test. MX NXDOMAIN cached | >test. SOA ns.test. h. 1 2 3 4 5"
        )
    );
    let told = rows(&facts("a.test.", &lines), "MX");
    let whose = "the answer of 198.18.9.2 (other.test.), which does not delegate a.test.";
    assert_eq!((told[0].1, told[0].2.as_str()), (AnswerVerdict::Different, whose));
    assert_eq!((told.len(), told[1].0.as_str()), (2, "198.18.9.2 (other.test.)"), "{told:?}");
}
