//! `resolverd demo`: the built-in internet on sockets, the daemon before it, mail traffic through it, and the times.
//!
//! A `Host` starts the daemon; this module knows only its address and its stats screen.

use std::fs::DirBuilder;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};
use thiserror::Error;

use dns::clock::Clock;
use dns::random::Random;
use resolver::config::{Config, Family};

use super::client::LabClient;
use super::internet::{DEFAULT_DOMAINS, Internet};
use super::simulation::root_anchor;
use super::sockets::LabSockets;
use super::traffic::{self, Mail, Played};
use super::world::LabError;

/// Messages at once, as a small gateway has sessions.
const SESSIONS: usize = 8;

/// A mail program waits this long for an answer: glibc's default.
const PATIENCE: Duration = Duration::from_secs(5);

/// Characters of a full progress bar.
const BAR: usize = 40;

/// Lines of progress without a terminal.
const PROGRESS_LINES: usize = 4;

/// The options of the demo.
#[derive(Clone, Debug)]
pub struct Options {
    /// The addresses of the daemon.
    pub listen: Vec<SocketAddr>,
    /// Ends after the traffic instead of at Ctrl-C.
    pub once: bool,
    /// Messages to play, cold and then warm.
    pub messages: usize,
    /// Seed of the internet and of its traffic.
    pub seed: u64,
    /// Draws a bar that moves; otherwise some lines.
    pub terminal: bool,
}

impl Options {
    /// The demo at these addresses: 150 messages of seed 1, until Ctrl-C, some lines of progress.
    pub fn new(listen: Vec<SocketAddr>) -> Self {
        Self { listen, once: false, messages: 150, seed: 1, terminal: false }
    }
}

/// The program that can run the daemon.
pub trait Host {
    /// Starts the daemon, and returns the first address where it answers: the configured one, with the real port
    /// instead of 0.
    ///
    /// # Errors
    /// The daemon could not start.
    fn start(&mut self, config: Config) -> BoxFuture<'_, io::Result<SocketAddr>>;

    /// The stats screen, as in `resolverctl stats`.
    ///
    /// # Errors
    /// The daemon does not answer.
    fn stats(&mut self) -> BoxFuture<'_, io::Result<String>>;

    /// Ends the daemon.
    fn stop(&mut self) -> BoxFuture<'_, ()>;
}

/// Why the demo ended early.
#[derive(Debug, Error)]
pub enum DemoError {
    /// The built-in internet cannot be built.
    #[error("the built-in internet: {0}")]
    Lab(#[from] LabError),
    /// A socket, a folder or the screen failed, or the daemon did.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A domain of the built-in internet did not resolve.
    #[error("{failed} of {all} domains did not resolve")]
    Unresolved {
        /// Domains that did not.
        failed: usize,
        /// Domains asked for.
        all: usize,
    },
}

/// The folder of the control socket, for this user alone; removed when dropped.
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
        // If this fails, an empty folder stays in the temporary directory.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs the demo: builds the internet, starts the daemon on it, plays mail, prints the results, and waits for Ctrl-C.
///
/// # Errors
/// Something could not be started, or a domain did not resolve.
pub async fn run(options: &Options, host: &mut dyn Host, screen: &mut dyn Write) -> Result<(), DemoError> {
    let internet = Internet::signed_at(options.seed, DEFAULT_DOMAINS, Clock::machine().now().unix)?;
    let sockets = LabSockets::start(internet.lab.clone(), Random::seeded(options.seed)).await?;
    let folder = PrivateFolder::make()?;
    let socket = folder.0.join("control.sock");
    let config = config(options, &sockets, &socket);
    let server = host.start(config).await?;
    let ended = show(options, &internet, host, (server, &socket), screen).await;
    host.stop().await;
    ended
}

/// The configuration of a daemon whose internet is the lab.
fn config(options: &Options, sockets: &LabSockets, socket: &Path) -> Config {
    let mut config = Config::default();
    config.dnssec.trust_anchor = root_anchor(sockets.lab());
    config.listen.addresses.clone_from(&options.listen);
    config.resolve.root_hints = sockets.lab().root_hints();
    config.resolve.upstream_port = sockets.port();
    config.resolve.deny_servers = Vec::new();
    config.resolve.ipv4 = Family::On;
    config.resolve.ipv6 = Family::Off;
    config.control.socket = socket.to_owned();
    config
}

async fn show(
    options: &Options,
    internet: &Internet,
    host: &mut dyn Host,
    (server, socket): (SocketAddr, &Path),
    screen: &mut dyn Write,
) -> Result<(), DemoError> {
    let client = LabClient::new(server, PATIENCE);
    writeln!(
        screen,
        "An internet of {} servers and {} zones is up; resolverd answers at {server}.",
        internet.lab.servers().len(),
        internet.lab.zones().count()
    )?;
    let mails = traffic::draw(internet, options.seed, options.messages);
    let play = Play { options, internet, mails: &mails, client };
    let cold = play.all("cold", screen).await?;
    let warm = play.all("warm", screen).await?;
    let resolved = count_resolved(internet, client).await;
    writeln!(screen, "\n{}", host.stats().await?.trim_end())?;
    writeln!(screen, "\nMessage times    median     p90     max   questions  failed")?;
    write_times(screen, "cold", &cold)?;
    write_times(screen, "warm", &warm)?;
    let secure = count_secure(internet, client).await;
    writeln!(
        screen,
        "\n{resolved} of {} lab domains resolve; {secure} of them are signed, and secure.",
        internet.domains.len()
    )?;
    write_ways_to_ask(screen, server, internet, socket)?;
    if resolved < internet.domains.len() {
        return Err(DemoError::Unresolved {
            failed: internet.domains.len() - resolved,
            all: internet.domains.len(),
        });
    }
    if !options.once {
        writeln!(screen, "Ctrl-C ends the demo.")?;
        screen.flush()?;
        tokio::signal::ctrl_c().await?;
    }
    Ok(())
}

/// The mail of a demo, and the client that looks up its names.
struct Play<'a> {
    options: &'a Options,
    internet: &'a Internet,
    mails: &'a [Mail],
    client: LabClient,
}

