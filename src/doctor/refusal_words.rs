//! The words of a receiver's reply: without its codes, and those that are names.

use super::facts::canonical;
use dns::wire::presentation::read_name;

/// A reply without the codes at the begins of its lines, which software joins to one (RFC 5321 section 4.2.1, RFC 2034 section 4).
pub(super) fn without_codes(reply: &str) -> String {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    let is_status =
        |text: &str| text.contains('.') && text.split('.').all(is_number) && text.split('.').count() == 3;
    let bare = |word: &'_ str| -> usize {
        match word.split_once('-') {
            Some((code, _)) if code.len() == 3 && is_number(code) => code.len() + 1,
            _ => 0,
        }
    };
    let words = reply.split_whitespace().map(|word| &word[bare(word)..]);
    let words =
        words.filter(|word| !(word.is_empty() || is_status(word) || word.len() == 3 && is_number(word)));
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a letter ends a word of a reply.
pub(super) fn ends(letter: char) -> bool {
    letter.is_whitespace() || "<>[]();,\"'".contains(letter)
}

/// Whether a word is a host name with a dot, and no section, version or mark of a receiver such as `a1b2.uk22`: no top-level domain has
/// digits, unless it is of another script (RFC 5890 section 2.3.2.1).
pub(super) fn is_host_name(word: &str) -> bool {
    let top = word.rsplit('.').next().unwrap_or_default();
    let has_letters = !top.is_empty() && top.bytes().all(|octet| octet.is_ascii_alphabetic());
    domain(word).is_some() && !word.contains('@') && (has_letters || top.starts_with("xn--"))
}

/// The domain of an address, or a domain alone.
pub(super) fn domain(word: &str) -> Option<String> {
    let domain = word.rsplit('@').next()?.trim_end_matches(['.', ':']);
    let sound = |octet: u8| octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
    (domain.contains('.') && domain.bytes().all(sound) && read_name(domain).is_some())
        .then(|| canonical(domain))
}

/// Whether a word is the code of a reply that refuses for now or for good (RFC 5321 section 4.2.1).
pub(super) fn is_reply_code(word: &str) -> bool {
    word.len() == 3 && word.starts_with(['4', '5']) && word.bytes().all(|octet| octet.is_ascii_digit())
}

/// The subject and the detail of an enhanced status code of a failure (RFC 3463 section 2).
pub(super) fn status(word: &str) -> Option<(u16, u16)> {
    let (_, rest) = word.split_once('.').filter(|(class, _)| ["4", "5"].contains(class))?;
    let (subject, detail) = rest.split_once('.')?;
    Some((subject.parse().ok()?, detail.parse().ok()?))
}
