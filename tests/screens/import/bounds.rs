//! Imports of files with more zones or findings than resolverd's configuration or the report may have.

use std::fmt::Write;
use std::fs;
use std::process::{Command, Output};

use super::{imported, keys, samples, zone};

fn repeated(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        writeln!(text, "{}", line(number)).unwrap();
        text
    })
}

/// The processor time for an import of a file with `MANY` entries, in seconds. The import needs one or two seconds. If the time grew with
/// the square of the number of entries, the import would take minutes.
const TIME: &str = "10";
const MANY: usize = 30_000;

/// Imports a file. The import is killed after the processor time `TIME`.
fn in_time(format: &str, content: &str) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.conf");
    fs::write(&path, content).unwrap();
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -t $0; exec \"$@\"", TIME, env!("CARGO_BIN_EXE_resolverctl")]);
    limited.args(["import", "--from", format]).arg(path).current_dir(samples()).output().unwrap()
}

#[test]
fn import_time_grows_linearly() {
    let many = |begin: &str, line: &dyn Fn(usize) -> String| format!("{begin}{}", repeated(MANY, line));
    let zones =
        |begin: &str, block: &str| many(begin, &|at| format!("zone \"z{at}.example\" {{ {block} }};"));
    let net = |at: usize| format!("10.{}.{}.0/24", at / 256, at % 256);
    let data = |at: usize| format!(" local-data: \"h{at}.example. A 10.0.0.1\"");
    for (format, file) in [
        ("named", zones("", "type forward; forwarders { 192.0.2.1; };")),
        ("named", zones("options { forwarders { 192.0.2.1; }; };", "type forward; forwarders { };")),
        ("named", zones("masters mine { 192.0.2.1; };", "type slave; masters { mine; };")),
        ("named", many("acl all {", &|at| format!("{};", net(at))) + "}; options { allow-query { all; }; };"),
        (
            "named",
            format!("acl all {{ {} }};", repeated(1_000, |at| format!("{};", net(at))))
                + "options { allow-recursion { all; }; };"
                + &zones("", "type master; file none; allow-query { all; };"),
        ),
        ("unbound", many("server:\n", &data)),
        ("unbound", many("server:\n local-zone: \"example.\" always_null\n", &data)),
        ("unbound", many("server:\n", &|at| format!(" access-control: {} allow", net(at)))),
        ("unbound", many("", &|at| format!("forward-zone:\n name: z{at}.example\n forward-addr: 192.0.2.1"))),
        ("dnsmasq", many("", &|at| format!("address=/z{at}.example/0.0.0.0"))),
        (
            "dnsmasq",
            many("", &|at| {
                let address = net(at).replace("0/24", "1");
                format!(
                    "local=/z{at}.example/\nhost-record=h{at}.example,{address}\nserver=/a.example/{address}"
                )
            }),
        ),
    ] {
        let output = in_time(format, &file);
        assert!(output.status.code().is_some_and(|code| code < 2), "{format}: {file:.200}: {output:?}");
    }
}

#[test]
fn overlong_dnsmasq_lines_are_findings() {
    let domains = |count: usize| {
        (0..count).fold("server=".to_owned(), |mut line, at| {
            write!(line, "/d{at}.example").unwrap();
            line
        })
    };
    let filled = |line: &str, length: usize| format!("{line:/<0$}192.0.2.1\n", length - "192.0.2.1".len());
    let output =
        in_time("dnsmasq", &format!("{}/192.0.2.1\nserver=/last.example/192.0.2.2\n", domains(50_000)));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("a.conf:1: server=/d0.example/d1.example/") && text.contains("more than 1024 octets"),
        "{text:.2000}"
    );
    assert!(
        !text.contains("name = \"d0.example\"") && text.contains("name = \"last.example\""),
        "{text:.2000}"
    );
    let read = |length: usize| {
        let output = in_time("dnsmasq", &filled(&domains(60), length));
        String::from_utf8(output.stdout).unwrap().contains("name = \"d59.example\"")
    };
    assert!(read(1_024) && !read(1_025));
}

#[test]
fn nested_list_explosion_is_error() {
    let lists = |head: &str| {
        repeated(15, |at| format!("{head} l{at} {{ {} }};", format!("l{}; ", at + 1).repeat(10)))
    };
    for (head, rest) in [
        ("acl", "acl l15 { 10.0.0.0/8; };\noptions { allow-recursion { l0; }; };\n"),
        ("primaries", "primaries l15 { 192.0.2.1; };\nzone a { type secondary; primaries { l0; }; };\n"),
    ] {
        let file = format!("{}{rest}", lists(head));
        let output = in_time("named", &file);
        let wrong = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(6), "{head}: {output:?}");
        let bound = ": lists with all lists that they name have more than 4194304 elements; write them without repetitions\n";
        assert!(wrong.contains("a.conf:") && wrong.ends_with(bound), "{wrong}");
    }
}

#[test]
fn dangerous_finding_survives_limit() {
    let data = repeated(1_200, |number| format!(" local-data: \"host{number}.example. A 10.0.0.1\""));
    let found = imported(
        "unbound",
        &[("a.conf", &format!("server:\n{data}rpz:\n name: \"rpz.example\"\n zonefile: \"rpz\"\n"))],
    );
    assert!(found.contains("applied a response policy zone"), "{found:.2000}");
    assert!(found.contains("and 201 more of these"));
}

// All zones that are left out are counted or named.
#[test]
fn zones_with_servers_outrank_blocks() {
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
