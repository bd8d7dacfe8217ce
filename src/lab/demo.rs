//! `resolverd demo`: runs a simulated internet on real sockets, sends the DNS queries of mail traffic through a daemon to it, and shows how
//! long they take.
//!
//! The caller starts the daemon. This module gets only its address and the text of its stats screen.

use std::fs::DirBuilder;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use thiserror::Error;

use super::client::LabClient;
use super::internet::{DEFAULT_DOMAINS, Internet};
use super::mails::{Popularity, draw};
use super::simulation::root_anchor;
use super::sockets::LabSockets;
use super::traffic::{self, Mail, Played};
use super::world::LabError;
use config::{Config, Family};
use dns::clock::Clock;
use dns::random::Random;

/// The number of emails whose questions are asked at the same time, like the SMTP sessions of a small gateway. `count_resolved` asks as
/// many MX questions at the same time.
const SESSIONS: usize = 8;

/// How long the clients of the demo wait for an answer: as long as glibc does by default.
const PATIENCE: Duration = Duration::from_secs(5);

const PROGRESS_LINES: usize = 4;

/// The address of the page: a free port of this host.
const PAGE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The options of `resolverd demo`.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the daemon of the demo listens for DNS.
    pub listen: Vec<SocketAddr>,
    /// True if the demo ends after the mail traffic, instead of waiting for Ctrl-C.
    pub once: bool,
    /// The number of emails. Their questions are asked twice: with an empty cache, then with a full one.
    pub messages: usize,
    /// The seed of the simulated internet and its mail.
    pub seed: u64,
}

