//! The kinds of causes for which mail waits, and the parties that can remove them. Entries about
//! delayed mail store both as numbers.

use dns::words;

words! {
    /// What made a message (email) slow or fail.
    #[derive(Default)]
    pub enum CulpritKind {
        /// The servers of a zone did not answer.
        ServerSilent = "server_silent": "server silent",
        /// The servers of a zone answered late.
        ServerSlow = "server_slow": "server slow",
        /// The servers of a zone answered REFUSED or NOTAUTH.
        ServerRefused = "server_refused": "server refused",
        /// The servers do not serve the zone that is delegated to them.
        ServerLame = "server_lame": "server lame",
        /// The servers answered with an error other than REFUSED and NOTAUTH, or with octets that
        /// are not a valid answer.
        ServerFailed = "server_failed": "server failed",
        /// The answers of the servers are truncated, and TCP fails.
        Truncated = "truncated",
        /// The network reports that servers cannot be reached, or this host cannot send to them.
        Unreachable = "unreachable",
        /// The servers of a DNS list did not answer.
        ListSilent = "list_silent": "list silent",
        /// The servers of a DNS list answered late.
        ListSlow = "list_slow": "list slow",
        /// The servers of a DNS list refuse the queries of this host.
        ListRefused = "list_refused": "list refused",
        /// The answers of a zone fail DNSSEC validation.
        Bogus = "bogus",
        /// Some packets to or from a server get lost.
        Loss = "loss": "packet loss",
        /// The network of this host was down: no server answered.
        Network = "network",
        /// The network of this host lost packets: servers in many networks did not answer some
        /// queries.
        NetworkLossy = "network_lossy": "own network lossy",
        /// TCP port 53 of other hosts was blocked on the path from this host.
        TcpBlocked = "tcp_blocked": "own TCP blocked",
        /// resolverd itself had too much work.
        Overload = "overload",
        /// The client itself paused between its questions.
        Client = "client",
        /// DNS answered in time, and the mail was refused because of the answer: a name does not
        /// exist, or a DNS list has an entry.
        Answer = "answer": "DNS answer",
        /// No single cause took as long as a slow answer (`history.slow`, at most 300 ms) or had a
        /// failed question.
        None = "none": "nothing slow",
        /// The delay that a log line shows has another cause than DNS.
        NotDns = "not_dns": "not DNS",
        /// The culprit of the delay could not be found.
        #[default]
        Unknown = "unknown",
    }
}

impl CulpritKind {
    /// Returns true if the network or the load of this host is the culprit.
    pub const fn is_of_this_host(self) -> bool {
        matches!(self, Self::Network | Self::NetworkLossy | Self::TcpBlocked | Self::Overload)
    }

    /// Returns true if the servers of a zone are the culprit.
    pub fn is_of_servers(self) -> bool {
        self <= Self::Truncated || self == Self::Unreachable
    }
}

words! {
    /// The party that can remove a cause.
    pub enum Side {
        /// This host, its network or its configuration.
        Mine = "this_host": "this host",
        /// The owner of a zone, a server or a DNS list.
        Theirs = "others": "other operators",
        /// The program that queries resolverd.
        Client = "client": "client program",
        /// It is not known who can remove the cause.
        Unknown = "unknown": "not known",
    }
}
