//! A worker: one thread and one datagram socket.
//!
//! It sleeps in poll until a datagram comes, so an idle daemon runs no timer. It answers hits itself; misses become tasks
//! of the runtime, and when that does not keep up the client hears SERVFAIL. The reply to a miss is sent by the task that
//! has it, over the worker's socket: handing it back would wake the worker for each.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};

use super::front::{First, Front, Missed};
use super::hand_over::{HandOver, Miss};
use crate::clock::Mono;
use crate::limits::{MAX_QUERY, UDP_BATCH};
use crate::question::Apart;
use crate::supervise::Supervisor;
use crate::supervise::pulse::Pulse;

/// Where replies to a worker's clients are put.
#[derive(Clone)]
pub(super) struct Outbox {
    socket: Arc<UdpSocket>,
    /// Misses whose replies are still to come.
    outstanding: Arc<AtomicUsize>,
    orders: Arc<AtomicU8>,
    bell: Arc<OwnedFd>,
}

/// A thread at work.
pub(super) struct Worker {
    thread: JoinHandle<()>,
    begin: SyncSender<()>,
    orders: Arc<AtomicU8>,
    bell: Arc<OwnedFd>,
    /// Kept here too: a thread that was given up must be missed.
    _pulse: Arc<Pulse>,
}

impl Outbox {
    /// Sends the reply to a miss, or learns that there will be none; false where the kernel has no room for it.
    pub(super) fn put(&self, reply: Option<Vec<u8>>, client: SocketAddr) -> bool {
        let put = reply.is_none_or(|reply| self.socket.send_to(&reply, client).is_ok());
        self.outstanding.fetch_sub(1, Ordering::SeqCst);
        // A worker that is to end waits for the last.
        if self.orders.load(Ordering::SeqCst) != SERVE {
            ring(&self.bell);
        }
        put
    }
}

impl Worker {
    /// Starts a thread that will serve `socket` once it is told to begin.
    pub(super) fn start(
        socket: UdpSocket,
        shard: usize,
        front: Arc<Front>,
        hand_over: HandOver,
        supervisor: &Supervisor,
    ) -> io::Result<Self> {
        let bell = Arc::new(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?);
        let (socket, orders) = (Arc::new(socket), Arc::new(AtomicU8::new(SERVE)));
        let outbox = Outbox {
            socket: Arc::clone(&socket),
            outstanding: Arc::default(),
            orders: Arc::clone(&orders),
            bell: Arc::clone(&bell),
        };
        let rung = Arc::clone(&bell);
        let name = format!("udp-{shard}");
        let pulse = supervisor.pulses().enroll(&name, move || ring(&rung));
        let (taken, beat) = (Arc::clone(&orders), Arc::clone(&pulse));
        let work = Work { socket, shard, front, hand_over, outbox, orders: taken, beat };
        let (begin, begun) = sync_channel(1);
        let (whose, supervisor) = (name.clone(), supervisor.clone());
        let waits = move || {
            // An error says that it is not to begin: its configuration was refused.
            if begun.recv().is_ok() {
                supervisor.keep_thread(&whose, || work.run());
            }
        };
        let thread = std::thread::Builder::new().name(name).spawn(waits)?;
        Ok(Self { thread, begin, orders, bell, _pulse: pulse })
    }

    /// Has it serve; it ends by itself where it is dropped before.
    pub(super) fn begin(&self) {
        // There is room for one, and it is told once.
        let _ = self.begin.try_send(());
    }

    /// Has the thread end by itself once every question that has come to its socket is answered.
    pub(super) fn retire(self) {
        self.orders.store(RETIRE, Ordering::SeqCst);
        ring(&self.bell);
    }

    /// Has the thread read no more: the socket outlives it, and another will read what is there.
    pub(super) fn leave(&self) {
        self.orders.store(LEAVE, Ordering::SeqCst);
        ring(&self.bell);
    }

