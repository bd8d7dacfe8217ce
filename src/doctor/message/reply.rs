//! Finds the replies of receivers in a bounce: the refused client, the reason, the DNS lists, and the operators of lists or mail hosts.
//!
//! RFC 3464 section 2.3.6 (`Diagnostic-Code`), RFC 5321 section 4.2 (replies), RFC 3463 (status codes).

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::phrases::{NamePlace, Operator, PHRASES, ReasonPhrases, has};
use super::refusal::{NamedList, RefusalReason};
use super::text::{Field, paragraphs};
use crate::authentication::dkim;
use crate::facts::private_address::is_private;
use crate::facts::{canonical, is_within};
use crate::limits::{LEAST_KEY_LABEL, MAX_HELO, MAX_NAMED_LISTS};
use dns::wire::presentation::read_name;

#[derive(Debug, Default)]
pub(super) struct Replies {
    texts: Vec<String>,
    /// The addresses of hosts that received the mail or replied to it. They are not the client.
    receivers: BTreeSet<IpAddr>,
    hosts: BTreeSet<String>,
}

/// A reason for a refusal, with the refused domain and DKIM selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamedReason {
    pub(super) reason: RefusalReason,
    pub(super) name: Option<String>,
    pub(super) selector: Option<String>,
}

fn ends(letter: char) -> bool {
    letter.is_whitespace() || "<>[]();,\"'{}`".contains(letter)
}

pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(ends).filter(|word| !word.is_empty())
}

/// Returns subject and detail of an enhanced status code (RFC 3463) for a failure, such as 7 and 1 of `5.7.1`.
pub(super) fn status(word: &str) -> Option<(u16, u16)> {
    let word = word.trim_matches(|letter: char| !letter.is_ascii_digit());
    let (_, rest) = word.split_once('.').filter(|(class, _)| ["4", "5"].contains(class))?;
    let (subject, detail) = rest.split_once('.')?;
    Some((subject.parse().ok()?, detail.parse().ok()?))
}

fn is_code(word: &str) -> bool {
    word.len() == 3 && word.starts_with(['4', '5']) && word.bytes().all(|octet| octet.is_ascii_digit())
}

/// Returns the domain in a word that is a domain or a mail address.
pub(super) fn domain(word: &str) -> Option<String> {
    let domain = word.rsplit(['@', '=']).next()?.trim_end_matches(['.', ':', '!']);
    let is_sound = domain.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._".contains(&octet));
    let top = domain.rsplit('.').next().unwrap_or_default();
    let is_name =
        top.starts_with("xn--") || !top.is_empty() && top.bytes().all(|octet| octet.is_ascii_alphabetic());
    (domain.contains('.') && is_sound && is_name && read_name(domain).is_some()).then(|| canonical(domain))
}

/// Returns the IP addresses in a text. The flag is true if the words next to an address say that it belongs to a client. Otherwise the
/// "address" may be a version number or the number of a section.
fn addresses(text: &str) -> Vec<(IpAddr, bool)> {
    let text = text.replace("IPv6:", " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let is = |known: &[String], word: Option<&&str>| {
        let word = word.copied().unwrap_or_default().to_ascii_lowercase();
        known.iter().any(|known| word.trim_end_matches([':', ',', ';', '.']) == known.trim_end_matches(':'))
    };
    let mut found = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| words.get(place));
        let is_clear = word.contains(['=', '/', '['])
            || before.is_some_and(|before| before.ends_with(':'))
            || is(&PHRASES.before_client, before)
            || is(&PHRASES.behind_client, words.get(place + 1));
        let is_part = |letter: char| letter.is_ascii_hexdigit() || letter == '.' || letter == ':';
        let parts = word.split(|letter| !is_part(letter));
        let read = |part: &str| part.trim_matches('.').trim_end_matches(':').parse().ok();
        found.extend(parts.filter_map(read).map(|address| (address, is_clear)));
    }
    found
}

/// Splits a paragraph into the words before the reply of a receiver, and the reply.
fn split(paragraph: &str) -> Option<(&str, &str)> {
    let lower = paragraph.to_ascii_lowercase();
    let all = || PHRASES.before_reply.iter().map(String::as_str);
    let said = all().take(2).filter_map(|words| Some(lower.rfind(words)? + words.len())).max();
    if let Some(place) = said.or_else(|| all().filter_map(|words| lower.find(words)).min()) {
        return paragraph.split_at_checked(place);
    }
    // Yahoo and Exim write the recipient, a colon, and then the reply.
    let (before, rest) = paragraph.split_once(": ").filter(|(before, _)| before.contains('@'))?;
    let code = rest.split([' ', ':', '-']).next()?;
    is_code(code).then_some((before, rest))
}

