//! The program resolverd: parses the arguments, reads the configuration, and starts the daemon.
//!
//! # Decisions
//!
//! - Errors of the configuration are written to standard error, with exit code 6, before the log, sockets or threads exist. So `--check` and a start
//!   show the same text.
//! - Sockets from the service manager are taken over before the first thread starts. Taking them over changes the environment of the process, which
//!   is safe only without other threads.
//! - If a part of the daemon panics too often, the process ends with exit code 1, and the service manager starts it again. See `supervise` for the
//!   reason.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::Daemon;
use crate::arguments::Arguments;
#[cfg(feature = "lab")]
use crate::arguments::Command;
use crate::{log, notify};
use config::{Config, defaults, notes};
use resolver::listener::{Inherited, StoppedWorkers};
use resolverctl::render::text::checked;
use zones::Views;

const FAILED: u8 = 1;

const CONFIG_INVALID: u8 = 6;

/// Runs resolverd with the arguments of this process, until a signal ends it. Returns the exit code.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let origin = arguments.config.clone().or_else(|| {
        let usual = PathBuf::from(defaults::FILE);
        usual.exists().then_some(usual)
    });
    #[cfg(feature = "lab")]
    if let Some(Command::Demo(demo)) = &arguments.command {
        return demo::run(demo, &arguments.listen);
    }
    let mut config = match Config::load(arguments.config.as_deref()) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return CONFIG_INVALID.into();
        }
    };
    if !arguments.listen.is_empty() {
        config = config.with_listen(arguments.listen);
    }
    if arguments.check {
        let notes = notes(&config);
        if let Err(wrong) = Views::new(&Arc::new(config)) {
            eprintln!("{wrong}");
            return CONFIG_INVALID.into();
        }
        print!("{}", checked(origin.as_deref(), &Ok(notes)));
        return ExitCode::SUCCESS;
    }
    if arguments.no_snapshot {
        config = config.without_snapshot();
    }
    log::start(config.log.level);
    let inherited = Inherited::take();
    let served = runtime().and_then(|runtime| {
        runtime.block_on(serve(config, origin, inherited)).map_err(std::io::Error::other)
    });
    let error = match served {
        Ok((None, _stopped)) => return ExitCode::SUCCESS,
        Ok((Some(given_up), _stopped)) => given_up,
        Err(error) => error.to_string(),
    };
    eprintln!("resolverd: {error}");
    FAILED.into()
}

/// Streams, the control socket and the tasks of the daemon use this runtime. Each UDP worker has its own runtime.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("resolve").build()
}

/// Runs the daemon until a signal stops it, or until a part crashes too often. In the second case, returns a sentence with the name of this part. The
/// caller must not drop the returned workers before the runtime has ended.
async fn serve(
    config: Config,
    origin: Option<PathBuf>,
    inherited: Inherited,
) -> Result<(Option<String>, StoppedWorkers), Box<dyn std::error::Error + Send + Sync>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let from =
        origin.as_ref().map_or_else(|| "no configuration file".to_owned(), |path| path.display().to_string());
    let noted = notes(&config);
    let daemon = Daemon::start_with(config, origin, inherited)?;
    noted.iter().for_each(|note| tracing::warn!("{note}"));
    let addresses: Vec<String> = daemon.addresses().iter().map(ToString::to_string).collect();
    let (version, addresses) = (env!("CARGO_PKG_VERSION"), addresses.join(", "));
    let metrics =
        daemon.metrics_address().map_or_else(String::new, |address| format!(", metrics at {address}"));
    let kinds = [
        ("TLS", daemon.tls_addresses()),
        ("HTTPS", daemon.https_addresses()),
        ("QUIC", daemon.quic_addresses()),
    ];
    let encrypted: String = kinds
        .into_iter()
        .filter(|(_, addresses)| !addresses.is_empty())
        .map(|(word, addresses)| {
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            format!(", for {word} at {}", addresses.join(", "))
        })
        .collect();
    tracing::info!(
        version,
        listen = addresses,
        "resolverd {version} listens at {addresses}{encrypted}{metrics} ({from})"
    );
    notify::ready(&daemon.addresses());
    let mut given_up = None;
    loop {
        tokio::select! {
            whose = daemon.given_up() => {
                given_up = Some(whose);
                break;
            }
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => {
                // The request was a signal, which has no reply.
                let _said = daemon.reload().await;
            }
        }
    }
    notify::stopping();
    let stopped = daemon.stop().await;
    tracing::info!("resolverd has stopped");
    Ok((given_up.map(|whose| format!("{whose} crashed too often")), stopped))
}

