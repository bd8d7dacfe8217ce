//! The mail domains of the simulated internet: their MX, address, SPF, DKIM, DMARC and PTR records, and their aliases.
//!
//! The number of a domain determines its records, so that each kind of record occurs even in a small internet. See RFC 7208 (SPF), RFC 6376
//! (DKIM), RFC 9989 (DMARC) and RFC 6672 (DNAME).

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use hickory_proto::rr::Name;

use super::delegations::Tree;
use super::fault::Fault;
use super::hosters::{HOSTERS, Hoster};
use super::rough_mail::{self, Roughness, SENDING_LABEL};
use super::world::{LabError, absolute};

/// The top-level domains of the mail domains, assigned round robin.
const TLDS: [&str; 6] = ["com", "net", "org", "de", "co.uk", "example"];

/// The first parts of the domain names, assigned round robin.
const WORDS: [&str; 10] =
    ["baker", "miller", "smith", "mason", "cooper", "fisher", "weaver", "potter", "tailor", "turner"];

const KEY_1024: usize = 216;
const KEY_2048: usize = 392;

/// A domain that sends and receives mail.
#[derive(Clone, Debug)]
pub struct MailDomain {
    /// The domain.
    pub name: Name,
    /// The host that sends its mail. The PTR record of `address` has the name of this host, and the host has `address` as its A record.
    pub mail_host: Name,
    /// The address of `mail_host`.
    pub address: Ipv4Addr,
    /// The sender's domain in its mail: the domain itself, or in a rough internet also a subdomain.
    pub sender: Name,
    /// The selector of its DKIM key.
    pub selector: String,
    /// The number of the domain, which determines all other properties.
    number: usize,
    /// The properties that only domains of a rough internet (with packet loss and broken servers) have; `None` in other internets.
    roughness: Option<Roughness>,
}

impl MailDomain {
    /// Returns true if a signed internet signs this domain: one in four below each TLD.
    pub fn is_signed(&self) -> bool {
        let has_signed_parent = self.roughness.as_ref().is_none_or(|roughness| roughness.tld.is_none());
        has_signed_parent && self.number / TLDS.len() % 4 == self.number % 4
    }

    pub(super) fn hoster(&self) -> &'static Hoster {
        hoster(self.number)
    }

    /// Returns the domain's own name servers in a rough internet (one with losses and broken servers): every second domain has them. The others
    /// use those of their hoster.
    pub(super) fn own_servers(&self) -> Vec<String> {
        let servers = if self.number.is_multiple_of(2) { 0..0 } else { 1..3 };
        let name = self.name.to_string();
        servers.map(|number| format!("ns{number}.{}", name.trim_end_matches('.'))).collect()
    }

    /// Returns true if the domain has only one name server in a rough internet: one in eight.
    pub(super) fn has_sole_server(&self) -> bool {
        self.number % 8 == 5
    }

    pub(super) fn server_faults(&self) -> &[Fault] {
        self.roughness.as_ref().map(|roughness| roughness.faults.as_slice()).unwrap_or_default()
    }

    /// Returns the owner names, relative to the domain, that get MX, SPF and DKIM records.
    fn senders(&self) -> &'static [&'static str] {
        if self.sender == self.name { &["@"] } else { &["@", SENDING_LABEL] }
    }

    /// Returns true if the name of the sending host is in this domain, and false if it is in the domain of the hoster.
    fn own_host(&self) -> bool {
        !self.number.is_multiple_of(3)
    }
}

fn hoster(number: usize) -> &'static Hoster {
    HOSTERS.get(number % HOSTERS.len()).unwrap_or(&HOSTERS[0])
}

/// Returns the mail domains of an internet. `is_rough`: with packet loss and broken servers.
pub(super) fn draw(size: usize, is_rough: bool) -> Result<Vec<MailDomain>, LabError> {
    (0..size).map(|number| domain(number, is_rough.then(|| rough_mail::of_domain(number)))).collect()
}

fn domain(number: usize, roughness: Option<Roughness>) -> Result<MailDomain, LabError> {
    let word = WORDS.get(number % WORDS.len()).unwrap_or(&"firm");
    let even = TLDS.get(number % TLDS.len()).unwrap_or(&"com");
    let tld = roughness.as_ref().and_then(|roughness| roughness.tld).unwrap_or(even);
    let name = format!("{word}{number}.{tld}");
    let hoster = hoster(number);
    let [first, second, third] = hoster.block;
    // Each hoster has a hundred mail hosts, so in a large internet several domains share one.
    let last = 10 + u8::try_from(number / HOSTERS.len() % 100).unwrap_or(0);
    let own_host = !number.is_multiple_of(3);
    let mail_host = if own_host { format!("mail.{name}") } else { format!("out{last}.{}", hoster.domain) };
    let (mut selector, mut sender) =
        (if number.is_multiple_of(2) { "s1" } else { "2025" }.to_owned(), name.clone());
    if let Some(roughness) = &roughness {
        selector.clone_from(&roughness.selector);
        if roughness.sends_from_subdomain {
            sender = format!("{SENDING_LABEL}.{name}");
        }
    }
    Ok(MailDomain {
        name: absolute(&name)?,
        sender: absolute(&sender)?,
        mail_host: absolute(&mail_host)?,
        address: Ipv4Addr::new(first, second, third, last),
        selector,
        number,
        roughness,
    })
}

