//! resolverd: a caching, recursing DNS resolver for mail gateways.
//!
//! A message costs a gateway 30 to 90 questions in dependent steps. The mail waits for all of them, and its operator
//! wants to know which server was slow. This page describes the architecture. Each module's front page says what the
//! module is, which RFC it obeys, and which decisions shaped it.
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
//!  zones ────► dnsbl cache validate                          a route: local, forward, stub or recursion
//!  dnsbl ────► exchange                                      is it a listing?
//!  cache ────► validate                                      what is known, and how far it is trusted
//!    ▼
//!  exchange                                                  one query over UDP, TCP, TLS or HTTPS
//!    ▼
//!  servers
//!
//!  background ► resolve zones dnsbl                          tasks: questions that no client has asked
//!  lookahead ─► resolve dnsbl                                a task: questions that clients are about to ask
//!  control ───► lookahead resolve iterate dnsbl exchange cache validate   the operator: state, and questions like a client's
//!  ctl ───────► control lookahead shadow zones dnsbl cache   resolverctl, another program
//! ```
//!
//! `─►` is a call: the picture has all calls between the modules that it shows. Calls go down only. [`background`],
//! [`lookahead`] and [`control`] stand above the way: they read state, and ask through [`resolve`] as any client does. No
//! client's question waits for them, nor for [`record`], to which all modules report.
//!
//! 1. [`listener`] reads a datagram or a stream message with [`wire`], which compares bytes and decodes nothing. A hit in
//!    [`cache`] is copied, patched (id, spelling, TTLs) and sent by the thread that read it. The same query within a
//!    second gets the same octets. The listener or the address of a client chooses its view: the zones that it sees.
//! 2. A miss goes to [`resolve`]: it joins the flight of its question or begins one, and waits until the client's
//!    deadline. The flight of a query over UDP runs on the thread that read it: each worker has a runtime of its own. The
//!    flight follows aliases from name to name. For each name, the longest suffix in [`zones`] is its route.
//! 3. [`iterate`] walks from the closest zone cut in memory, or from the servers of a stub zone, along referrals. It asks
//!    forwarders for the whole answer. The choice of the next server, the meaning of a message, and the records that may
//!    be believed are pure functions (`select`, `classify`, `scrub`).
//!    [`resolve`] keeps an answer once [`validate`] has judged it by the keys of the zone that signed it, and asks another
//!    server before it calls a zone bogus. DS come with the walk; keys are fetched in parallel.
//!    In the zone of a DNS list the answer then passes the gate of [`dnsbl`]: is it a listing, a refusal, a parked zone?
//! 4. [`exchange`] sends one query and listens for its answer. No other module sends to servers. Its trait
//!    `Network` stands for sockets, or for the servers of the `lab` in memory.
//! 5. Every end of a step is reported to [`record`]. [`control`] shows it to [`ctl`], which is `resolverctl`. [`check`]
//!    checks the host, and domains through the daemon; [`watched`] checks the domains of the configuration on schedule.
//!    [`switch`] puts resolverd in the place of another resolver. [`metrics`] serves the same numbers to Prometheus.
//!    [`dnstap`] gives copies of messages to other programs. [`shadow`] finds the causes for which another resolver answers
//!    differently.
//! 6. [`lookahead`] learns of the answers to misses, and asks what mail software asks next.
//!
//! # Shared types
//!
//! [`question`] has the types of the whole way: the question and its key, the answer as octets, and the closed list of
//! outcomes in which every question ends. [`conduct`] has the behaviour of a server to a query. [`rdata`] reads the data of
//! records that the library refuses; [`zone_file`] reads every text in zone-file form. [`clock`] and [`random`] are injected,
//! so that the whole resolver runs on a virtual clock and a seed. Every bound is in [`limits`] with its reason; every
//! default is in [`config`].
//!
//! # Who calls whom
//!
//! Each row is a module, followed by the modules that it calls. A module calls only modules of rows below its own.
//! `tests/arrows.rs` compares the code with this table, and the table with the picture above, so a new arrow begins with a
//! change of the table.
//!
//! ```text
//! main       daemon ctl lab control listener zones config dnstap record notify log arguments
//! bin        ctl
//! daemon     metrics control listener lookahead watched check background resolve iterate zones config dnsbl exchange dnstap record cache wire validate question notify supervise log clock hash random limits
//! ctl        control lookahead shadow watched switch check import zones config dnsbl record cache wire question conduct clock random limits
//! lab        control lookahead background shadow resolve zones config zone_file exchange record cache wire validate question supervise conduct clock random limits
//! metrics    control config dnsbl record wire limits
//! control    lookahead watched check resolve iterate config dnsbl exchange record cache wire validate question conduct clock limits
//! listener   resolve zones config dnstap record cache wire question supervise clock hash limits
//! lookahead  resolve config dnsbl record wire question clock hash random limits
//! background resolve zones config dnsbl record question clock random limits
//! resolve    iterate zones config dnsbl exchange dnstap record cache wire validate question supervise conduct clock hash random limits
//! iterate    zones config dnsbl exchange record cache validate question supervise conduct clock random limits
//! shadow     check dnstap wire question limits
//! import     zones config zone_file wire limits
//! switch     check config limits
//! watched    check config record wire clock random limits
//! check      config zone_file wire validate clock random limits
//! zones      config zone_file dnsbl cache wire validate question conduct clock hash rdata limits
//! config     zone_file dnsbl exchange dnstap wire validate conduct rdata limits
//! zone_file  wire rdata limits
//! dnsbl      exchange record question clock limits
//! exchange   dnstap wire question supervise conduct clock hash random limits
//! dnstap     record wire question clock limits
//! record     validate question conduct clock hash limits
//! cache      validate question clock hash random rdata limits
//! log        wire limits
//! wire       question clock hash rdata limits
//! validate   question clock limits
//! question   clock
//! notify     supervise
//! supervise  limits
//! conduct
//! clock      limits
//! hash       random
//! random
//! rdata
//! arguments
//! allocator
//! limits
//! ```
//!
//! # Start and end
//!
//! [`daemon`] builds the parts, owns their tasks, and ends them in order. [`supervise`] restarts tasks after a panic
//! and finds stuck ones. [`notify`] informs the service manager, and [`log`] writes to the journal.
//!
//! `upstream` is the one word here that RFC 9499 does not define: the server that is asked next.

mod allocator;
pub mod arguments;
pub mod background;
pub mod cache;
pub mod check;
pub mod clock;
pub mod conduct;
pub mod config;
pub mod control;
pub mod ctl;
pub mod daemon;
pub mod dnsbl;
pub mod dnstap;
pub mod exchange;
pub mod hash;
pub mod import;
pub mod iterate;
#[cfg(feature = "lab")]
pub mod lab;
pub mod limits;
pub mod listener;
pub mod log;
pub mod lookahead;
pub mod metrics;
pub mod notify;
pub mod question;
pub mod random;
pub mod rdata;
pub mod record;
pub mod resolve;
pub mod shadow;
pub mod supervise;
pub mod switch;
pub mod validate;
pub mod watched;
pub mod wire;
pub mod zone_file;
pub mod zones;
