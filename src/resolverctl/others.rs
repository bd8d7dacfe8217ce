//! The other resolvers that `check DOMAIN` and `compare` ask: public resolvers, and the resolvers in resolv.conf.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

use super::client::ControlClient;
use super::exit::CommandFailure;
use config::defaults::PORT;
use dns::conduct::{EncryptedProtocol, Encryption};
use doctor::facts::{OtherResolver, ResolverWay, SecuredResolver};
use doctor::public_resolvers::{PUBLIC_RESOLVERS, PublicResolver};
use host::limits::MAX_CHECKED_FILE;
use host::system::resolv_conf::other_nameservers;
use protocol::{Reply, Request};

/// The port of DNS over TLS (RFC 7858 section 3.1) and DNS over QUIC (RFC 9250 section 4.1.1).
const TLS_PORT: u16 = 853;

const HTTPS_PORT: u16 = 443;

/// Public resolvers use this path for DNS over HTTPS.
const USUAL_PATH: &str = "/dns-query";

#[derive(Clone, Debug)]
pub(super) struct ResolverText {
    /// The resolver as findings show it. The path of a URL may be a customer's secret, so only the usual path is shown.
    name: String,
    way: ResolverWay,
}

impl ResolverText {
    /// Returns the address and port of the resolver, or `None` if it is queried over an encrypted transport.
    pub(super) fn plain(&self) -> Option<SocketAddr> {
        match &self.way {
            ResolverWay::Plain(address) => Some(SocketAddr::new(*address, PORT)),
            ResolverWay::AtPort(server) => Some(*server),
            ResolverWay::Secured(_) => None,
        }
    }
}

impl FromStr for ResolverText {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        let bare = typed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(typed);
        match bare.parse() {
            Ok(address) => Ok(Self { name: bare.to_owned(), way: ResolverWay::Plain(address) }),
            Err(_) => match typed.parse::<SocketAddr>() {
                Ok(server) if server.port() == 0 => Err("no server has port 0".to_owned()),
                Ok(server) => Ok(Self { name: server.to_string(), way: ResolverWay::AtPort(server) }),
                Err(_) => read_url(typed),
            },
        }
    }
}

fn read_url(typed: &str) -> Result<ResolverText, String> {
    let form = || {
        "write ADDRESS, ADDRESS:PORT, tls://HOST, quic://HOST or https://HOST/PATH, an IPv6 address in brackets".to_owned()
    };
    let url = Url::parse(typed).map_err(|_| form())?;
    // resolverctl refuses a URL with a user name, a password or a query, because it would not send them to the resolver.
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.port() == Some(0)
    {
        return Err(form());
    }
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(form)?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let (port, protocol) = match (url.scheme(), url.path()) {
        ("tls", "" | "/") => (TLS_PORT, EncryptedProtocol::Tls),
        ("quic", "" | "/") => (TLS_PORT, EncryptedProtocol::Quic),
        ("https", "/") => (HTTPS_PORT, EncryptedProtocol::Https(USUAL_PATH.to_owned())),
        ("https", path) => (HTTPS_PORT, EncryptedProtocol::Https(path.to_owned())),
        _ => return Err(form()),
    };
    let certificate = url.fragment().filter(|name| !name.is_empty()).unwrap_or(&host).to_owned();
    let name = name(&url);
    let encryption = Encryption { certificate, protocol };
    let way = SecuredResolver { port: url.port().unwrap_or(port), host, encryption };
    Ok(ResolverText { name, way: ResolverWay::Secured(way) })
}

fn name(url: &Url) -> String {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    let path = match url.path() {
        "" | "/" => "",
        USUAL_PATH => USUAL_PATH,
        _ => "/...",
    };
    let certificate = url.fragment().map_or_else(String::new, |name| format!("#{name}"));
    format!("{}://{}{port}{path}{certificate}", url.scheme(), url.host_str().unwrap_or_default())
}

/// The options of the command line about other resolvers.
#[derive(Debug, clap::Args)]
pub(super) struct OtherArguments {
    /// Do not query the public resolvers and those of /etc/resolv.conf.
    #[arg(long, conflicts_with = "resolver")]
    pub(super) local: bool,
    /// Resolver instead of the public ones: ADDRESS, ADDRESS:PORT, tls://HOST, quic://HOST or https://HOST/PATH.
    ///
    /// May be repeated. The certificate must be valid for HOST, or for the name after #, as in tls://1.1.1.1#cloudflare-dns.com.
    #[arg(long, value_name = "ADDRESS|URL")]
    pub(super) resolver: Vec<ResolverText>,
    #[arg(long, value_name = "FILE", default_value = "/etc/resolv.conf", hide = true)]
    pub(super) resolv_conf: PathBuf,
}

impl OtherArguments {
    /// Returns the values of a command line without these options.
    pub(super) fn usual() -> Self {
        Self { local: false, resolver: Vec::new(), resolv_conf: PathBuf::from("/etc/resolv.conf") }
    }

    pub(super) fn names_resolvers(&self) -> bool {
        !self.resolver.is_empty()
    }
}