/// Returns the records of a hoster's own domain: mail hosts, and SPF records that its customers include.
pub(super) fn hoster_text(hoster: &Hoster) -> String {
    let place = HOSTERS.iter().position(|other| other.domain == hoster.domain).unwrap_or(0);
    let [first, second, third] = hoster.block;
    let mut text = format!("@ MX 10 mx1\n@ A {first}.{second}.{third}.2\nwww CNAME @\n");
    for (number, last) in [(1, 3), (2, 4)] {
        let _ = writeln!(text, "mx{number} A {first}.{second}.{third}.{last}");
        let _ = writeln!(text, "mx{number} AAAA {}", address_v6(place, last));
    }
    // Three levels of SPF records: `_spf` includes `_net`, which includes the relays of the next hoster.
    let _ = writeln!(text, "_spf TXT \"v=spf1 include:_net.{} ~all\"", hoster.domain);
    let next = HOSTERS.get((place + 1) % HOSTERS.len()).unwrap_or(hoster);
    let _ = writeln!(
        text,
        "_net TXT \"v=spf1 ip4:{first}.{second}.{third}.0/24 include:_relay.{} ~all\"",
        next.domain
    );
    let _ = writeln!(text, "_relay TXT \"v=spf1 ip4:{first}.{second}.{third}.0/28 ~all\"");
    let _ = writeln!(text, "web A {first}.{second}.{third}.5\ncdn CNAME web");
    text
}

/// Returns an IPv6 address in the /64 network of a hoster, in the range for benchmarks (RFC 5180): resolvers answer questions about the
/// reverse zone of the documentation range themselves (RFC 6303).
fn address_v6(place: usize, last: u16) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 2, 0, u16::try_from(place).unwrap_or(0), 0, 0, 0, last)
}

/// Returns the reverse zone of a hoster's /64 network: sixteen nibble labels below ip6.arpa.
pub(super) fn reverse_v6_zone(hoster: &Hoster) -> String {
    let place = HOSTERS.iter().position(|other| other.domain == hoster.domain).unwrap_or(0);
    Name::from(address_v6(place, 0)).trim_to(18).to_string()
}

/// Adds the domain's zone, and its records in other zones.
pub(super) fn write(tree: &mut Tree, domain: &MailDomain, servers: &[String]) -> Result<(), LabError> {
    let hoster = domain.hoster();
    let mut text =
        domain.roughness.as_ref().map_or_else(String::new, |roughness| format!("$TTL {}\n", roughness.ttl));
    let _ = write!(text, "@ A {}\nwww CNAME cdn.{}.\n", domain.address, hoster.domain);
    text.push_str(&mail_text(domain));
    text.push_str(&policy_text(domain));
    if domain.number % 10 == 7 {
        // `legacy` is the old name of a company before a merger. A DNAME leads from it to the new domain.
        let _ = writeln!(text, "legacy DNAME {}", domain.name);
    }
    tree.zone(&domain.name.to_string(), servers, &text)?;
    if domain.number % 5 == 2 {
        let key = key_text(domain, KEY_1024);
        tree.add(hoster.domain, &format!("k{}._domainkey.{}. TXT {key}", domain.number, hoster.domain))?;
    }
    write_reverse(tree, domain)
}

/// Signs a mail domain, and adds the TLSA record of its mail host for DANE (RFC 7672).
pub(super) fn sign(tree: &mut Tree, domain: &MailDomain) -> Result<(), LabError> {
    const WAYS: [&str; 4] = ["", "nsec3", "algorithm=8", "algorithm=15 nsec3"];
    let name = domain.name.to_string();
    let words = WAYS.get(domain.number / 4 % WAYS.len()).unwrap_or(&"");
    if domain.own_host() {
        tree.add(&name, &format!("_25._tcp.mail TLSA 3 1 1 {}", "0123456789abcdef".repeat(4)))?;
    }
    tree.sign(&name, Some(words.parse()?))
}

