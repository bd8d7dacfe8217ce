//! The mail domains of the built-in internet: their MX, addresses, SPF, DKIM, DMARC, PTR and aliases.
//!
//! The records of a domain follow from its number, so that each kind of record occurs even in a small internet. In a
//! signed internet, a quarter of the domains is signed. SPF is RFC 7208, DKIM RFC 6376, DMARC RFC 9989, DNAME RFC 6672.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use hickory_proto::rr::Name;

use super::delegations::Tree;
use super::hosters::{HOSTERS, Hoster};
use super::world::{LabError, absolute};

/// The top-level domains of mail domains, used in turn.
const TLDS: [&str; 6] = ["com", "net", "org", "de", "co.uk", "example"];

/// The first words of the names of mail domains, used in turn.
const WORDS: [&str; 10] =
    ["baker", "miller", "smith", "mason", "cooper", "fisher", "weaver", "potter", "tailor", "turner"];

/// The length in base64 characters of public keys with 1024 and with 2048 bits.
const KEY_1024: usize = 216;
const KEY_2048: usize = 392;

/// A domain that sends and receives mail.
#[derive(Clone, Debug)]
pub struct MailDomain {
    /// The name of the domain.
    pub name: Name,
    /// The host that sends the domain's mail. The PTR record of `address` names it, and it has a matching A record.
    pub mail_host: Name,
    /// The address of this host.
    pub address: Ipv4Addr,
    /// The selector of the domain's DKIM key.
    pub selector: &'static str,
    /// The number of the domain, which determines all its other properties.
    number: usize,
}

impl MailDomain {
    /// Returns true if the domain is signed in a signed internet. This is one of four, under every TLD.
    pub fn is_signed(&self) -> bool {
        self.number / TLDS.len() % 4 == self.number % 4
    }

    pub(super) fn hoster(&self) -> &'static Hoster {
        hoster(self.number)
    }

    /// Returns the names of the domain's own name servers, on an internet where every second domain has them, including the
    /// large ones. The others use those of their hoster.
    pub(super) fn own_servers(&self) -> Vec<String> {
        let servers = if self.number.is_multiple_of(2) { 0..0 } else { 1..3 };
        let name = self.name.to_string();
        servers.map(|number| format!("ns{number}.{}", name.trim_end_matches('.'))).collect()
    }

    /// Returns true if the domain's mail host has a name in the domain; otherwise its name belongs to the hoster.
    fn own_host(&self) -> bool {
        !self.number.is_multiple_of(3)
    }
}

fn hoster(number: usize) -> &'static Hoster {
    HOSTERS.get(number % HOSTERS.len()).unwrap_or(&HOSTERS[0])
}

/// Returns the mail domains of an internet of this size.
///
/// # Errors
/// None for the names of this file, which a test uses.
pub(super) fn draw(size: usize) -> Result<Vec<MailDomain>, LabError> {
    (0..size).map(domain).collect()
}

fn domain(number: usize) -> Result<MailDomain, LabError> {
    let word = WORDS.get(number % WORDS.len()).unwrap_or(&"firm");
    let tld = TLDS.get(number % TLDS.len()).unwrap_or(&"com");
    let name = format!("{word}{number}.{tld}");
    let hoster = hoster(number);
    let [first, second, third] = hoster.block;
    // A block has a hundred hosts. So in a larger internet, several domains share a host.
    let last = 10 + u8::try_from(number / HOSTERS.len() % 100).unwrap_or(0);
    let own_host = !number.is_multiple_of(3);
    let mail_host = if own_host { format!("mail.{name}") } else { format!("out{last}.{}", hoster.domain) };
    Ok(MailDomain {
        name: absolute(&name)?,
        mail_host: absolute(&mail_host)?,
        address: Ipv4Addr::new(first, second, third, last),
        selector: if number.is_multiple_of(2) { "s1" } else { "2025" },
        number,
    })
}

/// Returns the records of a hoster's own domain: mail hosts of customers, and SPF records that customers include.
pub(super) fn hoster_text(hoster: &Hoster) -> String {
    let place = HOSTERS.iter().position(|other| other.domain == hoster.domain).unwrap_or(0);
    let [first, second, third] = hoster.block;
    let mut text = format!("@ MX 10 mx1\n@ A {first}.{second}.{third}.2\nwww CNAME @\n");
    for (number, last) in [(1, 3), (2, 4)] {
        let _ = writeln!(text, "mx{number} A {first}.{second}.{third}.{last}");
        let _ = writeln!(text, "mx{number} AAAA {}", address_v6(place, last));
    }
    // The SPF records are nested three deep: the first includes the network, which includes the relays of the next hoster.
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

/// Returns an IPv6 address of the hoster at `place`, in the space for benchmarks (RFC 5180), with one /64 each. The space for documentation has
/// locally served reverse zones.
fn address_v6(place: usize, last: u16) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 2, 0, u16::try_from(place).unwrap_or(0), 0, 0, 0, last)
}

