//! The text of a bounce: its recipients, the address of the client that a receiver has refused, and the DNS lists that it names.
//!
//! RFC 3464 section 2.3.6 (`Diagnostic-Code`), RFC 5321 section 4.2 (replies). A bounce that was forwarded or pasted has the text alone.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::bounce_addresses::{NamedAddress, addresses, hosts, named};
use super::bounce_exchange::{self, without_generating};
use super::bounce_lookups::numeric_exchangers;
use super::facts::canonical;
use super::private_address::is_private;
use super::refusal::{NamedList, NamedReason, RefusalReason};
use super::refusal_pages;
use super::refusal_reasons::reason;
use super::refusal_recipient::is_of_recipient;
use super::refusal_words::{is_reply_code, status};
use crate::limits::{LEAST_KEY_LABEL, MAX_NAMED_LISTS, MAX_NAMED_PAGES, MAX_RECIPIENT_LINES};
use dns::wire::presentation::read_name;

/// The begins of Postfix's words about a recipient, behind `<user@domain>: `.
const POSTFIX: [&str; 14] = [
    "host ",
    "connect to ",
    "conversation with ",
    "lost connection with ",
    "delivery temporarily suspended",
    "unable to look up host",
    "Host or domain name not found",
    "Name service error",
    "mail for ",
    "TLS is required",
    "Cannot start TLS",
    "Server certificate ",
    "TLSA lookup error",
    "non DNSSEC destination",
];

/// The words before a receiver's reply: of Exim, Sendmail, qmail, Gmail, Microsoft and of own words of operators; and in the log of the
/// receiver itself: of a Postfix that refuses or warns, and of the programs that judge mail for it.
const BEFORE_REPLY: [&str; 18] = [
    ": reject: RCPT from ",
    "]: warning: ",
    "policyd-spf[",
    "policy-spf[",
    "pyspf-milter[",
    "opendkim[",
    "opendmarc[",
    "<<< ",
    "(reason: ",
    "SMTP error from remote",
    "Remote host said:",
    "remote server was:",
    "response was:",
    "responded:",
    "Server returned",
    "Reported error:",
    "gave this error:",
    "was rejected: ",
];

/// The words before a receiver's reply: of Postfix. The reply may have them again, with the reply of the next host.
const SAID: [&str; 2] = [" said: ", " refused to talk to me: "];

/// The ends of the words before the name of a DNS list, in lower case.
const BEFORE_LIST: [&str; 15] = [
    "blocked using ",
    "blocked by ",
    "rejected by ",
    "listed at ",
    "listed by ",
    "listed in ",
    "listed on ",
    "list at ",
    "list on ",
    "blocklist ",
    "blacklist ",
    "dnsbl ",
    "rbl ",
    "rbl on ",
    "found in ",
];

/// The ends of lines before the recipients of a bounce, in lower case: of Exim, GMX, Exchange (since 2013, 2007 and 2003) and T-Online; and
/// of Exchange in French and German, of which some umlauts cannot be read.
const BEFORE_RECIPIENTS: [&str; 14] = [
    "failed:",
    "has not yet been delivered is:",
    "has not yet been delivered are:",
    "failed to these recipients or groups:",
    "failed to these recipients or distribution lists:",
    "cannot be reached:",
    "could not be reached:",
    "konnte(n) nicht erreicht werden:",
    "konnten nicht erreicht werden:",
    "failed addresses follow:",
    "destinataires ou groupes :",
    "destinataires ou groupes\u{a0}:",
    "nger oder gruppen:",
    "konnte nicht zugestellt werden:",
];

/// The words right before the recipient of a bounce, in lower case: of Gmail, Exchange Online, Cisco ESA and Openwave; in German; and in
/// log lines of Postfix, Exim (failed and deferred) and qmail.
const BEFORE_RECIPIENT: [&str; 10] = [
    "delivered to ",
    "message to ",
    "recipient: ",
    "mail an ",
    "nachricht an ",
    "nicht an ",
    "to=<",
    "** ",
    " == ",
    "to remote ",
];

/// The words in log lines of Postfix and Sendmail about recipients that got the mail.
const SENT: [&str; 2] = [" status=sent ", " stat=Sent "];

/// The begins of lines behind the recipients of a bounce.
const BEHIND_RECIPIENTS: [&str; 3] = ["---", "|---", "Diagnostic information"];

