//! The reasons why a server is queried. Each has a word for JSON and a label for screens. Its position in the list is its number in the history.

/// The reasons why a query was sent to a server (see `StepEvent::Sent`): the word of each in JSON, and its label on screens.
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
    ("again", "again after errors of all servers"),
    ("parent", "server in the parent's referral"),
    ("measure", "to measure its round trip"),
    ("forged", "replies were forged"),
];

/// Returns the label of a reason for screens. `word` is the word of the reason in JSON.
pub fn reason_label(word: &str) -> &str {
    REASONS.iter().find(|(known, _)| *known == word).map_or(word, |(_, label)| label)
}

/// Returns the number by which the history stores a reason. `word` is the word of the reason in JSON.
pub(super) fn number(word: &str) -> usize {
    REASONS.iter().position(|(known, _)| *known == word).unwrap_or(0)
}

/// Returns the word in JSON of the reason that the history stores as this number.
pub(super) fn word(number: usize) -> &'static str {
    REASONS.get(number).map_or("", |(word, _)| word)
}
