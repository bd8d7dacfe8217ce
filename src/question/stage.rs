//! Shared by the unit tests of all modules.

use hickory_proto::rr::Name;

/// A name.
pub(crate) fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

/// Runs `work` on one thread with tokio's clock paused.
pub(crate) fn paused<Work: Future>(work: Work) -> Work::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(work)
}