/// Returns the other resolvers whose answers are compared with those of the daemon. The daemon's own addresses are not among
/// them.
pub(super) fn resolvers(
    arguments: &OtherArguments,
    client: &ControlClient,
) -> Result<Vec<OtherResolver>, CommandFailure> {
    // If the daemon does not run, this request fails and ends the command. Without this request, each later question would fail.
    let replies = client.ask(&Request::Status)?;
    if arguments.local {
        return Ok(Vec::new());
    }
    let ours: Vec<IpAddr> = replies
        .iter()
        .flat_map(|reply| match reply {
            Reply::Status(status) => status.daemon.listen.as_slice(),
            _ => &[],
        })
        .filter(|listen| listen.port() == PORT)
        .map(SocketAddr::ip)
        .collect();
    let named = arguments
        .resolver
        .iter()
        .map(|text| OtherResolver { way: text.way.clone(), name: text.name.clone() });
    let public = |PublicResolver { operator, addresses: [address, ..], .. }: &PublicResolver| {
        let way = ResolverWay::Plain(address.parse().ok()?);
        Some(OtherResolver { way, name: format!("{address} ({operator})") })
    };
    let public = PUBLIC_RESOLVERS.iter().filter(|_| arguments.resolver.is_empty()).filter_map(public);
    let mut resolvers: Vec<OtherResolver> = Vec::new();
    for resolver in named.chain(public) {
        if !resolvers.iter().any(|known| known.way == resolver.way) {
            resolvers.push(resolver);
        }
    }
    // If resolv.conf does not exist, programs query 127.0.0.1 (resolv.conf(5)).
    for address in other_nameservers(&resolv_conf(&arguments.resolv_conf).unwrap_or_default(), &ours) {
        let way = ResolverWay::Plain(address);
        if !resolvers.iter().any(|known| known.way == way) {
            resolvers.push(OtherResolver { way, name: format!("{address} (resolv.conf)") });
        }
    }
    Ok(resolvers)
}

/// Returns `None` if the file cannot be read.
fn resolv_conf(file: &std::path::Path) -> Option<String> {
    let opened = std::fs::File::open(file).ok()?;
    let mut text = String::new();
    std::io::Read::read_to_string(&mut std::io::Read::take(opened, MAX_CHECKED_FILE), &mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolvers_are_read() {
        let read = |typed: &str| typed.parse::<ResolverText>().map(|text| text.way);
        let url = |host: &str, port, certificate: &str, protocol: EncryptedProtocol| {
            let (host, certificate) = (host.to_owned(), certificate.to_owned());
            let encryption = Encryption { certificate, protocol };
            Ok(ResolverWay::Secured(SecuredResolver { host, port, encryption }))
        };
        let (tls, https) = (EncryptedProtocol::Tls, |path: &str| EncryptedProtocol::Https(path.to_owned()));
        assert_eq!(read("2001:db8::1"), Ok(ResolverWay::Plain("2001:db8::1".parse().unwrap())));
        let at_port = |text: &str| Ok(ResolverWay::AtPort(text.parse().unwrap()));
        assert_eq!(read("192.0.2.1:5353"), at_port("192.0.2.1:5353"));
        assert_eq!(read("[2001:db8::1]:5353"), at_port("[2001:db8::1]:5353"));
        assert_eq!(read("192.0.2.1:0"), Err("no server has port 0".to_owned()));
        assert_eq!(read("tls://192.0.2.1"), url("192.0.2.1", 853, "192.0.2.1", tls.clone()));
        assert_eq!(
            read("tls://192.0.2.1:8853#dns.example"),
            url("192.0.2.1", 8853, "dns.example", tls.clone())
        );
        assert_eq!(read("tls://[2001:db8::1]#dns.example"), url("2001:db8::1", 853, "dns.example", tls));
        let quic = EncryptedProtocol::Quic;
        assert_eq!(read("quic://192.0.2.1#dns.example"), url("192.0.2.1", 853, "dns.example", quic));
        assert_eq!(read("https://dns.example"), url("dns.example", 443, "dns.example", https("/dns-query")));
        assert_eq!(read("https://192.0.2.1:444/a/b"), url("192.0.2.1", 444, "192.0.2.1", https("/a/b")));
        assert_eq!(
            read("https://[2001:db8::1]/dns-query"),
            url("2001:db8::1", 443, "2001:db8::1", https("/dns-query"))
        );
        assert_eq!(read("[2001:db8::1]"), Ok(ResolverWay::Plain("2001:db8::1".parse().unwrap())));
        for wrong in [
            "dns.example",
            "192.0.2",
            "http://dns.example/",
            "tls://",
            "tls://a.example/b",
            "quic://a.example/b",
            "https://2001:db8::1/dns-query",
            "https://user:word@dns.example/",
            "https://dns.example/q?dns=1",
            "https://dns.example:0/",
        ] {
            assert!(read(wrong).unwrap_err().starts_with("write ADDRESS, "), "{wrong}");
        }
    }

    // A path of the URL may identify the customer, so evidence does not show it.
    #[test]
    fn resolver_url_hides_customer_path() {
        let name = |typed: &str| typed.parse::<ResolverText>().unwrap().name;
        assert_eq!(name("2001:db8::1"), "2001:db8::1");
        assert_eq!(name("https://dns.example:444/7b1f33/"), "https://dns.example:444/...");
        assert_eq!(name("https://dns.example/dns-query"), "https://dns.example/dns-query");
        assert_eq!(name("https://dns.example"), "https://dns.example");
        assert_eq!(name("tls://[2001:db8::1]#dns.example"), "tls://[2001:db8::1]#dns.example");
    }
}
