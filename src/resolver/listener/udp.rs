//! A worker: one thread with its own tokio runtime, which reads the queries of one UDP socket.
//!
//! The thread sleeps in epoll until something arrives, so an idle daemon runs no timer. It reads a batch of queries, answers the hits
//! (queries whose answer is in the cache) immediately, and sends these replies together. While hits follow each other closely and nothing
//! else is in progress, it sleeps in the system call that reads instead, because one run of the tokio runtime with epoll costs as much as
//! four hits.
//!
//! A miss (a query whose answer is not in the cache) becomes a task of the same runtime, with its sockets to servers and its timers. If the
//! tasks cannot keep up, clients receive SERVFAIL. Clients of other threads may wait for a resolution (flight) of this worker, so the
//! runtime of a retired worker continues to run for as long as a resolution may last.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::pin::{Pin, pin};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use tokio::io::Interest;
use tokio::io::unix::{AsyncFd, AsyncFdReadyGuard};
use tokio::runtime::{Runtime, RuntimeMetrics};
use tokio::task::JoinHandle;
use tokio::time::{Instant, Sleep, sleep};

use super::datagrams::{self, Peer, QueryBatch, ReadDatagrams, ReadWait, ReplyBatch};
use super::dropped::Inode;
use super::front::{Front, Handled};
use super::hand_over::{HandOver, Miss};
use super::hits::HitTime;
use super::orders::{LEAVE, Orders, RETIRE, SERVE, STOP};
use super::outbox::Outbox;
use super::pace::Pace;
use super::recent::{RecentHash, RecentReplies};
use super::waiting::{Occasion, WaitingQuery};
use crate::limits::{
    BATCHES_AT_ONCE, MAX_PACE_TURNS, PLANNED_WAKE, TIME_WITHOUT_RUNTIME, UDP_BATCH, WORKER_LINGER,
    WORKER_TASKS,
};
use dns::clock::Mono;
use dns::question::Apart;
use dns::wire::query::Query;
use dnstap::tapped::TapKind;
use supervise::Supervisor;
use supervise::pulse::Pulse;

pub(super) struct Worker {
    /// The thread. It returns the runtime of a worker that was stopped with `stop`.
    thread: std::thread::JoinHandle<Option<Runtime>>,
    begin: SyncSender<()>,
    orders: Arc<Orders>,
    socket: Weak<UdpSocket>,
    /// Identifies the socket in the tables of the kernel.
    inode: Inode,
    /// The thread must answer each ring of its pulse. The watchdog forgets a pulse that is dropped. So it is kept here too: if the thread has
    /// ended after too many panics, the watchdog rings it in vain and notices that.
    _pulse: Arc<Pulse>,
}

impl Worker {
    /// Starts a thread that serves `socket` after `begin` has been called.
    pub(super) fn start(
        socket: UdpSocket,
        shard: usize,
        front: Arc<Front>,
        supervisor: &Supervisor,
    ) -> io::Result<Self> {
        datagrams::prepare(&socket)?;
        let inode = super::dropped::inode(&socket)?;
        let (socket, orders) = (Arc::new(socket), Arc::new(Orders::default()));
        let name = format!("udp-{shard}");
        let (rung, held) = (Arc::clone(&orders), Arc::downgrade(&socket));
        let pulse = supervisor.pulses().enroll(&name, move || rung.bell.notify_one());
        let outbox =
            Arc::new(Outbox::new(Arc::clone(&socket), Arc::clone(&front), shard, Arc::clone(&orders)));
        let given = Arc::clone(&orders);
        let beat = Arc::clone(&pulse);
        let (begin, begun) = sync_channel(1);
        let (ready, is_ready) = sync_channel(1);
        let (whose, supervisor) = (name.clone(), supervisor.clone());
        let lives = move || {
            // This thread creates and drops its runtime itself, because tokio panics if a runtime is dropped on a thread of another runtime.
            let made = runtime().and_then(|runtime| {
                let _inside = runtime.enter();
                let sending = Arc::clone(&outbox);
                let sends = move || Arc::clone(&sending).serve();
                let sender = runtime.spawn(supervisor.keep(&format!("{whose} replies"), sends));
                // From here on, the thread owns the socket.
                let socket = readable(socket)?;
                let (local, orders) = (socket.get_ref().local_addr()?, given);
                let (hand_over, missed) = (HandOver::new(front.queue()), Cell::new(None));
                let tasks = runtime.metrics();
                let work = Work {
                    socket,
                    local,
                    shard,
                    front,
                    hand_over,
                    outbox,
                    sender,
                    tasks,
                    orders,
                    missed,
                    beat,
                };
                Ok((runtime, work))
            });
            let (runtime, work) = match made {
                Ok(made) => made,
                Err(error) => {
                    let _ = ready.send(Err(error));
                    return None;
                }
            };
            let _ = ready.send(Ok(()));
            // An error means that the configuration was refused, so the worker must not begin.
            begun.recv().ok()?;
            supervisor.keep_thread(&whose, || runtime.block_on(work.serve()));
            work.end(runtime)
        };
        let thread = std::thread::Builder::new().name(name).spawn(lives)?;
        // An error means that the thread has panicked before it was ready.
        is_ready.recv().map_err(|_| io::ErrorKind::Other)??;
        Ok(Self { thread, begin, orders, socket: held, inode, _pulse: pulse })
    }

