//! The task that writes the copies.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use tokio::time::{sleep, timeout};

use super::cleaned::cleaned;
use super::file::TapFile;
use super::frames::put_data;
use super::output::{Failed, Output};
use super::schema::Dnstap;
use super::tap::Tap;
use super::tapped::{TapSettings, TapTarget, TappedMessage};
use crate::limits::{MAX_TAP_RETRY, TAP_PAUSE, TAP_RETRY, TAP_TIME};
use dns::clock::Clock;

/// Why an output is left.
enum Left {
    /// The settings name another one, or none.
    Changed,
    Failed(Failed),
}

/// Writes copies as long as the daemon runs, to the output that the settings name. An output that fails is tried again.
pub async fn write(tap: Arc<Tap>, clock: Clock) -> Infallible {
    let (mut retry, mut is_missing) = (TAP_RETRY, false);
    let mut kept: Option<TapFile> = None;
    loop {
        let Some(settings) = tap.settings() else {
            tap.count_dropped(tap.take().len());
            kept = None;
            (retry, is_missing) = (TAP_RETRY, false);
            tap.news().await;
            continue;
        };
        let place = place_of(&settings.target);
        // A file that was kept may still have no room: its first message shows that.
        let is_kept = kept.is_some();
        let left = match Output::begin(&settings.target, kept.take()).await {
            Ok(output) => {
                if !is_kept {
                    tell_begun(&place, &mut is_missing);
                }
                let begun = clock.mono();
                let left = serve(&tap, &clock, &settings.target, output, || {
                    if is_missing {
                        tell_begun(&place, &mut is_missing);
                    }
                })
                .await;
                retry = pause_after(retry, clock.mono().since(begun));
                left
            }
            Err(failed) => Left::Failed(failed),
        };
        let Left::Failed(failed) = left else {
            tracing::info!(
                dnstap = "ended",
                "stopped writing dnstap messages to {place}, because [dnstap] was changed in the configuration"
            );
            continue;
        };
        if !is_missing {
            tell_missing(&settings.target, &place, &failed.error);
            is_missing = true;
        }
        kept = failed.kept;
        if tap.is_ending() {
            tap.count_dropped(tap.take().len());
            tap.mark_ended();
        }
        wait(&tap, &settings.target, retry).await;
        retry = (retry * 2).min(MAX_TAP_RETRY);
    }
}

/// The pause before the next attempt, after an output that lasted for a time. A reader that was there for longer than the last pause is
/// well, and one that leaves at once each time has few lines.
fn pause_after(pause: Duration, lasted: Duration) -> Duration {
    if lasted >= pause { TAP_RETRY } else { pause }
}

fn tell_begun(place: &str, is_missing: &mut bool) {
    tracing::info!(dnstap = "begun", "writing dnstap messages to {place}");
    *is_missing = false;
}

fn tell_missing(target: &TapTarget, place: &str, error: &io::Error) {
    let remedy = match (target, error.kind()) {
        (TapTarget::Socket(_), _) => {
            "check that the program that reads them runs and that the user resolverd may write there, or correct [dnstap]"
        }
        (_, ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
            "free space in its file system; resolverd keeps the file and FILE.1"
        }
        (_, ErrorKind::AlreadyExists) => "set dnstap.file to another path, or move it away",
        _ => "check that the user resolverd may write there, or correct [dnstap]",
    };
    tracing::warn!(
        dnstap = "missing",
        "cannot write dnstap messages to {place}: {error}; resolverd drops and counts them, and tries again; {remedy}"
    );
}

/// Waits until an output is tried again; less if the settings name another one, or the end has come.
async fn wait(tap: &Tap, target: &TapTarget, retry: Duration) {
    let changed = async {
        loop {
            tap.news().await;
            if tap.is_ending() || !is_current(tap, target) {
                return;
            }
        }
    };
    // Either is a reason to go on.
    let _ = timeout(retry, changed).await;
}

/// Writes to one output until it fails, or the settings change.
async fn serve(
    tap: &Tap,
    clock: &Clock,
    target: &TapTarget,
    mut output: Output,
    mut is_written: impl FnMut(),
) -> Left {
    loop {
        let Some(settings) = tap.settings().filter(|settings| settings.target == *target) else {
            // The other end may have left too.
            let _ = timeout(TAP_TIME, output.end()).await;
            return Left::Changed;
        };
        let is_ending = tap.is_ending();
        let messages = tap.take();
        let count = messages.len();
        if count == 0 && !is_ending {
            tap.news().await;
        } else if count > 0 {
            output = match output.write(frames_of(messages, &settings, clock)).await {
                Ok(output) => output,
                Err(failed) => {
                    tap.count_dropped(count);
                    return Left::Failed(failed);
                }
            };
            tap.count_written(count);
            is_written();
        }
        if is_ending {
            let _ = timeout(TAP_TIME, output.end()).await;
            tap.mark_ended();
            return std::future::pending().await;
        }
        sleep(TAP_PAUSE).await;
    }
}

/// The frames of messages.
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

fn is_current(tap: &Tap, target: &TapTarget) -> bool {
    tap.settings().is_some_and(|settings| settings.target == *target)
}

fn place_of(target: &TapTarget) -> String {
    match target {
        TapTarget::Socket(path) => format!("the socket {}", path.display()),
        TapTarget::File(path) => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_only_over_outputs_that_end_at_once() {
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
