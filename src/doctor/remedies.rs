//! The changes that help against causes of findings which the remedy of their code does not fit.
//!
//! A code stands for one effect. Where its findings have clearly different causes, its remedy is that of the most frequent cause, and the
//! finding of another cause has one of these.

/// Of `ns_none_answers`, if no address of a name server can be found.
pub(super) const NAMELESS_SERVERS: &str = "Give each name in the evidence an A or AAAA record, and let the servers of its zone answer; or let the registrar delegate to \
     name servers whose names have addresses";

/// Of `ns_none_answers`, if all servers answer over TCP.
pub(super) const OPEN_UDP: &str = "Open port 53 for UDP at the name servers in the evidence, and in a firewall in front of them: they run, and answer over TCP";

/// Of `mx_differs`, `records_differ` and `ns_lame`, if some servers alone have an alias at the apex.
pub(super) const APEX_ALIAS_AT_SOME: &str = "At the servers in the evidence that have the CNAME of the domain itself, replace it by A and AAAA records, or use the provider's ALIAS or \
     flattening: it takes the place of the MX and TXT records. Then let all servers have the same zone";

/// Of `delegation_unknown`, if this host has no route to any server.
pub(super) const NO_ROUTE: &str = "Repeat the check on a host that reaches these addresses, mostly one with IPv6; a later check on this host tells no more";

/// Of findings of the level "could not tell", if the check has asked as many questions as it may.
pub(super) const BOUND: &str = "Check the names in the evidence by themselves with `resolverctl check`, or check one side of the mail with --as-sender or \
     --as-recipient. The same check tells no more later";

/// Of `parent_differs`, if servers that do not serve the zone stand in its own NS records too.
pub(super) const LAME_IN_BOTH_ZONES: &str = "Set up the zone on the servers in the evidence that do not serve it. Or remove these servers in both places: from the NS records in the zone, \
     and from the name servers in the zone above (at the registrar)";

/// Of `ns_differ`, if servers in one of the sets do not serve the zone.
pub(super) const LAME_IN_ONE_SET: &str = "Make both sets equal, without the servers in the evidence that do not serve the zone: change the NS records in the zone, or the name servers \
     in the zone above (at the registrar)";

/// Of `ns_differ`, if a name that only the zone itself names has no address.
pub(super) const NAMELESS_IN_ZONE: &str = "Correct the names without an address in the NS records of the zone, or remove them there. If they are right, give each of them an A or AAAA record";

/// Of `ns_differ`, if a name that only the zone above names has no address.
pub(super) const NAMELESS_AT_REGISTRAR: &str = "At the registrar, correct the names of servers without an address: enter the name servers that the zone itself names";

/// Of `ns_differ`, if the servers of the sets give different records.
pub(super) const RECORDS_OF_ONE_SET: &str = "Let the NS records in the zone and the name servers in the zone above (at the registrar) name the servers with the right records alone. Until \
     caches have expired, let the other servers give the same records";

/// Of `mx_differs` and `ns_differ`, if a server has a foreign copy of the zone.
pub(super) const FOREIGN_ZONE: &str = "Remove the other zone from the server in the evidence, and let it transfer the zone from the primary server of the others; or remove this \
     server at the registrar. If it belongs to a second provider, enter all records of the others there, also the NS records";

/// The same, if the copy is signed with keys that no DS record names.
pub(super) const FOREIGN_SIGNED_ZONE: &str = "Remove the other zone from the server in the evidence, and let it transfer the zone from the primary server of the others; or remove this \
     server at the registrar. The DS records fit the zone of the others: do not change them. If the server belongs to a second provider that signs the \
     zone by itself, enter all records of the others there, also the NS records and the keys of both, and add a DS record of its key at the \
     registrar (RFC 8901)";

/// Of `serial_differs`, if the servers with the highest serial do not have the keys that the DS records name.
pub(super) const SERIAL_WITHOUT_KEYS: &str = "Go by the DS records, not by the serial: the servers whose keys the DS records name have the zone. Let the others transfer it from these, and look \
     there for another zone of this name, or for a signer that nobody needs. Raise the serial of the zone above all serials in the evidence, so that \
     the others take it";