pub(super) fn replies(text: &str, fields: &[Field]) -> Replies {
    let of =
        |wanted: &'static str| fields.iter().filter(move |(name, _)| name == wanted).map(|(_, body)| body);
    let goes_on = |text: &str| {
        let text = text.trim_end().to_ascii_lowercase();
        PHRASES.before_reply.iter().any(|words| text.ends_with(words.trim_end()))
    };
    let mut found = Replies::default();
    of("remote-mta").for_each(|body| found.note_receiver(body));
    // Diagnostic fields of types other than SMTP are not read: the sender's own mail software wrote them, with addresses that it has looked
    // up.
    for body in of("diagnostic-code").filter(|body| body.to_ascii_lowercase().starts_with("smtp")) {
        let reply = body.split_once(';').map_or("", |(_, reply)| reply);
        found.texts.push(split(reply).map_or(reply, |(_, reply)| reply).to_owned());
    }
    for paragraph in paragraphs(text, goes_on) {
        let Some((before, reply)) = split(&paragraph) else { continue };
        found.note_receiver(before);
        found.texts.push(reply.to_owned());
    }
    found.texts.retain(|text| words(text).nth(1).is_some());
    found
}

impl Replies {
    /// Stores the addresses and names in `text`, which describes a host that received the mail. So none of them is the refused client.
    fn note_receiver(&mut self, text: &str) {
        self.receivers.extend(addresses(text).into_iter().map(|(address, _)| address));
        self.hosts.extend(words(text).filter_map(domain));
    }

    /// Returns true if one of the replies has a reply code or a status code with which mail is refused.
    pub(super) fn has_refusal(&self) -> bool {
        self.texts.iter().any(|text| words(text).any(|word| is_code(word) || status(word).is_some()))
    }

    /// Returns the public address of the refused client: the first one that a reply calls a client's address. If there is none, and the receiver
    /// objects to the PTR record or to SPF, returns the only public address in the replies.
    pub(super) fn refused(&self) -> Option<IpAddr> {
        let mut found: Vec<(IpAddr, bool)> = self.texts.iter().flat_map(|text| addresses(text)).collect();
        found.retain(|(address, _)| !is_private(*address) && !self.receivers.contains(address));
        // If the receiver objects to the client's PTR record or to SPF, a single address in the reply is the client's.
        let of_client = [RefusalReason::Pointer, RefusalReason::Spf];
        let is_judged = || self.reason().is_some_and(|named| of_client.contains(&named.reason));
        let is_alone = |one: &IpAddr| found.iter().all(|(other, _)| other == one) && is_judged();
        let clear = found.iter().find(|(_, is_clear)| *is_clear).map(|(address, _)| *address);
        clear.or_else(|| found.first().map(|(address, _)| *address).filter(is_alone))
    }

    /// Returns the reason for the refusal, preferably one with a domain name.
    pub(super) fn reason(&self) -> Option<NamedReason> {
        let is_of_host = |named: &NamedReason| {
            let is_name = |name: &String| self.hosts.contains(&canonical(name));
            named.reason != RefusalReason::Helo && named.name.as_ref().is_some_and(is_name)
        };
        let named = self.of_sender().filter_map(reason).map(|named| match is_of_host(&named) {
            true => NamedReason { name: None, ..named },
            false => named,
        });
        named.min_by_key(|named| named.name.is_none())
    }

    /// Returns the replies that may refuse the sender: all except those that refuse the recipient.
    fn of_sender(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str).filter(|text| !is_of_recipient(text))
    }

    pub(super) fn lists(&self) -> Vec<NamedList> {
        let mut found: Vec<NamedList> = Vec::new();
        for text in self.of_sender() {
            let mut before = String::new();
            for word in words(text) {
                let name = word.trim_matches(|letter: char| ".:!?".contains(letter));
                if let Some(name) = domain(name).filter(|_| !name.contains(['@', '='])) {
                    let is_clear = PHRASES.before_list.iter().any(|words| before.ends_with(words.as_str()));
                    let list = NamedList { name: without_key(&name), is_clear };
                    if !self.hosts.contains(&name) && !found.iter().any(|known| known.name == list.name) {
                        found.push(list);
                    }
                }
                before.push_str(&word.to_ascii_lowercase());
                before.push(' ');
            }
        }
        found.sort_by_key(|list| !list.is_clear);
        found.truncate(MAX_NAMED_LISTS);
        found
    }

    pub(super) fn operators(&self) -> Vec<&'static Operator> {
        let mut found = Vec::new();
        // The sending host itself has written a text without a reply code. A web page in this text does not show who operates the receiver.
        let is_reply = |text: &&str| words(text).any(|word| is_code(word.get(..3).unwrap_or_default()));
        let named =
            self.of_sender().filter(is_reply).flat_map(words).filter(|word| word.contains(['/', '@']));
        for host in named.flat_map(|word| word.split(['/', ':', '?', '@'])).filter_map(domain) {
            let is_of_host = |operator: &&Operator| {
                operator.domains.iter().any(|domain| is_within(&host, &canonical(domain)))
            };
            let operator = PHRASES.operator.iter().find(is_of_host);
            found.extend(operator.filter(|operator| !found.contains(operator)));
        }
        found
    }
}

