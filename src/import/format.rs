//! The file formats that can be imported. The text of a file shows its format; if it does not, the name of the file is used.

use std::path::Path;

use super::error::ImportError;
use super::source::Sources;

/// The format of a configuration file that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// unbound.conf of Unbound.
    Unbound,
    /// named.conf of BIND 9.
    Named,
    /// dnsmasq.conf of dnsmasq.
    Dnsmasq,
}

/// The formats that can be imported, each with the name of its program on the command line.
pub const FORMATS: [(&str, Format); 3] =
    [("unbound", Format::Unbound), ("named", Format::Named), ("dnsmasq", Format::Dnsmasq)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    Imported(Format),
    /// The name of a program whose files cannot be imported.
    Other(&'static str),
}

const KNOT: Program = Program::Other("Knot Resolver");
const RECURSOR: Program = Program::Other("PowerDNS Recursor");

/// Beginnings of lines that occur only in the files of one program. Lines of Unbound may be indented.
const BEGINNINGS: [(Program, &[&str]); 5] = [
    (
        Program::Imported(Format::Unbound),
        &[
            "server:",
            "forward-zone:",
            "stub-zone:",
            "auth-zone:",
            "remote-control:",
            "local-zone:",
            "include-toplevel:",
            "access-control:",
            "local-data: ",
            "forward-addr:",
        ],
    ),
    (
        Program::Imported(Format::Named),
        &["options {", "options{", "zone \"", "acl ", "view \"", "include \"", "logging {", "controls {"],
    ),
    (
        Program::Imported(Format::Dnsmasq),
        &[
            "server=",
            "local=",
            "address=/",
            "no-resolv",
            "domain-needed",
            "bogus-priv",
            "conf-dir=",
            "conf-file=",
            "listen-address=",
            "bind-interfaces",
            "resolv-file=",
            "cache-size=",
            "addn-hosts=",
            "dhcp-range=",
            "interface=",
            "host-record=",
            "strict-order",
            "no-hosts",
            "expand-hosts",
            "rev-server=",
        ],
    ),
    (
        RECURSOR,
        &[
            "local-address=",
            "allow-from=",
            "forward-zones",
            "auth-zones=",
            "hint-file=",
            "lua-config-file=",
            "query-local-address=",
            "setuid=",
            "quiet=",
            "incoming:",
            "outgoing:",
            "recursor:",
            "webservice:",
            "dnssec=",
        ],
    ),
    (
        KNOT,
        &[
            "net.",
            "policy.",
            "cache.size",
            "modules",
            "hints.",
            "trust_anchors.",
            "view:",
            "-- ",
            "rundir:",
            "workers:",
            "network:",
            "local-data:",
            "forward:",
            "cache:",
        ],
    ),
];

/// Beginnings of the file names of programs whose files cannot be imported.
const OTHER_NAMES: [(&str, Program); 3] =
    [("recursor", RECURSOR), ("pdns-recursor", RECURSOR), ("kresd", KNOT)];

/// Returns the format of the file at `path`.
///
/// # Errors
/// Fails if the file cannot be read, or if it has no format that can be imported.
pub(super) fn format_of(path: &Path) -> Result<Format, ImportError> {
    let text = Sources::default().begin(path)?.text;
    match from_text(&text).or_else(|| from_name(path)) {
        Some(Program::Imported(format)) => Ok(format),
        Some(Program::Other(program)) => Err(ImportError::Other { file: path.to_owned(), program }),
        None => Err(ImportError::Format(path.to_owned())),
    }
}

/// Returns the program with the most typical lines in the text; `None` if two programs have equally many.
fn from_text(text: &str) -> Option<Program> {
    let lines = |program: Program, beginnings: &[&str]| {
        let is_indented = program == Program::Imported(Format::Unbound);
        let compared =
            |line: &'_ str| if is_indented { line.trim_start().to_owned() } else { line.to_owned() };
        text.lines().filter(|line| beginnings.iter().any(|begin| compared(line).starts_with(begin))).count()
    };
    let mut found: Vec<(usize, Program)> =
        BEGINNINGS.iter().map(|(program, beginnings)| (lines(*program, beginnings), *program)).collect();
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    match found.as_slice() {
        [(most, program), (next, _), ..] if most > next => Some(*program),
        _ => None,
    }
}

fn from_name(path: &Path) -> Option<Program> {
    let name = path.file_name()?.to_str()?;
    let imported = FORMATS.iter().map(|(known, format)| (*known, Program::Imported(*format)));
    imported.chain(OTHER_NAMES).find(|(known, _)| name.starts_with(known)).map(|(_, program)| program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_decides_import_format() {
        let imported = |format| Some(Program::Imported(format));
        for (text, program) in [
            ("# a\nserver:\n  port: 53\n", imported(Format::Unbound)),
            ("options {\n};\n", imported(Format::Named)),
            ("no-resolv\nserver=192.0.2.1\n", imported(Format::Dnsmasq)),
            ("local-address=127.0.0.1\nquiet=yes\n", Some(RECURSOR)),
            ("recursor:\n  forward_zones: []\n", Some(RECURSOR)),
            ("-- x\nnet.listen('::1')\n", Some(KNOT)),
            ("network:\n  listen: []\n", Some(KNOT)),
            (
                "server:\n\tlocal-data: 'a A 10.0.0.1'\n\tlocal-data: 'b A 10.0.0.2'\n",
                imported(Format::Unbound),
            ),
            ("port: 53\n", None),
        ] {
            assert_eq!(from_text(text), program, "{text}");
        }
        assert_eq!(from_name(Path::new("/etc/dnsmasq.conf")), imported(Format::Dnsmasq));
        assert_eq!(from_name(Path::new("/etc/knot-resolver/kresd.conf")), Some(KNOT));
    }
}
