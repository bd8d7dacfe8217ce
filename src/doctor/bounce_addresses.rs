//! The addresses in the words of a bounce: those of hosts that were tried, and those that may be the refused client's.

use std::net::IpAddr;

/// The addresses of hosts as `host NAME [ADDRESS]`, which is not how a receiver names its client.
pub(super) fn hosts(text: &str) -> Vec<IpAddr> {
    let places = text.match_indices("host ").filter(|(place, _)| {
        let before = text.get(..*place).unwrap_or_default().to_ascii_lowercase();
        !before.ends_with("client ") && !before.ends_with("your ")
    });
    let address = |(place, _): (usize, &str)| {
        let (name, rest) = text.get(place..)?.strip_prefix("host ")?.split_once('[')?;
        let is_name = !name.is_empty() && !name.trim_end().contains(' ');
        rest.split_once(']').filter(|_| is_name)?.0.trim_start_matches("IPv6:").parse().ok()
    };
    places.filter_map(address).collect()
}

/// The addresses in a text.
pub(super) fn addresses(text: &str) -> Vec<IpAddr> {
    named(text).into_iter().map(|found| found.address).collect()
}

/// An address in a text.
pub(super) struct NamedAddress {
    /// The address.
    pub(super) address: IpAddr,
    /// Whether it is in brackets or a link, or the word before says that it is an address.
    pub(super) is_clear: bool,
    /// Whether a word beside it says so. Others may be sections of an RFC, versions, or codes.
    pub(super) is_told: bool,
}

/// Words before an address that is clearly one.
const BEFORE_ADDRESS: [&str; 7] = ["[", "from", "ip", "ip:", "address", "client", "host"];

/// Further words before the address of a client.
const BEFORE_CLIENT: [&str; 8] =
    ["for", "of", "refuses", "rejects", "blocked", "rejected", "designate", "designates"];

/// Words behind the address of a client. Comcast writes the address alone before its name, as in
/// `comcast 192.0.2.5 Comcast requires that all mail servers must have a PTR record`.
const BEHIND_CLIENT: [&str; 10] =
    ["is", "has", "was", "does", "not", "in", "listed", "blocked", "rejected", "comcast"];

/// The addresses in a text, in brackets, in links and alone.
pub(super) fn named(text: &str) -> Vec<NamedAddress> {
    let text = text.replace("IPv6:", " ");
    let is_part = |letter: char| letter.is_ascii_hexdigit() || letter == '.' || letter == ':';
    let read = |word: &str| {
        let before_port = word.split_once(':').map_or(word, |(address, _)| address);
        let forms = [word, word.trim_matches('.'), word.trim_end_matches(':'), before_port];
        forms.into_iter().find_map(|form| form.parse::<IpAddr>().ok())
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut found = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| words.get(place)).copied().unwrap_or_default();
        let behind = words.get(place + 1).copied().unwrap_or_default().trim_end_matches([':', ',', ';', '.']);
        // The version of a program looks like an address.
        if before.to_ascii_lowercase().trim_start_matches('(').starts_with("version") {
            continue;
        }
        let is = |known: &[&str], word: &str| known.iter().any(|known| word.eq_ignore_ascii_case(known));
        let is_clear =
            word.starts_with('[') || word.contains('=') || word.contains('/') || is(&BEFORE_ADDRESS, before);
        let is_told = is(&BEFORE_CLIENT, before) || is(&BEHIND_CLIENT, behind) || before.ends_with(':');
        let of_word = word.split(|letter| !is_part(letter)).filter_map(read);
        found.extend(of_word.map(|address| NamedAddress { address, is_clear, is_told }));
    }
    found
}
