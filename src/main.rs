//! resolverd: arguments, then the configuration, then the daemon.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use resolverd::config::Config;
use resolverd::config::defaults;
use resolverd::daemon::Daemon;
use tokio::signal::unix::{SignalKind, signal};

/// Could not start.
const FAILED: u8 = 1;

/// The configuration is wrong.
const CONFIG_INVALID: u8 = 6;

/// A caching, recursing DNS resolver for mail gateways.
#[derive(Debug, Parser)]
#[command(name = "resolverd", version, about, args_conflicts_with_subcommands = false)]
struct Arguments {
    /// Configuration file; without it /etc/resolverd/resolverd.toml where that is there.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port to listen at, instead of the configured ones; may be given several times.
    #[arg(long, value_name = "ADDR:PORT", global = true)]
    listen: Vec<SocketAddr>,
    /// Check the configuration and end.
    #[arg(long)]
    check: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let origin = arguments.config.clone().or_else(|| {
        let usual = PathBuf::from(defaults::FILE);
        usual.exists().then_some(usual)
    });
    let mut config = match Config::load(arguments.config.as_deref()) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return CONFIG_INVALID.into();
        }
    };
    if arguments.check {
        match origin {
            Some(path) => println!("{}: fine", path.display()),
            None => println!("no configuration file: the built-in defaults hold"),
        }
        return ExitCode::SUCCESS;
    }
    if !arguments.listen.is_empty() {
        config = config.with_listen(arguments.listen);
    }
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(config.log.level)
        .with_target(false)
        .init();
    match runtime().and_then(|runtime| runtime.block_on(serve(config, origin)).map_err(std::io::Error::other))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("resolverd: {error}");
            FAILED.into()
        }
    }
}

/// The threads of flights, streams and the control socket; datagrams have their own.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("resolve").build()
}

/// Runs the daemon until it is told to end.
async fn serve(
    config: Config,
    origin: Option<PathBuf>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let from =
        origin.as_ref().map_or_else(|| "built-in defaults".to_owned(), |path| path.display().to_string());
    let daemon = Daemon::start(config, origin)?;
    let addresses: Vec<String> = daemon.addresses().iter().map(ToString::to_string).collect();
    tracing::info!("resolverd {} listens at {} ({from})", env!("CARGO_PKG_VERSION"), addresses.join(", "));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    daemon.stop().await;
    tracing::info!("resolverd has ended");
    Ok(())
}
