//! The table of codes: the word, level, topic, meaning, effect, remedy and source of each finding. The manual is generated from this table.
//! Scripts rely on the words, so a word never changes its meaning.
//!
//! The first brackets in a row contain the parts of the check (such as DNSSEC or mail) that can show the finding. An earlier finding counts
//! as solved only if these parts were checked and the finding is absent now. For the level "could not tell", the brackets contain the part
//! that could not be checked. The second brackets contain the reasons for a refusal of mail that the finding explains. The last text of a
//! row is the remedy for the most frequent cause. Remedies for other causes follow after `|`, each with a name.
//!
//! The rows are in the order of importance. Of findings with the same level, the first line of the output shows the one whose row comes
//! first.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::level::{Level, Topic};
use crate::message::refusal::RefusalReason;
use crate::part::Part;

/// The description of a code.
#[derive(Clone, Copy, Debug)]
pub struct CodeEntry {
    /// The word for the code of the finding in JSON and in the manual.
    pub word: &'static str,
    /// The topic of the finding.
    pub topic: Topic,
    /// The usual level of findings with this code.
    pub level: Level,
    /// The parts of the check that must have a result before an absent finding counts as solved. For the level "could not tell": the part
    /// without a result.
    pub parts: &'static [Part],
    /// The reasons that receivers give for a refusal of mail, if this finding explains them.
    pub reasons: &'static [RefusalReason],
    /// The RFC about the subject of the finding.
    pub source: &'static str,
    /// What the finding says, as a sentence without a full stop.
    pub title: &'static str,
    /// The effect of the finding on mail; empty if there is none.
    pub effect: &'static str,
    /// What the operator should do about the finding; empty if nothing is needed.
    pub remedy: &'static str,
}

macro_rules! codes {
    ($($code:ident $word:literal $topic:ident $level:ident [$($part:ident)*] [$($reason:ident)*] $source:literal: $title:literal; $effect:literal; $remedy:literal $(| $other:ident $words:literal)*.)+) => {
        /// Remedies for causes to which the remedy of the code does not apply.
        pub(crate) mod remedies {
            $($(pub(crate) const $other: &str = $words;)*)+
        }

        /// The code of a finding: the kind of fault or fact that it reports.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $title] $code,)+
        }

        impl Code {
            /// All codes of findings, in the order of importance.
            pub const ALL: &[Self] = &[$(Self::$code,)+];

            /// Returns the description of the code.
            pub const fn entry(self) -> &'static CodeEntry {
                match self {
                    $(Self::$code => &CodeEntry {
                        word: $word,
                        topic: Topic::$topic,
                        level: Level::$level,
                        parts: &[$(Part::$part),*],
                        reasons: &[$(RefusalReason::$reason),*],
                        source: $source,
                        title: $title,
                        effect: $effect,
                        remedy: $remedy,
                    },)+
                }
            }
        }
    };
}

