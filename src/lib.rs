//! resolverd: a caching, recursing DNS resolver for mail gateways.
//!
//! For each email, a gateway sends 30 to 90 queries, many of them one after the other. The mail waits for all of them, and the
//! operator wants to know which server was slow. This page describes the architecture. The front page of each crate and
//! module says what it is, which RFC it obeys, and lists its decisions.
//!
//! # Crates
//!
//! The repository is a workspace. The members are `src/NAME/`, each with its `Cargo.toml` and `lib.rs`. A crate calls only
//! those that its `Cargo.toml` names, so a call in the wrong direction does not compile:
//!
//! ```text
//!  resolverd   the daemon and both programs           calls control ctl migrate watched gather doctor lab resolver history validate dns
//!  ctl         commands and screens of resolverctl    calls control migrate watched shadow gather doctor resolver history dns
//!  control     control socket: protocol and server    calls watched doctor resolver history validate dns
//!  migrate     import, switch, check of this host     calls resolver history dns
//!  watched     the check of domains on schedule       calls gather doctor resolver history dns
//!  shadow      compares the answers of two resolvers  calls doctor resolver dns
//!  gather      sends the questions of the doctor      calls doctor dns
//!  doctor      what is wrong with a domain            calls validate dns
//!  lab         the simulated internet                 calls resolver history validate dns
//!  resolver    from the listener to the servers       calls history validate dns
//!  history     statistics, and the last queries       calls validate dns
//!  validate    DNSSEC                                 calls dns
//!  dns         names, messages, records, the clock
//! ```
//!
//! `lab` is in the programs for `resolverd demo` only (feature `lab`). `tests/stage` is a crate for tests; it may call all others.
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
//! All of these except `validate` are modules of [`resolver`]. Calls go down only. `background`, `lookahead` and [`control`]
//! read state, and send questions through `resolve` as a client does. No question of a client waits for them, nor for
//! [`history`], to which all modules report.
//!
//! 1. [`resolver::listener`] reads a datagram or a stream message with [`dns::wire`], which compares bytes and decodes nothing. A hit in
//!    [`resolver::cache`] is copied, patched (id, spelling, TTLs: [`dns::wire::ttl`]) and sent by the thread that read it. The same query
//!    within a second gets the same octets. The listener or the address of a client chooses its view: the zones that it sees.
//! 2. A miss goes to [`resolver::resolve`]: it joins the resolution (flight) of its question or begins one, and waits until the
//!    deadline of the client. The flight of a query over UDP runs on the thread that read it: each worker has a runtime of its own. The
//!    flight follows aliases from name to name. For each name, the longest suffix in [`resolver::zones`] is its route.
//! 3. [`resolver::iterate`] follows referrals from the closest cached zone cut, or from the servers of a stub zone. Forwarders
//!    give the whole answer. Pure functions choose the next server (`select`), classify a reply (`classify`), and remove records
//!    that the server has no authority for (`scrub`).
//!    [`resolver::resolve`] caches an answer after [`validate`] has validated it, and queries another server before a zone is
//!    bogus. DS records come with the referrals; keys are fetched in parallel.
//!    In the zone of a DNS list, [`resolver::dnsbl`] then decides whether the answer is a listing, a refusal or a parked zone.
//!    If there is no answer, `resolver::extended_error` chooses the code that the client gets (RFC 8914).
//! 4. [`resolver::exchange`] sends one query and waits for its reply. No other module sends to servers. Its trait
//!    `Network` has two implementations: sockets, and the servers of the `lab` in memory.
//! 5. The result of each step is reported to [`history`]. [`control`] shows it to [`ctl`], which is `resolverctl`. [`doctor`]
//!    checks domains through the daemon, and [`migrate::system`] this host; [`watched`] checks the domains of the configuration on schedule.
//!    [`migrate::switch`] puts resolverd in the place of another resolver. [`metrics`] serves the same numbers to Prometheus.
//!    [`resolver::dnstap`] copies messages to other programs. `shadow` finds out why another resolver answers differently.
//! 6. [`resolver::lookahead`] sees the answers to misses, and sends the queries that mail software will send next.
//!
//! # Shared types
//!
//! [`dns::question`] has the types that all modules share: the question and its key, the answer as octets, the outcomes of a
//! question, and the query to one server. [`dns::conduct`] has the results of a query to a server. [`dns::rdata`] reads the
//! data of records that the library refuses; [`dns::zone_file`] reads every text in zone-file form, and writes data as text.
//! [`doctor::facts`] has a reply as the checks read it. [`dns::clock`] and [`dns::random`] are arguments, so that the whole
//! resolver runs on a virtual clock and a seed. All defaults are in [`resolver::config`].
//!
//! # Start and stop
//!
//! [`daemon`] builds the parts, owns their tasks, and stops them in order. [`resolver::supervise`] restarts tasks after a panic
//! and finds stuck ones. [`notify`] informs the service manager, and [`log`] writes to the journal.
//!
//! `upstream` is the one word here that RFC 9499 does not define: the server that gets the next query.

mod allocator;
pub mod arguments;
pub mod daemon;
pub mod limits;
pub mod log;
pub mod metrics;
pub mod notify;
