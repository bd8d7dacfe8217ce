//! Cases of the servers of the zone above.

use super::*;
use crate::facts::lookup;
use crate::facts::tests::{TWO_SERVERS, facts};
use crate::judge;

/// The findings about `a.test.` if the second server of the zone above, and the daemon, answer so.
fn found(second: &str, here: &str) -> Vec<Finding> {
    let lines = format!(
        "{TWO_SERVERS}\nlookup test. NS | ns.test. | old.test.\nlookup old.test. A | 198.18.9.2\n\
         server 198.18.9.2 a.test. NS udp {second}\n{here}"
    );
    judge(&facts("a.test.", &lines))
}

#[test]
fn a_server_of_the_zone_above_that_denies_the_domain_is_told_before_all_else() {
    let denial = "NXDOMAIN aa | >test. SOA ns.test. h. 1 2 3 4 5";
    let negative = "NXDOMAIN cached | >test. SOA ns.test. h. 1 2 3 4 5";
    let denied = ["SOA", "MX", "TXT", "A"].map(|kind| format!("lookup a.test. {kind} {negative}\n")).concat();
    let own = "server 198.18.1.1 a.test. MX udp aa | 10 mx.a.test.\nserver 198.18.2.1 a.test. MX udp aa | 10 mx.a.test.";
    for here in ["", denied.as_str()] {
        let found = found(denial, &format!("{here}\n{own}"));
        assert_eq!((found[0].code, found[0].level), (Code::ParentDiffers, Level::Failure), "{found:#?}");
        assert_eq!(
            found[0].evidence,
            "198.18.9.2 (old.test.) answers NXDOMAIN for a.test. (serial 1 of test.); 198.18.9.1 (ns.test.) delegates a.test. to \
             ns1.a.test., ns2.a.test."
        );
        assert!(found.iter().all(|finding| finding.code != Code::CachedHere), "{found:#?}");
    }
}

#[test]
fn servers_of_the_zone_above_with_different_sets_are_told_each_with_its_own() {
    let old = "| >a.test. NS ns1.a.test. | >a.test. NS former.b.test.";
    let told = found(old, "server 198.18.1.1 a.test. NS mixed aa | ns1.a.test. | ns2.a.test.");
    let differs = told.iter().find(|finding| finding.code == Code::ParentDiffers).unwrap();
    assert_eq!(differs.level, Level::Warning);
    assert_eq!(
        differs.evidence,
        "198.18.9.1 (ns.test.) delegates a.test. to ns1.a.test., ns2.a.test.; 198.18.9.2 (old.test.) delegates a.test. to \
         former.b.test., ns1.a.test."
    );
    assert!(told.iter().all(|finding| finding.code != Code::NsDiffer), "{told:#?}");
    let third = found(old, "server 198.18.1.1 a.test. NS mixed aa | ns1.a.test. | third.a.test.");
    let differs = third.iter().find(|finding| finding.code == Code::NsDiffer).unwrap();
    let begin = "servers of test. delegate a.test. to former.b.test., ns1.a.test., others to ns1.a.test., ns2.a.test.; the zone itself \
                 names ns1.a.test., third.a.test. ";
    assert!(differs.evidence.starts_with(begin.trim_end()), "{differs:?}");
    let same = found("| >a.test. NS ns2.a.test. | >a.test. NS ns1.a.test.", "");
    assert!(same.iter().all(|finding| finding.code != Code::ParentDiffers), "{same:#?}");
    for untold in ["silent", "REFUSED", "aa | ns1.a.test."] {
        let found = found(untold, "");
        assert!(found.iter().all(|finding| finding.code != Code::ParentDiffers), "{untold}: {found:#?}");
    }
}

/// Facts about `a.test.` with eight servers of the zone above, of which the third to the sixth answer so.
fn of_eight(others: &str) -> String {
    let names = |from: u8| (from..9).map(|number| format!(" | ns{number}.test.")).collect::<String>();
    let addresses =
        (3..9).map(|number| format!("lookup ns{number}.test. A | 198.18.9.{number}\n")).collect::<String>();
    let asked = (3..7)
        .map(|number| format!("server 198.18.9.{number} a.test. NS udp {others}\n"))
        .collect::<String>();
    format!(
        "{TWO_SERVERS}\nlookup test. NS | ns.test. | ns2.test.{}\nlookup ns2.test. A | 198.18.9.2\n{addresses}{asked}\
         server 198.18.9.2 a.test. NS udp | >a.test. NS ns1.a.test. | >a.test. NS ns2.a.test. | +ns1.a.test. A 198.18.1.1 | \
         +ns2.a.test. A 198.18.2.1\nserver 198.18.1.1 a.test. NS mixed aa | ns1.a.test. | ns2.a.test.\n\
         server 198.18.2.1 a.test. NS mixed aa | ns1.a.test. | ns2.a.test.\n\
         server 198.18.1.1 a.test. MX udp aa | 10 mx.a.test.\nserver 198.18.2.1 a.test. MX udp aa | 10 mx.a.test.",
        names(3)
    )
}

