//! Catches signals such as Ctrl-C that would otherwise end a command before it has finished its work.

use std::io;

use futures_util::future::select_all;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::limits::SWITCH_SIGNAL_TIME;

/// Receives the signals of a closed terminal, of Ctrl-C and Ctrl-\, and of a shutdown.
pub(super) struct Interrupts {
    runtime: Runtime,
    signals: Vec<Signal>,
    has_come: bool,
}

impl Interrupts {
    /// Starts to catch the signals. From then on, and as long as the process runs, these signals do not stop it.
    ///
    /// # Errors
    /// Fails if the operating system refuses to install the signal handlers.
    pub(super) fn catch() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let entered = runtime.enter();
        let kinds =
            [SignalKind::hangup(), SignalKind::interrupt(), SignalKind::quit(), SignalKind::terminate()];
        let signals = kinds.into_iter().map(signal).collect::<io::Result<_>>()?;
        drop(entered);
        Ok(Self { runtime, signals, has_come: false })
    }

    pub(super) fn wait(&mut self) {
        let signals = &mut self.signals;
        self.runtime.block_on(async {
            select_all(signals.iter_mut().map(|signal| Box::pin(signal.recv()))).await;
        });
        self.has_come = true;
    }

    /// Returns true if a signal has arrived since `catch`.
    pub(super) fn has_come(&mut self) -> bool {
        let signals = &mut self.signals;
        self.has_come |= self.runtime.block_on(async {
            let any = select_all(signals.iter_mut().map(|signal| Box::pin(signal.recv())));
            tokio::time::timeout(SWITCH_SIGNAL_TIME, any).await.is_ok()
        });
        self.has_come
    }
}