/// Why the demo failed.
#[derive(Debug, Error)]
pub enum DemoError {
    /// The simulated internet cannot be built.
    #[error("the built-in internet: {0}")]
    Lab(#[from] LabError),
    /// A socket, a directory, the terminal or the daemon failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Some domains of the simulated internet did not resolve.
    #[error("{failed} of {all} domains did not resolve")]
    Unresolved {
        /// The number of domains that did not resolve.
        failed: usize,
        /// The number of all domains.
        all: usize,
    },
}

/// The directory of the control socket, for this user only. Removed on drop.
#[derive(Debug)]
struct PrivateFolder(PathBuf);

impl PrivateFolder {
    fn make() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("resolverd-demo-{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        // If the removal fails, an empty directory stays, which does no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A simulated internet on real sockets, for a daemon that the caller starts.
#[derive(Debug)]
pub struct Demo {
    options: Options,
    internet: Internet,
    sockets: LabSockets,
    folder: PrivateFolder,
}

impl Demo {
    /// Builds the simulated internet and starts its servers.
    ///
    /// # Errors
    /// Fails if a socket or a directory cannot be created.
    pub async fn start(options: Options) -> Result<Self, DemoError> {
        let internet = Internet::signed_at(options.seed, DEFAULT_DOMAINS, Clock::machine().now().unix)?;
        let sockets = LabSockets::start(internet.lab.clone(), Random::seeded(options.seed)).await?;
        Ok(Self { options, internet, sockets, folder: PrivateFolder::make()? })
    }

    /// Returns the configuration of a daemon for this simulated internet.
    pub fn config(&self) -> Config {
        let mut config = Config::default();
        config.dnssec.trust_anchor = root_anchor(self.sockets.lab());
        config.listen.addresses.clone_from(&self.options.listen);
        config.resolve.root_hints = self.sockets.lab().root_hints();
        config.resolve.upstream_port = self.sockets.port();
        config.resolve.deny_servers = Vec::new();
        config.resolve.ipv4 = Family::On;
        config.resolve.ipv6 = Family::Off;
        config.control.socket = self.folder.0.join("control.sock");
        config.metrics.listen = Some(PAGE);
        config
    }

    /// Sends mail traffic through the daemon at `server`, and prints the results and the stats screen.
    ///
    /// # Errors
    /// Fails if the stats screen cannot be shown, or if a domain does not resolve.
    pub async fn show(
        &self,
        server: SocketAddr,
        stats: &dyn Fn() -> String,
        screen: &mut dyn Write,
    ) -> Result<(), DemoError> {
        let (internet, client) = (&self.internet, LabClient::new(server, PATIENCE));
        writeln!(
            screen,
            "An internet of {} servers and {} zones is up; resolverd answers at {server}.",
            internet.lab.servers().len(),
            internet.lab.zones().count()
        )?;
        let mails = draw(internet, self.options.seed, self.options.messages, Popularity::Uniform);
        let cold = play(internet, &mails, client, ("cold", screen)).await?;
        let warm = play(internet, &mails, client, ("warm", screen)).await?;
        let ([resolved, secure], all) = (count_resolved(internet, client).await, internet.domains.len());
        writeln!(screen, "\n{}", stats().trim_end())?;
        writeln!(screen, "\nMessage times    median     p90     max   questions  failed")?;
        write_times(screen, "cold", &cold)?;
        write_times(screen, "warm", &warm)?;
        writeln!(
            screen,
            "\n{resolved} of {all} lab domains resolve; {secure} of them are signed, and secure."
        )?;
        self.write_ways_to_ask(screen, server)?;
        if resolved < all {
            return Err(DemoError::Unresolved { failed: all - resolved, all });
        }
        Ok(())
    }

    /// Waits for Ctrl-C, unless the demo is to end after the mail traffic.
    ///
    /// # Errors
    /// Fails if the screen cannot be written, or the signal cannot be received.
    pub async fn wait(&self, screen: &mut dyn Write) -> Result<(), DemoError> {
        if !self.options.once {
            writeln!(screen, "Ctrl-C ends the demo.")?;
            screen.flush()?;
            tokio::signal::ctrl_c().await?;
        }
        Ok(())
    }

    fn write_ways_to_ask(&self, screen: &mut dyn Write, server: SocketAddr) -> io::Result<()> {
        let (ip, port, internet) = (server.ip(), server.port(), &self.internet);
        let socket = self.folder.0.join("control.sock");
        let domain = internet.domains.first().map(|domain| domain.name.to_string()).unwrap_or_default();
        writeln!(screen, "\nAsk it:")?;
        writeln!(screen, "  dig @{ip} -p {port} MX {domain}")?;
        writeln!(screen, "  dig @{ip} -p {port} 2.0.0.127.zen.spamhaus.org")?;
        if let Some(signed) = internet.domains.iter().find(|domain| internet.is_signed(&domain.mail_host)) {
            writeln!(screen, "  dig @{ip} -p {port} +dnssec TLSA _25._tcp.{}", signed.mail_host)?;
        }
        writeln!(screen, "  resolverctl --socket {} stats", socket.display())?;
        writeln!(screen, "  resolverctl --socket {} trace {domain} MX", socket.display())
    }
}

/// Asks the questions of all emails, `SESSIONS` emails at a time, and prints the progress.
async fn play(
    internet: &Internet,
    mails: &[Mail],
    client: LabClient,
    (label, screen): (&str, &mut dyn Write),
) -> io::Result<Vec<Played>> {
    let clock = Clock::machine();
    let plays = mails.iter().map(|mail| traffic::play(internet, mail, &client, &clock));
    let mut running = stream::iter(plays).buffer_unordered(SESSIONS);
    let (mut played, all) = (Vec::with_capacity(mails.len()), mails.len());
    while let Some(one) = running.next().await {
        played.push(one);
        if played.len().is_multiple_of(all.div_ceil(PROGRESS_LINES)) || played.len() == all {
            writeln!(screen, "{label}: {} of {all} messages", played.len())?;
        }
    }
    Ok(played)
}

fn write_times(screen: &mut dyn Write, label: &str, played: &[Played]) -> io::Result<()> {
    let [median, ninth, longest] = traffic::spread(played).map(|time| time.as_millis());
    let questions: u32 = played.iter().map(|one| one.questions).sum();
    let failed: u32 = played.iter().map(|one| one.failed).sum();
    writeln!(screen, "  {label:<11}{median:>7} ms{ninth:>5} ms{longest:>5} ms{questions:>12}{failed:>8}")
}

/// Asks for the MX of each mail domain. Returns how many got an answer, and how many of these have the AD flag.
pub(super) async fn count_resolved(internet: &Internet, client: LabClient) -> [usize; 2] {
    let client = client.asking_for_ad();
    let answers = internet.domains.iter().map(|domain| client.ask(&domain.name, RecordType::MX));
    let answers: Vec<_> = stream::iter(answers).buffer_unordered(SESSIONS).collect().await;
    let sound = answers.into_iter().flatten().filter(|answer| {
        answer.metadata.response_code == ResponseCode::NoError && !answer.answers.is_empty()
    });
    let sound: Vec<_> = sound.collect();
    [sound.len(), sound.iter().filter(|answer| answer.metadata.authentic_data).count()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_private_and_removed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = PrivateFolder::make().unwrap();
        let path = folder.0.clone();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        drop(folder);
        assert!(!path.exists());
    }
}
