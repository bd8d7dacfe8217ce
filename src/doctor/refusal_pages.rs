//! The web pages and addresses for senders that a receiver names in a bounce: the provider or list whose page it is.
//!
//! Large providers refuse mail by lists of their own, which are not in the DNS, and name a page only. Nothing is said about pages that
//! are not in the table here.

use super::codes::Code;
use super::facts::{DomainFacts, is_within};
use super::finding::Finding;
use super::refusal::NamedList;

/// A provider, or the operator of a list.
struct Operator {
    name: &'static str,
    /// Domains of its pages and addresses.
    domains: &'static [&'static str],
    /// The page for senders whose mail is refused; empty: the page that the bounce names.
    page: &'static str,
    /// Its DNS lists that its pages are about.
    lists: &'static [&'static str],
}

const fn provider(name: &'static str, domains: &'static [&'static str], page: &'static str) -> Operator {
    Operator { name, domains, page, lists: &[] }
}

/// Lists have their pages in the registry.
const fn list(
    name: &'static str,
    domains: &'static [&'static str],
    lists: &'static [&'static str],
) -> Operator {
    Operator { name, domains, page: "", lists }
}

/// Domains of addresses to which senders write that were refused. Other addresses in a bounce are those of senders and recipients.
const ADDRESSES: [&str; 2] = ["rx.t-online.de.", "messaging.microsoft.com."];

const OPERATORS: [Operator; 29] = [
    list("Spamhaus", &["spamhaus.org.", "spamhaus.com."], &["zen.spamhaus.org.", "dbl.spamhaus.org."]),
    list("SpamCop", &["spamcop.net."], &["bl.spamcop.net."]),
    list("Barracuda", &["barracudacentral.org.", "barracudanetworks.com."], &["b.barracudacentral.org."]),
    list("PSBL", &["psbl.org."], &["psbl.surriel.com."]),
    list("Mailspike", &["mailspike.org.", "mailspike.net.", "mailspike.io."], &["bl.mailspike.net."]),
    list("blocklist.de", &["blocklist.de."], &["bl.blocklist.de."]),
    list("UCEPROTECT", &["uceprotect.net."], &["dnsbl-1.uceprotect.net."]),
    list("DroneBL", &["dronebl.org."], &["dnsbl.dronebl.org."]),
    list("SpamRATS", &["spamrats.com."], &["all.spamrats.com."]),
    list("SURBL", &["surbl.org."], &["multi.surbl.org."]),
    list("URIBL", &["uribl.com."], &["multi.uribl.com."]),
    provider(
        "Microsoft 365",
        &["sender.office.com.", "messaging.microsoft.com."],
        "https://sender.office.com/",
    ),
    provider(
        "Microsoft",
        &["go.microsoft.com.", "learn.microsoft.com.", "support.microsoft.com.", "aka.ms."],
        "",
    ),
    provider(
        "Microsoft (Outlook.com, Hotmail)",
        &["olc.protection.outlook.com.", "postmaster.live.com.", "mail.live.com.", "olcsupport.office.com."],
        "https://olcsupport.office.com/",
    ),
    provider("Google (Gmail)", &["support.google.com."], "https://support.google.com/a/answer/81126"),
    provider(
        "Yahoo and AOL",
        &[
            "senders.yahooinc.com.",
            "postmaster.yahooinc.com.",
            "postmaster.yahoo.com.",
            "help.yahoo.com.",
            "postmaster.aol.com.",
        ],
        "https://senders.yahooinc.com/",
    ),
    provider(
        "Deutsche Telekom (T-Online)",
        &["postmaster.t-online.de.", "rx.t-online.de."],
        "https://postmaster.t-online.de/",
    ),
    provider("Tencent (QQ Mail)", &["service.mail.qq.com.", "wx.mail.qq.com."], ""),
    provider("Tencent (Exmail)", &["service.exmail.qq.com.", "open.work.weixin.qq.com."], ""),
    provider("NetEase (163.com, 126.com)", &["mail.163.com.", "mail.126.com.", "qiye.163.com."], ""),
    provider(
        "GMX, WEB.DE and mail.com",
        &["postmaster.gmx.net.", "postmaster.gmx.com.", "postmaster.web.de.", "postmaster.mail.com."],
        "https://postmaster.gmx.net/",
    ),
    provider("Apple (iCloud)", &["support.apple.com."], ""),
    provider("Comcast", &["postmaster.comcast.net."], "https://postmaster.comcast.net/"),
    provider("Proofpoint", &["proofpoint.com."], "https://ipcheck.proofpoint.com/"),
    provider("Cloudmark (Proofpoint)", &["cloudmark.com."], "https://csi.cloudmark.com/en/reset/"),
    provider("Symantec (Broadcom)", &["sms.symantec.com."], "https://ipremoval.sms.symantec.com/"),
    provider(
        "Cisco Talos",
        &["talosintelligence.com.", "senderbase.org."],
        "https://talosintelligence.com/reputation_center",
    ),
    provider("Mimecast", &["mimecast.com.", "mimecastsupport.com."], ""),
    provider("Trend Micro", &["trendmicro.com."], ""),
];