#[test]
fn six_servers_of_the_zone_above_are_asked_and_their_number_is_told() {
    let found = |others: &str| judge(&facts("a.test.", &of_eight(others)));
    let denied = found("NXDOMAIN aa | >test. SOA ns.test. h. 1 2 3 4 5");
    assert_eq!((denied[0].code, denied[0].level), (Code::ParentDiffers, Level::Failure), "{denied:#?}");
    assert!(
        denied[0].evidence.ends_with("; 6 of the 8 name servers of test. were asked"),
        "{}",
        denied[0].evidence
    );
    let told = |others: &str| {
        let found = found(others).into_iter().find(|finding| finding.code == Code::DelegationOk);
        found.unwrap_or_else(|| panic!("{others}")).evidence
    };
    let agreed = told("| >a.test. NS ns1.a.test. | >a.test. NS ns2.a.test.");
    assert!(agreed.contains("; 6 of the 8 name servers of test. were asked"), "{agreed}");
    assert!(
        told("silent")
            .contains("; 6 of the 8 name servers of test. were asked, and 2 of them delegate it so")
    );
}

#[test]
fn further_servers_of_the_zone_above_are_looked_up_and_asked() {
    let wanted = wants(&facts("a.test.", &of_eight("silent")), Vec::new);
    let ask = |number: u8| Want::Server {
        server: [198, 18, 9, number].into(),
        name: "a.test.".to_owned(),
        kind: "NS",
        way: QueryForm::Udp,
    };
    for number in 3..7 {
        assert!(wanted.contains(&ask(number)), "{number}: {wanted:?}");
        assert!(wanted.contains(&lookup(&format!("ns{number}.test."), "A")), "{number}: {wanted:?}");
    }
    assert!(!wanted.contains(&ask(7)), "{wanted:?}");
    assert!(wants(&facts("a.test.", ""), Vec::new).is_empty());
}

/// The finding if the second server of the zone above delegates to a former server that behaves so.
fn differs(former: &str) -> Finding {
    let old = "| >a.test. NS former.b.test.";
    let own = "server 198.18.1.1 a.test. NS mixed aa | ns1.a.test. | ns2.a.test.";
    let found = found(old, &format!("{own}\n{former}"));
    let lame = [Code::NsLame, Code::NsSilent, Code::NsNoneAnswers, Code::NsWithoutAddress];
    assert!(found.iter().all(|finding| !lame.contains(&finding.code)), "{former}: {found:#?}");
    found.into_iter().find(|finding| finding.code == Code::ParentDiffers).unwrap()
}

#[test]
fn a_delegation_to_servers_that_do_not_serve_the_zone_is_a_failure() {
    let soa = "lookup former.b.test. A | 198.18.3.1\nserver 198.18.3.1 a.test. SOA udp";
    let silent = format!("{soa} silent\nserver 198.18.3.1 a.test. SOA tcp silent");
    for (former, words) in [
        (format!("{soa} REFUSED"), "198.18.3.1 (former.b.test.) answers REFUSED for a.test."),
        (silent, "198.18.3.1 (former.b.test.) answers neither over UDP nor over TCP"),
        (
            "lookup former.b.test. A NXDOMAIN\nlookup former.b.test. AAAA NXDOMAIN".to_owned(),
            "former.b.test. has no address",
        ),
    ] {
        let differs = differs(&former);
        assert_eq!(differs.level, Level::Failure, "{differs:?}");
        assert!(
            differs.evidence.starts_with("198.18.9.2 (old.test.) delegates a.test. to former"),
            "{differs:?}"
        );
        assert!(
            differs.evidence.ends_with(&format!("; of the servers that only some name: {words}")),
            "{differs:?}"
        );
    }
    // It is not known, or the former server has the zone.
    for (former, level) in [("unknown", Level::Warning), ("aa | ns1.a.test. h. 7 2 3 4 5", Level::Warning)] {
        let differs = differs(&format!("{soa} {former}"));
        assert_eq!(differs.level, level, "{differs:?}");
        assert!(!differs.evidence.contains("only some name"), "{differs:?}");
    }
}

