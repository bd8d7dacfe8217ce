//! The reasons why a server is queried. The position of a reason in the list is its number in the history.

/// The server is queried again, perhaps after a pause, because all servers of its zone gave errors.
pub const AGAIN: &str = "again";

/// The word of each reason in JSON (see `StepEvent::Sent`), and its label on screens.
const REASONS: [(&str, &str); 15] = [
    ("", ""),
    ("first", "preferred server"),
    ("race", "second server in parallel"),
    ("retry", "the previous server has not replied"),
    ("next", "next server"),
    ("address", "new address"),
    ("without_edns", "without EDNS"),
    ("truncated", "reply was truncated"),
    ("other_case", "reply changed the case"),
    ("own_case", "name in lower case"),
    ("alone", "no other server left"),
    (AGAIN, "again after errors of all servers"),
    ("parent", "server in the parent's referral"),
    ("measure", "to measure its round trip"),
    ("forged", "replies were forged"),
];

/// Returns the label for screens of a reason with this word in JSON.
pub fn reason_label(word: &str) -> &str {
    REASONS.iter().find(|(known, _)| *known == word).map_or(word, |(_, label)| label)
}

pub(crate) fn number(word: &str) -> usize {
    REASONS.iter().position(|(known, _)| *known == word).unwrap_or(0)
}

pub(crate) fn word(number: usize) -> &'static str {
    REASONS.get(number).map_or("", |(word, _)| word)
}
