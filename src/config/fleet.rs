//! The section `[fleet]`: the store (Valkey or Redis) through which gateways share answers.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hickory_proto::rr::Name;

use super::files::{Opened, Unreadable};
use super::forms::{Flag, List, NAME, NamedFile, OrEmpty, Text, Word};
use super::keys::{SingleSection, key};
use super::report::{WrongValue, quoted};
use super::value::{self, Read, Typed};
use crate::limits::{MAX_FLEET_FILE, MAX_FLEET_WORD, MIN_FLEET_KEY};

/// The section `[fleet]`.
#[derive(Clone, Debug, PartialEq)]
pub struct FleetSection {
    /// The servers of the store. Without any, this gateway shares nothing.
    pub servers: Vec<StoreServer>,
    /// The kind of the store's servers.
    pub mode: StoreMode,
    /// The name by which the sentinels know the primary server.
    pub primary: String,
    /// The user name at the store; if empty, the default user.
    pub user: String,
    /// The file with the user's password, if there is one.
    pub password: Option<SecretFile>,
    /// The file with the CA certificate for the servers; `None` for the CAs of this host.
    pub ca: Option<PemFile>,
    /// The file with the secret key of the fleet, the same for all gateways of the group.
    pub key: Option<SecretFile>,
    /// All keys in the store begin with this text.
    pub prefix: String,
    /// The name of the group. Gateways with the same group share answers.
    pub group: String,
    /// True if this gateway validates secure answers of the fleet again.
    pub verify: bool,
    /// The configured zones whose data are shared.
    pub zones: Vec<Name>,
}

/// The kind of the store's servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreMode {
    /// One server with all data. The other ones in `servers` are used if it cannot be reached.
    Single,
    /// Sentinels, which know the address of the primary server.
    Sentinel,
    /// Nodes of a cluster.
    Cluster,
}

/// The values of `mode`.
pub const STORE_MODES: [(&str, StoreMode); 3] =
    [("single", StoreMode::Single), ("sentinel", StoreMode::Sentinel), ("cluster", StoreMode::Cluster)];

/// A server of the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StoreServer {
    /// True if the connection uses TLS.
    pub tls: bool,
    /// The host name or the address.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl fmt::Display for StoreServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "rediss" } else { "redis" };
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(formatter, "{scheme}://{open}{}{close}:{}", self.host, self.port)
    }
}

/// A secret without white space around it, and its file.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretFile {
    /// The path of the file.
    pub path: PathBuf,
    /// The secret. It is never shown.
    pub secret: Arc<[u8]>,
}

impl fmt::Debug for SecretFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SecretFile({})", self.path.display())
    }
}

/// A file with certificates in PEM form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PemFile {
    /// The path of the file.
    pub path: PathBuf,
    /// The content of the file.
    pub pem: Arc<[u8]>,
}

/// The default port of the store.
const PORT: u16 = 6379;

const SERVER_REMEDY: &str = "write it like \"rediss://valkey-1.example:6379\"";

pub(super) const FLEET: SingleSection<FleetSection> = SingleSection {
    name: "fleet",
    keys: &[
        key!(FleetSection, servers, List(Text(server, StoreServer::to_string)))
            .comment(&[(Some("[]"), "shares nothing with other gateways")])
            .at_start(),
        key!(FleetSection, mode, Word(&STORE_MODES))
            .comment(&[(Some("\"single\""), "one server of the store has all data")])
            .at_start(),
        key!(FleetSection, primary, Text(word, String::clone))
            .comment(&[(None, "with mode = \"sentinel\": the name of the primary server")])
            .at_start(),
        key!(FleetSection, user, Text(word, String::clone))
            .comment(&[(Some("\"\""), "the default user of the store")])
            .at_start(),
        key!(FleetSection, password, OrEmpty(NamedFile(password, |file| &file.path)))
            .comment(&[(Some("\"\""), "no password"), (None, "a file with mode 0640 or less")])
            .at_start(),
        key!(FleetSection, ca, OrEmpty(NamedFile(pem, |file| &file.path)))
            .comment(&[(Some("\"\""), "the certificate authorities of this host")])
            .at_start(),
        key!(FleetSection, key, OrEmpty(NamedFile(fleet_key, |file| &file.path)))
            .comment(&[
                (Some("\"\""), "no file with the key of the fleet; needed if servers are set"),
                (None, "a file with mode 0640 or less"),
            ])
            .at_start(),
        key!(FleetSection, prefix, Text(word, String::clone))
            .comment(&[(None, "names of entries in the store begin with this text")])
            .at_start(),
        key!(FleetSection, group, Text(word, String::clone))
            .comment(&[(None, "gateways share only with those of their group")])
            .at_start(),
        key!(FleetSection, verify, Flag)
            .comment(&[
                (Some("true"), "validates secure answers of other gateways again"),
                (Some("false"), "trusts the DNSSEC validation of other gateways"),
            ])
            .at_start(),
        key!(FleetSection, zones, List(NAME))
            .comment(&[(Some("[]"), "data of no [[zone]] are shared")])
            .at_start(),
    ],
};