/// Of `ns_without_keys`, if a server signs the zone with keys of its own.
pub(super) const SECOND_SIGNER: &str = "If two providers sign the zone, each with its own keys, enter a DS record of the key that signs at the server in the evidence at the registrar too, \
     beside those of now, and add the DNSKEY records of each provider to those of the other (RFC 8901, model 2). If one alone is to sign the zone, let \
     this server transfer the signed zone, or remove it at the registrar and from the NS records. The DS records of now fit another server: do not \
     remove them";

/// Of `ns_differ`, if servers have zones of different primary servers, and nothing tells which is that of the domain.
pub(super) const TWO_ZONES: &str = "Find out at which of these primary servers the records of the domain are edited. Let all name servers transfer its zone, and remove the other zone; \
     then name the same servers in the zone and in the zone above (at the registrar). If two providers are to serve the domain, enter the same \
     records in both zones, also the NS records";

/// Of `parent_differs`, if the servers of the delegations give different records.
pub(super) const RECORDS_OF_DELEGATIONS: &str = "Let the servers of both delegations give the same records, until some minutes after a change and until caches have expired. If the servers of \
     the zone above still do not agree then, tell its operator that one of them has an old copy of that zone";

/// Of `mx_without_address`, if the name seems to lack its last dot.
pub(super) const LAST_DOT: &str = "In the zone file, end the name in the MX record with a dot: without it, the server adds the name of the zone";

/// Of `glue_differs`, if the zone has no address of the name.
pub(super) const GLUE_ALONE: &str = "Give the name of the server an A or AAAA record in the zone. If the name is not meant to be a name server, remove it from the NS records in the \
     zone and at the registrar";

/// Of `glue_differs`, if the zone is served at the glue, and not at the address in the zone.
pub(super) const GLUE_RIGHT: &str = "Correct the A or AAAA record of this name server in the zone. The glue leads to the right server: do not change it at the registrar";

/// Of `glue_differs`, if the zone is served at some addresses in one place alone.
pub(super) const GLUE_SERVED: &str = "Enter the addresses at which the zone is served in both places, and no others: in the A or AAAA records of this name server in the zone, and \
     in the zone above (at the registrar)";

/// Of `glue_differs`, if the zone is served at both addresses.
pub(super) const GLUE_ALIKE: &str = "Enter one address in both places: in the A or AAAA record of this name server in the zone, and in the zone above (at the registrar). Until \
     caches have expired, keep the servers at both addresses running";

/// Of `glue_differs`, if it could not be told which address is right.
pub(super) const GLUE_UNTOLD: &str = "Find out at which address the zone of now is served. Enter this address in both places: in the A or AAAA record of this name server in the zone, \
     and in the zone above (at the registrar)";

/// Of `ns_without_address`, if the name seems to lack its last dot.
pub(super) const LAST_DOT_OF_SERVER: &str = "In the zone file, end the name in the NS record with a dot: without it, the server adds the name of the zone";

/// Of `mx_without_address`, if the name seems to lack its last dot in a CNAME record.
pub(super) const LAST_DOT_ALIAS: &str = "In the zone file, end the target of the CNAME record with a dot: without it, the server adds the name of the zone";

/// Of `dkim_missing` and `dmarc_missing`, if the name of the record is an alias.
pub(super) const POLICY_ALIAS: &str = "Let the CNAME name the record that the provider has published, or ask the provider to publish it. Or replace the CNAME by a TXT record with \
     the record itself";

/// Of `spf_unanswered`, if the names of terms are aliases in a circle.
pub(super) const TERM_ALIAS_CIRCLE: &str = "Let the CNAME records in the evidence end at a name with an address. If the names are not yours, tell their operator, or remove the term from \
     the SPF record";

/// Of `spf_unanswered`, if addresses of mail hosts of the domain are not found.
pub(super) const TERM_MAIL_HOST: &str = "Let the address of the mail host be found again, or name another host in the MX record: the term mx of the SPF record needs the address of each \
     mail host";