#[cfg(feature = "lab")]
mod demo {
    use std::io::{self, Write};
    use std::net::SocketAddr;
    use std::process::ExitCode;

    use crate::{Daemon, arguments};
    use control::{Controlled, read_only};
    use lab::demo::{Demo, DemoError, Options};
    use lab::message_bench;
    use lab::message_bench::{Installed, table};
    use protocol::{Reply, Request, WhyRequest};
    use record::Window;
    use resolverctl::moment;
    use resolverctl::render::{Style, screen, why};

    use crate::log;

    use super::FAILED;

    const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5_300);

    /// Runs the demo. With `--bench`, only measures the modes of look-ahead.
    pub(super) fn run(arguments: &arguments::Demo, listen: &[SocketAddr]) -> ExitCode {
        log::start(tracing::Level::WARN);
        if arguments.bench {
            return bench(arguments);
        }
        let options = Options {
            listen: if listen.is_empty() { vec![LISTEN] } else { listen.to_vec() },
            once: arguments.once,
            messages: arguments.messages.map_or(150, usize::from),
            seed: arguments.seed,
        };
        match super::runtime().map(|runtime| runtime.block_on(show(options))) {
            Ok(Ok(())) => ExitCode::SUCCESS,
            Ok(Err(error)) => failed(&error),
            Err(error) => failed(&error),
        }
    }

    async fn show(options: Options) -> Result<(), DemoError> {
        let demo = Demo::start(options).await?;
        let daemon = Daemon::start(demo.config(), None).map_err(io::Error::other)?;
        let server = daemon.addresses().first().copied().ok_or(io::ErrorKind::AddrNotAvailable);
        let stats = || {
            let subject = daemon.subject();
            let stats = control::stats(subject.recorder(), subject.fill(), Window::Start);
            screen::stats(&stats, Style::Plain)
        };
        let mut screen = io::stdout();
        let mut ended = demo.show(server.map_err(io::Error::from)?, &stats, &mut screen).await;
        if ended.is_ok() {
            if let Some(address) = daemon.metrics_address() {
                writeln!(screen, "\nThe page with all of this is at http://{address}/.")?;
            }
            let slowest = slowest(&*daemon.subject()).await;
            writeln!(
                screen,
                "\nWhy the slowest message was slow (`resolverctl why --slowest 1`):\n{slowest}"
            )?;
            ended = demo.wait(&mut screen).await;
        }
        daemon.stop().await;
        ended
    }

    /// Returns what `resolverctl why --slowest 1` shows.
    async fn slowest(subject: &impl Controlled) -> String {
        let wanted = Request::Why { requests: vec![WhyRequest { most: 1, ..WhyRequest::default() }] };
        let replies = read_only(wanted, subject).await;
        let found: Vec<_> = replies.iter().filter_map(Reply::message).collect();
        why::messages(&found, &moment::shown, Style::Plain)
    }

    /// Prints how long the questions of an email take in each mode of look-ahead.
    fn bench(arguments: &arguments::Demo) -> ExitCode {
        let mut options = message_bench::Options::default();
        options.messages = arguments.messages.map_or(options.messages, usize::from);
        options.seeds = (0..arguments.seeds).map(|place| arguments.seed.wrapping_add(place.into())).collect();
        let installed = |(name, gateways, command): &(String, u8, String)| Installed {
            name: name.clone(),
            command: command.clone(),
            gateways: *gateways,
        };
        options.installed = arguments.through.iter().map(installed).collect();
        match table(&options) {
            Ok(table) => {
                print!("{table}");
                ExitCode::SUCCESS
            }
            Err(error) => failed(&error),
        }
    }

    fn failed(error: &dyn std::error::Error) -> ExitCode {
        eprintln!("resolverd: {error}");
        FAILED.into()
    }
}