fn mail_text(domain: &MailDomain) -> String {
    let (hoster, mut text) = (domain.hoster(), String::new());
    for owner in domain.senders() {
        let _ = if domain.own_host() {
            writeln!(text, "{owner} MX 10 mail")
        } else {
            writeln!(text, "{owner} MX 10 mx1.{0}.\n{owner} MX 20 mx2.{0}.", hoster.domain)
        };
    }
    if !domain.own_host() {
        return text;
    }
    let _ = writeln!(text, "mail A {}", domain.address);
    if domain.number.is_multiple_of(2) {
        let place = domain.number % HOSTERS.len();
        let _ = writeln!(text, "mail AAAA {}", address_v6(place, host_v6(domain)));
    }
    if domain.number % 4 == 1 {
        // A backup mail host at another hoster.
        let _ = writeln!(text, "@ MX 20 mx2.{}.", self::hoster(domain.number + 1).domain);
    }
    text
}

fn host_v6(domain: &MailDomain) -> u16 {
    u16::try_from(domain.number % 0xf000).unwrap_or(0) + 0x100
}

fn policy_text(domain: &MailDomain) -> String {
    let hoster = domain.hoster();
    let rough = domain.roughness.as_ref().and_then(|roughness| roughness.policy.clone());
    let spf = rough.unwrap_or_else(|| match domain.number % 4 {
        0 => format!("ip4:{}", domain.address),
        1 => format!("mx include:_relay.{}", hoster.domain),
        2 => format!("include:_net.{}", hoster.domain),
        _ => format!("a include:_spf.{}", hoster.domain),
    });
    let mut text = String::new();
    for owner in domain.senders() {
        let _ = writeln!(text, "{owner} TXT \"v=spf1 {spf} -all\"");
    }
    let _ = writeln!(text, "_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:dmarc@{}\"", domain.name);
    let selector = &domain.selector;
    for owner in domain.senders() {
        let below = if *owner == "@" { String::new() } else { format!(".{owner}") };
        let _ = if domain.number % 5 == 2 {
            writeln!(
                text,
                "{selector}._domainkey{below} CNAME k{}._domainkey.{}.",
                domain.number, hoster.domain
            )
        } else {
            let length = if domain.number % 5 == 3 { KEY_2048 } else { KEY_1024 };
            writeln!(text, "{selector}._domainkey{below} TXT {}", key_text(domain, length))
        };
    }
    if domain.number % 10 == 9 {
        // Old DKIM keys, and so many TXT records of services that the records at one name exceed 1232 octets.
        for number in 0..4 {
            let _ = writeln!(text, "{selector}._domainkey TXT {}", old_key_text(number));
            let _ = writeln!(text, "@ TXT \"service-{number}-verification={}\"", letters(number, 230));
            let _ = writeln!(text, "@ TXT \"service-{number}-owner={}\"", letters(number + 7, 230));
        }
    }
    text
}

fn key_text(domain: &MailDomain, length: usize) -> String {
    // The modulus is invented, the octets around it are those of a real key (RFC 5280 section 4.1).
    let head = match length {
        KEY_1024 => "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC",
        _ => "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAs",
    };
    let tail = "QIDAQAB";
    let modulus = letters(domain.number, length - head.len() - tail.len());
    quoted(&format!("v=DKIM1; k=rsa; p={head}{modulus}{tail}"))
}

fn old_key_text(number: usize) -> String {
    quoted(&format!("v=DKIM1; k=rsa; n=old; p={}", letters(number + 100, KEY_2048)))
}

/// Returns quoted strings of 250 characters for a TXT record, whose strings have at most 255 octets (RFC 1035 section 3.3.14).
fn quoted(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let strings: Vec<String> =
        letters.chunks(250).map(|part| format!("\"{}\"", part.iter().collect::<String>())).collect();
    strings.join(" ")
}

/// Returns a base64 text that can hardly be compressed, like a real public key.
fn letters(number: usize, length: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |place: usize| {
        let at = (place * 37 + place * place * 11 + number * 101) % ALPHABET.len();
        char::from(ALPHABET.get(at).copied().unwrap_or(b'A'))
    };
    (0..length).map(letter).collect()
}

fn write_reverse(tree: &mut Tree, domain: &MailDomain) -> Result<(), LabError> {
    let hoster = domain.hoster();
    let owner = Name::from(domain.address).to_string();
    // Domains with greater numbers have the addresses of earlier domains, which already have these records.
    if domain.number < HOSTERS.len() * 100 {
        tree.add(&owner, &format!("{owner} PTR {}", domain.mail_host))?;
        if !domain.own_host() {
            tree.add(hoster.domain, &format!("{} A {}", domain.mail_host, domain.address))?;
        }
    }
    if domain.own_host() && domain.number.is_multiple_of(2) {
        let address = address_v6(domain.number % HOSTERS.len(), host_v6(domain));
        let owner = Name::from(address).to_string();
        tree.add(&owner, &format!("{owner} PTR {}", domain.mail_host))?;
    }
    Ok(())
}
