//! The task that writes the copied DNS messages to a Unix socket, after a handshake of Frame Streams.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::{sleep, timeout};

use super::cleaned::cleaned;
use super::frames::{Control, accepts, body_length, control, put_data};
use super::schema::Dnstap;
use super::tap::Tap;
use super::tapped::{TapSettings, TappedMessage};
use crate::limits::{MAX_TAP_RETRY, TAP_PAUSE, TAP_RETRY, TAP_TIME};
use dns::clock::Clock;

/// Writes copied DNS messages to the configured socket as long as the daemon runs. If the socket fails, connects again after a pause.
pub async fn write(tap: Arc<Tap>, clock: Clock) -> Infallible {
    let (mut retry, mut is_missing) = (TAP_RETRY, false);
    loop {
        let Some(settings) = tap.settings() else {
            tap.count_dropped(tap.take().len());
            (retry, is_missing) = (TAP_RETRY, false);
            tap.news().await;
            continue;
        };
        let socket = &settings.socket;
        let ended = match connect(socket).await {
            Ok(stream) => {
                tracing::info!(
                    dnstap = "begun",
                    "writing dnstap messages to the socket {}",
                    socket.display()
                );
                is_missing = false;
                let begun = clock.mono();
                let ended = serve(&tap, &clock, socket, stream).await;
                retry = pause_after(retry, clock.mono().since(begun));
                ended
            }
            Err(error) => Err(error),
        };
        let Err(error) = ended else {
            tracing::info!(
                dnstap = "ended",
                "stopped writing dnstap messages to the socket {}, because [dnstap] was changed in the configuration",
                socket.display()
            );
            continue;
        };
        if !is_missing {
            tracing::warn!(
                dnstap = "missing",
                "cannot write dnstap messages to the socket {}: {error}; resolverd drops and counts them, and tries again; check that the program that reads them runs and that the user resolverd may write there, or correct [dnstap]",
                socket.display()
            );
            is_missing = true;
        }
        if tap.is_ending() {
            tap.count_dropped(tap.take().len());
            tap.mark_ended();
        }
        wait(&tap, socket, retry).await;
        retry = (retry * 2).min(MAX_TAP_RETRY);
    }
}

/// Connects to the program at the dnstap socket, and performs the handshake.
///
/// # Errors
/// The socket cannot be opened, or the program at the socket does not read dnstap.
async fn connect(path: &Path) -> io::Result<UnixStream> {
    in_time(async {
        let mut stream = UnixStream::connect(path).await?;
        stream.write_all(&control(Control::Ready)).await?;
        let mut head = [0; 8];
        stream.read_exact(&mut head).await?;
        let foreign =
            || io::Error::new(ErrorKind::InvalidData, "the program at the socket does not read dnstap");
        let mut body = vec![0; body_length(head).ok_or_else(foreign)?];
        stream.read_exact(&mut body).await?;
        if !accepts(&body) {
            return Err(foreign());
        }
        stream.write_all(&control(Control::Start)).await?;
        Ok(stream)
    })
    .await
}

/// Sends the control frame STOP, so that the reading program knows that nothing is missing. Errors are ignored, because this program may have ended.
async fn end(mut stream: UnixStream) {
    let _ = in_time(async {
        stream.write_all(&control(Control::Stop)).await?;
        stream.shutdown().await?;
        // Waits for FINISH or the end of the stream. If the stream is closed earlier, the program may lose the last frames.
        stream.read(&mut [0; 64]).await
    })
    .await;
}

async fn in_time<Done>(work: impl Future<Output = io::Result<Done>>) -> io::Result<Done> {
    let late = || io::Error::new(ErrorKind::TimedOut, "the program at the socket does not respond");
    timeout(TAP_TIME, work).await.unwrap_or_else(|_| Err(late()))
}

/// Returns the pause before the next attempt to connect. `pause` is the last pause, and `lasted` is the duration of the last stream. If streams end
/// immediately, the pauses grow, so that few lines are logged.
fn pause_after(pause: Duration, lasted: Duration) -> Duration {
    if lasted >= pause { TAP_RETRY } else { pause }
}

/// Waits for the time `retry`. Returns earlier if the socket in the settings changes, or if the daemon stops.
async fn wait(tap: &Tap, socket: &Path, retry: Duration) {
    let changed = async {
        loop {
            tap.news().await;
            if tap.is_ending() || !is_current(tap, socket) {
                return;
            }
        }
    };
    // After a timeout and after a change, the caller checks the settings again.
    let _ = timeout(retry, changed).await;
}

async fn serve(tap: &Tap, clock: &Clock, socket: &Path, mut stream: UnixStream) -> io::Result<()> {
    loop {
        let Some(settings) = tap.settings().filter(|settings| settings.socket == *socket) else {
            end(stream).await;
            return Ok(());
        };
        let is_ending = tap.is_ending();
        let messages = tap.take();
        let count = messages.len();
        if count == 0 && !is_ending {
            tap.news().await;
        } else if count > 0 {
            let frames = frames_of(messages, &settings, clock);
            if let Err(error) = in_time(stream.write_all(&frames)).await {
                tap.count_dropped(count);
                return Err(error);
            }
            tap.count_written(count);
        }
        if is_ending {
            end(stream).await;
            tap.mark_ended();
            return std::future::pending().await;
        }
        sleep(TAP_PAUSE).await;
    }
}

fn frames_of(messages: Vec<TappedMessage>, settings: &TapSettings, clock: &Clock) -> Vec<u8> {
    let offset = clock.unix_micros().wrapping_sub(clock.mono().as_micros());
    let words = (settings.identity.as_str(), settings.version.as_str());
    let mut frames = Vec::new();
    for message in messages {
        let message = cleaned(message, settings.redaction, &settings.secrets);
        put_data(&Dnstap::from_message(message, words, offset).encode_to_vec(), &mut frames);
    }
    frames
}

fn is_current(tap: &Tap, socket: &Path) -> bool {
    tap.settings().is_some_and(|settings| settings.socket == *socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pause_grows_after_instant_failures() {
        let pauses = |lasted: u64| {
            let mut retry = TAP_RETRY;
            let mut next = || {
                let pause = pause_after(retry, Duration::from_secs(lasted));
                retry = (pause * 2).min(MAX_TAP_RETRY);
                pause.as_secs()
            };
            [next(), next(), next(), next()]
        };
        assert_eq!(pauses(0), [1, 2, 4, 8]);
        assert_eq!(pauses(5), [1, 1, 1, 1]);
    }
}
