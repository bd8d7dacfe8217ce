//! resolverd: a caching, recursing DNS resolver for mail gateways.
//!
//! For each email, a gateway sends 30 to 90 queries, many of them one after the other. The mail waits for all of them, and the operator
//! wants to know which server was slow. This page describes the architecture. Each crate and module documents what it does, which RFC it
//! follows, and its design decisions.
//!
//! # Crates
//!
//! The members of the workspace are `src/NAME/`, each with its `Cargo.toml` and `lib.rs`. A crate can call only the crates that its
//! `Cargo.toml` names:
//!
//! ```text
//!  resolverd    both programs                           calls daemon resolverctl
//!  daemon       its parts, tasks, log, metrics, page    calls control host resolverctl (for --check) watched fleet tls_policy gather
//!                                                             doctor lab protocol explain resolver and what
//!                                                             resolver calls
//!  resolverctl  commands and screens                    calls protocol import host watched shadow tls_policy gather doctor zones
//!                                                             config dnsbl exchange explain record dns
//!  control      the server of the control socket        calls protocol watched tls_policy gather doctor resolver config dnsbl
//!                                                             exchange explain record dns
//!  protocol     what the control socket carries         calls watched tls_policy gather doctor config dnsbl explain record
//!                                                             validate dns
//!  import       configurations of other resolvers       calls zones config record validate dns
//!  host         this host: switch, check system         calls config exchange dns
//!  watched      the check of domains on schedule        calls gather doctor config record dns
//!  fleet        shares answers with other gateways      calls resolver config dns
//!  shadow       compares the answers of two resolvers   calls doctor dnstap dns
//!  gather       sends the questions of the doctor       calls tls_policy doctor exchange dns
//!  tls_policy   DANE and MTA-STS for mail servers        calls doctor exchange dns
//!  doctor       what is wrong with a domain             calls validate dns
//!  lab          the simulated internet                  calls explain resolver and what resolver calls
//!  explain      why mail waited, and the culprit        calls record supervise dns
//!  resolver     from the listener to the servers        calls zones config dnsbl exchange dnstap supervise record validate dns
//!  zones        configured zones, and their answers     calls config dnsbl validate dns
//!  config       the configuration, and its defaults     calls dnsbl dnstap record validate dns
//!  exchange     one query to one server                 calls dnstap supervise dns
//!  dnsbl        DNS lists: what they are and answer     calls record dns
//!  dnstap       copies DNS messages to other programs   calls record dns
//!  supervise    restarts tasks that panic               calls nothing of ours
//!  record       statistics, minutes, the last queries    calls validate dns
//!  validate     DNSSEC                                  calls dns
//!  dns          names, messages, records, the clock
//! ```
//!
//! `resolverd` contains `lab` only for `resolverd demo` (feature `lab`). `tests/stage` is a crate for tests; it may call all other crates.
//! Limits are in the module `limits` of the crate that uses them, each with the reason for its value.
//!
//! # How a question is answered
//!
//! ```text
//!  client
//!    ▼
//!  listener ─► resolve zones cache
//!    ▼
//!  resolve ──► iterate zones dnsbl exchange cache validate   one resolution per question, deadlines of clients
//!    ▼  ▲
//!    ▼  └ sub-questions of iterate: a trait that resolve hands down
//!    ▼
//!  iterate ──► zones dnsbl exchange cache validate           from the closest zone cut along referrals
//!    ▼
//!  exchange                                                  one query over UDP, TCP, TLS, HTTPS or QUIC
//!    ▼
//!  servers
//!
//!  background ► resolve zones dnsbl                          tasks: questions that no client has asked
//!  lookahead ─► resolve dnsbl                                a task: questions that clients are about to ask
//! ```
//!
//! `zones`, `dnsbl`, `exchange` and `validate` are crates, the others are modules of [`resolver`]. In this picture, each calls only those below it. `background`,
//! `lookahead` and [`control`] read the state of the resolver, and send their questions through `resolve`, like those of a client. No
//! question of a client waits for them, or for [`record`], to which all modules report what they did.
//!
//! 1. [`resolver::listener`] reads a query with [`dns::wire`], which compares bytes and decodes nothing. If [`resolver::cache`] has the
//!    answer (a hit), the thread that read the query copies the answer, writes the id of the query, the spelling of its name and the
//!    current TTLs into it ([`dns::wire::ttl`]), and sends it. The same query within a second gets the same octets. The listener or the
//!    address of a client determines its view, which is the set of configured zones that the client sees.
//! 2. Otherwise (a miss), the query goes to [`resolver::resolve`]: it joins the resolution (flight) of its question or begins one, and
//!    waits for it until the deadline of the client. The resolution of a query over UDP runs on the thread that read the query: each worker
//!    has a runtime of its own. The resolution follows aliases. For each name, the longest suffix that is a zone in [`zones`]
//!    determines which servers are asked.
//! 3. [`resolver::iterate`] follows referrals from the closest cached zone cut, or from the servers of a stub zone. Forwarders give the
//!    whole answer. Pure functions choose the next server (`select`), classify a reply (`classify`), and remove records for which the
//!    server has no authority (`scrub`). [`resolver::resolve`] caches an answer after [`validate`] has validated it. If the answer is
//!    bogus, another server is queried before the client gets an error. DS records come with the referrals; the keys of zones are fetched
//!    at the same time as the answer. In the zone of a DNS list, [`dnsbl`] decides if the answer is a listing, a refusal or a
//!    parked zone. If there is no answer, `resolver::extended_error` chooses the code that the client gets (RFC 8914).
//! 4. [`exchange`] sends one query and waits for its reply. No other module sends to servers. Its trait `Network` has two
//!    implementations: sockets, and the simulated servers of the `lab` in memory.
//! 5. Each step reports its result to [`record`]. [`explain`] finds the culprit in it. `resolverctl` reads both over the control socket ([`control`]). [`doctor`]
//!    checks domains through the daemon, [`host::system`] checks this host, and [`watched`] checks the domains in the configuration on
//!    schedule. [`host::switch`] replaces another resolver by resolverd. [`daemon::metrics`] serves the same numbers to Prometheus, and as a
//!    page. [`dnstap`] copies DNS messages to other programs. `shadow` finds out why another resolver answers differently.
//! 6. In a fleet, resolverd also looks up the answer and its zone cuts in the store of the fleet, while it asks the servers, and writes
//!    them to the store. The resolver knows only the trait [`resolver::fleet`]; [`fleet`] implements it.
//! 7. [`resolver::lookahead`] gets the answers that were not in the cache, and sends in advance the queries that mail software will send
//!    next.
//! 8. Mail servers ask for the TLS policy of a next hop ([`tls_policy`]), on a socket of their own. It asks its questions through `resolve`, like
//!    those of a client, and fetches policies of MTA-STS over HTTPS.
//!
//! # Shared types
//!
//! [`dns::question`] has the types that all modules share: the question and its key, the answer as octets, the outcomes of a question, and
//! the query to one server. [`dns::conduct`] has the results of a query to a server. [`dns::rdata`] reads the data of records that the DNS
//! library refuses; [`dns::zone_file`] reads and writes zone files. [`doctor::facts`] has replies as the checks of domains read them. The
//! clock ([`dns::clock`]) and the source of random numbers ([`dns::random`]) are arguments, so that tests can run the whole resolver with a
//! virtual clock and a seed. All defaults of the configuration are in [`config`].
//!
//! # Start and stop
//!
//! [`daemon`] creates the parts of resolverd, owns their tasks, and stops them in a fixed order. [`supervise`] restarts tasks after a
//! panic and finds stuck ones. `notify` informs the service manager, and [`daemon::log`] writes to the journal.
//!
//! # Terms
//!
//! These words are not in RFC 9499, or have a narrower meaning here:
//!
//! - 0x20: random upper and lower case in the name of a query. A forged reply does not repeat it.
//! - batch: the datagrams that one system call reads. For DNS lists: the queries that resolverd sends before the client asks for them.
//! - breaker: the part that stops queries to a DNS list that does not answer, and sends them again when a probe is answered.
//! - culprit: what delayed a message (email) most, or made it fail: a zone, a server, a DNS list, this host or the client.
//! - customer key: a label in queries to a DNS list that shows which customer asks. It is secret.
//! - dead: a server that did not answer several queries. It gets only probes until it answers.
//! - finding: a problem that a check of a domain or of this host has found.
//! - fleet: the gateways that share their answers through a store (Valkey or Redis). `[fleet]` of the configuration names the store.
//! - flight: a resolution in progress, with the clients that wait for it.
//! - guard: the check of the answers of DNS lists, so that clients do not take a refusal or a parked zone for a listing.
//! - hedge: a further copy of a query, to a second server or to the same one, sent before the first copy has failed.
//! - incident: the time in which a zone, a DNS list or the network of this host fails. The log reports its start and its end.
//! - look-ahead rule: a function from an answer to the questions that mail software will probably ask next.
//! - mirror: a server of the operator that has a copy of a DNS list.
//! - parked: a domain that was given up. Its new servers answer every name with the address of a web server.
//! - probe: a query that finds out whether a dead server or a silent DNS list answers again. Also: a query for a shorter name (RFC 9156).
//! - shard: a part of a table (cache, counters, history) that has its own lock.
//! - stale: an answer whose TTL has expired. Clients get it only if no server answers (RFC 8767).
//! - trail: the steps of a resolution so far, for traces and for the history.
//! - upstream: the server that gets the next query.
