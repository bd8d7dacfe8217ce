//! Runs resolvers that are installed on this host as processes, and sends the DNS queries of mail traffic through them, in real time over
//! sockets.
//!
//! Other resolvers can send queries only to port 53, so the servers of the lab use this port. This needs root rights, or a network
//! namespace of its own.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use hickory_proto::rr::Name;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::sleep;

use dns::clock::Clock;
use dns::random::Random;

use super::super::client::LabClient;
use super::super::demo::count_resolved;
use super::super::internet::Internet;
use super::super::sockets::LabSockets;
use super::super::world::{Lab, LabError};
use super::{Before, Installed, Options, Run, count_sent, internet, mails, play};

/// Where the resolver of a gateway must listen: 127.0.0.1 for the first, and the next addresses for the others.
fn address_of(gateway: u8) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, gateway.saturating_add(1))), SERVERS_PORT)
}

/// Installed resolvers can send their queries to no other port.
const SERVERS_PORT: u16 = 53;

/// How long a query waits for its answer: longer than any program waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// Within this time, a started resolver must accept connections. named needs half a second.
const START: Duration = Duration::from_secs(20);

const LOOK: Duration = Duration::from_millis(50);

/// From the first accepted connection to the first email. A resolver may accept connections before it has read its files.
const SETTLING: Duration = Duration::from_secs(1);

/// USER_HZ, the unit of CPU times in /proc (proc(5)): 100 on all systems on which this program runs.
const TICK: Duration = Duration::from_millis(10);

/// Why the benchmark has no result.
#[derive(Debug, Error)]
pub enum BenchError {
    /// The simulated internet cannot be built.
    #[error("the built-in internet: {0}")]
    Lab(#[from] LabError),
    /// A socket, a file or a process failed.
    #[error("{step}: {error}")]
    Io {
        /// What failed.
        step: &'static str,
        /// The error of the system.
        error: io::Error,
    },
    /// An installed resolver has ended, or accepts no connections.
    #[error("{name} does not listen at {address}; its command is: {command}")]
    NotListening {
        /// Its name in the table.
        name: String,
        /// Where it should listen.
        address: SocketAddr,
        /// The shell command that starts it.
        command: String,
    },
}

/// Sends the mail traffic of a seed through an installed resolver. Must not be called inside an async runtime.
pub(super) fn run(options: &Options, installed: &Installed, seed: u64) -> Result<Run, BenchError> {
    let internet = internet(options, seed, Clock::machine().now().unix)?;
    write_files(&internet.lab).map_err(in_step("the files of the root"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(in_step("the threads"))?.block_on(measure(options, &internet, installed, seed))
}

async fn measure(
    options: &Options,
    internet: &Arc<Internet>,
    installed: &Installed,
    seed: u64,
) -> Result<Run, BenchError> {
    let _sockets = LabSockets::start_at(internet.lab.clone(), Random::seeded(seed), SERVERS_PORT)
        .await
        .map_err(in_step("the sockets of the lab's servers"))?;
    let mut process = Process::start(&installed.command).map_err(in_step("the shell"))?;
    for gateway in 0..installed.gateways {
        let address = address_of(gateway);
        if !process.listens_at(address).await {
            let Installed { name, command, .. } = installed.clone();
            return Err(BenchError::NotListening { name, address, command });
        }
    }
    sleep(SETTLING).await;
    let began = process.cpu_time().map_err(in_step("the CPU time"))?;
    let clients: Vec<_> = (0..installed.gateways)
        .map(|gateway| Arc::new(LabClient::new(address_of(gateway), PATIENCE)))
        .collect();
    let mut turns = clients.iter().cycle();
    // There is at least one gateway, so the fallback is never used.
    let client =
        clients.first().cloned().unwrap_or_else(|| Arc::new(LabClient::new(address_of(0), PATIENCE)));
    let (_, mails) = mails(&Options { before: Before::Nothing, ..options.clone() }, internet, seed);
    let mut run = play(
        internet,
        options.rate,
        mails,
        |_| Arc::clone(turns.next().unwrap_or(&client)),
        &Clock::machine(),
    )
    .await;
    let ended = process.cpu_time().map_err(in_step("the CPU time"))?;
    run.cpu = ended.saturating_sub(began);
    count_sent(&mut run, internet);
    let signed = internet.domains.iter().filter(|domain| internet.is_signed(&domain.name)).count();
    let [_, secure] = count_resolved(internet, *client).await;
    run.secure = Some([secure, signed].map(|count| count as u64));
    Ok(run)
}

fn in_step(step: &'static str) -> impl Fn(io::Error) -> BenchError {
    move |error| BenchError::Io { step, error }
}

fn write_files(lab: &Lab) -> io::Result<()> {
    let (mut hints, mut anchor) = (String::new(), String::new());
    for (name, addresses) in &lab.root_hints().servers {
        let _ = writeln!(hints, ". 3600000 IN NS {name}");
        for address in addresses.iter().filter(|address| address.is_ipv4()) {
            let _ = writeln!(hints, "{name} 3600000 IN A {address}");
        }
    }
    for record in lab.trust_anchor(&Name::root()) {
        let _ = writeln!(anchor, "{record}");
    }
    fs::write("root.hints", hints)?;
    fs::write("root.ds", anchor)
}

struct Process(Child);

impl Process {
    fn start(command: &str) -> io::Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("exec {command}")]).stdin(Stdio::null());
        shell.spawn().map(Self)
    }

    /// Returns false if the resolver has ended, or takes longer than `START`.
    async fn listens_at(&mut self, address: SocketAddr) -> bool {
        for _ in 0..START.as_millis() / LOOK.as_millis() {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return false;
            }
            // Only a connection is made: a query would already fill the cache of the resolver.
            if TcpStream::connect(address).await.is_ok() {
                return true;
            }
            sleep(LOOK).await;
        }
        false
    }

    /// Returns the CPU time of all threads so far, in user space and in the kernel.
    fn cpu_time(&self) -> io::Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        ticks(&stat).map(|ticks| TICK * ticks).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns the CPU time of a process in clock ticks, user plus system time: fields 14 and 15 of /proc/PID/stat (proc(5)). The second field
/// is a name in parentheses, which may contain spaces.
fn ticks(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map(str::parse::<u32>);
    times.next()?.ok()?.checked_add(times.next()?.ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_ticks_add_user_and_kernel() {
        let stat = "7 (a) name) S 1 7 7 0 -1 4194560 95 0 0 0 12 30 4 5 20 0 1 0 8 9";
        assert_eq!(ticks(stat), Some(42));
        assert_eq!(ticks("7 (name) S 1 7"), None);
    }

    #[tokio::test]
    async fn ended_resolver_is_not_awaited() {
        let mut process = Process::start("true").unwrap();
        process.0.wait().unwrap();
        assert!(!process.listens_at(address_of(0)).await);
    }
}