/// The lines without the marks of quoted text, and without spaces at their ends.
pub(super) fn lines(message: &str) -> impl Iterator<Item = &str> {
    message.lines().map(|line| line.trim_start_matches("> ").trim_end())
}

/// The recipients in the text: lines `<user@domain>: host ...` of Postfix. In a bounce also lines `<user@domain>:` of qmail, and
/// `<user@domain>` and `<user@domain>... ` of Sendmail.
pub(super) fn recipients(message: &str, is_bounce: bool) -> Vec<&str> {
    let found: Vec<&str> = lines(message).filter_map(|line| at_begin(line, is_bounce)).collect();
    if !is_bounce || !found.is_empty() {
        return found;
    }
    let found = in_words(message);
    if found.is_empty() { alone(message).into_iter().collect() } else { found }
}

/// The recipient at the begin of a line.
fn at_begin(line: &str, is_bounce: bool) -> Option<&str> {
    // Sendmail begins the line with the codes of its error.
    let without_codes =
        line.trim_start_matches(|letter: char| letter.is_ascii_digit() || ". ".contains(letter));
    let (address, rest) = without_codes.strip_prefix('<')?.split_once('>')?;
    if !address.contains('@') || address.contains("://") {
        return None;
    }
    let is_of_sendmail = is_bounce && rest.starts_with("... ");
    if is_of_sendmail || without_codes.len() < line.len() {
        return Some(address).filter(|_| is_of_sendmail);
    }
    let told = match rest.split_once(": ") {
        // Postfix names the alias that led to the recipient.
        Some((before, told)) if before.is_empty() || before.starts_with(" (expanded from ") => told,
        None if is_bounce && ["", ":"].contains(&rest) => return Some(address),
        _ => return None,
    };
    let is_told = POSTFIX.iter().any(|begin| told.starts_with(begin));
    let is_delivered = told.starts_with("delivery via ");
    (is_told || is_bounce && !is_delivered).then_some(address)
}

/// The place of a reply right behind the recipient at the begin of a paragraph, as Yahoo writes it.
fn behind_recipient(paragraph: &str) -> Option<usize> {
    let (address, rest) = paragraph.strip_prefix('<')?.split_once(">: ")?;
    let code = rest.split_whitespace().next()?.trim_end_matches(':');
    (address.contains('@') && is_reply_code(code)).then_some(paragraph.len() - rest.len())
}

/// The first address that is a line by itself, behind the header: so bounces in all languages have their recipient.
fn alone(message: &str) -> Option<&str> {
    let is_field = |line: &str| line.split_once(':').is_some_and(|(name, _)| !name.contains([' ', '@', '<']));
    let has_header = lines(message).next().is_some_and(is_field);
    let behind = lines(message).skip_while(|line| has_header && !line.is_empty());
    let address = |line: &'_ str| -> Option<(usize, usize)> {
        let address = leading_address(line)?;
        let is_alone = line.trim().trim_start_matches('<').trim_end_matches('>') == address;
        let begin = line.find(address).filter(|_| is_alone)?;
        Some((begin, begin + address.len()))
    };
    behind.filter_map(|line| address(line).and_then(|(begin, end)| line.get(begin..end))).next()
}

/// Whether a text has the reply of a server that refuses a mail, with its enhanced status code (RFC 5321 section 4.2, RFC 3463). Of
/// software that tells of failures the status code is enough.
pub(super) fn has_refusal(message: &str, is_of_daemon: bool) -> bool {
    let is_refusal = |word: &str| word.starts_with('5') && is_reply_code(word);
    let ends = |letter: char| !(letter.is_ascii_alphanumeric() || letter == '.');
    let words = || message.split(ends).filter(|word| !word.is_empty());
    let is_status = |word: &str| word.starts_with('5') && status(word.trim_end_matches('.')).is_some();
    let behind_code = || words().zip(words().skip(1)).any(|(code, word)| is_refusal(code) && is_status(word));
    if is_of_daemon { words().any(is_status) } else { behind_code() }
}

