//! Reading and writing the entries of the store.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use crate::clock::{StoreClock, millis_of};
use crate::error::StoreError;
use crate::gateway::Member;
use crate::limits::{
    FIND_TIME, LEASE_TIME, MAX_ENTRY, MAX_WAITING, MAX_WAITING_OCTETS, MAX_WRITES, NEWS_AT_ONCE, ORDER_TIME,
    STORE_TIME,
};
use crate::link::Link;
use crate::news::News;
use crate::notices::Notices;
use crate::pace::Pace;
use crate::reply::{Command, Value};
use crate::seal::{Content, Sealer};
use config::FleetSection;
use dns::clock::{Clock, Mono};
use dns::random::Random;
use resolver::fleet::{FleetStore, Found, FoundEntry, HeadStart, Lease, SharedEntry, SharedKey};

/// The store of a fleet.
pub struct Fleet {
    pub(crate) shared: Arc<Shared>,
    waiting: mpsc::Sender<Waiting>,
    /// Has a permit for each further octet that may wait to be written.
    room: Arc<Semaphore>,
    /// The entries that wait to be written. Locked by the task that writes them.
    to_write: tokio::sync::Mutex<mpsc::Receiver<Waiting>>,
}

pub(crate) struct Shared {
    pub(crate) config: FleetSection,
    pub(crate) clock: Clock,
    pub(crate) sealer: Sealer,
    /// A random number that identifies this process in the fleet.
    pub(crate) id: u64,
    pub(crate) state: Mutex<State>,
    pub(crate) counts: Counts,
    /// Notified when news wait, so that the next heartbeat begins immediately.
    pub(crate) hurry: Notify,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) link: Option<Link>,
    pub(crate) pace: Pace,
    pub(crate) clock: StoreClock,
    /// Why the store does not work.
    pub(crate) failing: Option<Failing>,
    /// Why the store does not accept writes.
    pub(crate) refuses_writes: Option<String>,
    /// The orders that wait to be sent.
    pub(crate) orders: VecDeque<Order>,
    pub(crate) notices: Notices,
    pub(crate) members: Vec<(u64, Member)>,
}

pub(crate) struct Failing {
    pub(crate) why: String,
    pub(crate) since: Mono,
    /// True if the log says so.
    pub(crate) is_noticed: bool,
}

/// An order that waits to be sent, and who waits for its confirmation.
pub(crate) struct Order {
    pub(crate) news: News,
    pub(crate) confirm: Option<oneshot::Sender<Result<(), String>>>,
}

pub(crate) struct Waiting {
    entry: SharedEntry,
    kept: Mono,
    _room: OwnedSemaphorePermit,
}

/// Counters since the start of the daemon.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    late: AtomicU64,
    written: AtomicU64,
    dropped: AtomicU64,
    refused: AtomicU64,
    pub(crate) errors: AtomicU64,
}

/// The state of the store, for the operator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreReport {
    /// The reason why the store does not work.
    pub failing: Option<String>,
    /// The time since which the store has not worked.
    pub failing_for: Option<Duration>,
    /// The reason why the store does not accept writes.
    pub refuses_writes: Option<String>,
    /// The name of the group of gateways.
    pub group: String,
    /// The servers of the store in the configuration.
    pub servers: Vec<String>,
    /// The usual time until the store replies.
    pub usual: Option<Duration>,
    /// The number of reads without a reply in time.
    pub late: u64,
    /// The number of written entries.
    pub written: u64,
    /// The number of entries that were not written: too many waited, they were too large, or the store did not work.
    pub dropped: u64,
    /// The number of entries that were not used: not authentic, or expired.
    pub refused: u64,
    /// The number of commands with an error.
    pub errors: u64,
    /// The number of this gateway in `members`.
    pub own: u64,
    /// The gateways that have reported recently, with their numbers.
    pub members: Vec<(u64, Member)>,
}

pub(crate) fn count(counter: &AtomicU64, number: usize) {
    counter.fetch_add(u64::try_from(number).unwrap_or(u64::MAX), Ordering::Relaxed);
}

impl Fleet {
    /// Creates the store without connecting to it. Returns `None` if the configuration has no servers or no key.
    pub fn new(config: &FleetSection, clock: &Clock, random: &Random) -> Option<Arc<Self>> {
        let key = config.key.as_ref().filter(|_| !config.servers.is_empty())?;
        let (waiting, to_write) = mpsc::channel(MAX_WAITING);
        let shared = Shared {
            sealer: Sealer::new(&key.secret, &config.group, random),
            config: config.clone(),
            clock: clock.clone(),
            id: random.u64(),
            state: Mutex::default(),
            counts: Counts::default(),
            hurry: Notify::new(),
        };
        let room = Arc::new(Semaphore::new(MAX_WAITING_OCTETS));
        Some(Arc::new(Self { shared: Arc::new(shared), waiting, room, to_write: to_write.into() }))
    }