impl Default for FleetSection {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            mode: StoreMode::Single,
            primary: "mymaster".to_owned(),
            user: String::new(),
            password: None,
            ca: None,
            key: None,
            prefix: "resolverd:".to_owned(),
            group: "default".to_owned(),
            verify: false,
            zones: Vec::new(),
        }
    }
}

fn server(typed: &Typed<'_>) -> Read<StoreServer> {
    let typed = value::text(typed)?;
    let wrong = |what: String| WrongValue::new(what, SERVER_REMEDY);
    let (scheme, rest) =
        typed.split_once("://").ok_or_else(|| wrong(format!("{} has no scheme", quoted(typed))))?;
    let tls = match scheme {
        "redis" | "valkey" => false,
        "rediss" | "valkeys" => true,
        _ => return Err(wrong(format!("the scheme {} is not redis or rediss", quoted(scheme)))),
    };
    if rest.contains('@') {
        // The value may contain a password, so the error message does not show it.
        let remedy = "set fleet.user and fleet.password, which is a file";
        return Err(WrongValue::new("contains a user or a password", remedy));
    }
    let rest = rest.trim_end_matches('/');
    let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => rest.rsplit_once(':').map_or((rest, None), |(host, port)| (host, Some(port))),
    };
    let port = match port.map(str::parse) {
        None => PORT,
        Some(Ok(port)) if port > 0 => port,
        Some(_) => return Err(wrong(format!("{} has no usable port", quoted(typed)))),
    };
    let is_host = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_' | ':');
    if host.is_empty() || !host.chars().all(is_host) {
        return Err(wrong(format!("{} has no host", quoted(typed))));
    }
    Ok(StoreServer { tls, host: host.to_owned(), port })
}

fn word(typed: &Typed<'_>) -> Read<String> {
    let typed = value::text(typed)?;
    if typed.len() > MAX_FLEET_WORD
        || !typed.chars().all(|char| char.is_ascii_graphic() && !"{}".contains(char))
    {
        let wrong = format!("is not a word of at most {MAX_FLEET_WORD} characters");
        return Err(WrongValue::new(wrong, "write letters, digits and - . : _"));
    }
    Ok(typed.to_owned())
}

fn password(path: &Path) -> Read<SecretFile> {
    secret(path, "give a file that contains only the password and that resolverd may read")
}

fn fleet_key(path: &Path) -> Read<SecretFile> {
    let file = path.display();
    let remedy = format!(
        "write a new key with `umask 027; openssl rand -base64 48 >{file}` and copy it to all gateways"
    );
    let read = secret(path, &remedy)?;
    if read.secret.len() < MIN_FLEET_KEY {
        let wrong =
            format!("{file} has a key of {} characters, less than {MIN_FLEET_KEY}", read.secret.len());
        return Err(WrongValue::new(wrong, remedy));
    }
    Ok(read)
}

/// Reads a file with a secret. Other users must not be able to read the file.
fn secret(path: &Path, remedy: &str) -> Read<SecretFile> {
    let file = path.display();
    let unreadable = |error: Unreadable| WrongValue::new(format!("{file} {error}"), remedy);
    let opened = Opened::regular(path).map_err(unreadable)?;
    opened.refuse_others(path)?;
    let text = opened.text(MAX_FLEET_FILE).map_err(unreadable)?;
    let secret = text.trim();
    if secret.is_empty() {
        return Err(WrongValue::new(format!("{file} is empty"), remedy));
    }
    Ok(SecretFile { path: path.to_owned(), secret: secret.as_bytes().into() })
}

fn pem(path: &Path) -> Read<PemFile> {
    let text =
        value::file(path, crate::limits::MAX_CERTIFICATE_FILE, "give a file with certificates in PEM form")?;
    Ok(PemFile { path: path.to_owned(), pem: text.into_bytes().into() })
}
