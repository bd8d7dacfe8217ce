//! Files with more zones and findings than our file or a report has.

use std::fmt::Write;

use super::{imported, keys, zone};

fn repeated(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        writeln!(text, "{}", line(number)).unwrap();
        text
    })
}

#[test]
fn many_harmless_findings_hide_no_dangerous_one() {
    let data = repeated(1_200, |number| format!(" local-data: \"host{number}.example. A 10.0.0.1\""));
    let found = imported(
        "unbound",
        &[("a.conf", &format!("server:\n{data}rpz:\n name: \"rpz.example\"\n zonefile: \"rpz\"\n"))],
    );
    assert!(found.contains("applied a response policy zone"), "{found:.2000}");
    assert!(found.contains("and 201 more of these"));
}

#[test]
fn zones_with_servers_are_kept_before_block_lists_and_all_that_are_left_out_are_named() {
    let blocked = repeated(1_100, |number| format!(" local-zone: \"ads{number}.example\" always_null"));
    let stub = "stub-zone:\n name: \"corp.example\"\n stub-addr: 10.0.0.10\n";
    let found = imported("unbound", &[("a.conf", &format!("server:\n{blocked}{stub}"))]);
    assert_eq!(zone(&found, "corp.example"), "stub = [\"10.0.0.10\"]");
    assert_eq!(keys(&found).matches("[[zone]]").count(), 1_024);
    let told =
        "with 1101 [[zone]] where the maximum is 1024: no entry for ads1023.example., ads1024.example.";
    assert!(found.contains(told), "{found:.2000}");
    assert!(found.contains("and 69 more; write their names"), "{found:.2000}");
}
