//! The header fields of a message, and those about the recipients of a bounce (RFC 5322 section 2.2, RFC 3464 section 2.3).

use std::collections::BTreeSet;

/// Fields with the domain of a recipient of a message that was not delivered.
pub(super) const RECIPIENTS: [&str; 3] = ["final-recipient", "original-recipient", "x-failed-recipients"];

/// Names, in lower case, and bodies of header fields, unfolded (RFC 5322 section 2.2.3).
pub(super) fn fields(message: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for line in message.lines() {
        if line.starts_with([' ', '\t']) && open {
            if let Some((_, body)) = fields.last_mut() {
                body.push(' ');
                body.push_str(line.trim());
            }
            continue;
        }
        open = false;
        if let Some((name, body)) = line.split_once(':')
            && !name.is_empty()
            && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
        {
            fields.push((name.to_ascii_lowercase(), body.trim().to_owned()));
            open = true;
        }
    }
    fields
}

/// The number of the fields of the header itself, above those in the text.
pub(super) fn of_header(message: &str) -> usize {
    let header: Vec<&str> = message.lines().take_while(|line| !line.is_empty()).collect();
    fields(&header.join("\n")).len()
}

/// The fields of the recipient in the field at this place, from there on (RFC 3464 section 2.3).
pub(super) fn of_recipient(fields: &[(String, String)], place: usize) -> impl Iterator<Item = (&str, &str)> {
    // They have any order. The second field of one name belongs to the next recipient.
    let mut known = BTreeSet::new();
    let fields = fields.iter().skip(place).map(|(name, body)| (name.as_str(), body.as_str()));
    fields.take_while(move |(name, _)| !RECIPIENTS.contains(name) || known.insert(*name))
}

/// Whether the recipient of the field at this place got the message: its own `Action` says so (RFC 3464 section 2.3.3).
pub(super) fn is_delivered(fields: &[(String, String)], place: usize) -> bool {
    let mut actions = of_recipient(fields, place).filter(|(name, _)| *name == "action");
    let words = ["delivered", "relayed", "expanded"];
    actions.next().is_some_and(|(_, action)| words.iter().any(|word| action.eq_ignore_ascii_case(word)))
}

/// Whether the domain of the recipient was not found, or no host of it: its own `Status` says so (RFC 3463 sections 3.2 and 3.5, RFC 7505
/// section 5; 310 is of Exchange Online).
pub(super) fn is_unresolved(fields: &[(String, String)], place: usize) -> bool {
    let mut status = of_recipient(fields, place).filter(|(name, _)| *name == "status");
    let codes = [".1.2", ".1.10", ".4.3", ".4.4", ".4.310"];
    status.next().is_some_and(|(_, status)| {
        let status = status.split([' ', '(']).next().unwrap_or_default();
        codes.iter().any(|code| status.get(1..) == Some(code))
    })
}