codes! {
    BounceListed "bounce_listed" Lists Failure [Lists] [] "RFC 5782 section 2":
        "the DNS list that the bounce names still lists the sender";
        "Receivers that use this list reject mail from this sender.";
        "Find out why it is listed, and end the cause. Then ask for the removal on the page of the list".
    BounceUnlisted "bounce_unlisted" Lists Note [Lists] [] "RFC 5782 section 2":
        "the DNS list that the bounce names does not list the sender now";
        "Receivers that use this list accept mail from this sender once their copies of the old answer have expired.";
        "Send the message again. If it is rejected again, ask the receiver which entry of the list it has seen".
    BouncePage "bounce_page" Lists Note [Lists] [] "RFC 5321 section 4.2":
        "the bounce names a page or an address of a provider or list, and no DNS list";
        "The receiver has the reason of the refusal there. Lists of providers are not in the DNS: this check cannot tell whether they still have the sender.";
        "Open the page. If it says that the sender is listed, end the cause first, and then ask for removal there".
    DomainMissing "domain_missing" Delegation Failure [Delegation Servers] [Sender] "RFC 8020 section 2":
        "the domain does not exist";
        "Mail to it bounces at once. Most servers reject mail from it.";
        "Check the spelling. If it is right, correct or remove a CNAME that the evidence names, or add the name to the zone above. If there is neither, ask the registrar whether the registration has expired".
    ParentDiffers "parent_differs" Delegation Failure [Delegation Servers] [] "RFC 1034 section 4.3.5, RFC 2182 section 3":
        "the name servers of the zone above (at the registrar) do not agree about the domain";
        "Resolvers follow the server that they ask. If it denies the domain, mail to the domain bounces, and many servers reject mail from it. If it delegates to other servers, mail may go to the old host, or waits in the queue if these do not serve the zone. If its DS records fit no key, the domain fails DNSSEC validation there.";
        "Some minutes after a change, wait, and let the servers of both delegations serve the zone. Otherwise tell the operator of the zone above that one of its servers has an old copy of that zone. The zone of the domain is not the cause".
    DnssecBogus "dnssec_bogus" Dnssec Failure [Dnssec] [Sender Tls] "RFC 4035 section 5.5":
        "the domain fails DNSSEC validation";
        "Hosts behind validating resolvers cannot look up the names that the evidence has. If these are the domain itself or its MX records, mail from there waits in the queue and bounces after days. If it is the record of a policy, receivers defer the mail or do without the policy. Hosts behind other resolvers notice nothing.";
        "If the DS does not fit the keys, correct the DS at the registrar, or remove it if the zone is not meant to be signed. Otherwise sign the zone again"
        | SIGN_AGAIN "Sign the zone again. Look in the log of the signer why it has stopped, and set the clock of its host. The DS records fit: do not change them"
        | KEYS_UNANSWERED "Let the name servers answer for DNSKEY: look in their logs, and for a firewall or load balancer that drops this type. If the zone is not meant to be signed, remove the DS records at the registrar"
        | NAMES_BOGUS "Sign the zone of these names again. If it is a zone below that of the domain, correct its DS records in the zone of the domain, or remove them if it is not meant to be signed".
    DsRepaired "ds_repaired" Dnssec Warning [Dnssec] [] "RFC 4035 section 4.5, RFC 6781 section 4.1":
        "the DS records or keys of the domain were changed, and this host still has the old ones";
        "Hosts behind validating resolvers that have the old records, such as this one, cannot resolve the domain until the TTL of the old records ends. The other findings may be incomplete, because some lookups failed.";
        "Wait, or run `resolverctl flush --tree DOMAIN` on this host. The zone itself is right".
    ApexAlias "apex_alias" Mail Failure [MxRecords] [] "RFC 1034 section 3.6.2, RFC 5321 section 5.1":
        "the domain itself is an alias (CNAME)";
        "Resolvers take every type from the target: MX, TXT and SPF records of the domain itself are not seen, or only sometimes. Sendmail and Exim may rewrite the address to the target.";
        "Replace the CNAME by A and AAAA records, or use the provider's ALIAS or flattening".
    NsNoneAnswers "ns_none_answers" Delegation Failure [Delegation Servers] [Sender] "RFC 1034 section 4.2.2":
        "no name server of the zone gives an answer";
        "Mail to the domain is deferred everywhere once caches have expired.";
        "Start the name servers, let them load the zone if they answer with an error, or let the registrar delegate to servers that have it"
        | NAMELESS_SERVERS "Give each name in the evidence an A or AAAA record, and let the servers of its zone answer; or let the registrar delegate to name servers whose names have addresses"
        | OPEN_UDP "Open port 53 for UDP at the name servers in the evidence, and in a firewall in front of them: they run, and answer over TCP".
    MxIsAddress "mx_is_address" Mail Failure [MxRecords] [Sender] "RFC 5321 section 5.1, RFC 1035 section 3.3.9":
        "an MX record holds an IP address instead of a host name";
        "Postfix and Exim look for a host of that name and find none: mail is deferred or bounces.";
        "Create an A or AAAA record for the mail host, and name this host in the MX record".
    MailNowhere "mail_nowhere" Mail Failure [MxRecords MailHosts] [Sender] "RFC 5321 section 5.1":
        "the domain has neither MX nor address records";
        "Mail to the domain bounces. Many servers reject mail from it, because no bounce could be delivered.";
        "Add an MX record; or, if the domain has no mail, a null MX (0 .)".
    MxUnanswered "mx_unanswered" Mail Failure [Servers] [Sender] "RFC 8906 section 3, RFC 5321 section 5.1":
        "no name server of the zone answers for the MX records of the domain";
        "Senders cannot find the mail hosts: mail to the domain waits in their queues and bounces after days. If all servers deny the name, it bounces at once.";
        "Ask the servers with dig @ADDRESS DOMAIN MX, and look for errors in their logs. Remove what drops this type, such as a firewall or load balancer".
    NsDiffer "ns_differ" Delegation Warning [Delegation Servers Records] [] "RFC 1034 section 4.2.2, RFC 9471":
        "the name servers in the zone above (at the registrar) differ from those in the zone";
        "Resolvers use one set or the other, depending on what they have in cache. If the servers have different data, mail goes to either.";
        "Make both sets equal: change the NS records in the zone, or the name servers in the zone above (at the registrar)".
    MxDiffers "mx_differs" Mail Failure [MxRecords Servers Records] [] "RFC 1034 section 4.3.5, RFC 2182 section 3":
        "the name servers of the zone give different MX records";
        "Some mail goes to the old host and some to the new one, depending on the server that was asked.";
        "Find out why the servers do not transfer the current zone; compare the serials. If a server belongs to the old provider, remove it at the registrar".
    SerialDiffers "serial_differs" Delegation Warning [Delegation Servers Records] [] "RFC 1034 section 4.3.5, RFC 1912 section 2.2":
        "the name servers have different serials of the zone";
        "The servers give old and new records. This is normal for some minutes after a change, and if two providers number the zone separately.";
        "If the difference lasts longer than the refresh time of the SOA: check NOTIFY and transfers to the server with the old serial".
    RecordsDiffer "records_differ" Delegation Failure [Delegation Servers Records] [] "RFC 1034 section 4.3.5, RFC 2182 section 3":
        "the name servers of the zone give different records";
        "Senders and receivers see one or the other, depending on the server that was asked. The other findings are about the records of one server.";
        "Find out why the servers do not transfer the current zone; compare the serials. If a server belongs to the old provider, remove it at the registrar".
    ConfiguredDiffers "configured_differs" Delegation Warning [Delegation Servers] [] "RFC 8499 section 7":
        "the configuration of this host gives other records than the name servers of the zone";
        "Mail from this host goes to the hosts that are named here, and its filters read these policies. Other hosts, and other resolvers, follow the name servers of the zone. The other findings are about their records.";
        "Nothing, if this is intended. Otherwise remove the [[zone]], [[host]] or [[record]] from the configuration, or correct its servers, and reload".
    CachedHere "cached_here" Delegation Warning [Delegation Servers Records] [] "RFC 1035 section 3.2.1, RFC 1034 section 3.6":
        "this host still has old records of the domain in its cache";
        "Mail from this host goes to the old servers, or bounces if there were none, and its filters read the old policies, until the TTL ends. The other findings are about the new records.";
        "Run `resolverctl flush --tree DOMAIN`. If the records stay, look for the domain in the configuration of resolverd".
    NsLame "ns_lame" Delegation Failure [Delegation Servers Records] [] "RFC 1034 section 4.2.2, RFC 1912 section 2.8":
        "a name server does not serve the zone";
        "A resolver that asks this server before the others gets an error and must ask another server: lookups are slow, and fail if no other server answers.";
        "Set up the zone on this server, or remove the server from the NS records in the zone and at the registrar".
    GlueDiffers "glue_differs" Delegation Failure [Delegation Servers] [] "RFC 1912 section 2.3, RFC 9471":
        "the glue in the zone above (at the registrar) differs from the address of the name server";
        "Resolvers ask the address of the glue first, and later the address in the zone. If another server or no server has one of them, lookups fail or are slow.";
        "Correct the address of this name server in the zone above (at the registrar)".
    GlueMissing "glue_missing" Delegation Warning [Delegation Servers] [] "RFC 1034 section 4.2.1, RFC 9471":
        "the zone above (at the registrar) has no glue for a name server inside the zone";
        "Resolvers cannot find the address of this server. If all servers lack glue, the domain cannot be resolved.";
        "Enter the addresses of this name server at the registrar".
    NsWithoutAddress "ns_without_address" Delegation Warning [Delegation Servers] [] "RFC 1912 section 2.8":
        "a name server has no address";
        "The server cannot be asked; the others take its load.";
        "Add an A record for this name, or remove the server from the NS records. If the name lacks its last dot in the zone file, add the dot".
    NsIsAddress "ns_is_address" Delegation Warning [Delegation Servers] [] "RFC 1035 section 3.3.11, RFC 2181 section 10.3":
        "an NS record holds an IP address instead of a host name";
        "Resolvers look for a host of that name and find none, so this server is not asked; the others take its load.";
        "Name the host of the server in the NS records in the zone and at the registrar, and give this host an A or AAAA record".
    NsPrivateAddress "ns_private_address" Delegation Warning [Delegation Servers] [] "RFC 1918, RFC 6890":
        "a name server has a private, loopback or reserved address";
        "No host on the internet reaches this server: resolvers ask the others. If all are so, the domain cannot be resolved.";
        "Give the server its public address in the zone and at the registrar, or remove it from the NS records".
    MxWithoutAddress "mx_without_address" Mail Failure [MxRecords MailHosts] [Sender] "RFC 5321 section 5.1":
        "an MX record names a host without an address";
        "Senders skip this host. If it is the only one, mail is deferred or bounces.";
        "Add an A or AAAA record for the host, or correct the name in the MX record. If it lacks its last dot in the zone file, add the dot".
    MxHostUnanswered "mx_host_unanswered" Mail Failure [MxRecords MailHosts] [] "RFC 5321 sections 4.5.4.1 and 5.1":
        "no name server answers for the address of a mail host";
        "Senders find no address of this host. If it is the only one, they keep the mail and bounce it after days.";
        "Check the domain of the mail host with `resolverctl check`, and tell its operator; or name another host in the MX record".
    MxPrivateAddress "mx_private_address" Mail Failure [MxRecords MailHosts] [] "RFC 1918, RFC 6890, RFC 5321 section 5.1":
        "an MX host has a private, loopback or reserved address";
        "No host on the internet can deliver to it. A sender with such an address itself delivers to the wrong host, or to itself in a loop.";
        "Give the host its public address in the public zone, or remove the MX record that leads to it. Hosts of your own network can have a view of the zone with private addresses".
    NullMxBesideOthers "null_mx_beside_others" Mail Failure [MxRecords] [] "RFC 7505 section 3":
        "the domain has a null MX and other MX records";
        "Senders treat it differently: some bounce, some take the other hosts.";
        "Remove the null MX, or all others".
    SmtpRefused "smtp_refused" Mail Warning [MxRecords MailHosts Connections] [] "RFC 5321 section 3.1":
        "a mail host refuses connections to port 25";
        "Senders try the next host. If there is none, mail waits in the queue.";
        "Start the mail server on this host, or open port 25; or remove the host from the MX records".
    CertificateExpired "certificate_expired" Policy Warning [MxRecords MailHosts Connections MtaSts] [] "RFC 5280 section 4.1.2.5, RFC 7672 section 3.1, RFC 8461 section 5":
        "the certificate of a mail host has expired";
        "Senders that verify certificates do not deliver to this host: those with MTA-STS if the policy is enforced, and those with DANE if the TLSA records have usage 2; then the level is failure. Others encrypt anyway.";
        "Renew the certificate, and reload the mail server: it may still use the old file. Find out why the renewal failed".
    TlsaMismatch "tlsa_mismatch" Policy Failure [MxRecords MailHosts Connections Dane] [] "RFC 7672 sections 2.2 and 3.1":
        "the certificate of a mail host matches none of its TLSA records";
        "Senders with DANE, such as Postfix, Exim and Microsoft 365, do not deliver to this host: mail waits in the queue.";
        "Publish a TLSA record of the present certificate or key. At a renewal publish the new record before the certificate".
    TlsaNextMismatch "tlsa_next_mismatch" Policy Warning [MxRecords MailHosts Dane] [] "RFC 7671 section 8.4":
        "the TLSA records do not name the certificate that a mail host will use";
        "Once the mail server uses this certificate, senders with DANE do not deliver to the host: mail waits in the queue.";
        "Publish a TLSA record of the new certificate or its key beside the old one. Let the mail server use the certificate when the TTL of the old records has ended".
    MtaStsMx "mta_sts_mx" Policy Failure [MxRecords MtaSts] [] "RFC 8461 sections 4.1 and 5":
        "the MTA-STS policy does not name a mail host of the domain";
        "In mode enforce Gmail, Microsoft and others do not deliver to this host. In mode testing they report it.";
        "Add the host to the policy file and change the id of the record; or correct the MX records".
    NoMx "no_mx" Mail Warning [MxRecords MailHosts] [] "RFC 5321 section 5.1":
        "the domain has no MX record, so mail goes to the address of the domain itself";
        "Senders deliver to the A or AAAA record, which is often a web server: mail is deferred or bounces if no mail server listens there.";
        "Add an MX record that names the mail host; or a null MX (0 .) if the domain has no mail".
    SpfMultiple "spf_multiple" Policy Failure [Spf] [Spf Authentication] "RFC 7208 sections 3.2 and 4.5":
        "the domain, or one that its SPF record includes, has several SPF records";
        "SPF ends with permerror. Gmail and Microsoft treat the mail as not authenticated; some servers reject it.";
        "Join the records into one. If they are those of an include, tell its operator, or remove the include".
    SpfSyntax "spf_syntax" Policy Failure [Spf] [Spf Authentication] "RFC 7208 sections 4.6 and 12":
        "the SPF record has a syntax error";
        "SPF ends with permerror: mail is not authenticated, and some servers reject it.";
        "Correct the term. Strings of a TXT record are joined without a space between them".
    SpfLookups "spf_lookups" Policy Failure [Spf] [Spf Authentication] "RFC 7208 section 4.6.4":
        "SPF needs more than 10 lookups";
        "SPF ends with permerror: mail is not authenticated, and some servers reject it. Others stop counting later, so it works at some recipients.";
        "Remove includes that no mail comes from, or replace a, mx and include by ip4 and ip6".
    SpfVoidLookups "spf_void_lookups" Policy Failure [Spf] [Spf Authentication] "RFC 7208 section 4.6.4":
        "more than 2 lookups of SPF find nothing";
        "Servers that count void lookups end with permerror: mail is not authenticated.";
        "Remove the terms whose names do not exist".
    SpfIncludeMissing "spf_include_missing" Policy Failure [Spf] [Spf Authentication] "RFC 7208 section 5.2":
        "SPF includes or redirects to a domain that has no SPF record";
        "SPF ends with permerror for every sender that no earlier term matches.";
        "Correct or remove the term include or redirect that the evidence names. If the record with this term is of another domain, tell its operator".
    SpfUnanswered "spf_unanswered" Policy Failure [Spf] [Spf Authentication] "RFC 7208 sections 2.6.6 and 5":
        "a domain that SPF needs gives no answer";
        "SPF ends with temperror for every sender that no earlier term matches: many servers defer the mail with 451, others treat it as not authenticated.";
        "If the evidence names the checked domain itself, mend its name servers. Otherwise check the named domain with `resolverctl check` and tell its operator, or let the record name other hosts or networks".
    SpfAllowsAll "spf_allows_all" Policy Failure [Spf] [] "RFC 7208 section 5.1":
        "SPF allows every address, or a large part of the internet, to send";
        "Anybody can send mail as this domain that passes SPF. Filters count it as a sign of spam.";
        "If the evidence names an included domain, remove the include or tell its operator. Otherwise name only the networks of your senders, and end with -all or ~all".
    SpfFromFails "spf_from_fails" Policy Failure [Spf] [Spf Authentication] "RFC 7208 section 2.6":
        "SPF does not allow the given address to send";
        "Mail from this address fails SPF: it is rejected or filed as spam unless DKIM passes for DMARC.";
        "Add the address to the SPF record, or send through an allowed host".
    SpfFromNeutral "spf_from_neutral" Policy Warning [Spf] [] "RFC 7208 sections 2.6.2 and 4.7":
        "SPF neither allows nor forbids the given address to send";
        "Mail from this address has no SPF pass: DMARC then needs a DKIM signature.";
        "Add the address to the SPF record if it sends mail for the domain".
    PolicyUnanswered "policy_unanswered" Policy Failure [Spf Dkim Dmarc MtaSts TlsRpt Dane] [Tls] "RFC 7489 section 6.6.3, RFC 6376 section 6.1.2, RFC 7672 section 2.1.1":
        "no name server answers for the record of a policy, for a DKIM key or for TLSA records";
        "Receivers get a temporary error for DMARC or the signature: many defer the mail, others treat it as not authenticated. Senders that use DANE defer the mail if the lookup of TLSA records fails, until it bounces. Without an answer for MTA-STS or TLS reporting, mail is delivered without this policy.";
        "If the record is an alias (CNAME) to a provider that is no longer used, remove it. Otherwise mend the name servers of the zone that the evidence names, or tell their operator".
    DkimMissing "dkim_missing" Policy Failure [Dkim] [Authentication] "RFC 6376 section 3.6.2":
        "the DKIM selector has no key";
        "Signatures with this selector cannot be verified; DMARC then depends on SPF alone, which forwarding breaks.";
        "Publish the key at SELECTOR._domainkey, or correct the selector of the signer. If the name is an alias (CNAME), correct its target, or let the provider publish the key there".
    DkimKeyDiffers "dkim_key_differs" Policy Failure [Dkim] [Authentication] "RFC 6376 sections 3.6.1 and 6.1.2":
        "the DKIM record has another key than the one that signs mail";
        "Signatures with this selector do not verify; DMARC then depends on SPF alone, which forwarding breaks.";
        "Publish the record of the key in the file, or let the signer use the key of the record. After a change of the record, wait for its TTL".
    DkimMultiple "dkim_multiple" Policy Failure [Dkim] [Authentication] "RFC 6376 section 3.6.2.2":
        "the DKIM selector has several keys";
        "Verifiers take any of them: signatures verify at some servers only.";
        "Keep one record for each selector".
    DkimSyntax "dkim_syntax" Policy Failure [Dkim] [Authentication] "RFC 6376 section 3.6.1":
        "the DKIM key cannot be read";
        "Signatures with this selector cannot be verified.";
        "Publish the record that the signer has written, split into strings of 255 octets at most".
    DkimWeak "dkim_weak" Policy Failure [Dkim] [] "RFC 8301 section 3.2":
        "the DKIM key has fewer than 1024 bits";
        "Gmail and others ignore signatures of such keys.";
        "Make a key of 2048 bits under a new selector".
    DmarcMultiple "dmarc_multiple" Policy Failure [Dmarc] [Authentication] "RFC 9989 section 4.10, RFC 7489 section 6.6.3":
        "the domain has several DMARC records";
        "Receivers ignore all of them: by RFC 9989 they apply the record of a domain above, if there is one, and by RFC 7489 no policy.";
        "Keep one record".
    DmarcSyntax "dmarc_syntax" Policy Failure [Dmarc] [Authentication] "RFC 9989":
        "the DMARC record has a syntax error";
        "Receivers apply no policy, or another one than meant.";
        "Correct the tag".
    HeloSyntax "helo_syntax" Pointer Failure [Pointers] [Helo] "RFC 5321 sections 2.3.5 and 4.1.1.1":
        "the HELO name is not a fully qualified host name";
        "Postfix rejects it with reject_invalid_helo_hostname or reject_non_fqdn_helo_hostname; others count it as spam.";
        "Set the host name of the mail server, such as myhostname of Postfix, to its full name".
    PtrMissing "ptr_missing" Pointer Failure [MxRecords MailHosts Pointers] [Pointer] "RFC 1912 section 2.1, RFC 5321 section 4.1.4":
        "an address of a mail host has no PTR record";
        "If this address sends mail, Gmail and Microsoft reject the mail. Postfix rejects it too if reject_unknown_reverse_client_hostname is set.";
        "Ask the provider of the address for a PTR record with the name of the mail host. If the reverse name is an alias (CNAME), the PTR record must be at the target of the alias".
    PtrUnanswered "ptr_unanswered" Pointer Failure [MxRecords MailHosts Pointers] [Pointer] "RFC 2317, RFC 1912 section 2.1, RFC 8906 section 3":
        "no name server answers for the PTR record of an address, or for its name";
        "If this address sends mail, Postfix defers it with 450 again and again if reject_unknown_reverse_client_hostname or reject_unknown_client_hostname is set. Gmail and others reject or defer it.";
        "Set up the zone that the evidence names at its name servers. If they are not yours, ask the provider of the address to have the PTR record answered: by a delegation to servers that have the zone, or by a record of his own".
    PtrDiffers "ptr_differs" Pointer Failure [MxRecords MailHosts Pointers] [Pointer] "RFC 1912 section 2.1, RFC 8601 section 2.7.3":
        "the PTR name does not lead back to the address";
        "If it sends mail: Postfix calls the client \"unknown\" and rejects it with reject_unknown_client_hostname; Gmail and others require forward confirmation.";
        "Add the address to the A or AAAA records of the PTR name, or change the PTR record; in its zone file the name ends with a dot. If the provider of the address has the reverse zone, ask him".
    Listed "listed" Lists Failure [MxRecords MailHosts Lists] [] "RFC 5782":
        "an address or name is on a DNS list";
        "Servers that use the list reject the mail or count it as spam.";
        "Remove the cause, and ask the list for removal on its page".
    HeloUnknown "helo_without_address" Pointer Warning [Pointers] [Helo] "RFC 5321 section 4.1.4":
        "the HELO name has neither address nor MX records";
        "Postfix rejects it with reject_unknown_helo_hostname; others count it as spam.";
        "Add an A or AAAA record for the HELO name, or set another HELO name".
    SmtpRejects "smtp_rejects" Mail Warning [MxRecords MailHosts Connections] [] "RFC 5321 sections 3.1 and 4.2":
        "a mail host does not accept the session";
        "It may reject this host only, for example because of its address; or it rejects all.";
        "Read its reply, and repeat the check from another host".
    StarttlsMissing "starttls_missing" Mail Warning [MxRecords MailHosts Connections Dane MtaSts] [] "RFC 3207":
        "a mail host does not offer STARTTLS";
        "Mail to it can be read on the way. Senders that require TLS keep the mail and bounce it after days: those with DANE if the host has TLSA records, those with MTA-STS if the policy is enforced.";
        "Set up a certificate for the mail server, in Postfix with smtpd_tls_chain_files and smtpd_tls_security_level = may".
    StarttlsFails "starttls_fails" Mail Warning [MxRecords MailHosts Connections Dane MtaSts] [] "RFC 3207 section 4":
        "a mail host offers STARTTLS, and it fails";
        "Senders try again without TLS, later or never. Senders that require TLS keep the mail and bounce it after days: those with DANE if the host has TLSA records, those with MTA-STS if the policy is enforced.";
        "Check the certificate, its key and the protocol versions of the mail server".
    PtrDynamic "ptr_dynamic" Pointer Warning [MxRecords MailHosts Pointers] [] "RFC 1912 section 2.1, RFC 8601 section 2.7.3":
        "the PTR name looks like one of a dynamic address";
        "Many servers reject or score mail from names that hold the address or words such as dyn, dhcp or pool.";
        "Give the address a PTR record with the name of the mail host".
    MxIsCname "mx_is_cname" Mail Warning [MxRecords MailHosts] [] "RFC 2181 section 10.3, RFC 5321 section 5.1":
        "an MX record names an alias (CNAME)";
        "Most senders follow it. Some refuse it, and an alias to a missing name fails.";
        "Name the target of the CNAME in the MX record".
    MxWithoutIpv4 "mx_without_ipv4" Mail Warning [MxRecords MailHosts] [] "RFC 5321 section 5.1":
        "no MX host has an IPv4 address";
        "Senders without IPv6 cannot deliver, and these are many.";
        "Add a mail host with an A record".
    NsSilent "ns_silent" Delegation Warning [Delegation Servers] [] "RFC 2182 section 3":
        "a name server does not answer";
        "Resolvers wait for it before they ask another: the first lookup can take seconds longer.";
        "Start the server or open port 53 for UDP; or remove it from the NS records".
    NsSlow "ns_slow" Delegation Warning [Delegation Servers] [] "RFC 2182 section 3":
        "name servers answer slowly";
        "Mail waits for each lookup that is in no cache, some of them one after the other. If other servers are fast, resolvers learn to prefer them.";
        "Find out what slows the servers down, such as their load or a distant network; or serve the zone from other servers".
    NsPartly "ns_partly" Delegation Warning [Delegation Servers Records] [] "RFC 8906 section 3, RFC 4074 section 4":
        "a name server of the zone does not answer for some of its records as it should";
        "Resolvers that ask this server lose seconds or get an error, and ask another. If it denies a name that exists, mail to this name bounces. Its records may differ from those of the others.";
        "Ask the server with dig @ADDRESS NAME TYPE, and look for errors in its log. Remove what drops or changes this type, such as a firewall or load balancer; or load the zone again"
        | OPEN_TCP "Open port 53 for TCP on the name servers in the evidence: these answers are too long for UDP"
        | FAILING_AT_TIMES "Ask the server some ten times with dig @ADDRESS DOMAIN SOA. If several machines answer for this address, load the zone on all of them; otherwise look in its log for limits of queries and for failed transfers of the zone".
    NsTcp "ns_tcp" Delegation Warning [Delegation Servers Records] [] "RFC 7766 section 5, RFC 9210 section 3":
        "a name server does not answer over TCP";
        "Large answers, such as long TXT records and DKIM keys, cannot be fetched from it.";
        "Open port 53 for TCP".
    NsEdns "ns_edns" Delegation Warning [Delegation Servers Records] [] "RFC 6891 sections 6.1.1 and 7":
        "a name server does not answer queries with EDNS, or answers them without signatures";
        "Resolvers lose time with it, and DNSSEC does not work over it. If the zone has DS records, validating resolvers take the answers of this server for bogus.";
        "Update the server, or the firewall in front of it. Signatures and DS records may stay as they are".
    NsSingle "ns_single" Delegation Warning [Delegation Servers] [] "RFC 1034 section 4.1, RFC 2182 section 5":
        "the zone has one name server only, or all its name servers have one address";
        "While it is down the domain cannot be resolved, and mail is deferred.";
        "Add a second server in another network".
    NsWithoutIpv4 "ns_without_ipv4" Delegation Warning [Delegation Servers] [] "RFC 3901 section 3":
        "no name server has an IPv4 address";
        "Resolvers without IPv6 cannot resolve the domain, and many hosts that send or receive mail have no IPv6.";
        "Add a name server with an A record".
    NsIsAlias "ns_is_alias" Delegation Warning [Delegation Servers] [] "RFC 2181 section 10.3":
        "an NS record names an alias (CNAME)";
        "Some resolvers do not ask this server.";
        "Name the target of the CNAME in the NS record".
    SignatureExpired "signature_expired" Dnssec Failure [Dnssec] [Tls] "RFC 4035 section 5.3.1, RFC 6781 section 4.4.2":
        "a name server has signatures that have expired";
        "Validating resolvers take the answers of this server for bogus: they ask another server, or fail if they reach only this one.";
        "Find out why the server does not transfer the current zone. If all servers have these signatures, sign the zone again".
    SignatureEarly "signature_not_yet_valid" Dnssec Failure [Dnssec] [] "RFC 4035 section 5.3.1":
        "a name server has signatures that are not valid yet";
        "Validating resolvers may take the answers of this server for bogus until the signatures begin: they ask another server, or fail if they reach only this one.";
        "Correct the clock of the host that signs, and the one of this host, and sign the zone again. Signers set the begin an hour before the present time".
    NsBogus "ns_bogus" Dnssec Failure [Dnssec Servers Records] [Tls] "RFC 4035 section 5.3, RFC 8901 section 3":
        "a name server gives records whose DNSSEC signatures are missing or wrong";
        "Validating resolvers take these answers for bogus: they ask another server, or fail if they reach only this one. Then mail to the domain waits in the queue of the sender, also where DANE demands the records.";
        "Let the server in the evidence transfer the current signed zone again; if it signs the zone itself, let it sign the zone again. The DS records fit: do not change them"
        | KEYS_OF_SIGNERS "If several providers sign the zone, add the keys with which each of them signs to the DNSKEY records of all others. If one signs it, let the servers in the evidence transfer the current zone, and keep a key in the zone until no signature by it is left".
    NsWithoutKeys "ns_without_keys" Dnssec Failure [Dnssec] [Tls] "RFC 4035 sections 2.4 and 5.2":
        "a name server does not have the DNSSEC keys that the DS records name";
        "Validating resolvers take the answers of this server for bogus: they ask another server, or fail if they reach only this one.";
        "Find out why the server does not have the current signed zone. The DS records fit the keys of another server: do not change them".
    DenialsCoverNames "denials_cover_names" Dnssec Failure [Dnssec Servers Records] [] "RFC 4035 section 2.3, RFC 5155 section 7.1, RFC 8198 section 5":
        "denials of the signed zone cover names that exist";
        "Resolvers that answer from cached NSEC or NSEC3 records, such as Unbound, Knot Resolver and Google Public DNS, may deny these names after the denial of another name: mail to a denied mail host bounces, and a denied DKIM key or policy is not found.";
        "Rectify the zone (PowerDNS: pdnsutil rectify-zone), or sign it anew, so that each of its names has an NSEC or NSEC3 record".
    NsWithoutProof "ns_without_proof" Dnssec Warning [Dnssec Servers Records] [] "RFC 4035 sections 3.1.3 and 5.4":
        "a name server sends no DNSSEC proof that records of the signed zone do not exist";
        "Validating resolvers take these answers for bogus: they ask another server, or fail if they reach only this one. If no server proves that the domain has no MX record, senders cannot ask for its MX records, and mail to it waits in their queues. Receivers defer mail because of a policy that does not exist, and senders with DANE keep mail for hosts without TLSA records.";
        "Let the server transfer the current signed zone with its NSEC or NSEC3 records. If it has them, update the server, or the plug-in or load balancer in front of it that leaves them out. The DS records fit: do not change them".
    SignatureExpires "signature_expires" Dnssec Warning [Dnssec] [] "RFC 4035 section 5.3.1, RFC 6781 section 4.4.2":
        "signatures of the zone expire soon";
        "Once they have expired, the domain fails for all validating resolvers.";
        "Check that the signer runs, and sign the zone again".
    DnssecOldAlgorithm "dnssec_old_algorithm" Dnssec Warning [Dnssec] [] "RFC 8624 section 3.1, RFC 9905":
        "the zone is signed with an algorithm that validators no longer use";
        "RHEL 9 and other systems without SHA-1 take the zone for unsigned or bogus; DANE has no effect there.";
        "Change to algorithm 13 (ECDSAP256SHA256) or 8 (RSASHA256)".
    DsOldDigest "ds_old_digest" Dnssec Warning [Dnssec] [] "RFC 8624 section 3.3, RFC 9905":
        "all DS records of the domain have SHA-1 digests";
        "Validators without SHA-1 take the domain for unsigned.";
        "Publish a DS record with digest type 2 (SHA-256) at the registrar".
    Nsec3Iterations "nsec3_iterations" Dnssec Warning [Dnssec] [] "RFC 9276 sections 3.1 and 3.2":
        "the NSEC3 records of the zone have iterations";
        "BIND and Unbound take proofs with more than 50 iterations for unsigned, and some resolvers answer SERVFAIL: an attacker can hide records such as TLSA, or lookups of names without a record fail.";
        "Sign the zone with 0 iterations and without a salt, or with NSEC".
    OthersOld "others_old" Others Warning [Others] [] "RFC 1035 section 3.2.1, RFC 2308":
        "other resolvers still have old records of the domain";
        "Mail from hosts that use these resolvers goes to the old servers, and receivers that use them apply the old policies, until the TTL ends. If the keys of a signed domain have changed too, or the domain is signed since then, these resolvers may fail its DNSSEC validation for a while.";
        "Wait until then, and keep the old mail hosts running. If name servers were changed too, let the old ones give the new records; those of a signed domain with the old keys and the new ones, signed with both. Google and Cloudflare have pages that flush a name from their caches. If these resolvers have them later still, a server of the zone gives other records to hosts at another place".
    OthersFail "others_fail" Others Warning [Others] [] "RFC 4035 section 5.5, RFC 8914":
        "other resolvers cannot resolve records of the domain";
        "Hosts that use these resolvers do not find these records. Without MX and address records they cannot send mail to the domain, and most defer mail from it.";
        "If the domain is or was signed, they may have an old DS record until its TTL ends: `dig +cd @RESOLVER DOMAIN DS` shows it. Otherwise check that no firewall or rate limit of the name servers stops these resolvers".
    OthersHide "others_hide" Others Warning [Others] [] "RFC 8914 section 4.16":
        "other resolvers withhold records of the domain";
        "Hosts that use these resolvers do not find the domain: their operator filters it, mostly as a source of malware.";
        "Ask the operator of the resolver for the reason, and for removal from the filter".
    CertificateExpires "certificate_expires" Policy Warning [MxRecords MailHosts Connections] [] "RFC 5280 section 4.1.2.5":
        "the certificate of a mail host expires within 21 days";
        "Once it has expired, senders that verify certificates, as MTA-STS demands, do not deliver to this host.";
        "Renew the certificate, and reload the mail server. If renewal is automatic, find out why it has not run".
    TlsaUnusable "tlsa_unusable" Policy Warning [MxRecords MailHosts Dane] [Tls] "RFC 7672 section 3.1":
        "no TLSA record of a mail host can be used for mail";
        "Postfix and Exim encrypt, but cannot authenticate the host; a TLS policy of dane-only defers the mail.";
        "Publish a record of usage 3 or 2 with matching type 1, such as \"3 1 1\" and the SHA-256 digest of the key".
    TlsaUnsigned "tlsa_unsigned" Policy Warning [MxRecords MailHosts Dane] [Tls] "RFC 7672 section 2.1.1":
        "TLSA records are not protected by DNSSEC";
        "Postfix and Exim ignore them: DANE is without effect.";
        "Sign the zones of the domain and of the mail host".
    SpfMissing "spf_missing" Policy Warning [Spf] [Spf Authentication] "RFC 7208 section 3":
        "the domain has no SPF record";
        "Gmail and Yahoo require SPF or DKIM of every sender, and both of bulk senders.";
        "Publish a TXT record such as \"v=spf1 mx -all\"".
    DmarcMissing "dmarc_missing" Policy Note [Dmarc] [] "RFC 9989":
        "neither the domain nor a domain above it has a DMARC record";
        "Gmail, Yahoo and Microsoft require DMARC of bulk senders.";
        "Publish a TXT record at _dmarc, for example \"v=DMARC1; p=none\" at first. If _dmarc is an alias (CNAME), correct its target, or let the provider publish the record there".
    DmarcReportsRefused "dmarc_reports_refused" Policy Warning [Dmarc] [] "RFC 9990, RFC 7489 section 7.1":
        "a DMARC record sends reports to a domain that does not accept them";
        "Receivers send no reports to this address.";
        "Ask the other domain to publish \"v=DMARC1\" as TXT at DOMAIN._report._dmarc, or use an address of your own".
    DmarcReportAddress "dmarc_report_address" Policy Warning [Dmarc] [] "RFC 9990, RFC 7489 sections 6.2 and 6.3":
        "a DMARC record sends reports to an address that receivers cannot use";
        "Receivers apply the policy, and send no reports to this address.";
        "Write mailto:USER@DOMAIN behind rua= and ruf=, with a comma between two addresses".
    MtaStsSyntax "mta_sts_syntax" Policy Warning [MtaSts] [Tls] "RFC 8461 section 3.1":
        "the MTA-STS record is not valid";
        "Senders behave as if there were no MTA-STS.";
        "Publish one record \"v=STSv1; id=...\" at _mta-sts".
    MtaStsUnreachable "mta_sts_unreachable" Policy Warning [MtaSts] [Tls] "RFC 8461 section 3.3":
        "the MTA-STS policy cannot be fetched";
        "Senders without the policy in cache behave as if there were no MTA-STS.";
        "Serve https://mta-sts.DOMAIN/.well-known/mta-sts.txt with status 200, without redirection, with a valid certificate".
    MtaStsPolicy "mta_sts_policy" Policy Warning [MtaSts] [] "RFC 8461 section 3.2":
        "the MTA-STS policy is not valid";
        "Senders behave as if there were no MTA-STS.";
        "Write the lines version, mode, max_age and mx as in the RFC".
    TlsRptSyntax "tls_rpt_syntax" Policy Warning [TlsRpt] [] "RFC 8460 section 3":
        "the TLS reporting record is not valid";
        "No reports are sent.";
        "Publish one record \"v=TLSRPTv1; rua=mailto:...\" at _smtp._tls".
    NullMx "null_mx" Mail Ok [MxRecords] [Sender] "RFC 7505":
        "a null MX says that the domain receives no mail";
        "Mail to the domain bounces at once, as it should. Some servers reject mail from it.";
        "Nothing, if this is intended".
    MxIsHere "mx_is_here" Mail Note [MxRecords MailHosts] [Loop] "RFC 5321 section 5.1":
        "a mail host of the domain is this host";
        "Postfix here reports that mail for the domain \"loops back to myself\", unless mydestination, virtual_mailbox_domains or relay_domains has the domain.";
        "If this host receives mail for the domain and it loops, enter the domain in mydestination, virtual_mailbox_domains or relay_domains. If another host receives it, correct the MX record".
    MxWithoutIpv6 "mx_without_ipv6" Mail Note [MxRecords MailHosts] [] "RFC 3974":
        "no MX host has an IPv6 address";
        "Senders with IPv6 alone cannot deliver; these are few.";
        "Add an AAAA record once the mail host has IPv6 and a PTR record for it".
    NsRecursive "ns_recursive" Delegation Note [Delegation Servers Records] [] "RFC 5358 section 4":
        "a name server offers recursion to this host";
        "It can be abused for attacks, and it may give cached data instead of the zone's.";
        "Switch recursion off, or allow it for the server's own clients only".
    NsCase "ns_case" Delegation Note [Delegation Servers Records] [] "draft-vixie-dnsext-dns0x20":
        "a name server does not repeat names in mixed case";
        "Resolvers with 0x20 protection must ask again.";
        "Update the server or the load balancer in front of it".
    NsUnrouted "ns_unrouted" Delegation Ok [Delegation Servers] [] "RFC 3901 section 4":
        "this host has no route to some addresses of the name servers, or does not use their family (mostly IPv6)";
        "No effect on this host. It is not known whether these addresses answer.";
        "Repeat the check on a host with IPv6".
    NsOneNetwork "ns_one_network" Delegation Note [Delegation Servers] [] "RFC 2182 section 3.1":
        "all name servers are in one network";
        "One fault of this network makes the domain unresolvable.";
        "Add a server in another network".
    NsMany "ns_many" Delegation Ok [Delegation Servers] [] "RFC 1034 section 4.1":
        "this check has left out some name servers, comparisons of them, or other resolvers";
        "No effect on mail. Faults that only these show are not seen.";
        "Nothing, if the others are set up in the same way; otherwise ask each of them with dig @ADDRESS".
    HeloDiffers "helo_differs" Pointer Note [Pointers] [Helo] "RFC 5321 section 4.1.4":
        "the HELO name does not lead to the address of the client";
        "Some filters count it as spam. RFC 5321 forbids to reject mail for this reason alone.";
        "Set the HELO name to the name of the PTR record".
    CertificateInvalid "certificate_invalid" Policy Note [MxRecords MailHosts Connections MtaSts] [] "RFC 8461 sections 4.2 and 5, RFC 7435":
        "this system does not trust the certificate of a mail host for its name";
        "Most senders encrypt anyway. Those that verify, such as Gmail and Microsoft 365 where the policy of MTA-STS is enforced, do not deliver: mail waits and bounces after days; then the level is failure.";
        "Use a certificate of a public authority with the name of the mail host, and send the whole chain".
    SpfPtr "spf_ptr" Policy Note [Spf] [] "RFC 7208 section 5.5":
        "SPF uses the mechanism ptr";
        "It is slow, and many receivers ignore it.";
        "Replace it by a, mx, ip4 or ip6".
    SpfOpenEnd "spf_open_end" Policy Note [Spf] [] "RFC 7208 section 4.7":
        "the SPF record does not end with -all or ~all";
        "Mail from every other address is neutral: SPF does not protect the domain.";
        "Let the record end with ~all or -all, in place of ?all".
    OwnFileUnread "own_file_unread" Policy Warning [Dane Dkim] [] "RFC 7671 section 8.4, RFC 6376 section 3.3":
        "a file of own mail, which the configuration names, cannot be used";
        "Its certificate or key is not compared with the DNS.";
        "Let the user resolverd read the file, correct its path, or remove it from [own]".
    SpfUnevaluated "spf_unevaluated" Policy CouldNotTell [Spf] [] "RFC 7208 sections 5.7 and 7":
        "SPF was not evaluated for the given address";
        "Receivers evaluate macros of the sender's address and of its names, and know their own gateways; this check does not.";
        "Send a mail to a receiver that shows the result of SPF; or check the address that sends with --from".
    DkimRevoked "dkim_revoked" Policy Note [Dkim] [Authentication] "RFC 6376 section 3.6.1":
        "the DKIM key is revoked (empty p=)";
        "Signatures with this selector fail; DMARC then depends on SPF alone, which forwarding breaks.";
        "Nothing, if nothing is signed with this selector any more. Otherwise let the signer use a selector that has a key".
    DkimTesting "dkim_testing" Policy Note [Dkim] [] "RFC 6376 section 3.6.1":
        "the DKIM key is in test mode (t=y)";
        "Receivers treat failed signatures as no signature.";
        "Remove t=y once the signatures verify".
    DmarcNone "dmarc_none" Policy Note [Dmarc] [] "RFC 9989":
        "the DMARC policy is none";
        "Receivers deliver mail that fails DMARC, and send reports.";
        "Set p=quarantine or p=reject once the reports show none of your own mail that fails".
    MtaStsUnread "mta_sts_unread" Policy Ok [MtaSts] [] "RFC 8461 section 3.2":
        "the domain has an MTA-STS record; its policy file was not fetched";
        "Senders with MTA-STS fetch the policy from https://mta-sts.DOMAIN/.well-known/mta-sts.txt.";
        "".
    MtaStsOk "mta_sts_ok" Policy Ok [MxRecords MtaSts] [] "RFC 8461":
        "the MTA-STS policy names the mail hosts"; ""; "".
    ConfiguredHere "configured_here" Delegation Note [Delegation Servers] [] "RFC 6303, RFC 8499 section 7":
        "the configuration of this host answers for the name";
        "Mail software here sees these records. Other hosts may see others, or none.";
        "Nothing, if this is intended. Otherwise remove the [[zone]], [[host]] or [[record]] from the configuration, and reload".
    DnssecOff "dnssec_not_validated" Dnssec Note [Dnssec] [] "RFC 4035 section 4.3":
        "this host does not validate the domain";
        "Mail software on this host cannot tell forged answers from true ones, and does not use DANE. The signatures of the domain were not checked.";
        "Set dnssec.validate = true, and remove \"validate = false\" from the zone, unless it is off on purpose".
    DnssecNoEffect "dnssec_no_effect" Dnssec Note [Dnssec] [] "RFC 4035 section 5.2, RFC 8624":
        "the domain is signed, and this host takes it for unsigned";
        "For this host and validators like it, the signatures protect nothing, and DANE has no effect.";
        "If the zone above has no DS record, let all name servers send signatures that have not expired, and enter the DS record then: before, validating resolvers would take the zone for bogus. If it has one that this host cannot use, change to algorithm 13 and digest type 2. Otherwise wait until the TTL of the records in the cache of this host has ended, or run `resolverctl flush --tree DOMAIN`".
    DnssecUnknown "dnssec_unknown" Dnssec CouldNotTell [Dnssec] [] "":
        "DNSSEC could not be checked";
        "";
        "If the evidence names the trust anchors of this host, run `resolverctl check system`. Otherwise repeat the check later".
    DelegationUnknown "delegation_unknown" Delegation CouldNotTell [Delegation] [] "":
        "the delegation could not be checked completely";
        "";
        "If other domains fail in the same way, run `resolverctl check system`. Otherwise repeat the check later"
        | NO_ROUTE "Repeat the check on a host that reaches these addresses, mostly one with IPv6; a later check on this host tells no more".
    MailUnknown "mail_unknown" Mail CouldNotTell [MxRecords] [] "RFC 5321 section 4.5.4.1":
        "the MX records or the addresses of the mail hosts could not be looked up";
        "Senders whose lookups fail in the same way keep the mail in the queue.";
        "If other domains fail in the same way, run `resolverctl check system`. Otherwise repeat the check later".
    PointerUnknown "ptr_unknown" Pointer CouldNotTell [Pointers] [] "RFC 1912 section 2.1":
        "a PTR record could not be looked up";
        "If reject_unknown_reverse_client_hostname is set, Postfix answers with a temporary error (450) while this lookup fails.";
        "If other domains fail in the same way, run `resolverctl check system`. Otherwise repeat the check later".
    PolicyUnknown "policy_unknown" Policy CouldNotTell [] [] "RFC 7208 section 2.6.6, RFC 6376 section 6.1.2, RFC 9989, RFC 8461 section 3.3":
        "a policy record could not be looked up";
        "Receivers whose lookups fail in the same way may defer the mail.";
        "If other domains fail in the same way, run `resolverctl check system`. Otherwise repeat the check later".
    BounceStatus "bounce_status" Mail CouldNotTell [Connections] [] "RFC 3463 sections 2 and 3":
        "the bounce has a status code, and no reply of a server";
        "The code names the kind of the failure as the host that made the bounce has seen it. The DNS does not show the cause.";
        "Look for the mail in the log of the host that sent it: the log has the addresses that were tried and the replies".
    ListsUnknown "lists_unknown" Lists CouldNotTell [Lists] [] "RFC 5782":
        "a DNS list gives no answer that can be believed";
        "Filters here may count a listing that is none, or miss one.";
        "See `resolverctl dnsbl` for the state of the list. Remove a list that lists everything or nothing, or whose domain does not exist, from the mail software and the configuration, or correct its name".
    SmtpUnknown "smtp_unknown" Mail CouldNotTell [Connections] [] "RFC 5321 section 4.5.3.2":
        "a mail host could not be reached at port 25";
        "";
        "If the host takes the connection, it may let strangers wait: repeat the check, or look for this host in its log. Otherwise check that this network may connect to port 25 of other hosts: many providers block it".
    MessageUnread "message_unread" Mail CouldNotTell [MxRecords] [] "RFC 2045 section 6":
        "the message was not read completely";
        "";
        "Save the message again from the mailbox, as it was received, and check this file; or check the domain of the recipient with `resolverctl check`".
    OthersDiffer "others_differ" Others CouldNotTell [Others] [] "RFC 1035 section 3.2.1, RFC 1982 section 3.2":
        "other resolvers have other records of the domain, and nothing shows whether they are old";
        "Hosts that use these resolvers send mail to the servers in these records, and judge mail by the policies in them.";
        "Repeat the check when their TTL has ended. If they stay, they are not old: look for a zone, a filter or a forwarder at the resolver, or use --local if this is intended. An older serial in its SOA record, a signature that has ended, or name servers from before a move would show that they are old".
    OthersUnknown "others_unknown" Others CouldNotTell [Others] [] "":
        "other resolvers gave no answer";
        "";
        "Check a domain that certainly works: if these resolvers answer there, they find no name server that answers for this domain, mostly because they still have those of before a change. If they do not, and this network does not let hosts query other resolvers, use --local; otherwise name others with --resolver".
    DelegationOk "delegation_ok" Delegation Ok [Delegation Servers] [] "RFC 1034 section 4.2":
        "the name servers agree"; ""; "".
    DnssecOk "dnssec_ok" Dnssec Ok [Dnssec] [] "RFC 4035 section 5":
        "the domain is signed and validates"; ""; "".
    DnssecUnsigned "dnssec_unsigned" Dnssec Ok [Dnssec] [] "RFC 4035 section 5.2":
        "the domain is not signed"; ""; "".
    MailOk "mail_ok" Mail Ok [MxRecords MailHosts] [] "RFC 5321 section 5.1":
        "the mail hosts have addresses"; ""; "".
    SmtpOk "smtp_ok" Mail Ok [MxRecords MailHosts Connections] [] "RFC 5321 section 3.1, RFC 3207":
        "a mail host accepts sessions and offers STARTTLS"; ""; "".
    TlsaMatches "tlsa_matches" Policy Ok [MxRecords MailHosts Connections Dane] [] "RFC 7672 section 3.1":
        "the certificate of a mail host matches its TLSA records"; ""; "".
    PointerOk "ptr_ok" Pointer Ok [MxRecords MailHosts Pointers] [] "RFC 8601 section 2.7.3":
        "the PTR names lead back to the addresses"; ""; "".
    SpfOk "spf_ok" Policy Ok [Spf] [] "RFC 7208":
        "SPF is valid"; ""; "".
    SpfFromPasses "spf_from_passes" Policy Ok [Spf] [] "RFC 7208 section 2.6":
        "SPF allows the given address to send"; ""; "".
    DkimOk "dkim_ok" Policy Ok [Dkim] [] "RFC 6376":
        "the DKIM key is valid"; ""; "".
    DkimUnchecked "dkim_unchecked" Policy Ok [Dkim] [] "RFC 6376 section 3.6.2.1":
        "no DKIM key was checked"; ""; "".
    DmarcOk "dmarc_ok" Policy Ok [Dmarc] [] "RFC 9989":
        "DMARC has a policy"; ""; "".
    DaneOk "dane_ok" Policy Ok [MxRecords MailHosts Dane] [] "RFC 7672":
        "the mail hosts have TLSA records that DNSSEC protects"; ""; "".
    OthersOk "others_ok" Others Ok [Others] [] "RFC 1035 section 3.2.1":
        "other resolvers see the same records"; ""; "".
    ListsOk "lists_ok" Lists Ok [Lists] [] "RFC 5782":
        "no DNS list in use lists the addresses and names"; ""; "".
}

impl Code {
    /// Returns true if a finding with this code is shown first, because it says why an email was refused. If `beside_failure` is true, the
    /// check has found a failure, and findings about a provider's web page or about a status code are not shown first.
    pub const fn leads(self, beside_failure: bool) -> bool {
        match self {
            Self::BouncePage | Self::BounceStatus => !beside_failure,
            _ => self.answers_bounce(),
        }
    }

    /// Returns true if the code is about a DNS list or a web page that a bounce (the report about undelivered mail) names.
    pub const fn answers_bounce(self) -> bool {
        matches!(self, Self::BounceListed | Self::BounceUnlisted | Self::BouncePage)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.entry().word)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let known = Self::ALL.iter().find(|code| code.entry().word == word);
        known.copied().ok_or_else(|| D::Error::custom(format!("{word:?} is no code of a finding")))
    }
}

#[cfg(test)]
#[path = "codes_tests.rs"]
mod tests;
