//! Priming: the root's own servers asked who they are.
//!
//! May call: `cache`. RFC 9609: from any server of the hints; what did not come along stays as the hints have it.

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::{Name, RData, RecordType};

use super::classify::{Found, Said};
use super::context::Context;
use super::failure::Failure;
use super::{Errand, Iterate, SubQuestions};
use crate::cache::rrsets::{Delegation, capped};
use crate::config::RootHints;
use crate::limits::MAX_SERVERS;

impl Iterate {
    /// Asks the root servers of the hints who the root servers are, unless that is known.
    ///
    /// # Errors
    /// None of them answers.
    pub async fn prime(
        &self,
        context: &Context,
        sub_questions: &dyn SubQuestions,
    ) -> Result<Arc<Delegation>, Failure> {
        let root = Name::root();
        let view = &context.view;
        if let Some(known) = self.memory.rrsets.of(view.id).delegation(&root, self.now()) {
            return Ok(known);
        }
        let hints = self.hints(&view.config.resolve.root_hints);
        let errand =
            Errand { name: &root, kind: RecordType::NS, route: view.recursion(), context, sub_questions };
        let Said::Found(found) = self.ask_zone(errand, &hints).await? else { return Ok(Arc::new(hints)) };
        let primed = Arc::new(self.primed(&hints, &found, view.config.cache.max_ttl));
        self.memory.rrsets.of(view.id).put_delegation(Arc::clone(&primed));
        Ok(primed)
    }

    /// The root as the hints have it. It is asked who the root's servers are, and nothing else.
    fn hints(&self, hints: &RootHints) -> Delegation {
        let mut servers = Vec::new();
        let mut glue = Vec::new();
        for (place, (name, addresses)) in hints.servers.iter().take(MAX_SERVERS).enumerate() {
            servers.push(name.to_lowercase());
            glue.extend(addresses.iter().map(|address| (place, *address)));
        }
        Delegation {
            zone: Name::root(),
            servers,
            glue,
            configured: Vec::new(),
            trusted: false,
            expires: self.now(),
        }
    }

    /// The root as its own servers have it; addresses that did not come along are those of the hints.
    fn primed(&self, hints: &Delegation, found: &Found, max_ttl: Duration) -> Delegation {
        let mut servers: Vec<Name> = Vec::new();
        let mut ttl = u32::MAX;
        for record in found.answers.iter().take(MAX_SERVERS) {
            if let RData::NS(server) = &record.data {
                servers.push(server.0.to_lowercase());
                ttl = ttl.min(record.ttl);
            }
        }
        if servers.is_empty() {
            servers.clone_from(&hints.servers);
            ttl = 0;
        }
        let mut glue = Vec::new();
        for (place, server) in servers.iter().enumerate() {
            let before = glue.len();
            glue.extend(
                found.glue.iter().filter(|(of, _)| of == server).map(|(_, address)| (place, *address)),
            );
            if glue.len() == before {
                let hinted = hints.servers.iter().position(|of| of == server);
                let addresses = hints.glue.iter().filter(|(of, _)| Some(*of) == hinted);
                glue.extend(addresses.map(|(_, address)| (place, *address)));
            }
        }
        let expires = self.now().after(Duration::from_secs(capped(ttl, max_ttl).into()));
        Delegation { zone: Name::root(), servers, glue, configured: Vec::new(), trusted: false, expires }
    }
}