/// Of `mx_private_address`, if senders reach the domain otherwise.
pub(super) const PRIVATE_BESIDE_PUBLIC: &str = "Remove the private address from the public zone, or the MX record that leads to it. Hosts of your own network may see it in a zone of their own";

/// Of `dnssec_bogus`, if the DS records fit and signatures have ended or have not begun.
pub(super) const SIGN_AGAIN: &str = "Sign the zone again. Look in the log of the signer why it has stopped, and set the clock of its host. The DS records fit: do not change them";

/// Of `others_fail` and `others_old`, if resolvers still have old DS or DNSKEY records.
pub(super) const OLD_KEYS: &str = "Wait until then. If the zone still has the old key, add it to the DNSKEY records again until then, and sign with it too. At the next change \
     of keys, keep the old one until the old DS and DNSKEY records have ended everywhere. Google and Cloudflare have pages that flush a name from their caches";

/// Of `others_fail`, if resolvers still have old keys and the name servers of before a move.
pub(super) const OLD_KEYS_AT_FORMER: &str = "Wait until then. If the former name servers still answer, let them serve the zone of now with the old keys and the new ones in its DNSKEY \
     records, and signed with both: these resolvers ask them until the old NS records have ended. At the next move of a signed domain, remove the DS \
     records first, or let both providers publish the keys of both. Google and Cloudflare have pages that flush a name from their caches";

/// Of `others_fail`, if a server of the zone above still gives the old DS records.
pub(super) const OLD_DS_ABOVE: &str = "Tell the operator of the zone above, through the registrar, that the server in the evidence has an old copy of that zone: resolvers get the old DS \
     record from it again and again. Until that is mended, keep the old key in the zone, and sign with it too";

/// Of `others_fail`, if a server of the zone, or a site of one, still gives the old keys.
pub(super) const OLD_KEYS_AT_SITE: &str = "Let all sites and machines behind the addresses of the name servers have the current zone with its keys: look in their logs for transfers that \
     fail. Ask the operator of the name servers which site this resolver reaches. Nothing shows that waiting helps";

/// Of `others_fail`, if some old keys end with a cache, and a server of the zone, or a site of one, still gives others.
pub(super) const OLD_KEYS_AND_AT_SITE: &str = "There are two causes. The old records in a cache end at the moment in the evidence: wait until then; if the zone still has the key that they name, \
     sign with it too until then. The old keys that a server or a site still gives do not end: let all sites and machines behind the addresses of the \
     name servers have the current zone with its keys, and look in their logs for transfers that fail";

/// Of `others_fail`, if a server of the zone above still gives the old DS records, and a server of the zone, or a site of one, the old keys.
pub(super) const OLD_DS_ABOVE_AND_AT_SITE: &str = "There are two causes. Tell the operator of the zone above, through the registrar, that the server in the evidence has an old copy of that zone: \
     resolvers get the old DS record from it again and again. And let all sites and machines behind the addresses of the name servers have the \
     current zone with its keys: look in their logs for transfers that fail";

/// Of `others_fail`, if a server of the zone has a fault that explains it.
pub(super) const LIKELY_SERVER: &str = "Mend the name servers in the evidence, or remove them from the NS records in the zone and at the registrar. Ask each with dig @ADDRESS NAME TYPE \
     +dnssec, and look for errors in its log, and for a firewall or load balancer in front of it. If these resolvers still fail then, look for a site \
     of a server that this host does not reach";

/// Of `others_fail`, if servers of the zone give broken answers.
pub(super) const BROKEN_ANSWERS: &str = "Mend or remove the name servers in the evidence: resolvers that ask them find no records. These resolvers are not the cause. Update the server, \
     or the firewall or load balancer in front of it";

/// Of `others_fail`, if the extended errors speak of DNSSEC and the zone is not signed.
pub(super) const ERROR_OF_UNSIGNED: &str = "If the domain was signed before, wait until the TTL of its old DS record has ended everywhere. Otherwise ask the operator of the name servers which \
     site this resolver reaches and which zone it has, and repeat the check later";

