//! The settings of Postfix (main.cf, postconf(5)), or else those of Exim on Debian (update-exim4.conf(8)).

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::system::host::CheckedHost;

/// What the mail server is configured for.
#[derive(Debug, Default)]
pub(super) struct MailServer {
    pub(super) host_name: Option<String>,
    pub(super) domains: Vec<String>,
    pub(super) helo: Option<String>,
    /// The addresses that it binds to for outgoing mail; empty if the system chooses.
    pub(super) addresses: Vec<IpAddr>,
    pub(super) certificates: Vec<String>,
}

/// The most references to other settings in a value. Usual values have three.
const MAX_EXPANSIONS: usize = 32;

/// The kinds of tables whose source is a text file with one entry a line (postmap(1)).
const TEXT_TABLES: [&str; 6] = ["hash", "btree", "lmdb", "cdb", "dbm", "texthash"];

/// The settings of main.cf that name the domains of the host.
const DOMAINS: [&str; 4] = ["mydestination", "virtual_mailbox_domains", "virtual_alias_domains", "myorigin"];

const CERTIFICATES: [&str; 2] = ["smtpd_tls_cert_file", "smtpd_tls_eccert_file"];

pub(super) fn read(host: &CheckedHost<'_>) -> MailServer {
    let name = host.file("/etc/hostname").text().map(|name| name.trim().to_ascii_lowercase());
    match host.file("/etc/postfix/main.cf").text() {
        Some(main) => of_postfix(host, &Settings::of_main(main, name.unwrap_or_default())),
        None => of_exim(host, name),
    }
}

/// The settings of main.cf.
struct Settings(BTreeMap<String, String>);

impl Settings {
    /// A line that begins with white space continues the line before it.
    fn of_main(text: &str, name: String) -> Self {
        let mut lines: Vec<String> = Vec::new();
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty())
        {
            match lines.last_mut().filter(|_| line.starts_with([' ', '\t'])) {
                Some(last) => last.push_str(line),
                None => lines.push(line.to_owned()),
            }
        }
        let usual = [
            ("mydestination", "$myhostname, localhost.$mydomain, localhost"),
            ("smtp_helo_name", "$myhostname"),
            ("virtual_alias_domains", ""),
        ];
        let mut settings: BTreeMap<String, String> =
            usual.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        settings.insert("myhostname".to_owned(), name);
        let set = lines.iter().filter_map(|line| line.split_once('='));
        settings.extend(set.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())));
        let host_name = settings.get("myhostname").cloned().unwrap_or_default();
        let domain =
            host_name.split_once('.').map(|(_, domain)| domain).filter(|domain| domain.contains('.'));
        let domain = domain.unwrap_or(&host_name).to_owned();
        settings.entry("mydomain".to_owned()).or_insert(domain);
        Self(settings)
    }

    /// Returns a setting with `$name`, `${name}` and `$(name)` expanded.
    fn value(&self, name: &str) -> String {
        let mut value = self.0.get(name).cloned().unwrap_or_default();
        for _ in 0..MAX_EXPANSIONS {
            let Some((before, after)) = value.split_once('$') else { break };
            let after = after.trim_start_matches(['{', '(']);
            let end = after.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
            let (named, rest) = after.split_at_checked(end.unwrap_or(after.len())).unwrap_or((after, ""));
            let rest = rest.strip_prefix(['}', ')']).unwrap_or(rest);
            value = format!("{before}{}{rest}", self.0.get(named).map_or("", |value| value.as_str()));
        }
        value
    }

    fn items(&self, name: &str) -> Vec<String> {
        let value = self.value(name);
        value.split([',', ' ', '\t']).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }
}

fn of_postfix(host: &CheckedHost<'_>, settings: &Settings) -> MailServer {
    let words = |path: &str| -> Vec<String> {
        let file = host.file(path);
        let lines = file.text().unwrap_or_default().lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    };
    let domains = DOMAINS.into_iter().flat_map(|name| settings.items(name)).flat_map(|item| {
        match item.split_once(':') {
            Some((kind, path)) if TEXT_TABLES.contains(&kind) => words(path),
            None if item.starts_with('/') => words(&item),
            _ => vec![item],
        }
    });
    let addresses = ["smtp_bind_address", "smtp_bind_address6"].map(|name| settings.value(name));
    MailServer {
        host_name: Some(settings.value("myhostname")),
        domains: domains.filter_map(|item| domain(&item)).collect(),
        helo: domain(&settings.value("smtp_helo_name")),
        addresses: addresses.iter().filter_map(|address| address.parse().ok()).collect(),
        certificates: CERTIFICATES
            .into_iter()
            .flat_map(|name| settings.items(name))
            .filter(|text| is_path(text))
            .collect(),
    }
}

/// Reads the answers to Debian's questions, and the macros that add TLS.
fn of_exim(host: &CheckedHost<'_>, name: Option<String>) -> MailServer {
    let conf = host.file("/etc/exim4/update-exim4.conf.conf");
    let Some(conf) = conf.text() else { return MailServer::default() };
    let others = conf.lines().filter_map(|line| line.strip_prefix("dc_other_hostnames="));
    let others = others.flat_map(|names| names.trim_matches(['\'', '"']).split([':', ';', ' ']));
    let mail_name = host.file("/etc/mailname").text().unwrap_or_default().trim().to_owned();
    let macros = host.file("/etc/exim4/exim4.conf.localmacros");
    let macros = macros.text().unwrap_or_default().lines().filter_map(|line| line.split_once('='));
    let certificates = macros.filter(|(name, _)| name.trim() == "MAIN_TLS_CERTIFICATE");
    MailServer {
        domains: others.chain([mail_name.as_str()]).filter_map(domain).collect(),
        helo: name.as_deref().and_then(domain),
        host_name: name,
        addresses: Vec::new(),
        certificates: certificates
            .map(|(_, path)| path.trim().to_owned())
            .filter(|text| is_path(text))
            .collect(),
    }
}

fn is_path(text: &str) -> bool {
    text.starts_with('/')
}

/// Returns the text in lower case if it is a domain of the internet: it has a dot, and is neither a pattern nor below `localhost`.
fn domain(text: &str) -> Option<String> {
    let domain = text.trim().trim_end_matches('.').to_ascii_lowercase();
    let is_name = domain.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._".contains(&octet));
    let is_local = ["localhost", "localdomain", "local"]
        .iter()
        .any(|local| domain.split('.').any(|label| label == *local));
    (is_name
        && domain.contains('.')
        && !domain.starts_with('.')
        && !is_local
        && domain.parse::<IpAddr>().is_err())
    .then_some(domain)
}