    pub(super) fn inode(&self) -> Inode {
        self.inode
    }

    /// Lets the worker begin to serve its socket. If the `Worker` is dropped before, the thread ends by itself.
    pub(super) fn begin(&self) {
        // Sending does not fail for lack of room: the channel has room for one message, and only one is sent.
        let _ = self.begin.try_send(());
    }

    /// Ends the worker. The returned socket is closed after all queries are answered, and the thread ends after all its resolutions.
    pub(super) fn retire(self) -> Weak<UdpSocket> {
        self.orders.give(RETIRE);
        self.socket
    }

    /// Makes the worker stop reading queries. The socket stays open, so that another process can read the remaining queries.
    pub(super) fn leave(&self) {
        self.orders.give(LEAVE);
    }

    /// Waits until the worker no longer reads queries, after `leave`.
    pub(super) async fn has_left(&self) {
        self.orders.is_known().await;
    }

    /// Ends the thread. Returns its runtime, which must be kept while other threads wait for its resolutions and its queries to servers.
    pub(super) fn stop(self) -> Option<Runtime> {
        self.orders.give(STOP);
        // An error means that the thread has panicked.
        self.thread.join().ok().flatten()
    }
}

fn runtime() -> io::Result<Runtime> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_io().enable_time().event_interval(WORKER_TASKS).build()
}

/// Registers the socket for reading only. Tokio's own socket type also waits for room to write, so it would wake the thread each time a
/// client has read a reply.
#[expect(
    deprecated,
    reason = "its successor is `unsafe`: it wants a descriptor that stays open, and this one is owned"
)]
fn readable(socket: Arc<UdpSocket>) -> io::Result<AsyncFd<Arc<UdpSocket>>> {
    AsyncFd::with_interest(socket, Interest::READABLE)
}

/// Called while cache misses arrive. Sets the timer `planned`, so that the runtime wakes before any timer of a miss is due: tokio writes to the
/// eventfd of the runtime, a system call, for each new timer that is due before the next planned wake. Returns false if the runtime must run once
/// first, to register this timer.
fn plan_wake(mut planned: Pin<&mut Sleep>) -> bool {
    let is_planned = !planned.is_elapsed();
    planned.as_mut().reset(Instant::now() + PLANNED_WAKE);
    is_planned
}

struct BatchRoom {
    received: QueryBatch,
    hashes: Vec<RecentHash>,
    query: Query,
    recent: RecentReplies,
    hit_time: HitTime,
    replies: ReplyBatch,
    pace: Pace,
}

struct Work {
    socket: AsyncFd<Arc<UdpSocket>>,
    local: SocketAddr,
    shard: usize,
    front: Arc<Front>,
    hand_over: HandOver,
    outbox: Arc<Outbox>,
    sender: JoinHandle<()>,
    tasks: RuntimeMetrics,
    orders: Arc<Orders>,
    missed: Cell<Option<Mono>>,
    beat: Arc<Pulse>,
}

enum WorkerEvent<'a> {
    /// There is a new order for the worker.
    Bell,
    Queries(AsyncFdReadyGuard<'a, Arc<UdpSocket>>),
    /// Cache misses wait whose resolution has not begun.
    Misses,
}