/// Of `others_fail`, if the zone does not have what the extended errors name.
pub(super) const ERROR_CONTRADICTED: &str = "Change nothing in the zone as this host sees it. Repeat the check when the TTL of its records has ended. If the error stays, ask the operator of the \
     name servers which site this resolver reaches and which zone it has, and the operator of the resolver";

/// Of `others_fail`, if resolvers still have the name servers of before a move.
pub(super) const FORMER_SERVERS_FAIL: &str = "Let the former name servers serve the zone of now until then: these resolvers still ask them. At the next move, keep the zone there until the \
     old NS records have ended everywhere. Google and Cloudflare have pages that flush a name from their caches";

/// Of `others_differ`, if the differences are none that count for mail, or may be right at another place.
pub(super) const BESIDE_MAIL: &str = "Nothing, if the zone gives addresses by client or by site, or if other texts than SPF have changed. Otherwise repeat the check when the TTL has \
     ended";

/// Of `others_old`, if the name servers of before a move may still give the old records.
pub(super) const FORMER_SERVERS: &str = "Let the former name servers give the new records, or remove the zone there: while they give the old ones, resolvers fetch these again. \
     Keep the old mail hosts running until then. Google and Cloudflare have pages that flush a name from their caches";

/// Of `dnssec_no_effect`, if the cache of this host is the reason.
pub(super) const UNSIGNED_HERE: &str = "Wait until the TTL of the records in the cache of this host has ended, or run `resolverctl flush --tree DOMAIN`";

/// Of `dnssec_no_effect`, if only some servers sign the zone, and the zone above has no DS record.
pub(super) const SIGNED_AT_SOME: &str = "Enter no DS record yet: by it, validating resolvers take the answers of the servers without signatures for bogus. Let all name servers serve the \
     signed zone first, and enter the DS record then. If the zone is not meant to be signed, stop signing it at the servers that send signatures";

/// Of `dnssec_no_effect`, if the signatures have ended, end soon or have not begun, and the zone above has no DS record.
pub(super) const SIGNED_BEFORE: &str = "Enter no DS record yet: by it, validating resolvers take the zone for bogus when its signatures have ended. Let the servers renew the signatures first, \
     and enter the DS record then. If the zone is not meant to be signed, stop signing it";

/// Of `others_old`, if the former name servers sign and the zone of now is not signed.
pub(super) const FORMER_SIGNED: &str = "Leave the signed zone at the former name servers as it is until the old DS record has ended everywhere: unsigned records fail validation by it. Keep the \
     old mail hosts running until then. Then remove the zone there. Google and Cloudflare have pages that flush a name from their caches";

/// Of `others_old` and `others_fail`, if the former name servers do not sign the zone, and the zone of now has DS records.
pub(super) const FORMER_UNSIGNED: &str = "Sign the zone at the former name servers with the same keys, or let them transfer the signed zone of now, until the old NS records have ended \
     everywhere. If that cannot be done, remove the DS records at the registrar, and enter them again when the old NS records have ended everywhere. \
     Keep the old mail hosts running until then. Google and Cloudflare have pages that flush a name from their caches";

/// Of `others_old`, if the former name servers sign with other keys than the zone of now.
pub(super) const FORMER_SIGNERS: &str = "Let the former name servers serve the zone of now so that the old and the new DS record validate it: with the keys of both providers in its DNSKEY \
     records, and signed with the keys of both (RFC 6781 sections 4.1.2 and 4.3.5); and let the servers of now do the same. If that cannot be done, \
     leave the zone there as it is until the old DS record has ended everywhere: the new records with one set of keys alone fail validation. Keep the \
     old mail hosts running until then. Google and Cloudflare have pages that flush a name from their caches";

/// Of `others_old`, if the former name servers sign with keys that no DS record of now names, and the servers of now sign with these too.
pub(super) const FORMER_KEY_UNNAMED: &str = "At the registrar, enter the DS record of the key with which the former name servers sign again, beside that of now, until the old NS records have \
     ended everywhere. Sign with this key at the servers of now too until then. Or let the former name servers transfer the signed zone of now. Keep \
     the old mail hosts running until then. Google and Cloudflare have pages that flush a name from their caches";

