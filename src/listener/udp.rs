//! A worker: one thread, one datagram socket, one queue of replies.
//!
//! May call: `front`. It sleeps in poll until a datagram comes or a reply is ready, so an idle daemon runs no timer. It
//! answers hits itself; misses go to the queue of `resolve`'s side, and when that is full the client hears SERVFAIL.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use tokio::sync::mpsc;

use super::front::{First, Front, Missed};
use super::pulse::{Pulse, Pulses};
use crate::clock::Mono;
use crate::limits::{MAX_QUERY, MAX_REPLIES, UDP_BATCH};
use crate::question::Apart;

/// A question that was not in memory, and where its reply goes.
pub(super) struct Miss {
    pub(super) missed: Box<Missed>,
    pub(super) client: SocketAddr,
    pub(super) arrived: Mono,
    pub(super) shard: usize,
    pub(super) front: Arc<Front>,
    pub(super) outbox: Outbox,
}

/// Where replies to a worker's clients are put.
#[derive(Clone)]
pub(super) struct Outbox {
    replies: SyncSender<(Vec<u8>, SocketAddr)>,
    /// Misses whose replies are still to come.
    outstanding: Arc<AtomicUsize>,
    bell: Arc<OwnedFd>,
}

/// A thread at work.
pub(super) struct Worker {
    thread: JoinHandle<()>,
    begin: SyncSender<()>,
    orders: Arc<AtomicU8>,
    bell: Arc<OwnedFd>,
    /// Kept here too: a thread that panicked must be missed.
    _pulse: Arc<Pulse>,
}

impl Outbox {
    /// Hands the reply to a miss to the worker, or that there will be none; false where its queue is full.
    pub(super) fn put(&self, reply: Option<Vec<u8>>, client: SocketAddr) -> bool {
        let put = reply.is_none_or(|reply| self.replies.try_send((reply, client)).is_ok());
        self.outstanding.fetch_sub(1, Ordering::AcqRel);
        ring(&self.bell);
        put
    }
}

impl Worker {
    /// Starts a thread that will serve `socket` once it is told to begin.
    pub(super) fn start(
        socket: UdpSocket,
        shard: usize,
        front: Arc<Front>,
        misses: mpsc::Sender<Miss>,
        pulses: &Pulses,
    ) -> io::Result<Self> {
        let bell = Arc::new(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?);
        let (sender, replies) = sync_channel(MAX_REPLIES);
        let orders = Arc::new(AtomicU8::new(SERVE));
        let outbox = Outbox { replies: sender, outstanding: Arc::default(), bell: Arc::clone(&bell) };
        let rung = Arc::clone(&bell);
        let pulse = pulses.enroll(&format!("udp-{shard}"), move || ring(&rung));
        let (taken, beat) = (Arc::clone(&orders), Arc::clone(&pulse));
        let work = Work { socket, shard, front, misses, outbox, replies, orders: taken, beat };
        let (begin, begun) = sync_channel(1);
        let waits = move || {
            // An error says that it is not to begin: its configuration was refused.
            if begun.recv().is_ok() {
                work.run();
            }
        };
        let thread = std::thread::Builder::new().name(format!("udp-{shard}")).spawn(waits)?;
        Ok(Self { thread, begin, orders, bell, _pulse: pulse })
    }

    /// Has it serve; it ends by itself where it is dropped before.
    pub(super) fn begin(&self) {
        // There is room for one, and it is told once.
        let _ = self.begin.try_send(());
    }

    /// Has the thread end by itself once every question that has come to its socket is answered.
    pub(super) fn retire(self) {
        self.orders.store(RETIRE, Ordering::Release);
        ring(&self.bell);
    }

    /// Has the thread read no more, and only send replies: the socket outlives it, and another will read what is there.
    pub(super) fn leave(&self) {
        self.orders.store(LEAVE, Ordering::Release);
        ring(&self.bell);
    }

    /// Ends the thread, once it has sent what waits in its queue.
    pub(super) fn stop(self) {
        self.orders.store(STOP, Ordering::Release);
        ring(&self.bell);
        // A worker that panicked has nothing left to send.
        let _ = self.thread.join();
    }
}

/// What a worker is told to do.
const SERVE: u8 = 0;
/// To end once it has nothing left to answer.
const RETIRE: u8 = 1;
/// To end once its queue is sent.
const STOP: u8 = 2;
/// To read no more.
const LEAVE: u8 = 3;

struct Work {
    socket: UdpSocket,
    shard: usize,
    front: Arc<Front>,
    misses: mpsc::Sender<Miss>,
    outbox: Outbox,
    replies: Receiver<(Vec<u8>, SocketAddr)>,
    orders: Arc<AtomicU8>,
    beat: Arc<Pulse>,
}

impl Work {
    fn run(self) {
        let mut datagram = vec![0; MAX_QUERY];
        let mut out = Vec::with_capacity(MAX_QUERY);
        loop {
            let readable = PollFlags::IN;
            // What is not to be read must not wake it either.
            let of_socket = if self.reads() { readable } else { PollFlags::empty() };
            let mut wanted = [
                PollFd::new(&self.socket, of_socket),
                PollFd::from_borrowed_fd(std::os::fd::AsFd::as_fd(&*self.outbox.bell), readable),
            ];
            // An interrupted poll is a poll that found nothing yet.
            let _ = poll(&mut wanted, None);
            let [socket, bell] = wanted.map(|fd| !fd.revents().is_empty());
            let orders = self.orders.load(Ordering::Acquire);
            if bell {
                self.beat.answer();
                self.send_replies();
            }
            if socket && self.reads() {
                self.read_batch(&mut datagram, &mut out);
            }
            let idle = !socket && self.outbox.outstanding.load(Ordering::Acquire) == 0;
            if orders == STOP || orders == RETIRE && idle {
                // What was put between the last look and the orders.
                self.send_replies();
                return;
            }
        }
    }

    /// Whether it is to read questions still.
    fn reads(&self) -> bool {
        !matches!(self.orders.load(Ordering::Acquire), STOP | LEAVE)
    }

    /// Reads what has come, up to a bound, so that replies are not kept waiting by a flood.
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
        self.outbox.outstanding.fetch_add(1, Ordering::AcqRel);
        let Err(full) = self.misses.try_send(miss) else { return };
        self.outbox.outstanding.fetch_sub(1, Ordering::AcqRel);
        let miss = full.into_inner();
        self.front.shed(self.shard, &miss.missed.query, &client, arrived, None, out);
        self.send(out, client);
    }

    fn send_replies(&self) {
        let mut count = [0; 8];
        // Only its being readable counts; where it is not, another look was quicker.
        let _ = rustix::io::read(&*self.outbox.bell, &mut count);
        while let Ok((reply, client)) = self.replies.try_recv() {
            self.send(&reply, client);
        }
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