/// The recipients of a bounce in other words: at the begins of lines behind a line that introduces them, or within a sentence.
fn in_words(message: &str) -> Vec<&str> {
    let (mut found, mut delivered, mut left) = (Vec::new(), Vec::new(), 0_usize);
    for line in lines(message) {
        let lower = line.to_ascii_lowercase();
        if BEFORE_RECIPIENTS.iter().any(|words| lower.trim_end_matches(['-', '|', ' ']).ends_with(words)) {
            left = MAX_RECIPIENT_LINES;
            continue;
        }
        if BEHIND_RECIPIENTS.iter().any(|begin| line.starts_with(begin)) {
            left = 0;
        }
        let places = BEFORE_RECIPIENT.iter().filter_map(|words| Some(lower.find(words)? + words.len()));
        let sentences = places.filter_map(|place| line.get(place..));
        let begin = Some(line).filter(|line| left > 0 || is_dated(line));
        let is_sent = SENT.iter().any(|words| line.contains(words));
        let of_line = if is_sent { &mut delivered } else { &mut found };
        of_line.extend(begin.into_iter().chain(sentences).filter_map(leading_address));
        left = left.saturating_sub(1);
    }
    // A log also has lines of recipients that got their mail.
    if found.is_empty() { delivered } else { found }
}

/// Whether a line has a date behind an address, as Exchange Server 2003 names a recipient: `user@domain on 1/2/2006 3:04 PM`.
fn is_dated(line: &str) -> bool {
    let mut words = line.split_whitespace().skip(1);
    words.next().is_some_and(|word| ["on", "am"].contains(&word))
        && words.any(|word| word.starts_with(|letter: char| letter.is_ascii_digit()))
}

/// The mail address at the begin of a text.
pub(super) fn leading_address(text: &str) -> Option<&str> {
    let ends = |letter: char| letter.is_whitespace() || "\"<>():;,".contains(letter);
    let address = text
        .trim_start_matches([' ', '\t', '"', '\'', '<'])
        .split(ends)
        .next()?
        .trim_end_matches(['.', '\'']);
    let (local, domain) = address.rsplit_once('@')?;
    (!local.is_empty() && domain.contains('.')).then_some(address)
}

/// The replies of receivers in a bounce.
pub(super) struct Replies {
    texts: Vec<String>,
    /// The addresses of hosts which said or got something.
    receivers: BTreeSet<IpAddr>,
    /// The names of these hosts: lower case, with their last dots.
    hosts: BTreeSet<String>,
}

/// Finds the replies.
pub(super) fn replies(message: &str, fields: &[(String, String)]) -> Replies {
    let of = |wanted: &'static str| {
        fields.iter().filter(move |(name, _)| name == wanted).map(|(_, body)| body.clone())
    };
    // Those of other types are words of the sender's own software, with addresses that it has looked up.
    let is_reply = |body: &String| body.get(..4).is_some_and(|kind| kind.eq_ignore_ascii_case("smtp"));
    let mut paragraphs: Vec<String> = of("diagnostic-code").filter(is_reply).collect();
    let fields = paragraphs.len();
    let mut is_open = false;
    let awaits_reply =
        |text: &String| BEFORE_REPLY.iter().any(|words| text.trim_end().ends_with(words.trim_end()));
    for line in lines(message) {
        // Gmail and Exchange begin a paragraph with the reply.
        if line.is_empty() && paragraphs.last().is_some_and(awaits_reply) {
            continue;
        }
        match paragraphs.last_mut().filter(|_| is_open && !line.is_empty()) {
            Some(open) => *open += &format!(" {}", line.trim_start()),
            None => paragraphs.push(line.to_owned()),
        }
        is_open = !line.is_empty();
    }
    let mut receivers: BTreeSet<IpAddr> = of("remote-mta").flat_map(|body| addresses(&body)).collect();
    let named_in = |text: &str| names(&without_generating(text)).into_iter().map(|host| host.name);
    let mut names_of_hosts: BTreeSet<String> = of("remote-mta").flat_map(|body| named_in(&body)).collect();
    let mut texts = Vec::new();
    for (place, paragraph) in paragraphs.iter().enumerate() {
        receivers.extend(hosts(paragraph));
        receivers.extend(numeric_exchangers(paragraph));
        let of_exchange = bounce_exchange::replies(paragraph);
        if !of_exchange.is_empty() {
            names_of_hosts
                .extend(of_exchange.iter().filter_map(|reply| reply.host.as_deref()).map(canonical));
            // A code alone is no reply: it refuses nobody, unless it means one fact of the DNS.
            let has_words =
                |text: &String| text.split_whitespace().nth(1).is_some() || reason(text).is_some();
            texts.extend(of_exchange.into_iter().map(|reply| reply.text).filter(has_words));
            continue;
        }
        let said = SAID.iter().filter_map(|words| paragraph.rsplit_once(words));
        let split = said.min_by_key(|(_, reply)| reply.len()).or_else(|| {
            let begins = BEFORE_REPLY.iter().filter_map(|words| paragraph.find(words));
            begins.min().or_else(|| behind_recipient(paragraph)).map(|begin| paragraph.split_at(begin))
        });
        match split {
            Some((before, reply)) => {
                receivers.extend(addresses(before));
                names_of_hosts.extend(named_in(before));
                texts.push(reply.to_owned());
            }
            None if place < fields => texts.push(paragraph.clone()),
            None => {}
        }
    }
    Replies { texts, receivers, hosts: names_of_hosts }
}

