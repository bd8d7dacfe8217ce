//! Serves `Request::Monitor`: writes a line for each query that the request selects, when the query ends.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::connection::ended;
use super::controlled::Controlled;
use super::why;
use config::Config;
use dns::clock;
use dns::question::{is_within, name_of_wire, wire_name};
use dns::wire::presentation::{kind_text, name_text};
use protocol::lookup::read_name;
use protocol::{Blame, MonitorRequest, Problem, QueryEvent, Reply};
use record::entry::QuestionEntry;
use record::redact::Secrets;
use record::watch::{Watch, Watched};
use resolver::resolve::list_keys::secrets_of;

struct Filter {
    failures: bool,
    /// The shortest duration of a query that is shown, in microseconds.
    slow: Option<u64>,
    client: Option<IpNet>,
    /// The zone in wire form.
    zone: Option<Vec<u8>>,
}

/// The customer keys of DNS lists, read again only when the configuration changes.
struct Keys {
    config: Arc<Config>,
    secrets: Secrets,
}

impl Filter {
    fn read(request: &MonitorRequest) -> Result<Self, Problem> {
        let slow = request.slow.map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
        let zone = request.zone.as_deref().map(read_name).transpose()?;
        Ok(Self {
            failures: request.failures,
            slow: slow.map(clock::micros),
            client: request.client.as_deref().map(why::network).transpose()?,
            zone: zone.map(|zone| wire_name(&zone.to_lowercase())),
        })
    }

    fn wants(&self, question: &QuestionEntry) -> bool {
        let any = !self.failures && self.slow.is_none();
        let failed = self.failures && question.outcome.is_failure();
        let slow = self.slow.is_some_and(|slow| question.elapsed >= slow);
        (any || failed || slow)
            && self.client.is_none_or(|client| client.contains(&question.client))
            && self.zone.as_ref().is_none_or(|zone| is_within(&question.name, zone))
    }
}

impl Keys {
    fn from_config(config: Arc<Config>) -> Self {
        Self { secrets: secrets_of(&config), config }
    }
}

pub(super) async fn stream(
    mut stream: UnixStream,
    request: &MonitorRequest,
    subject: &impl Controlled,
    mut ending: watch::Receiver<bool>,
) -> io::Result<()> {
    let begun = Filter::read(request).and_then(|filter| Ok((filter, begin(subject)?)));
    let (filter, mut watch) = match begun {
        Ok(begun) => begun,
        Err(problem) => return write(&mut stream, &Reply::Problem(problem)).await,
    };
    let mut keys = Keys::from_config(subject.config());
    let mut unexpected = [0; 64];
    loop {
        let watched = tokio::select! {
            biased;
            () = ended(&mut ending) => return write(&mut stream, &Reply::End).await,
            // The client sends nothing after its request, so a completed read means that it has disconnected.
            _ = stream.read(&mut unexpected) => return Ok(()),
            watched = watch.next() => watched,
        };
        let reply = match watched {
            Watched::Lost(lost) => Reply::Lost { lost },
            Watched::Question(question) => {
                let config = subject.config();
                if !Arc::ptr_eq(&config, &keys.config) {
                    keys = Keys::from_config(config);
                }
                let question = question.without(&keys.secrets);
                if !filter.wants(&question) {
                    continue;
                }
                Reply::Event(event(&question))
            }
        };
        tokio::select! {
            biased;
            written = write(&mut stream, &reply) => written?,
            () = ended(&mut ending) => return Ok(()),
        }
    }
}

fn begin(subject: &impl Controlled) -> Result<Watch, Problem> {
    subject.recorder().watch().ok_or_else(|| {
        let most = record::limits::MAX_WATCHERS;
        let sentence =
            format!("The maximum of {most} `resolverctl monitor` at once is reached; end one of them.");
        Problem { fault: Blame::Daemon, sentence }
    })
}

fn event(question: &QuestionEntry) -> QueryEvent {
    let seconds = |micros| Duration::from_micros(micros).as_secs_f64();
    QueryEvent {
        at: seconds(question.at),
        client: question.client,
        name: name_text(&name_of_wire(&question.name)),
        kind: kind_text(question.kind),
        outcome: question.outcome,
        elapsed: seconds(question.elapsed),
        error: Some(question.error.to_string()).filter(|error| !error.is_empty()),
    }
}

/// Returns an error if the client does not read the line for some time; then the connection is closed.
pub(super) async fn write(stream: &mut UnixStream, reply: &Reply) -> io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    timeout(protocol::limits::CONTROL_TIME, stream.write_all(&line)).await?
}