/// Of `others_old`, if the zone has no MX record any more.
pub(super) const LOST_MAIL_HOSTS: &str = "If the MX records were removed by mistake, add them again: these resolvers have those of before, and lose them when their TTL ends. Otherwise \
     wait until then";

/// Of `ptr_unknown`, if an address has more PTR records than are followed.
pub(super) const ONE_POINTER: &str = "Keep one PTR record, with the name of the mail host";

/// Of findings about answers that are too long for UDP, if no server answers over TCP.
pub(super) const OPEN_TCP: &str =
    "Open port 53 for TCP on the name servers in the evidence: these answers are too long for UDP";

/// Of `dnssec_bogus`, if no server gives the keys.
pub(super) const KEYS_UNANSWERED: &str = "Let the name servers answer for DNSKEY: look in their logs, and for a firewall or load balancer that drops this type. If the zone is \
     not meant to be signed, remove the DS records at the registrar";

/// Of `ns_partly`, if a server fails queries at random.
pub(super) const FAILING_AT_TIMES: &str = "Ask the server some ten times with dig @ADDRESS DOMAIN SOA. If several machines answer for this address, load the zone on all of them; \
     otherwise look in its log for limits of queries and for failed transfers of the zone";

/// Of `ns_bogus`, if a server signs with a key that not all servers have.
pub(super) const KEYS_OF_SIGNERS: &str = "If several providers sign the zone, add the keys with which each of them signs to the DNSKEY records of all others. If one signs it, let the \
     servers in the evidence transfer the current zone, and keep a key in the zone until no signature by it is left";

/// Of `ns_bogus`, if the servers have an old zone.
pub(super) const OLD_SIGNED_ZONE: &str = "Let the servers in the evidence transfer the current zone: look in their logs and in that of the primary server for notifies and transfers \
     that fail. Keep a key in the zone until no signature by it is left at any server. If each server signs by itself, add the keys with which each \
     of them signs to the DNSKEY records of all others";

/// Of `dnssec_bogus`, if the domain itself validates.
pub(super) const NAMES_BOGUS: &str = "Sign the zone of these names again. If it is a zone below that of the domain, correct its DS records in the zone of the domain, or remove them if \
     it is not meant to be signed";

/// Of `mx_host_bogus`, if the host is in the domain's own zone, or below it.
pub(super) const HOST_BOGUS_BELOW: &str = "Sign the zone of the mail host again. If it is a zone below that of the domain, correct its DS records in the zone of the domain, or remove \
     them if it is not meant to be signed";

/// Of `ptr_differs`, if the name lacks its last dot.
pub(super) const POINTER_LAST_DOT: &str = "In the reverse zone, end the name in the PTR record with a dot: without it, the server adds the name of the zone. If the provider of the \
     address has this zone, ask him to correct the record";

/// Of `ptr_differs`, if the name is localhost.
pub(super) const POINTER_LOCALHOST: &str = "In the reverse zone, replace localhost in the PTR record by the full name of the mail host. If the provider of the address has this \
     zone, ask him to do so";

/// Of `ptr_unanswered`, if the zone of the name fails DNSSEC validation.
pub(super) const POINTER_NAME_BOGUS: &str = "Sign the zone of the PTR name again, or correct its DS records at the registrar of the domain of this name. If this domain is not \
     yours, change the PTR record to the name of the mail host in a domain of yours";

/// Of `ptr_unanswered`, if the reverse zone fails DNSSEC validation.
pub(super) const POINTER_BOGUS: &str = "Ask the operator of the reverse zone, mostly the provider of the address, to sign the reverse zone again or to correct its DS records";

/// Of `bounce_status`, if the mail host was not reached, or has deferred the mail.
pub(super) const STATUS_EXPIRED: &str = "Run `resolverctl check DOMAIN --connect` on the host that sent the mail: it shows whether this host reaches port 25 of the mail hosts. If \
     it does, look in the log of the sender for replies with 4xx: the receiver has deferred each try";