impl Replies {
    /// The public address of the client that a receiver has refused: the first one in its reply that is not the address of a
    /// host which said or got something.
    pub(super) fn refused(&self) -> Option<IpAddr> {
        let named: Vec<NamedAddress> = self.texts.iter().flat_map(|text| named(text)).collect();
        let of_client =
            |found: &&NamedAddress| !is_private(found.address) && !self.receivers.contains(&found.address);
        let clearly = named.iter().filter(of_client).find(|found| found.is_clear);
        let told = || named.iter().filter(of_client).find(|found| found.is_told);
        clearly.or_else(told).map(|found| found.address).or_else(|| self.judged())
    }

    /// The only public address in replies that judge the client by its PTR records or by SPF.
    fn judged(&self) -> Option<IpAddr> {
        let is_of_client = |text: &&String| {
            let of_client = [RefusalReason::Pointer, RefusalReason::Spf];
            reason(text).is_some_and(|named| of_client.contains(&named.reason))
        };
        let found = self.texts.iter().filter(is_of_client).flat_map(|text| addresses(text));
        let mut found: BTreeSet<IpAddr> =
            found.filter(|address| !is_private(*address) && !self.receivers.contains(address)).collect();
        found.pop_first().filter(|_| found.is_empty())
    }

    /// The reason that a receiver gives, if it is a fact of the DNS; one with a name rather than one without.
    pub(super) fn reason(&self) -> Option<NamedReason> {
        // The name of the host that refuses is none of the sender.
        let is_of_sender = |name: &String| !self.hosts.contains(name);
        let of_sender = |found: NamedReason| NamedReason { name: found.name.filter(is_of_sender), ..found };
        let reasons = self.texts.iter().filter_map(|text| reason(text));
        let mut reasons: Vec<NamedReason> = reasons.map(of_sender).collect();
        reasons.sort_by_key(|reason| reason.name.is_none());
        reasons.into_iter().next()
    }

    /// The address, or the domain without its last dot, that a reply says is on a list: in brackets before the words for it, as Postfix
    /// writes it, or in the path of a page of Spamhaus.
    pub(super) fn listed(&self) -> Option<String> {
        let in_brackets = |text: &String| {
            let (before, _) = text.split_once("] blocked using ")?;
            Some(before.rsplit_once('[')?.1.to_owned())
        };
        let in_page = |text: &String| {
            let (_, behind) = text.split_once("/query/domain/")?;
            Some(
                behind
                    .split(|letter: char| letter.is_whitespace() || ")]>;,\"'".contains(letter))
                    .next()?
                    .to_owned(),
            )
        };
        let told = self.texts.iter().find_map(in_brackets).or_else(|| self.texts.iter().find_map(in_page))?;
        if let Ok(address) = told.trim_start_matches("IPv6:").parse::<IpAddr>() {
            return (!is_private(address)).then(|| address.to_string());
        }
        let domain = told.rsplit('@').next()?.trim_end_matches('.').to_ascii_lowercase();
        let sound = domain.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._".contains(&octet));
        (sound && domain.contains('.') && read_name(&domain).is_some()).then_some(domain)
    }

    /// Whether a reply is about a link in the message, or about its text.
    pub(super) fn is_of_content(&self) -> bool {
        let words = ["url", "uri", "link", "content", "message body", "message text"];
        let is_it = |text: &String| {
            let lower = text.to_ascii_lowercase();
            lower
                .split(|letter: char| !letter.is_ascii_alphabetic())
                .any(|word| words.contains(&word.trim_end_matches('s')))
                || words.iter().any(|word| word.contains(' ') && lower.contains(word))
        };
        self.texts.iter().any(is_it)
    }

    /// Whether a reply judges the mail by DMARC, which needs its client and its signatures.
    pub(super) fn is_of_dmarc(&self) -> bool {
        let words = ["dmarc", "unauthenticated"];
        let mut lower = self.texts.iter().map(|text| text.to_ascii_lowercase());
        lower.any(|text| words.iter().any(|word| text.contains(word)))
    }