/// The addresses of operators in a reply.
pub(super) fn addresses(text: &str) -> Vec<String> {
    let ends = |letter: char| letter.is_whitespace() || "()[]<>{},;\"'`:".contains(letter);
    let words = text.split(ends).map(|word| word.trim_matches('.').to_ascii_lowercase());
    let is_address = |word: &String| {
        word.split_once('@').is_some_and(|(_, domain)| ADDRESSES.contains(&format!("{domain}.").as_str()))
    };
    words.filter(is_address).collect()
}

/// The operator of a page or an address.
fn operator(page: &str) -> Option<&'static Operator> {
    let (_, rest) = page.split_once("://").or_else(|| page.split_once('@'))?;
    let host = format!("{}.", rest.split(['/', ':']).next()?.to_ascii_lowercase());
    OPERATORS.iter().find(|operator| operator.domains.iter().any(|domain| is_within(&host, domain)))
}

/// The DNS lists of the operators of these pages.
pub(super) fn lists(pages: &[String]) -> Vec<NamedList> {
    let zones = pages.iter().filter_map(|page| operator(page)).flat_map(|operator| operator.lists);
    zones.map(|zone| NamedList { name: (*zone).to_owned(), is_clear: true }).collect()
}

/// The finding about the pages of a bounce that leads to no DNS list.
pub(super) fn check(facts: &DomainFacts) -> Option<Finding> {
    let pages = &facts.subject.refusal.pages;
    let known: Vec<String> = pages
        .iter()
        .filter_map(|page| {
            let Operator { name, page: own, .. } = operator(page)?;
            let what = if page.contains("://") { "a page" } else { "an address" };
            Some(match *own {
                "" => format!("{page} is {what} of {name}"),
                own => format!("{page} is {what} of {name}; its page for senders is {own}"),
            })
        })
        .collect();
    if !known.is_empty() {
        return Some(Finding::new(Code::BouncePage, known.join("; ")));
    }
    (!pages.is_empty()).then(|| Finding::new(Code::BouncePageUnknown, pages.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;

    #[test]
    fn a_page_is_that_of_an_operator_of_the_table_or_of_nobody_known() {
        let found = |pages: &[&str]| {
            let mut facts = facts("a.test.", "");
            facts.subject.refusal.pages = pages.iter().map(ToString::to_string).collect();
            check(&facts).map(|finding| (finding.code, finding.evidence))
        };
        assert_eq!(found(&[]), None);
        let (code, told) = found(&["https://Sendersupport.olc.protection.outlook.com/pm/"]).unwrap();
        assert_eq!(code, Code::BouncePage);
        assert!(
            told.contains("is a page of Microsoft (Outlook.com, Hotmail); its page for senders is https://"),
            "{told}"
        );
        let other = "https://outlook.com.evil.example/pm/";
        assert_eq!(found(&[other]), Some((Code::BouncePageUnknown, other.to_owned())));
        let (code, told) = found(&["tobr@rx.t-online.de"]).unwrap();
        assert_eq!(code, Code::BouncePage);
        assert!(told.starts_with("tobr@rx.t-online.de is an address of Deutsche Telekom"), "{told}");
        let both = found(&[other, "http://postmaster.t-online.de/x"]).unwrap();
        assert!(both.0 == Code::BouncePage && !both.1.contains("evil"), "{both:?}");
        for page in [
            "https://open.work.weixin.qq.com/help2/pc/20049",
            "https://learn.microsoft.com/x",
            "http://qiye.163.com/x",
        ] {
            assert_eq!(found(&[page]).map(|(code, _)| code), Some(Code::BouncePage), "{page}");
        }
        for host in ["notspamhaus.org", "spamhaus.org.example", "example"] {
            assert!(lists(&[format!("https://{host}/query/ip/192.0.2.5")]).is_empty(), "{host}");
        }
        let names: Vec<String> =
            lists(&["https://www.spamhaus.org/x".to_owned()]).into_iter().map(|list| list.name).collect();
        assert_eq!(names, ["zen.spamhaus.org.", "dbl.spamhaus.org."]);
    }
}