impl Work {
    async fn serve(&self) {
        let mut room = BatchRoom {
            received: QueryBatch::new(self.local),
            query: Query::blank(),
            hashes: Vec::with_capacity(UDP_BATCH),
            recent: RecentReplies::default(),
            hit_time: HitTime::default(),
            replies: ReplyBatch::new(),
            pace: Pace::new(self.front.now()),
        };
        let orders = &self.orders;
        let mut rung = pin!(orders.bell.notified());
        let mut planned = pin!(sleep(PLANNED_WAKE));
        planned.as_mut().reset(Instant::now());
        loop {
            let event = poll_fn(|context| {
                if rung.as_mut().poll(context).is_ready() {
                    return Poll::Ready(WorkerEvent::Bell);
                }
                // A worker that reads no more queries must not be woken by them.
                match orders.reads().then(|| self.poll_queries(context)) {
                    Some(Poll::Ready(queries)) => Poll::Ready(queries),
                    _ if self.hand_over.waits() => Poll::Ready(WorkerEvent::Misses),
                    _ => Poll::Pending,
                }
            });
            let all = match event.await {
                WorkerEvent::Bell => {
                    rung.set(orders.bell.notified());
                    self.beat.answer();
                    orders.now() != RETIRE
                        || self.read_batch(&mut room, ReadWait::None) != ReadDatagrams::Some
                }
                WorkerEvent::Queries(mut ready) => {
                    let all = self.read_batches(&mut room);
                    if all {
                        ready.clear_ready();
                    }
                    all
                }
                WorkerEvent::Misses => true,
            };
            match orders.now() {
                STOP => return,
                RETIRE if all && self.outbox.is_empty() => return,
                _ => {}
            }
            let is_planned = !self.hand_over.waits() || plan_wake(planned.as_mut());
            if !(is_planned && self.hand_over.begin() && all) {
                // The tasks of misses run, and replies of servers are handled, before the next batch is read.
                tokio::task::yield_now().await;
            }
        }
    }

    fn poll_queries(&self, context: &mut Context<'_>) -> Poll<WorkerEvent<'_>> {
        match self.socket.poll_read_ready(context) {
            Poll::Ready(Ok(ready)) => Poll::Ready(WorkerEvent::Queries(ready)),
            // An error means that the runtime of this thread is ending.
            _ => Poll::Pending,
        }
    }

    /// Reads a few more batches while misses wait, and many batches while hits follow each other closely. Returns true if no query is left
    /// in the socket.
    fn read_batches(&self, room: &mut BatchRoom) -> bool {
        let mut read = self.read_batch(room, ReadWait::None);
        for _ in 1..BATCHES_AT_ONCE {
            if read != ReadDatagrams::Some || !self.hand_over.waits() {
                break;
            }
            read = self.read_batch(room, ReadWait::None);
        }
        // Waits in the system call only if more queries are likely to arrive soon.
        if read == ReadDatagrams::All && (room.received.len() > 1 || room.pace.is_brisk()) {
            self.orders.set_deaf(true);
            let until = room.pace.last_read().after(TIME_WITHOUT_RUNTIME);
            while read == ReadDatagrams::All && self.is_free() && room.pace.last_read() < until {
                self.keep_pace(&room.pace);
                read = self.read_batch(room, ReadWait::Short);
            }
            self.orders.set_deaf(false);
        }
        read != ReadDatagrams::Some
    }

    /// Returns true if the runtime has nothing to do, and the worker has no order to stop. The only task is then the one that sends replies, and
    /// no reply waits.
    fn is_free(&self) -> bool {
        self.tasks.num_alive_tasks() <= 1 && self.outbox.is_empty() && self.orders.now() == SERVE
    }

    /// Waits until the next read is due. It spins, because the kernel wakes a sleeping thread too late.
    fn keep_pace(&self, pace: &Pace) {
        let Some(due) = pace.next_read() else { return };
        for _ in 0..MAX_PACE_TURNS {
            if self.front.now() >= due {
                break;
            }
            std::hint::spin_loop();
        }
    }

    fn read_batch(&self, room: &mut BatchRoom, wait: ReadWait) -> ReadDatagrams {
        let BatchRoom { received, hashes, query, recent, hit_time, replies, pace } = room;
        let socket = self.socket.get_ref();
        let read = received.receive(socket, wait);
        if received.len() == 0 {
            return read;
        }
        let occasion = Occasion { shard: self.shard, at: self.front.now(), limit: None };
        pace.note(occasion.at, received.len());
        let mut batch = self.front.batch(occasion, query, Some(recent)).timed_by(hit_time);
        batch.fetch(received.iter().map(|(message, _)| message), hashes);
        for ((message, peer), hash) in received.iter().zip(hashes.iter()) {
            let Some(out) = replies.buffer() else { break };
            let replied = match batch.receive(peer.client, message, Some(*hash), out) {
                Handled::Nothing => false,
                Handled::Reply => true,
                Handled::Miss(waiting) => self.hand_on(waiting, peer, out),
            };
            if replied {
                replies.push(peer);
            }
        }
        batch.end();
        for _ in 0..replies.send(socket) {
            self.front.apart(self.shard, Apart::ReplyLost);
        }
        read
    }

    /// Queues a cache miss to be resolved. Returns true if the queue had no room for the miss. `out` then contains a SERVFAIL reply.
    fn hand_on(&self, waiting: Box<WaitingQuery>, peer: Peer, out: &mut Vec<u8>) -> bool {
        let (front, outbox) = (Arc::clone(&self.front), Arc::clone(&self.outbox));
        let miss = Miss { waiting, peer, front, outbox };
        self.outbox.expect_one();
        self.missed.set(Some(miss.waiting.arrival.occasion.at));
        let Err(miss) = self.hand_over.hand(miss) else { return false };
        self.outbox.expect_less(1);
        let arrival = miss.waiting.arrival;
        self.front.shed(arrival, &miss.waiting.query, out);
        self.front.tap(TapKind::ClientResponse, arrival, out);
        true
    }

    /// Closes the socket. If the daemon continues to run, the runtime also continues until its resolutions and queries have ended, because other
    /// threads may wait for them. If the daemon is stopping, returns the runtime.
    fn end(self, runtime: Runtime) -> Option<Runtime> {
        let (order, now) = (self.orders.now(), self.front.now());
        let lasts = self.missed.get().map(|last| WORKER_LINGER.saturating_sub(now.since(last)));
        // The task that sends the replies keeps the socket open, so it is ended.
        self.sender.abort();
        drop(self);
        if order != RETIRE {
            return Some(runtime);
        }
        if let Some(lasts) = lasts {
            runtime.block_on(async { tokio::time::sleep(lasts).await });
        }
        runtime.shutdown_background();
        None
    }
}

#[cfg(test)]
pub(in crate::listener) mod tests {
    use std::net::Ipv4Addr;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use allocation_counter::measure;
    use hickory_proto::op::{Edns, Message, Query as Asked, ResponseCode};
    use hickory_proto::rr::rdata::A;
    use hickory_proto::rr::{Name, RData, Record, RecordType};