impl Play<'_> {
    /// Plays all messages, `SESSIONS` at a time.
    async fn all(&self, label: &str, screen: &mut dyn Write) -> io::Result<Vec<Played>> {
        let Self { options, internet, mails, client } = self;
        let clock = Clock::machine();
        let plays = mails.iter().map(|mail| traffic::play(internet, mail, client, &clock));
        let mut running = stream::iter(plays).buffer_unordered(SESSIONS);
        let mut played = Vec::with_capacity(mails.len());
        while let Some(one) = running.next().await {
            played.push(one);
            write_progress(options, label, played.len(), mails.len(), screen)?;
        }
        Ok(played)
    }
}

fn write_progress(
    options: &Options,
    label: &str,
    done: usize,
    all: usize,
    screen: &mut dyn Write,
) -> io::Result<()> {
    if options.terminal {
        let marks = "#".repeat(done * BAR / all.max(1));
        write!(screen, "\r{label}: [{marks:<BAR$}] {done} of {all} messages")?;
        if done == all {
            writeln!(screen)?;
        }
        return screen.flush();
    }
    let quarter = all.div_ceil(PROGRESS_LINES).max(1);
    if done.is_multiple_of(quarter) || done == all {
        writeln!(screen, "{label}: {done} of {all} messages")?;
    }
    Ok(())
}

fn write_times(screen: &mut dyn Write, label: &str, played: &[Played]) -> io::Result<()> {
    let [median, ninth, longest] = traffic::spread(played).map(|time| time.as_millis());
    let questions: u32 = played.iter().map(|one| one.questions).sum();
    let failed: u32 = played.iter().map(|one| one.failed).sum();
    writeln!(screen, "  {label:<11}{median:>7} ms{ninth:>5} ms{longest:>5} ms{questions:>12}{failed:>8}")
}

/// Lab domains whose MX, address, mail host and PTR all resolve.
async fn count_resolved(internet: &Internet, client: LabClient) -> usize {
    let checks = internet.domains.iter().map(|domain| async move {
        let questions = [
            (domain.name.clone(), RecordType::MX),
            (domain.name.clone(), RecordType::A),
            (domain.mail_host.clone(), RecordType::A),
            (Name::from(domain.address), RecordType::PTR),
        ];
        for (name, kind) in questions {
            let answer = client.ask(&name, kind).await;
            let sound = answer.is_ok_and(|answer| {
                answer.metadata.response_code == ResponseCode::NoError && !answer.answers.is_empty()
            });
            if !sound {
                return false;
            }
        }
        true
    });
    let resolved = stream::iter(checks).buffer_unordered(SESSIONS).filter(|sound| std::future::ready(*sound));
    resolved.count().await
}

/// Lab domains whose MX is answered with AD.
pub(super) async fn count_secure(internet: &Internet, client: LabClient) -> usize {
    let client = client.asking_for_ad();
    let checks = internet.domains.iter().map(|domain| async move {
        let answer = client.ask(&domain.name, RecordType::MX).await;
        answer.is_ok_and(|answer| answer.metadata.authentic_data)
    });
    let secure = stream::iter(checks).buffer_unordered(SESSIONS).filter(|secure| std::future::ready(*secure));
    secure.count().await
}

fn write_ways_to_ask(
    screen: &mut dyn Write,
    server: SocketAddr,
    internet: &Internet,
    socket: &Path,
) -> io::Result<()> {
    let domain = internet.domains.first().map(|domain| domain.name.to_string()).unwrap_or_default();
    writeln!(screen, "\nAsk it:")?;
    writeln!(screen, "  dig @{} -p {} MX {domain}", server.ip(), server.port())?;
    writeln!(screen, "  dig @{} -p {} 2.0.0.127.zen.spamhaus.org", server.ip(), server.port())?;
    if let Some(signed) = internet.domains.iter().find(|domain| internet.is_signed(&domain.mail_host)) {
        let (ip, port, host) = (server.ip(), server.port(), &signed.mail_host);
        writeln!(screen, "  dig @{ip} -p {port} +dnssec TLSA _25._tcp.{host}")?;
    }
    writeln!(screen, "  resolverctl --socket {} stats", socket.display())?;
    writeln!(screen, "  resolverctl --socket {} trace {domain} MX", socket.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_a_bar_on_a_terminal_and_lines_elsewhere() {
        let mut options = Options::new(Vec::new());
        let mut text = Vec::new();
        for done in 1..=8 {
            write_progress(&options, "cold", done, 8, &mut text).unwrap();
        }
        assert_eq!(String::from_utf8(text).unwrap().lines().count(), 4);
        options.terminal = true;
        let mut text = Vec::new();
        write_progress(&options, "cold", 4, 8, &mut text).unwrap();
        let bar = String::from_utf8(text).unwrap();
        assert!(bar.starts_with('\r') && bar.contains(&"#".repeat(20)) && !bar.contains(&"#".repeat(21)));
    }

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
