//! resolverd: a caching, recursing DNS resolver for mail gateways.
//!
//! A message costs a gateway 30 to 90 questions in dependent steps. The mail waits for all of them, and its operator
//! wants to know which server was slow. This page describes the architecture. The front page of each crate and module says
//! what it is, which RFC it obeys, and which decisions shaped it.
//!
//! # Crates
//!
//! The repository is a workspace. The members are `src/NAME/`, each with its `Cargo.toml` and `lib.rs`. A crate calls only
//! those that its `Cargo.toml` names, so the compiler keeps the arrows:
//!
//! ```text
//!  resolverd   the daemon and both programs           calls control ctl migrate watched gather doctor lab resolver history validate dns
//!  ctl         commands and screens of resolverctl    calls control migrate watched shadow gather doctor resolver history dns
//!  control     control socket: protocol and server    calls watched doctor resolver history validate dns
//!  migrate     import, switch, check of this host     calls resolver history dns
//!  watched     the check of domains on schedule       calls gather doctor resolver history dns
//!  shadow      why another resolver answers otherwise calls doctor resolver dns
//!  gather      asks what the doctor wants             calls doctor dns
//!  doctor      what is wrong with a domain            calls validate dns
//!  lab         the simulated internet                 calls resolver history validate dns
//!  resolver    from the listener to the servers       calls history validate dns
//!  history     what is written down, and why          calls validate dns
//!  validate    DNSSEC                                 calls dns
//!  dns         names, messages, records, the clock
//! ```
//!
//! `lab` is in the programs for `resolverd demo` only (feature `lab`). `tests/stage` is a crate for tests and stands above all.
//! Bounds are in the module `limits` of the crate that uses them, each with its reason.
//!
//! # The way of a question
//!
//! ```text
//!  client
//!    ▼
//!  listener ─► resolve zones cache
//!    ▼
//!  resolve ──► iterate zones dnsbl exchange cache validate   one flight per question, deadlines of clients
//!    ▼  ▲
//!    ▼  └ sub-questions of iterate: a trait that resolve hands down
//!    ▼
//!  iterate ──► zones dnsbl exchange cache validate           from the closest zone cut along referrals
//!    ▼
//!  exchange                                                  one query over UDP, TCP, TLS or HTTPS
//!    ▼
//!  servers
//!
//!  background ► resolve zones dnsbl                          tasks: questions that no client has asked
//!  lookahead ─► resolve dnsbl                                a task: questions that clients are about to ask
//! ```
//!
//! All of these but `validate` are modules of [`resolver`]. Calls go down only. `background`, `lookahead` and [`control`]
//! stand above the way: they read state, and ask through `resolve` as any client does. No client's question waits for them,
//! nor for [`history`], to which all modules report.
//!
//! 1. [`resolver::listener`] reads a datagram or a stream message with [`dns::wire`], which compares bytes and decodes nothing. A hit in
//!    [`resolver::cache`] is copied, patched (id, spelling, TTLs) and sent by the thread that read it. The same query within a
//!    second gets the same octets. The listener or the address of a client chooses its view: the zones that it sees.
//! 2. A miss goes to [`resolver::resolve`]: it joins the flight of its question or begins one, and waits until the client's
//!    deadline. The flight of a query over UDP runs on the thread that read it: each worker has a runtime of its own. The
//!    flight follows aliases from name to name. For each name, the longest suffix in [`resolver::zones`] is its route.
//! 3. [`resolver::iterate`] walks from the closest zone cut in memory, or from the servers of a stub zone, along referrals. It asks
//!    forwarders for the whole answer. The choice of the next server, the meaning of a message, and the records that may
//!    be believed are pure functions (`select`, `classify`, `scrub`).
//!    [`resolver::resolve`] keeps an answer once [`validate`] has judged it by the keys of the zone that signed it, and asks another
//!    server before it calls a zone bogus. DS come with the walk; keys are fetched in parallel.
//!    In the zone of a DNS list the answer then passes the gate of [`resolver::dnsbl`]: is it a listing, a refusal, a parked zone?
//! 4. [`resolver::exchange`] sends one query and listens for its answer. No other module sends to servers. Its trait
//!    `Network` stands for sockets, or for the servers of the `lab` in memory.
//! 5. Every end of a step is reported to [`history`]. [`control`] shows it to [`ctl`], which is `resolverctl`. [`doctor`]
//!    checks domains through the daemon, and [`migrate::system`] this host; [`watched`] checks the domains of the configuration on schedule.
//!    [`migrate::switch`] puts resolverd in the place of another resolver. [`metrics`] serves the same numbers to Prometheus.
//!    [`resolver::dnstap`] gives copies of messages to other programs. `shadow` finds the causes for which another resolver answers
//!    differently.
//! 6. [`resolver::lookahead`] learns of the answers to misses, and asks what mail software asks next.
//!
//! # Shared types
//!
//! [`dns::question`] has the types of the whole way: the question and its key, the answer as octets, and the closed list of
//! outcomes in which every question ends. [`dns::conduct`] has the behaviour of a server to a query. [`dns::rdata`] reads the data of
//! records that the library refuses; [`dns::zone_file`] reads every text in zone-file form. [`dns::clock`] and [`dns::random`] are injected,
//! so that the whole resolver runs on a virtual clock and a seed. Every
//! default is in [`resolver::config`].
//!
//! # Start and end
//!
//! [`daemon`] builds the parts, owns their tasks, and ends them in order. [`resolver::supervise`] restarts tasks after a panic
//! and finds stuck ones. [`notify`] informs the service manager, and [`log`] writes to the journal.
//!
//! `upstream` is the one word here that RFC 9499 does not define: the server that is asked next.

mod allocator;
pub mod arguments;
pub mod daemon;
pub mod limits;
pub mod log;
pub mod metrics;
pub mod notify;