    /// Sends an order to the other gateways with a heartbeat that begins now. Returns false if too many orders wait.
    pub fn send(&self, order: News) -> bool {
        self.send_order(Order { news: order, confirm: None })
    }

    /// Sends an order as `send`, and waits until all gateways had the time to read it. Returns `None` if too many orders wait.
    ///
    /// # Errors
    /// Other gateways may not carry out the order. The error says why.
    pub fn send_confirmed(&self, order: News) -> Option<BoxFuture<'static, Result<(), String>>> {
        let (confirm, confirmed) = oneshot::channel();
        self.send_order(Order { news: order, confirm: Some(confirm) }).then(|| {
            Box::pin(async move {
                match timeout(ORDER_TIME, confirmed).await {
                    Ok(Ok(confirmed)) => confirmed,
                    _ => Err(format!("it did not confirm the order within {} s", ORDER_TIME.as_secs())),
                }
            }) as BoxFuture<'static, _>
        })
    }

    fn send_order(&self, order: Order) -> bool {
        let mut state = self.shared.state();
        let has_room = state.orders.len() < NEWS_AT_ONCE;
        if has_room {
            state.orders.push_back(order);
        }
        drop(state);
        self.shared.hurry.notify_one();
        has_room
    }

    /// Returns the state of the store.
    pub fn report(&self) -> StoreReport {
        let state = self.shared.state();
        let now = self.shared.clock.mono();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counts { late, written, dropped, refused, errors } = &self.shared.counts;
        StoreReport {
            failing: state.failing.as_ref().map(|failing| failing.why.clone()),
            failing_for: state.failing.as_ref().map(|failing| now.since(failing.since)),
            refuses_writes: state.refuses_writes.clone(),
            group: self.shared.config.group.clone(),
            servers: self.shared.config.servers.iter().map(ToString::to_string).collect(),
            usual: state.pace.usual(),
            late: read(late),
            written: read(written),
            dropped: read(dropped),
            refused: read(refused),
            errors: read(errors),
            own: self.shared.id,
            // While the store does not work, the state of the other gateways is not known.
            members: if state.failing.is_none() { state.members.clone() } else { Vec::new() },
        }
    }

    /// Writes the waiting entries. Runs forever.
    pub async fn write(self: Arc<Self>) -> std::convert::Infallible {
        let mut to_write = self.to_write.lock().await;
        let mut entries = Vec::new();
        loop {
            if to_write.recv_many(&mut entries, MAX_WRITES).await == 0 {
                std::future::pending::<()>().await;
            }
            self.shared.write(std::mem::take(&mut entries)).await;
        }
    }
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the complete name of a value in the store. `kind`: its kind, such as an entry, a count or news.
    pub(crate) fn stored(&self, kind: &str, name: &str) -> String {
        let FleetSection { prefix, group, .. } = &self.config;
        format!("{prefix}{group}:{kind}:{name}")
    }

    async fn find(&self, keys: &[SharedKey], leases: bool) -> Found {
        let unknown = Found { lease: Lease::Unknown, entries: Vec::new() };
        let Some(link) = self.state().link.clone() else { return unknown };
        let names: Vec<String> = keys.iter().map(|key| self.stored("e", &self.sealer.name(&key.0))).collect();
        let mut asked = AskedStore { shared: self, began: self.clock.mono(), is_over: false };
        let read = timeout(FIND_TIME, self.read(&link, &names, leases)).await;
        asked.is_over = true;
        let (now, mut state) = (self.clock.mono(), self.state());
        match read {
            Ok(Ok((values, lease))) => {
                state.pace.replied(now.since(asked.began));
                let clock = state.clock;
                drop(state);
                let found =
                    names.iter().zip(values).filter_map(|(name, value)| self.open(clock, name, &value?));
                Found { entries: found.collect(), lease }
            }
            Ok(Err(error)) => {
                state.pace.late();
                drop(state);
                self.failed(&error);
                unknown
            }
            Err(_) => {
                state.pace.late();
                count(&self.counts.late, 1);
                unknown
            }
        }
    }

    /// Reads the values under these names. If `leases` is true, also tries to take the lease of the first name: the right to ask servers
    /// for it.
    async fn read(
        &self,
        link: &Link,
        names: &[String],
        leases: bool,
    ) -> Result<(Vec<Option<Vec<u8>>>, Lease), StoreError> {
        let lease = async {
            let Some(first) = names.first().filter(|_| leases) else { return Ok(Lease::Own) };
            let take = Command::new("SET").key(&format!("{first}:lease")).number(self.id).word("NX");
            let taken = link.command(&take.word("PX").number(millis_of(LEASE_TIME))).await?;
            Ok(if taken == Value::Nothing { Lease::Other } else { Lease::Own })
        };
        futures_util::future::try_join(link.values(names), lease).await
    }

    /// Decrypts a value of the store, and returns the entry in it. Returns `None` if the value is not authentic, or if the entry has expired.
    fn open(&self, clock: StoreClock, name: &str, value: &[u8]) -> Option<FoundEntry> {
        let now = self.clock.mono();
        let opened = self.sealer.open(name, value);
        let found = opened.as_deref().and_then(Content::read).and_then(
            |Content { written, expires, octets, .. }| {
                let age = clock.age(written, now)?;
                (clock.millis(now)? < expires).then(|| FoundEntry { octets: octets.to_owned(), age })
            },
        );
        if found.is_none() {
            count(&self.counts.refused, 1);
        }
        found
    }

    async fn write(&self, entries: Vec<Waiting>) {
        let number = entries.len();
        let (link, clock) = {
            let state = self.state();
            (state.link.clone().filter(|_| !state.pace.rests()), state.clock)
        };
        let Some(link) = link else { return count(&self.counts.dropped, number) };
        let writes: Vec<Command> =
            entries.iter().filter_map(|waiting| self.write_of(clock, waiting)).collect();
        let written = timeout(STORE_TIME, join_all(writes.iter().map(|write| link.command(write)))).await;
        match written {
            Ok(results) => {
                let failed = results.iter().filter(|result| result.is_err()).count();
                count(&self.counts.written, results.len().saturating_sub(failed));
                count(&self.counts.dropped, failed);
                if let Some(error) = results.into_iter().find_map(Result::err) {
                    self.failed(&error);
                }
            }
            Err(_) => count(&self.counts.dropped, number),
        }
    }

    /// Returns the command that writes an entry, unless the entry has expired or the clock of the store is not known.
    fn write_of(&self, clock: StoreClock, waiting: &Waiting) -> Option<Command> {
        let Waiting { entry: SharedEntry { key, octets, left, begun }, kept, _room: _ } = waiting;
        let left = left.checked_sub(self.clock.mono().since(*kept))?;
        let name = self.stored("e", &self.sealer.name(&key.0));
        // The age counts from the start of the resolution (`begun`), so that a flush during the resolution applies to the entry too.
        let written = clock.millis(*begun)?;
        let expires = clock.millis(self.clock.mono())?.saturating_add(millis_of(left));
        let content = Content { written, expires, writer: self.id, octets }.to_octets();
        let write = Command::new("SET").key(&name).word(self.sealer.seal(&name, &content));
        Some(write.word("PX").number(millis_of(left).max(1)))
    }

    /// Counts an error. If the connection is broken, the heartbeat makes a new one.
    pub(crate) fn failed(&self, error: &StoreError) {
        count(&self.counts.errors, 1);
        let mut state = self.state();
        if error.is_broken() && !state.link.as_ref().is_some_and(Link::is_cluster) {
            state.link = None;
        }
    }
}