    use super::super::front::FrontParts;
    use super::super::policy::{Policy, SharedBounds};
    use super::*;
    use crate::resolve::{Resolver, ResolverParts};
    use config::{Config, ConfiguredView, ListenAt, ListenFor};
    use dns::clock::Clock;
    use dns::hash::Keyed;
    use dns::question::Question;
    use dns::random::Random;
    use dns::wire::compose;
    use dns::wire::compose::AnswerParts;
    use dns::wire::cookie::CookieSecret;
    use exchange::network::Network;
    use exchange::ports::SourcePorts;
    use exchange::socket_network::SocketNetwork;
    use record::Recorder;
    use zones::Views;

    /// The number of cache hits until all buffers have their final size, and the number of further hits, during which allocations are
    /// counted.
    const HITS: [usize; 2] = [300, 1_000];

    /// Returns a `Front` for a loopback address, and a name whose answer is in its cache.
    pub(in crate::listener) fn front() -> (Arc<Front>, Arc<Resolver>, Name) {
        // The client belongs to a `[[view]]` with the same zones as the default view.
        let clients = vec!["127.0.0.0/8".parse().unwrap(), "127.0.0.1/32".parse().unwrap()];
        let office = ConfiguredView { name: "office".to_owned(), clients, zones: None };
        let config = Arc::new(Config { views: vec![office], ..Config::default() });
        let (clock, random) = (Clock::machine(), Random::seeded(7));
        let views = Views::new(&config).unwrap();
        let recorder = Recorder::new(clock.clone(), 1);
        let network =
            Arc::new(SocketNetwork::new(random.clone(), SourcePorts::in_range(1_024..=u16::MAX, "")));
        let resolver = Resolver::new(ResolverParts {
            views: views.clone(),
            clock: clock.clone(),
            random: random.clone(),
            network: network as Arc<dyn Network>,
            recorder: Arc::clone(&recorder),
            tap: Arc::default(),
        });
        let name = Name::from_ascii("mail.customer.example.").unwrap();
        let question = Question::new(&name, RecordType::A);
        let records = [Record::from_rdata(name.clone(), 3_600, RData::A(A(Ipv4Addr::LOCALHOST)))];
        let answer = compose::answer(&AnswerParts {
            question: &question,
            rcode: ResponseCode::NoError,
            answers: &records,
            authorities: &[],
            stored: clock.mono(),
            extended_error: None,
            list: None,
        });
        resolver.memory().answers.put(question.key(), &Arc::new(answer.unwrap()));
        let bounds = SharedBounds::new(resolver.memory().keyed(), resolver.bounds());
        let bounds = Arc::new(SharedBounds { waiting: Arc::new(tokio::sync::Semaphore::new(1)), ..bounds });
        let cookies = CookieSecret::new(Keyed::new(&random));
        let (supervisor, of_front) = (Supervisor::default(), Arc::clone(&resolver));
        let parts = FrontParts { clock, resolver: of_front, recorder, cookies, supervisor };
        let policy = Policy::for_listener(&config.listen, &views, 0).unwrap();
        let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 53));
        let front = Front::new(
            Arc::new(parts),
            policy,
            bounds,
            ListenAt { address: local, serves: ListenFor::Plain },
        );
        (Arc::new(front), resolver, name)
    }

    fn query(name: &Name) -> Vec<u8> {
        let mut message = Message::query();
        message.metadata.recursion_desired = true;
        message.add_query(Asked::query(name.clone(), RecordType::A));
        message.set_edns(Edns::new());
        message.to_vec().unwrap()
    }

    /// Sends equal queries, a few at a time. Each must be answered.
    fn ask(client: &UdpSocket, query: &[u8], times: usize) {
        let mut reply = [0; 512];
        for few in [1, 3, 20].iter().cycle().take(times / 8) {
            (0..*few).for_each(|_| assert_eq!(client.send(query).unwrap(), query.len()));
            for _ in 0..*few {
                let length = client.recv(&mut reply).unwrap();
                assert!(length > query.len() && reply[3] & 0x0F == 0, "an answer");
            }
        }
    }

    #[test]
    fn udp_cache_hits_allocate_nothing() {
        let runtime = runtime().unwrap();
        let _inside = runtime.enter();
        let (front, _, name) = front();
        let (socket, orders) = (Arc::new(UdpSocket::bind("127.0.0.1:0").unwrap()), Arc::<Orders>::default());
        let outbox = Outbox::new(Arc::clone(&socket), Arc::clone(&front), 0, Arc::clone(&orders));
        let (hand_over, missed, outbox) = (HandOver::new(front.queue()), Cell::new(None), Arc::new(outbox));
        let (sender, tasks) = (runtime.spawn(Arc::clone(&outbox).serve()), runtime.metrics());
        let beat = Supervisor::default().pulses().enroll("it", || ());
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.connect(socket.local_addr().unwrap()).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        datagrams::prepare(&socket).unwrap();
        let socket = readable(socket).unwrap();
        let (local, shard, given) = (socket.get_ref().local_addr().unwrap(), 0, Arc::clone(&orders));
        let work =
            Work { socket, local, shard, front, hand_over, outbox, sender, tasks, missed, beat, orders };

        // More queries than the largest batch, so that all buffers are created at the first read.
        let first = query(&name);
        (0..2 * UDP_BATCH).for_each(|_| assert_eq!(client.send(&first).unwrap(), first.len()));
        // The client sends its queries from another thread, whose allocations are not counted.
        let warm = Arc::new(AtomicBool::new(false));
        let is_warm = Arc::clone(&warm);
        let asks = std::thread::spawn(move || {
            let query = query(&name);
            (0..2 * UDP_BATCH).for_each(|_| assert!(client.recv(&mut [0; 512]).unwrap() > query.len()));
            ask(&client, &query, HITS[0]);
            is_warm.store(true, Ordering::SeqCst);
            ask(&client, &query, HITS[1]);
            given.give(STOP);
        });
        let (mut allocations, mut turns) = (0, 0);
        let mut serving = pin!(work.serve());
        runtime.block_on(poll_fn(|context| {
            let mut polled = Poll::Pending;
            let counted = measure(|| polled = serving.as_mut().poll(context));
            if warm.load(Ordering::SeqCst) {
                (allocations, turns) = (allocations + counted.count_total, turns + 1);
            }
            polled
        }));
        asks.join().unwrap();
        assert_eq!(allocations, 0, "in {turns} turns");
        assert!(turns > 1, "{turns}");
    }
}