/// Removes the last label that may be a customer key, and all labels before it.
fn without_key(name: &str) -> String {
    let labels: Vec<&str> = name.split('.').collect();
    // The last two labels and the root are kept.
    let before = labels.get(..labels.len().saturating_sub(3)).unwrap_or_default();
    let key = before.iter().rposition(|label| label.len() >= LEAST_KEY_LABEL);
    labels.get(key.map_or(0, |key| key + 1)..).unwrap_or_default().join(".")
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase()
}

/// Returns true if a reply refuses the recipient.
fn is_of_recipient(text: &str) -> bool {
    let code =
        text.split(|letter: char| letter.is_whitespace() || "-;:(<#".contains(letter)).find_map(status);
    match code {
        Some((1, 1..=6 | 10) | (2, 1..=4) | (3 | 4, 1..)) => true,
        Some((7, 2 | 13 | 17 | 18 | 64 | 124 | 129 | 133..=136)) => true,
        _ => has(&flat(text), &PHRASES.recipient),
    }
}

/// Returns the reason for which a reply refuses the mail: from phrases, from what the reply says about the sender, or from the enhanced
/// status code.
fn reason(reply: &str) -> Option<NamedReason> {
    let lower = reply.to_ascii_lowercase();
    let (alone, selector) = name_and_selector(reply);
    let place = |phrases: &ReasonPhrases| {
        let of = |words: &String| lower.find(words.as_str()).map(|at| (at, at + words.len()));
        phrases.words.iter().find_map(of)
    };
    let found = PHRASES.refusal.iter().find_map(|phrases| Some((phrases, place(phrases)?)));
    if let Some((phrases, (begin, end))) = found {
        let name = match phrases.name {
            NamePlace::Before => {
                reply.get(..begin)?.rsplit_once('<').and_then(|(_, name)| name.split('>').next())
            }
            NamePlace::Behind => words(reply.get(end..)?).next(),
            NamePlace::Alone => None,
        };
        let name = name.map(|name| name.trim_end_matches([':', '.'])).filter(|name| name.len() <= MAX_HELO);
        let name = match phrases.reason {
            RefusalReason::Helo => name.map(str::to_owned),
            _ => name.and_then(domain).or(alone),
        };
        return Some(NamedReason { reason: phrases.reason, name, selector: None });
    }
    // Web addresses may contain words that look like a reason.
    let plain: Vec<&str> = words(&lower).filter(|word| !word.contains("://")).collect();
    let names_check = |phrases: &&ReasonPhrases| {
        let ends = |letter: char| !letter.is_ascii_alphanumeric() && letter != '-';
        let mut parts = plain.iter().flat_map(|word| word.split(ends));
        parts.any(|part| phrases.words.iter().any(|word| word == part))
    };
    let verdict = PHRASES.verdict.iter().find(names_check).filter(|_| has(&plain.join(" "), &PHRASES.fault));
    let of_status = || {
        let (of, detail) = plain.iter().find_map(|word| status(word))?;
        PHRASES.status.get(&format!("{of}.{detail}")).copied()
    };
    let reason = verdict.map(|phrases| phrases.reason).or_else(of_status)?;
    let name = match reason {
        RefusalReason::Pointer => None,
        RefusalReason::Helo => alone.map(|name| name.trim_end_matches('.').to_owned()),
        _ => alone,
    };
    Some(NamedReason { reason, name, selector })
}

/// Returns domain and selector of the DKIM key in a reply, or else the only domain.
fn name_and_selector(reply: &str) -> (Option<String>, Option<String>) {
    let words: Vec<&str> = words(reply).map(|word| word.trim_end_matches(['.', ':'])).collect();
    let tag = |name: &str| words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    let key = tag("s").or_else(|| tag("header.s")).zip(tag("d").or_else(|| tag("header.d")));
    if let Some((selector, name)) = key.filter(|(selector, _)| dkim::is_selector(selector)) {
        return (domain(name), Some(selector.to_owned()));
    }
    // In a log line, the envelope sender (`from=`) comes after the reply.
    if let Some(place) = words.iter().position(|word| *word == "from=") {
        let sender = words.get(place + 1).filter(|word| word.contains('@'));
        return (sender.and_then(|word| domain(word)), None);
    }
    let is_plain = |word: &&&str| {
        !word.contains("://")
            && (!word.contains('=') || word.contains("header.") || word.contains("mailfrom"))
    };
    let names: BTreeSet<String> = words.iter().filter(is_plain).filter_map(|word| domain(word)).collect();
    (names.first().cloned().filter(|_| names.len() == 1), None)
}