    /// Whether a reply may refuse the sender.
    pub(super) fn is_of_sender(&self) -> bool {
        self.texts.iter().any(|text| is_of_sender(text))
    }

    /// The web pages, and the addresses for senders, of replies that refuse the sender, each once.
    pub(super) fn pages(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let texts = self.texts.iter().filter(|text| is_of_sender(text));
        for page in texts.flat_map(|text| pages(text).into_iter().chain(refusal_pages::addresses(text))) {
            if !found.contains(&page) && found.len() < MAX_NAMED_PAGES {
                found.push(page);
            }
        }
        found
    }

    /// The names that may be DNS lists, each once; those that are called lists come first.
    pub(super) fn lists(&self) -> Vec<NamedList> {
        let mut found: Vec<NamedList> = Vec::new();
        for list in self.texts.iter().flat_map(|text| names(text)) {
            match found.iter_mut().find(|known| known.name == list.name) {
                Some(known) => known.is_clear |= list.is_clear,
                None => found.push(list),
            }
        }
        found.sort_by_key(|list| !list.is_clear);
        found.truncate(MAX_NAMED_LISTS);
        found
    }
}

/// Whether a reply may refuse the sender. Google and GMX name a page also where it is the recipient or the route that fails, or their own
/// lookup.
fn is_of_sender(text: &str) -> bool {
    let words = || text.split(|letter: char| letter.is_whitespace() || "-;:(<".contains(letter));
    let is_refusal = words().any(|word| status(word).is_some() || is_reply_code(word));
    // Software words the refusal of a sender as that of the recipient too: "Recipient address rejected: ... SPF fail".
    is_refusal && (reason(text).is_some() || !is_of_recipient(text))
}

/// The web pages in a reply, without the part from ? on. A host name that begins with a customer's key is shown without it.
fn pages(text: &str) -> Vec<String> {
    let ends = |letter: char| letter.is_whitespace() || "()[]<>{},;\"'`\\?#".contains(letter);
    let lower = text.to_ascii_lowercase();
    let begins = ["http://", "https://"].into_iter().flat_map(|scheme| lower.match_indices(scheme));
    let mut begins: Vec<(usize, &str)> = begins.collect();
    begins.sort_unstable();
    let page = |(place, scheme): (usize, &str)| {
        let rest = text.get(place + scheme.len()..)?.split(ends).next()?.trim_end_matches(['.', ':', '!']);
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = authority.rsplit('@').next()?.split(':').next()?;
        let sound = host.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._".contains(&octet));
        let name = canonical(host);
        let shown = without_key(&name);
        (sound && host.contains('.') && read_name(host).is_some()).then(|| match shown == name {
            true => format!("{scheme}{}{path}", name.trim_end_matches('.')),
            false => format!("{scheme}{}/", shown.trim_end_matches('.')),
        })
    };
    begins.into_iter().filter_map(page).collect()
}

/// The host names in a reply, and whether the words before each call it a list.
fn names(text: &str) -> Vec<NamedList> {
    let ends = |letter: char| letter.is_whitespace() || "()[]<>{},;\"'`".contains(letter);
    let mut before = String::new();
    let mut found = Vec::new();
    for word in text.split(ends).filter(|word| !word.is_empty()) {
        let name = word.trim_matches(|letter: char| ".:!?".contains(letter));
        let sound = |octet: u8| octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
        let is_name = name.contains('.')
            && name.bytes().all(sound)
            && name.rsplit('.').next().is_some_and(|last| !last.bytes().any(|octet| octet.is_ascii_digit()));
        if is_name && read_name(name).is_some() {
            let is_clear = BEFORE_LIST.iter().any(|words| before.ends_with(words));
            found.push(NamedList { name: without_key(&canonical(name)), is_clear });
        }
        before.push_str(&word.to_ascii_lowercase());
        before.push(' ');
    }
    found
}

/// A name without the labels up to the last one that may be a customer's key.
fn without_key(name: &str) -> String {
    let mut rest = name;
    let mut kept = name;
    while let Some((label, behind)) = rest.split_once('.') {
        if label.len() >= LEAST_KEY_LABEL && behind.trim_end_matches('.').contains('.') {
            kept = behind;
        }
        rest = behind;
    }
    kept.to_owned()
}

#[cfg(test)]
#[path = "bounce_tests.rs"]
mod tests;
