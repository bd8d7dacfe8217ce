//! Sends a query to one server, for a command with which the operator compares the servers of a zone.
//!
//! The query is sent from the source address that is configured for the zone of its name, and only over an address family that this host can use. A
//! server of a zone is not asked if its address is in `deny_servers`. A resolver that the operator names is asked in any case, because it may be on
//! this host. The query does not change what is known about the server, nor the statistics. A reply shows that the address family works. Silence does
//! not show the contrary, because the operator also asks servers that do not answer.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_proto::rr::Name;

use super::Iterate;
use super::families::FamilyState;
use super::zone_servers::contains;
use crate::limits::DIRECT_LATE_TIME;
use dns::conduct::Transport;
use dns::limits::{DIRECT_RECURSION_TIME, DIRECT_STREAM_TIME, DIRECT_TIME};
use dns::question::{QueryForm, ServerQuery};
use dns::wire::PAYLOAD;
use exchange::network::Path;
use exchange::{Heard, ReplyRoom, ReplyUnknown, Trouble, UpstreamQuery};
use zones::View;

impl Iterate {
    /// Sends a query for a command of the operator, once, even if an equal query is in progress. If the query is lost, it is not repeated: the
    /// operator can repeat the command.
    ///
    /// # Errors
    /// The reason why the query shows nothing about the server.
    pub async fn ask_directly(&self, view: &View, asked: ServerQuery) -> Result<Heard, ReplyUnknown> {
        let ServerQuery { server, port, name, kind, form } = asked;
        let (tcp, edns) = (form.over_tcp().is_none(), form != QueryForm::Plain);
        let recursion = matches!(form, QueryForm::Recursive | QueryForm::RecursiveTcp);
        let config = &view.config.resolve;
        if !recursion && config.deny_servers.iter().any(|net| contains(net, server)) {
            return Err(ReplyUnknown::NotSent);
        }
        let family = self.shared.families.state(config, server, self.now());
        if family == FamilyState::Unrouted {
            let (reply, elapsed) = (Err(Trouble::NoRoute), Duration::ZERO);
            let room = ReplyRoom::default();
            return Ok(Heard { reply, elapsed, other_case: false, is_long: false, room });
        }
        let source = view.route(&name, kind).source_for(server);
        let address = SocketAddr::new(server, port.unwrap_or(config.upstream_port));
        let patience = match (tcp, recursion) {
            (true, _) => DIRECT_STREAM_TIME,
            (false, true) => DIRECT_RECURSION_TIME,
            (false, false) => DIRECT_TIME,
        };
        let patience = match recursion {
            true => patience,
            false => patience.max(self.time_of_slow(address, &name)),
        };
        let place = self.shared.exchange.place(&name).await;
        let query = UpstreamQuery {
            // Queries over TCP have RD too: Unbound sets RA only in replies to queries with RD, and RA shows if the server resolves names. A server
            // of a zone ignores RD.
            recursion_desired: recursion || tcp,
            edns: edns.then_some(PAYLOAD),
            dnssec_ok: edns && !recursion,
            checking_disabled: edns && !recursion && tcp,
            mixed_case: form == QueryForm::MixedCase,
            transport: if tcp { Transport::Tcp } else { Transport::Udp },
            ..UpstreamQuery::new(Path { server: address, source, encryption: None }, name, kind)
        };
        let heard = self.shared.exchange.ask_alone(&query, patience, place).await;
        let now = self.now();
        // While the query was in progress, resolverd may have found that no server answers over IPv6.
        let families = [family, self.shared.families.state(config, server, now)];
        match heard.reply {
            Ok(_) => self.shared.family_answered(server, now),
            Err(Trouble::Silent) if families.contains(&FamilyState::Silent) => {
                return Err(ReplyUnknown::SilentFamily);
            }
            Err(Trouble::Silent | Trouble::Unreachable)
                if tcp && self.shared.recorder.tcp_blocked().is_some() =>
            {
                return Err(ReplyUnknown::TcpBlocked);
            }
            Err(_) => {}
        }
        Ok(heard)
    }

    /// Returns the time to wait for a server that is known to be slow: one and a half times its usual round-trip time. Clients get answers that are
    /// this late, so the server is not reported as silent.
    fn time_of_slow(&self, address: SocketAddr, name: &Name) -> Duration {
        let known = self.memory.servers.known(address);
        let usual = known.and_then(|server| server.standing(name, self.now()).round_trip);
        usual.map_or(Duration::ZERO, |usual| usual.saturating_mul(3) / 2).min(DIRECT_LATE_TIME)
    }
}