/// Returns the reverse zone of a hoster's /64, which is sixteen nibbles below ip6.arpa.
pub(super) fn reverse_v6_zone(hoster: &Hoster) -> String {
    let place = HOSTERS.iter().position(|other| other.domain == hoster.domain).unwrap_or(0);
    Name::from(address_v6(place, 0)).trim_to(18).to_string()
}

/// Adds a domain with these name servers to the tree: its zone, and its records in other zones.
pub(super) fn write(tree: &mut Tree, domain: &MailDomain, servers: &[String]) -> Result<(), LabError> {
    let hoster = domain.hoster();
    let mut text = format!("@ A {}\nwww CNAME cdn.{}.\n", domain.address, hoster.domain);
    text.push_str(&mail_text(domain));
    text.push_str(&policy_text(domain));
    if domain.number % 10 == 7 {
        // The name before a merger. Everything below it has moved.
        let _ = writeln!(text, "legacy DNAME {}", domain.name);
    }
    tree.zone(&domain.name.to_string(), servers, &text)?;
    if domain.number % 5 == 2 {
        let key = key_text(domain, KEY_1024);
        tree.add(hoster.domain, &format!("k{}._domainkey.{}. TXT {key}", domain.number, hoster.domain))?;
    }
    write_reverse(tree, domain)
}

/// Signs a domain, and adds the TLSA record of its mail host for DANE (RFC 7672).
pub(super) fn sign(tree: &mut Tree, domain: &MailDomain) -> Result<(), LabError> {
    const WAYS: [&str; 4] = ["", "nsec3", "algorithm=8", "algorithm=15 nsec3"];
    let name = domain.name.to_string();
    let words = WAYS.get(domain.number / 4 % WAYS.len()).unwrap_or(&"");
    if domain.own_host() {
        tree.add(&name, &format!("_25._tcp.mail TLSA 3 1 1 {}", "0123456789abcdef".repeat(4)))?;
    }
    tree.sign(&name, Some(words.parse()?))
}

/// Returns the MX records, and the records of the hosts that they name.
fn mail_text(domain: &MailDomain) -> String {
    let hoster = domain.hoster();
    if !domain.own_host() {
        return format!("@ MX 10 mx1.{0}.\n@ MX 20 mx2.{0}.\n", hoster.domain);
    }
    let mut text = format!("@ MX 10 mail\nmail A {}\n", domain.address);
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

/// Returns the records of SPF, DKIM and DMARC.
fn policy_text(domain: &MailDomain) -> String {
    let hoster = domain.hoster();
    let spf = match domain.number % 4 {
        0 => format!("ip4:{}", domain.address),
        1 => format!("mx include:_relay.{}", hoster.domain),
        2 => format!("include:_net.{}", hoster.domain),
        _ => format!("a include:_spf.{}", hoster.domain),
    };
    let mut text = format!("@ TXT \"v=spf1 {spf} -all\"\n");
    let _ = writeln!(text, "_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:dmarc@{}\"", domain.name);
    let selector = domain.selector;
    if domain.number % 5 == 2 {
        let _ =
            writeln!(text, "{selector}._domainkey CNAME k{}._domainkey.{}.", domain.number, hoster.domain);
    } else {
        let length = if domain.number % 5 == 3 { KEY_2048 } else { KEY_1024 };
        let _ = writeln!(text, "{selector}._domainkey TXT {}", key_text(domain, length));
    }
    if domain.number % 10 == 9 {
        // Old verification keys and proofs for four services, which together take more than 1232 octets at one name.
        for number in 0..4 {
            let _ = writeln!(text, "{selector}._domainkey TXT {}", old_key_text(number));
            let _ = writeln!(text, "@ TXT \"service-{number}-verification={}\"", letters(number, 230));
            let _ = writeln!(text, "@ TXT \"service-{number}-owner={}\"", letters(number + 7, 230));
        }
    }
    text
}

fn key_text(domain: &MailDomain, length: usize) -> String {
    // The modulus is invented; the structure around it is that of a key (RFC 5280 section 4.1).
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

/// Splits a text into strings of at most 255 octets (RFC 1035 section 3.3.14).
fn quoted(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let strings: Vec<String> =
        letters.chunks(250).map(|part| format!("\"{}\"", part.iter().collect::<String>())).collect();
    strings.join(" ")
}

/// Returns base64 that looks like a key and can be compressed as badly as one. It is never checked.
fn letters(number: usize, length: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |place: usize| {
        let at = (place * 37 + place * place * 11 + number * 101) % ALPHABET.len();
        char::from(ALPHABET.get(at).copied().unwrap_or(b'A'))
    };
    (0..length).map(letter).collect()
}

/// Adds the PTR record of the sending host, and its A record.
fn write_reverse(tree: &mut Tree, domain: &MailDomain) -> Result<(), LabError> {
    let hoster = domain.hoster();
    let owner = Name::from(domain.address).to_string();
    // Several domains may send from the same host of the hoster. Its records are added once.
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
