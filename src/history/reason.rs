//! The reasons for which a server is queried: the word of each in JSON, in the order of their numbers in the record, and its label.

/// The word of each reason in JSON, and its label on screens. The meanings are documented at `StepEvent::Sent`.
const REASONS: [(&str, &str); 14] = [
    ("", ""),
    ("first", "first choice"),
    ("race", "second server in parallel"),
    ("retry", "after a timeout"),
    ("next", "next server"),
    ("address", "new address"),
    ("without_edns", "without EDNS"),
    ("truncated", "reply was truncated"),
    ("other_case", "reply changed the case"),
    ("own_case", "in the server's case"),
    ("alone", "no other server left"),
    ("again", "again after errors of all servers"),
    ("parent", "server in the parent's referral"),
    ("measure", "to measure its round trip"),
];

/// Returns the label of a reason on screens. `word` is its word in JSON.
pub fn reason_label(word: &str) -> &str {
    REASONS.iter().find(|(known, _)| *known == word).map_or(word, |(_, label)| label)
}

/// Returns the number of a reason in the record. `word` is its word in JSON.
pub(super) fn number(word: &str) -> usize {
    REASONS.iter().position(|(known, _)| *known == word).unwrap_or(0)
}

/// Returns the word in JSON for the number of a reason.
pub(super) fn word(number: usize) -> &'static str {
    REASONS.get(number).map_or("", |(word, _)| word)
}
