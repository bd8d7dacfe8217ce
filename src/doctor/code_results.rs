//! The rows of the table of codes behind the failures and warnings: notes, parts that are well, and those that could not be told.

/// The table of codes: the given rows, and these behind them.
macro_rules! with_results {
    ($($before:tt)*) => {
        codes! {
            $($before)*
            NullMx "null_mx" Mail Ok "RFC 7505":
                "a null MX says that the domain receives no mail";
                "Mail to the domain bounces at once, as it should. Some servers reject mail from it.";
                "Nothing, if this is intended".
            MxIsHere "mx_is_here" Mail Note "RFC 5321 section 5.1":
                "a mail host of the domain is this host";
                "Postfix here reports that mail for the domain \"loops back to myself\", unless mydestination, virtual_mailbox_domains or relay_domains has the domain.";
                "If this host receives mail for the domain and it loops, enter the domain in mydestination, virtual_mailbox_domains or relay_domains. If another host receives it, correct the MX record".
            MxEqual "mx_equal_preference" Mail Ok "RFC 5321 section 5.1":
                "MX records have equal preferences";
                "Senders distribute mail over these hosts at random."; "".
            WildcardMx "wildcard_mx" Mail Note "RFC 1912 section 2.7":
                "a wildcard gives every name below the domain an MX record";
                "Mail to misspelled subdomains is accepted instead of bouncing.";
                "Remove the wildcard unless mail to all subdomains is wanted".
            MxMany "mx_many" Mail Ok "RFC 5321 section 5.1":
                "the domain has more mail hosts or addresses than this check looks at";
                "No effect on mail. Faults of the others are not seen.";
                "Nothing, if the others are set up in the same way; otherwise check each of their addresses with `resolverctl check ADDRESS`".
            MessageMany "message_many" Mail Note "RFC 5322 section 3.6":
                "the message has more domains than this check looks at";
                "No effect on mail. Faults of the others are not seen.";
                "Check each of the others with `resolverctl check DOMAIN`".
            MxWithoutIpv6 "mx_without_ipv6" Mail Note "RFC 3974":
                "no MX host has an IPv6 address";
                "Senders with IPv6 alone cannot deliver; these are few.";
                "Add an AAAA record once the mail host has IPv6 and a PTR record for it".
            NsSlow "ns_slow" Delegation Note "RFC 2182 section 3":
                "a name server answers slowly";
                "The first lookup of the domain takes longer. If no server answers within the time that a resolver waits, lookups fail, and mail is deferred.";
                "Use a server nearer to the clients, or one with less load".
            NsRecursive "ns_recursive" Delegation Note "RFC 5358 section 4":
                "a name server offers recursion to this host";
                "It can be abused for attacks, and it may give cached data instead of the zone's.";
                "Switch recursion off, or allow it for the server's own clients only".
            NsCase "ns_case" Delegation Note "draft-vixie-dnsext-dns0x20":
                "a name server does not repeat names in mixed case";
                "Resolvers with 0x20 protection must ask again.";
                "Update the server or the load balancer in front of it".
            NsUnrouted "ns_unrouted" Delegation Ok "RFC 3901 section 4":
                "this host has no route to some addresses of the name servers, or does not use their family (mostly IPv6)";
                "No effect on this host. It is not known whether these addresses answer.";
                "Repeat the check on a host with IPv6".
            NsOneNetwork "ns_one_network" Delegation Note "RFC 2182 section 3.1":
                "all name servers are in one network";
                "One fault of this network makes the domain unresolvable.";
                "Add a server in another network".
            NsMany "ns_many" Delegation Ok "RFC 1034 section 4.1":
                "this check has left out some name servers, comparisons of them, or other resolvers";
                "No effect on mail. Faults that only these show are not seen.";
                "Nothing, if the others are set up in the same way; otherwise ask each of them with dig @ADDRESS".
            HeloDiffers "helo_differs" Pointer Note "RFC 5321 section 4.1.4":
                "the HELO name does not lead to the address of the client";
                "Some filters count it as spam. RFC 5321 forbids to reject mail for this reason alone.";
                "Set the HELO name to the name of the PTR record".
            CertificateInvalid "certificate_invalid" Policy Note "RFC 8461 sections 4.2 and 5, RFC 7435":
                "this system does not trust the certificate of a mail host for its name";
                "Most senders encrypt anyway. Those that verify, such as Gmail and Microsoft 365 where the policy of MTA-STS is enforced, do not deliver: mail waits and bounces after days; then the level is failure.";
                "Use a certificate of a public authority with the name of the mail host, and send the whole chain".
            PtrMany "ptr_many" Pointer Note "RFC 8601 section 3":
                "an address has many PTR records";
                "Postfix uses one of them at random: the name of the client changes from mail to mail.";
                "Keep one PTR record".
            SpfPtr "spf_ptr" Policy Note "RFC 7208 section 5.5":
                "SPF uses the mechanism ptr";
                "It is slow, and many receivers ignore it.";
                "Replace it by a, mx, ip4 or ip6".
            SpfSpecialAddress "spf_special_address" Policy Note "RFC 5737, RFC 2544, RFC 3849, RFC 6890":
                "SPF allows addresses that no host on the internet has";
                "These terms match no mail: addresses for documentation and measurements, private addresses, and others that are not routed. Often an example was copied, and the address that was meant is missing.";
                "Put the public address of the mail host in their place, or remove them".
            SpfOpenEnd "spf_open_end" Policy Note "RFC 7208 section 4.7":
                "the SPF record does not end with -all or ~all";
                "Mail from every other address is neutral: SPF does not protect the domain.";
                "Let the record end with ~all or -all, in place of ?all".
            SpfUnevaluated "spf_unevaluated" Policy CouldNotTell "RFC 7208 sections 5.7 and 7":
                "SPF was not evaluated for the given address";
                "Receivers evaluate macros of the sender's address and of its names, and know their own gateways; this check does not.";
                "Send a mail to a receiver that shows the result of SPF; or check the address that sends with --from".
            DkimRevoked "dkim_revoked" Policy Note "RFC 6376 section 3.6.1":
                "the DKIM key is revoked (empty p=)";
                "Signatures with this selector fail; DMARC then depends on SPF alone, which forwarding breaks.";
                "Nothing, if nothing is signed with this selector any more. Otherwise let the signer use a selector that has a key".
            DkimTesting "dkim_testing" Policy Note "RFC 6376 section 3.6.1":
                "the DKIM key is in test mode (t=y)";
                "Receivers treat failed signatures as no signature.";
                "Remove t=y once the signatures verify".
            DmarcNone "dmarc_none" Policy Note "RFC 9989":
                "the DMARC policy is none";
                "Receivers deliver mail that fails DMARC, and send reports.";
                "Set p=quarantine or p=reject once the reports show none of your own mail that fails".
            DmarcDiffers "dmarc_differs" Policy Note "RFC 9989, RFC 7489 sections 6.3 and 6.6.3":
                "receivers by RFC 7489 apply another DMARC policy than those by RFC 9989";
                "Receivers change from one to the other over years: mail that fails DMARC is treated in either way.";
                "Publish a record at the domain itself, without pct and t".
            MtaStsUnread "mta_sts_unread" Policy Ok "RFC 8461 section 3.2":
                "the domain has an MTA-STS record; its policy file was not fetched";
                "Senders with MTA-STS fetch the policy from https://mta-sts.DOMAIN/.well-known/mta-sts.txt."; "".
            MtaStsOk "mta_sts_ok" Policy Ok "RFC 8461":
                "the MTA-STS policy names the mail hosts"; ""; "".
            ConfiguredHere "configured_here" Delegation Note "RFC 6303, RFC 8499 section 7":
                "the configuration of this host answers for the name";
                "Mail software here sees these records. Other hosts may see others, or none.";
                "Nothing, if this is intended. Otherwise remove the [[zone]], [[host]] or [[record]] from the configuration, and reload".
            ConfiguredInView "configured_in_view" Delegation Note "RFC 8499 section 7":
                "clients of a view get other data for the name";
                "Mail software in the networks of the view follows the data of the view. This check asks as a client in no view.";
                "Nothing, if this is intended. To see the data of the view, query from one of its clients; `resolverctl zones` shows its zones".
            DnssecOff "dnssec_not_validated" Dnssec Note "RFC 4035 section 4.3":
                "this host does not validate the domain";
                "Mail software on this host cannot tell forged answers from true ones, and does not use DANE. The signatures of the domain were not checked.";
                "Set dnssec.validate = true, and remove \"validate = false\" from the zone, unless it is off on purpose".
            DnssecNoEffect "dnssec_no_effect" Dnssec Note "RFC 4035 section 5.2, RFC 8624":
                "the domain is signed, and this host takes it for unsigned";
                "For this host and validators like it, the signatures protect nothing, and DANE has no effect.";
                "Enter the DS record at the registrar, if it is missing. Otherwise change to algorithm 13 and digest type 2".
            DnssecUnknown "dnssec_unknown" Dnssec CouldNotTell "":
                "DNSSEC could not be checked"; "";
                "If the evidence names the trust anchors of this host, run `resolverctl check system`. Otherwise repeat the check later".
            DelegationUnknown "delegation_unknown" Delegation CouldNotTell "":
                "the delegation could not be checked completely"; ""; "If other domains fail in the same way, run `resolverctl check system`. Otherwise repeat the check later".
            MailUnknown "mail_unknown" Mail CouldNotTell "RFC 5321 section 4.5.4.1":
                "the MX records or the addresses of the mail hosts could not be looked up";
                "Senders whose lookups fail in the same way keep the mail in the queue."; "If other domains fail in the same way, run `resolverctl check system`. Otherwise repeat the check later".
            PointerUnknown "ptr_unknown" Pointer CouldNotTell "RFC 1912 section 2.1":
                "a PTR record could not be looked up";
                "If reject_unknown_reverse_client_hostname is set, Postfix answers with a temporary error (450) while this lookup fails."; "If other domains fail in the same way, run `resolverctl check system`. Otherwise repeat the check later".
            PolicyUnknown "policy_unknown" Policy CouldNotTell "RFC 7208 section 2.6.6, RFC 6376 section 6.1.2, RFC 9989, RFC 8461 section 3.3":
                "a policy record could not be looked up";
                "Receivers whose lookups fail in the same way may defer the mail."; "If other domains fail in the same way, run `resolverctl check system`. Otherwise repeat the check later".
            BounceListUnknown "bounce_list_unknown" Lists CouldNotTell "RFC 5782 section 2":
                "it could not be told whether the DNS list that the bounce names still lists the sender";
                "";
                "Look up the sender on the website of the list".
            BouncePageUnknown "bounce_page_unknown" Lists CouldNotTell "RFC 5321 section 4.2":
                "the bounce names a page, and nothing is known about it";
                "";
                "Open the page only if it belongs to the receiver or to a provider that you know: a bounce may be forged. Otherwise ask the postmaster of the receiver".
            ListsUnknown "lists_unknown" Lists CouldNotTell "RFC 5782":
                "a DNS list gives no answer that can be believed";
                "Filters here may count a listing that is none, or miss one.";
                "See `resolverctl dnsbl` for the state of the list. Remove a list that lists everything or nothing, or whose domain does not exist, from the mail software and the configuration, or correct its name".
            SmtpUnknown "smtp_unknown" Mail CouldNotTell "RFC 5321 section 4.5.3.2":
                "a mail host could not be reached at port 25";
                "";
                "If the host takes the connection, it may let strangers wait: repeat the check, or look for this host in its log. Otherwise check that this network may connect to port 25 of other hosts: many providers block it".
            CertificateUnseen "certificate_unseen" Policy CouldNotTell "RFC 7672 sections 2.2 and 3.1, RFC 8461 section 4":
                "the bounce is about TLS to the mail hosts of the domain, and their certificates were not looked at";
                "Senders to whom DANE, MTA-STS or their own configuration demands TLS do not deliver to a host without STARTTLS or with a certificate that does not fit.";
                "Run the command in the evidence on a host that may connect to port 25. If it finds no fault, look for the TLS policy in the configuration of the host that sent the mail".
            BounceStatus "bounce_status" Mail CouldNotTell "RFC 3463 sections 2 and 3":
                "the bounce has a status code, and no reply of a server";
                "The code names the kind of the failure as the host that made the bounce has seen it. The DNS does not show the cause.";
                "Look for the mail in the log of the host that sent it: the log has the addresses that were tried and the replies".
            MessageUnread "message_unread" Mail CouldNotTell "RFC 2045 section 6":
                "the message was not read completely";
                "";
                "Save the message again from the mailbox, as it was received, and check this file; or check the domain of the recipient with `resolverctl check`".
            OthersDiffer "others_differ" Others CouldNotTell "RFC 1035 section 3.2.1, RFC 1982 section 3.2":
                "other resolvers have other records of the domain, and nothing shows whether they are old";
                "Hosts that use these resolvers send mail to the servers in these records, and judge mail by the policies in them.";
                "Repeat the check when their TTL has ended. If they stay, they are not old: look for a zone, a filter or a forwarder at the resolver, or use --local if this is intended. An older serial in its SOA record, a signature that has ended, or name servers from before a move would show that they are old".
            OthersUnknown "others_unknown" Others CouldNotTell "":
                "other resolvers gave no answer"; ""; "Check a domain that certainly works: if these resolvers answer there, they find no name server that answers for this domain, mostly because they still have those of before a change. If they do not, and this network does not let hosts query other resolvers, use --local; otherwise name others with --resolver".
            ChangeSeen "change_seen" Delegation Ok "RFC 1035 section 3.2.1":
                "the end of the TTL of the records of now"; ""; "".
            DelegationOk "delegation_ok" Delegation Ok "RFC 1034 section 4.2":
                "the name servers agree"; ""; "".
            DnssecOk "dnssec_ok" Dnssec Ok "RFC 4035 section 5":
                "the domain is signed and validates"; ""; "".
            DnssecUnsigned "dnssec_unsigned" Dnssec Ok "RFC 4035 section 5.2":
                "the domain is not signed"; ""; "".
            MailOk "mail_ok" Mail Ok "RFC 5321 section 5.1":
                "the mail hosts have addresses"; ""; "".
            SmtpOk "smtp_ok" Mail Ok "RFC 5321 section 3.1, RFC 3207":
                "a mail host accepts sessions and offers STARTTLS"; ""; "".
            TlsaMatches "tlsa_matches" Policy Ok "RFC 7672 section 3.1":
                "the certificate of a mail host matches its TLSA records"; ""; "".
            PointerOk "ptr_ok" Pointer Ok "RFC 8601 section 2.7.3":
                "the PTR names lead back to the addresses"; ""; "".
            SpfOk "spf_ok" Policy Ok "RFC 7208":
                "SPF is valid"; ""; "".
            SpfFromPasses "spf_from_passes" Policy Ok "RFC 7208 section 2.6":
                "SPF allows the given address to send"; ""; "".
            DkimOk "dkim_ok" Policy Ok "RFC 6376":
                "the DKIM key is valid"; ""; "".
            DmarcOk "dmarc_ok" Policy Ok "RFC 9989":
                "DMARC has a policy"; ""; "".
            DaneOk "dane_ok" Policy Ok "RFC 7672":
                "the mail hosts have TLSA records that DNSSEC protects"; ""; "".
            OthersElsewhere "others_elsewhere" Others Ok "RFC 7871":
                "other resolvers see other addresses, as is normal for services with servers in many places"; ""; "".
            OthersOk "others_ok" Others Ok "RFC 1035 section 3.2.1":
                "other resolvers see the same records"; ""; "".
            ListsOk "lists_ok" Lists Ok "RFC 5782":
                "no DNS list in use lists the addresses and names"; ""; "".
        }
    };
}

pub(super) use with_results;
