//! The demo as a whole: lab and daemon on sockets, some messages, every lab domain resolved.

use std::io;
use std::net::SocketAddr;

use futures_util::future::BoxFuture;
use resolverd::config::Config;
use resolverd::daemon::Daemon;
use resolverd::lab::demo::{Host, Options, run};

/// The daemon without its stats screen, which has tests of its own.
struct Bare(Option<Daemon>);

impl Host for Bare {
    fn start(&mut self, config: Config) -> BoxFuture<'_, io::Result<SocketAddr>> {
        Box::pin(async move {
            let daemon = Daemon::start(config, None).map_err(io::Error::other)?;
            let address = daemon.addresses()[0];
            self.0 = Some(daemon);
            Ok(address)
        })
    }

    fn stats(&mut self) -> BoxFuture<'_, io::Result<String>> {
        Box::pin(std::future::ready(Ok("the stats screen".to_owned())))
    }

    fn stop(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Some(daemon) = self.0.take() {
                daemon.stop().await;
            }
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_lab_domain_resolves_and_message_times_are_told() {
    let mut options = Options::new(vec!["127.0.0.1:0".parse().unwrap()]);
    (options.once, options.messages) = (true, 24);
    let mut screen = Vec::new();
    let ended = run(&options, &mut Bare(None), &mut screen).await;
    let screen = String::from_utf8(screen).unwrap();
    println!("{screen}");
    assert!(ended.is_ok(), "{ended:?}\n{screen}");
    for part in [
        "60 of 60 lab domains resolve; 15 of them are signed",
        "TLSA _25._tcp.mail.",
        "the stats screen",
        "  cold ",
        "  warm ",
        "dig @127.0.0.1 -p ",
    ] {
        assert!(screen.contains(part), "{part:?} is not in\n{screen}");
    }
}