    /// Ends the thread.
    pub(super) fn stop(self) {
        self.orders.store(STOP, Ordering::SeqCst);
        ring(&self.bell);
        // A worker that panicked has ended.
        let _ = self.thread.join();
    }
}

/// What a worker is told to do.
const SERVE: u8 = 0;
/// To end once it has nothing left to answer.
const RETIRE: u8 = 1;
/// To end.
const STOP: u8 = 2;
/// To read no more.
const LEAVE: u8 = 3;

struct Work {
    socket: Arc<UdpSocket>,
    shard: usize,
    front: Arc<Front>,
    hand_over: HandOver,
    outbox: Outbox,
    orders: Arc<AtomicU8>,
    beat: Arc<Pulse>,
}

impl Work {
    fn run(&self) {
        let mut datagram = vec![0; MAX_QUERY];
        let mut out = Vec::with_capacity(MAX_QUERY);
        loop {
            let readable = PollFlags::IN;
            // What is not to be read must not wake it either.
            let of_socket = if self.reads() { readable } else { PollFlags::empty() };
            let mut wanted = [
                PollFd::new(&*self.socket, of_socket),
                PollFd::from_borrowed_fd(std::os::fd::AsFd::as_fd(&*self.outbox.bell), readable),
            ];
            // An interrupted poll is a poll that found nothing yet.
            let _ = poll(&mut wanted, None);
            let [socket, bell] = wanted.map(|fd| !fd.revents().is_empty());
            let orders = self.orders.load(Ordering::SeqCst);
            if bell {
                self.beat.answer();
                self.hush();
            }
            if socket && self.reads() {
                self.read_batch(&mut datagram, &mut out);
            }
            let idle = !socket && self.outbox.outstanding.load(Ordering::SeqCst) == 0;
            if orders == STOP || orders == RETIRE && idle {
                return;
            }
        }
    }

    /// Whether it is to read questions still.
    fn reads(&self) -> bool {
        !matches!(self.orders.load(Ordering::Acquire), STOP | LEAVE)
    }

    /// Reads what has come, up to a bound, so that orders are not kept waiting by a flood.
    fn read_batch(&self, datagram: &mut [u8], out: &mut Vec<u8>) {
        for _ in 0..UDP_BATCH {
            if !self.reads() {
                return;
            }
            let (length, client) = match self.socket.recv_from(datagram) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // An error that a past reply brought back (port unreachable): the next datagram may be fine.
                Err(_) => continue,
            };
            let message = datagram.get(..length).unwrap_or_default();
            let now = self.front.now();
            match self.front.receive(self.shard, message, client, now, None, out) {
                First::Nothing => {}
                First::Reply => self.send(out, client),
                First::Miss(missed) => self.hand_on(missed, client, now, out),
            }
        }
    }

    fn hand_on(&self, missed: Box<Missed>, client: SocketAddr, arrived: Mono, out: &mut Vec<u8>) {
        let (front, outbox) = (Arc::clone(&self.front), self.outbox.clone());
        let miss = Miss { missed, client, arrived, shard: self.shard, front, outbox };
        self.outbox.outstanding.fetch_add(1, Ordering::SeqCst);
        let Err(miss) = self.hand_over.hand(miss) else { return };
        self.outbox.outstanding.fetch_sub(1, Ordering::SeqCst);
        self.front.shed(self.shard, &miss.missed.query, &client, arrived, None, out);
        self.send(out, client);
    }

    /// Has the bell be silent again.
    fn hush(&self) {
        // Only its being readable counts; where it is not, another look was quicker.
        let _ = rustix::io::read(&*self.outbox.bell, &mut [0; 8]);
    }

    fn send(&self, reply: &[u8], client: SocketAddr) {
        if self.socket.send_to(reply, client).is_err() {
            self.front.apart(self.shard, Apart::ReplyLost);
        }
    }
}

/// Wakes the worker. The counter of an eventfd cannot overflow before the worker reads it.
fn ring(bell: &OwnedFd) {
    let _ = rustix::io::write(bell, &1_u64.to_ne_bytes());
}