/// Returns the subject and the detail of the status code (RFC 3463), such as "7.1", from the fields of a bounce that contains no reply of
/// the receiver.
pub(super) fn bare_status(fields: &[Field]) -> Option<String> {
    let mut of_field = fields.iter().filter(|(name, _)| name == "status");
    let (subject, detail) = of_field.find_map(|(_, body)| status(body.split(' ').next()?))?;
    Some(format!("{subject}.{detail}"))
}

/// Returns the reason for a failed delivery, from the report of the sending host.
pub(super) fn of_delivery(text: &str) -> Option<RefusalReason> {
    let lower = flat(text);
    PHRASES.delivery.iter().find(|phrases| has(&lower, &phrases.words)).map(|phrases| phrases.reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(reply: &str) -> Replies {
        replies(&format!("<y@b.example>: host mx.b.example[198.51.100.1] said: {reply}\n"), &[])
    }

    #[test]
    fn reply_has_client_and_reason() {
        use RefusalReason::{Authentication, Helo, Pointer, Sender, Spf};
        for (reply, client, reason, name) in [
            ("554 5.7.1 Client host [192.0.2.5] blocked using bl.example", Some("192.0.2.5"), None, None),
            (
                "450 4.7.1 cannot find your\n    reverse hostname, [2001:db8::5]",
                Some("2001:db8::5"),
                Some(Pointer),
                None,
            ),
            (
                "550-5.7.26 Unauthenticated email from c.example is not accepted [192.0.2.5]",
                Some("192.0.2.5"),
                Some(Authentication),
                Some("c.example."),
            ),
            ("550 SPF unauthorized mail is prohibited. 192.0.2.5", Some("192.0.2.5"), Some(Spf), None),
            (
                "450 4.7.1 <pc>: Helo command rejected: need fully-qualified hostname",
                None,
                Some(Helo),
                Some("pc"),
            ),
            (
                "550 5.1.8 <al@a.example>: Sender address rejected: Domain not found",
                None,
                Some(Sender),
                Some("a.example."),
            ),
            (
                "550 dkim=permerror (no key for signature) header.s=s1 header.d=a.example",
                None,
                Some(Authentication),
                Some("a.example."),
            ),
            ("550 5.1.1 <y@b.example>: User unknown in version 5.7.1", None, None, None),
            ("550 host back.b.example[198.51.100.2] said: 550 5.1.1 User unknown", None, None, None),
            ("554 5.7.25 no", None, Some(Pointer), None),
        ] {
            let found = said(reply);
            assert_eq!(found.refused(), client.map(|text| text.parse().unwrap()), "{reply}");
            let named = found.reason();
            assert_eq!(named.as_ref().map(|named| named.reason), reason, "{reply}");
            assert_eq!(named.and_then(|named| named.name).as_deref(), name, "{reply}");
        }
        let exchange = replies("y@b.example\nRemote Server returned '554 5.7.1 [192.0.2.5] no'\n", &[]);
        assert_eq!(exchange.refused(), "192.0.2.5".parse().ok());
        let field = ("diagnostic-code".to_owned(), "smtp; 550 5.7.1 [192.0.2.5] no".to_owned());
        assert_eq!(replies("", &[field]).refused(), "192.0.2.5".parse().ok());
    }

    #[test]
    fn lists_and_operators_have_no_keys() {
        let names = |reply: &str| -> Vec<String> {
            said(reply).lists().into_iter().filter(|list| list.is_clear).map(|list| list.name).collect()
        };
        assert_eq!(
            names("554 Client host [192.0.2.5] blocked using zen.spamhaus.org; see x"),
            ["zen.spamhaus.org."]
        );
        assert_eq!(
            names("554 blocked using a1b2c3d4e5f6a7b8c9d0e1f2g3.zen.dq.spamhaus.net"),
            ["zen.dq.spamhaus.net."]
        );
        let operators = |reply: &str| -> Vec<&str> {
            said(reply).operators().into_iter().map(|operator| operator.name.as_str()).collect()
        };
        assert_eq!(operators("550 see HTTPS://Www.Spamhaus.org/query/ip/192.0.2.5"), ["Spamhaus"]);
        assert_eq!(
            operators("554 contact tobr@rx.t-online.de or y@b.example"),
            ["Deutsche Telekom (T-Online)"]
        );
        assert_eq!(operators("550 see https://b.example/why?ip=192.0.2.5"), [""; 0]);
    }
}