/// A read of the store in progress. If servers answer first, this value is dropped, and the read is recorded as given up.
struct AskedStore<'s> {
    shared: &'s Shared,
    began: Mono,
    is_over: bool,
}

impl Drop for AskedStore<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            let elapsed = self.shared.clock.mono().since(self.began);
            self.shared.state().pace.given_up(elapsed);
        }
    }
}

impl FleetStore for Fleet {
    fn find(&self, keys: Vec<SharedKey>, leases: bool) -> BoxFuture<'static, Found> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.find(&keys, leases).await })
    }

    fn keep(&self, entries: Vec<SharedEntry>) {
        let kept = self.shared.clock.mono();
        for entry in entries {
            let fits = u32::try_from(entry.octets.len()).ok().filter(|_| entry.octets.len() <= MAX_ENTRY);
            let room = fits.and_then(|size| Arc::clone(&self.room).try_acquire_many_owned(size).ok());
            let waiting = room.map(|_room| Waiting { entry, kept, _room });
            if waiting.is_none_or(|waiting| self.waiting.try_send(waiting).is_err()) {
                count(&self.shared.counts.dropped, 1);
            }
        }
    }

    fn head_start(&self) -> HeadStart {
        let state = self.shared.state();
        if state.link.is_some() { state.pace.head_start() } else { HeadStart::Rests }
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Fleet({})", self.shared.config.group)
    }
}
