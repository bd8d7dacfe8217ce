//! The resolvers of others that `check DOMAIN` compares: public ones, and those in resolv.conf.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use super::client::ControlClient;
use super::exit::CommandFailure;
use crate::check::domain::facts::OtherResolver;
use crate::check::system::resolv_conf::other_nameservers;
use crate::config::defaults::PORT;
use crate::control::protocol::{Reply, Request};
use crate::limits::MAX_CHECKED_FILE;

/// Public resolvers that many mail hosts use.
const PUBLIC: [(Ipv4Addr, &str); 3] = [
    (Ipv4Addr::new(8, 8, 8, 8), "Google"),
    (Ipv4Addr::new(1, 1, 1, 1), "Cloudflare"),
    (Ipv4Addr::new(9, 9, 9, 9), "Quad9"),
];

/// The part of the command line about them.
#[derive(Debug, clap::Args)]
pub(super) struct OtherArguments {
    /// Do not ask other resolvers. Without this option the records of the domain are looked up at 8.8.8.8, 1.1.1.1, 9.9.9.9
    /// and the nameservers of /etc/resolv.conf too, to see where these have old records or none. The queries have the source
    /// addresses of the daemon.
    #[arg(long, conflicts_with = "resolver")]
    local: bool,
    /// Resolver to ask in place of the public ones; may be repeated.
    #[arg(long, value_name = "ADDRESS")]
    resolver: Vec<IpAddr>,
    #[arg(long, value_name = "FILE", default_value = "/etc/resolv.conf", hide = true)]
    resolv_conf: PathBuf,
}

/// The resolvers to ask.
///
/// # Errors
/// The daemon cannot be asked for its own addresses.
pub(super) fn resolvers(
    arguments: &OtherArguments,
    client: &ControlClient,
) -> Result<Vec<OtherResolver>, CommandFailure> {
    // Without a daemon each of the questions would fail by itself.
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
        .map(std::net::SocketAddr::ip)
        .collect();
    let named = arguments
        .resolver
        .iter()
        .map(|address| OtherResolver { address: *address, name: address.to_string() });
    let public = PUBLIC.into_iter().filter(|_| arguments.resolver.is_empty()).map(|(address, name)| {
        OtherResolver { address: address.into(), name: format!("{address} ({name})") }
    });
    let mut resolvers: Vec<OtherResolver> = named.chain(public).collect();
    // Without the file programs ask 127.0.0.1 (resolv.conf(5)).
    for address in other_nameservers(&resolv_conf(&arguments.resolv_conf).unwrap_or_default(), &ours) {
        if !resolvers.iter().any(|known| known.address == address) {
            resolvers.push(OtherResolver { address, name: format!("{address} (resolv.conf)") });
        }
    }
    Ok(resolvers)
}

/// The text of resolv.conf; none if it cannot be read.
fn resolv_conf(file: &std::path::Path) -> Option<String> {
    let opened = std::fs::File::open(file).ok()?;
    let mut text = String::new();
    std::io::Read::read_to_string(&mut std::io::Read::take(opened, MAX_CHECKED_FILE), &mut text).ok()?;
    Some(text)
}
