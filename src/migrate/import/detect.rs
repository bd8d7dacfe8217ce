//! The format of a file, from its text; from its name if the text does not tell it.

use std::path::Path;
use std::sync::Arc;

use super::ImportError;
use super::format::{FORMATS, Format};
use super::source::{Source, Sources};
use super::yaml;

/// Begins of lines that only one of the formats has. Lines of Unbound may be indented.
const BEGINS: [(Format, &[&str]); 5] = [
    (
        Format::Unbound,
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
        Format::Named,
        &["options {", "options{", "zone \"", "acl ", "view \"", "include \"", "logging {", "controls {"],
    ),
    (
        Format::Dnsmasq,
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
        Format::Recursor,
        &[
            "local-address=",
            "allow-from=",
            "forward-zones",
            "auth-zones=",
            "hint-file=",
            "lua-config-file=",
            "include-dir=",
            "config-dir=",
            "query-local-address=",
            "dont-query=",
            "setuid=",
            "quiet=",
            "incoming:",
            "outgoing:",
            "recursor:",
            "packetcache:",
            "recordcache:",
            "webservice:",
            "export-etc-hosts",
            "dnssec=",
        ],
    ),
    (
        Format::Knot,
        &[
            "net.",
            "policy.",
            "cache.size",
            "cache.open",
            "modules",
            "hints.",
            "trust_anchors.",
            "view:",
            "-- ",
            "rundir:",
            "workers:",
            "management:",
            "network:",
            "local-data:",
            "forward:",
            "views:",
            "cache:",
            "options:",
        ],
    ),
];

/// The format of the file at `path`.
pub(super) fn format_of(path: &Path) -> Result<Option<Format>, ImportError> {
    let Source { path: read, text } = Sources::default().begin(path)?;
    let keys = keys_of_json(&read, &text);
    Ok(of_text(keys.as_deref().unwrap_or(&text)).or_else(|| of_name(path)))
}

/// The keys of a text in JSON, which two of the formats read as YAML, in the form of the latter.
fn keys_of_json(path: &Arc<Path>, text: &str) -> Option<String> {
    let tree = text.trim_start().starts_with('{').then(|| yaml::read(path, text))?.ok()?;
    Some(tree.entries().iter().map(|(key, _)| format!("{key}:\n")).collect())
}

/// The format with the most lines that only it has; none if two have equally many.
fn of_text(text: &str) -> Option<Format> {
    let lines = |format: Format, begins: &[&str]| {
        let told = |line: &str| {
            if format == Format::Unbound { line.trim_start().to_owned() } else { line.to_owned() }
        };
        let is_of = |line: &&str| begins.iter().any(|begin| told(line).starts_with(begin));
        text.lines().filter(is_of).count()
    };
    let mut found: Vec<(usize, Format)> =
        BEGINS.iter().map(|(format, begins)| (lines(*format, begins), *format)).collect();
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    match found.as_slice() {
        [(most, format), (next, _), ..] if most > next => Some(*format),
        _ => None,
    }
}

fn of_name(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_str()?;
    FORMATS.iter().find(|(known, _)| name.starts_with(known)).map(|(_, format)| *format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_tells_the_format_before_the_name() {
        assert_eq!(of_text("# a\nserver:\n  port: 53\n"), Some(Format::Unbound));
        assert_eq!(of_text("options {\n};\n"), Some(Format::Named));
        assert_eq!(of_text("no-resolv\nserver=192.0.2.1\n"), Some(Format::Dnsmasq));
        assert_eq!(of_text("local-address=127.0.0.1\nquiet=yes\n"), Some(Format::Recursor));
        assert_eq!(of_text("recursor:\n  forward_zones: []\n"), Some(Format::Recursor));
        assert_eq!(of_text("-- x\nnet.listen('::1')\n"), Some(Format::Knot));
        assert_eq!(of_text("network:\n  listen: []\n"), Some(Format::Knot));
        assert_eq!(of_text("local-data:\n  ttl: 5m\nviews: []\n"), Some(Format::Knot));
        assert_eq!(
            of_text("server:\n\tlocal-data: 'a A 10.0.0.1'\n\tlocal-data: 'b A 10.0.0.2'\n"),
            Some(Format::Unbound)
        );
        assert_eq!(of_text("port: 53\n"), None);
        assert_eq!(of_name(Path::new("/etc/dnsmasq.conf")), Some(Format::Dnsmasq));
    }
}
