//! Labels of the reasons for which a server is queried.

/// The label of the reason of a query to a server on screens and in log lines, from its word in JSON.
pub fn reason_label(word: &str) -> &str {
    match word {
        "first" => "first choice",
        "race" => "second server in parallel",
        "retry" => "after a timeout",
        "next" => "next server",
        "address" => "new address",
        "without_edns" => "without EDNS",
        "truncated" => "reply was truncated",
        "other_case" => "reply changed the case",
        "own_case" => "in the server's case",
        "alone" => "no other server left",
        "again" => "again after errors of all servers",
        "parent" => "server in the parent's referral",
        "measure" => "to measure its round trip",
        other => other,
    }
}