#[test]
fn a_zone_that_no_server_serves_has_no_server_that_answers_whichever_set_is_right() {
    let lines = TWO_SERVERS.replace("SOA udp aa | ns1.a.test. h. 7 2 3 4 5", "SOA udp REFUSED");
    let lines = format!(
        "{lines}\nlookup test. NS | ns.test. | old.test.\nlookup old.test. A | 198.18.9.2\n\
         server 198.18.9.2 a.test. NS udp | >a.test. NS former.b.test.\nlookup former.b.test. A | 198.18.3.1\n\
         server 198.18.3.1 a.test. SOA udp REFUSED\nlookup a.test. SOA SERVFAIL"
    );
    let found = judge(&facts("a.test.", &lines));
    assert_eq!(found[0].code, Code::NsNoneAnswers, "{found:#?}");
    assert!(found[0].evidence.contains("198.18.3.1 (former.b.test.)"), "{found:#?}");
}

#[test]
fn the_delegation_comes_from_any_server_that_tells_it_and_the_same_servers_are_asked_in_any_order() {
    let tells = "| >a.test. NS ns1.a.test. | >a.test. NS ns2.a.test. | +ns1.a.test. A 198.18.1.1 | +ns2.a.test. A 198.18.2.1";
    let others = of_eight(tells);
    let failing = others
        .replace("server 198.18.9.1 a.test. NS udp | ", "server 198.18.9.1 a.test. NS udp REFUSED | ")
        .replace("server 198.18.9.2 a.test. NS udp | ", "server 198.18.9.2 a.test. NS udp silent | ");
    let found = judge(&facts("a.test.", &failing));
    assert!(found.iter().all(|finding| finding.code != Code::DelegationUnknown), "{found:#?}");
    assert!(found.iter().any(|finding| finding.code == Code::DelegationOk), "{found:#?}");
    let turned = "lookup test. NS | ns8.test. | ns7.test. | ns6.test. | ns5.test. | ns4.test. | ns3.test. | ns2.test. | ns.test.";
    let asked = |lines: &str| wants(&facts("a.test.", lines), Vec::new);
    assert_eq!(asked(&others), asked(&format!("{others}\n{turned}")));
}

#[test]
fn ds_records_and_glue_that_differ_are_told_with_the_servers_that_have_them() {
    let told = |first: &str, second: &str, more: &str| {
        let referral = "| >a.test. NS ns1.a.test. | >a.test. NS ns2.a.test.";
        let lines = TWO_SERVERS.replace(referral, &format!("{referral} {first}"));
        let lines = format!(
            "{lines}\nlookup test. NS | ns.test. | old.test.\nlookup old.test. A | 198.18.9.2\n\
             server 198.18.9.2 a.test. NS udp {referral} {second}\n{more}"
        );
        let found = judge(&facts("a.test.", &lines));
        let differs = found.into_iter().find(|finding| finding.code == Code::ParentDiffers);
        differs.map(|finding| (finding.level, finding.evidence))
    };
    let ds = "| >a.test. DS 7 13 2 0123456789abcdef";
    let none = "| >a.test. NSEC b.test. NS RRSIG NSEC";
    let (level, evidence) = told(ds, none, "").unwrap();
    assert_eq!(level, Level::Warning, "no server has told the keys");
    assert_eq!(evidence, "198.18.9.2 (old.test.) has no DS; 198.18.9.1 (ns.test.) has DS 7 13 2 01234567...");
    let unsigned =
        ["198.18.1.1", "198.18.2.1"].map(|server| format!("server {server} a.test. DNSKEY udp aa\n"));
    let (level, evidence) = told(ds, none, &unsigned.concat()).unwrap();
    assert_eq!(level, Level::Failure);
    assert!(evidence.ends_with("; DS 7 13 2 01234567... names no key that signs the zone"), "{evidence}");
    assert_eq!(told(ds, "", ""), None, "the other server has told nothing of DS");
    assert_eq!(told(ds, ds, ""), None);
    let glue = |last: u8| format!("| +ns1.a.test. A 198.18.1.{last}");
    let (level, evidence) = told(&glue(1), &glue(9), "server 198.18.1.9 a.test. SOA udp REFUSED").unwrap();
    assert_eq!(level, Level::Warning);
    assert_eq!(
        evidence,
        "198.18.9.1 (ns.test.) has the glue 198.18.1.1 of ns1.a.test.; 198.18.9.2 (old.test.) has the glue 198.18.1.9 of \
         ns1.a.test.; of the servers that only some name: 198.18.1.9 (ns1.a.test.) answers REFUSED for a.test."
    );
    assert_eq!(told(&glue(1), &format!("{} {}", glue(1), glue(9)), ""), None, "a part of the glue");
}