/// Of `bounce_status`, if the sending host found no route.
pub(super) const STATUS_ROUTE: &str = "If this check finds no fault in the MX records, look at the host that sent the mail: the DNS servers in its configuration, and its smart host";

/// Of `bounce_status`, if the mail went in a loop.
pub(super) const STATUS_LOOP: &str = "Compare the MX records with the host that made the bounce: it may be a mail host of the domain that does not know the domain as its own. \
     Otherwise look for two mailboxes that forward to each other";

/// Of `bounce_status`, if the address or its mailbox is refused.
pub(super) const STATUS_ADDRESS: &str =
    "Check the spelling of the address, and ask the recipient in another way";

/// Of `bounce_status`, if a rule forbids the delivery.
pub(super) const STATUS_FORBIDDEN: &str = "Look for the reply of the receiver in the log of the host that sent the mail. Check the domain of the sender with `resolverctl check \
     DOMAIN --from ADDRESS`, with the public address of this host";

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[&str] = &[
        NAMELESS_SERVERS,
        OPEN_UDP,
        APEX_ALIAS_AT_SOME,
        FOREIGN_ZONE,
        FOREIGN_SIGNED_ZONE,
        SERIAL_WITHOUT_KEYS,
        SECOND_SIGNER,
        SIGN_AGAIN,
        FORMER_SERVERS,
        FORMER_SIGNERS,
        FORMER_SIGNED,
        FORMER_UNSIGNED,
        OLD_KEYS_AND_AT_SITE,
        OLD_DS_ABOVE_AND_AT_SITE,
        UNSIGNED_HERE,
        SIGNED_AT_SOME,
        SIGNED_BEFORE,
        FORMER_KEY_UNNAMED,
        OLD_DS_ABOVE,
        OLD_KEYS_AT_SITE,
        BROKEN_ANSWERS,
        LIKELY_SERVER,
        ERROR_OF_UNSIGNED,
        ERROR_CONTRADICTED,
        LOST_MAIL_HOSTS,
        OLD_KEYS,
        OLD_KEYS_AT_FORMER,
        FORMER_SERVERS_FAIL,
        BESIDE_MAIL,
        TWO_ZONES,
        NO_ROUTE,
        BOUND,
        LAME_IN_BOTH_ZONES,
        LAME_IN_ONE_SET,
        NAMELESS_IN_ZONE,
        NAMELESS_AT_REGISTRAR,
        RECORDS_OF_ONE_SET,
        RECORDS_OF_DELEGATIONS,
        GLUE_ALONE,
        GLUE_RIGHT,
        GLUE_SERVED,
        GLUE_ALIKE,
        GLUE_UNTOLD,
        LAST_DOT,
        LAST_DOT_OF_SERVER,
        LAST_DOT_ALIAS,
        POLICY_ALIAS,
        TERM_ALIAS_CIRCLE,
        TERM_MAIL_HOST,
        PRIVATE_BESIDE_PUBLIC,
        ONE_POINTER,
        OPEN_TCP,
        KEYS_UNANSWERED,
        FAILING_AT_TIMES,
        KEYS_OF_SIGNERS,
        OLD_SIGNED_ZONE,
        NAMES_BOGUS,
        HOST_BOGUS_BELOW,
        POINTER_LAST_DOT,
        POINTER_LOCALHOST,
        POINTER_NAME_BOGUS,
        POINTER_BOGUS,
        STATUS_EXPIRED,
        STATUS_ROUTE,
        STATUS_LOOP,
        STATUS_ADDRESS,
        STATUS_FORBIDDEN,
    ];

    #[test]
    fn remedies_are_sentences_without_a_last_full_stop() {
        for remedy in ALL {
            assert!(remedy.starts_with(char::is_uppercase) && !remedy.ends_with('.'), "{remedy}");
            assert!(!remedy.contains("  "), "{remedy}");
        }
    }
}
