//! The texts of the manual page resolverd-migration(7) before and after its tables.

pub(crate) const BEFORE: &str = r#".SH NAME
resolverd\-migration \- from Unbound or BIND to resolverd, and back
.SH STEPS
1. Install the package.
.PP
2. Convert the configuration. Read the list at the top of the result, and correct the result.
.PP
.nf
resolverctl import /etc/unbound/unbound.conf \-o /etc/resolverd/resolverd.toml
resolverctl import /etc/bind/named.conf \-o /etc/resolverd/resolverd.toml
resolverctl config check /etc/resolverd/resolverd.toml
.fi
.PP
It reads /etc/dnsmasq.conf too. For PowerDNS Recursor and Knot Resolver write the file by the tables below.
.PP
The list names included files that cannot be read first. If the file itself cannot be read, or is not of its format, nothing is
written, and the exit code is 6. No file is replaced: rename the \fBresolverd.toml\fR of the package first.
.PP
3. Change to resolverd. The first command only shows the steps.
.PP
.nf
resolverctl switch
resolverctl switch \-\-yes
.fi
.PP
4. Send a test mail, and read \fBresolverctl status\fR and \fBresolverctl dnsbl\fR.
.SH ROLLBACK
\fBresolverctl switch \-\-back\fR undoes the steps in reverse order: files, links and services are as before. A file that was changed since then
is not touched, and the command names it. Removing the package does the same first.
.PP
resolverd keeps running while no other resolver would answer: if resolv.conf cannot be restored and names resolverd, if the old resolver is no
longer installed, or if it does not start. The command says so.
.SH "MANY HOSTS"
Begin with one host: compare the answers of its old resolver and of a second resolverd for a day, switch it, and wait a day. The others follow, a few at a time.
packaging/ansible has a role with these steps.
.PP
.nf
tcpdump \-i any \-w queries.pcap udp port 53
printf 'version = 1\\n[listen]\\naddresses = ["127.0.0.2:53"]\\n' > /etc/resolverd/shadow.toml
printf '[control]\\nsocket = "/run/resolverd\-shadow/control.sock"\\n' >> /etc/resolverd/shadow.toml
systemctl start resolverd@shadow
resolverctl \-\-socket /run/resolverd\-shadow/control.sock shadow \-\-against 127.0.0.1 \-\-from queries.pcap
systemctl stop resolverd@shadow
resolverctl switch \-\-yes
resolverctl status
resolverctl why \-\-since 24h
.fi
.SH "STEPS BY HAND"
\fBresolverctl switch\fR refuses if a program that does more than DNS holds port 53. It stops a resolver that other hosts can query, and dnsmasq,
only with \fB\-\-stop\-shared\fR: the first may serve your zones to the internet, the second give out addresses. Without the command, stop the old resolver, start
resolverd, and write /etc/resolv.conf:
.PP
.nf
systemctl disable \-\-now named
systemctl enable \-\-now resolverd.socket resolverd.service
rm \-f /etc/resolv.conf
printf 'nameserver 127.0.0.1\\noptions edns0 trust\-ad\\n' > /etc/resolv.conf
systemctl restart postfix
.fi
.PP
Postfix on Debian and Ubuntu has a copy of resolv.conf in /var/spool/postfix, which the restart updates.
.PP
Programs that read resolv.conf only at their start use the old nameserver until they are restarted: rspamd, amavis, SpamAssassin's spamd,
OpenDKIM and OpenDMARC. \fBresolverctl switch\fR reloads Postfix, and names those of the others that run.
.TP
BIND
The service is \fBnamed\fR, on older systems \fBbind9\fR, and \fBnamed\-chroot\fR if it runs in a chroot on Rocky or Alma.
.TP
Unbound
The service is \fBunbound\fR. On Debian stop \fBunbound\-resolvconf\fR too.
.TP
dnsmasq, PowerDNS Recursor, Knot Resolver
The services are \fBdnsmasq\fR, \fBpdns\-recursor\fR, and \fBkresd@1\fR or \fBknot\-resolver\fR. A dnsmasq that gives out addresses too must keep running
with \fBport=0\fR in its configuration.
.TP
systemd\-resolved
It may keep running: it uses 127.0.0.53 and 127.0.0.54. Remove \fBresolve\fR from the \fBhosts:\fR line of /etc/nsswitch.conf.
.TP
NetworkManager
This and the programs below overwrite resolv.conf. Write \fBdns=none\fR below \fB[main]\fR in /etc/NetworkManager/conf.d/resolverd.conf, and run
\fBsystemctl reload NetworkManager\fR.
.TP
dhclient
Write \fBsupersede domain\-name\-servers 127.0.0.1;\fR in /etc/dhcp/dhclient.conf.
.TP
dhcpcd
Write \fBskip_hooks="$skip_hooks resolv.conf"\fR as the first line of /etc/dhcpcd.enter\-hook.
.TP
cloud\-init
Write \fBmanage_resolv_conf: false\fR in /etc/cloud/cloud.cfg.d/resolverd.cfg.
.TP
openresolv
Write \fBresolvconf=NO\fR in /etc/resolvconf.conf.
"#;

pub(crate) const BEHIND: &str = r#".SS "Differences without an option"
.TP
Longest prefix
The longest prefix decides about a client, as in Unbound. In BIND the first element of a list decides.
.TP
Views
The import converts one view of BIND: the first that takes queries from 127.0.0.1. It reports all other views, and those of Unbound, and their
clients are refused. Write a \fB[[view]]\fR with their networks, and its zones with the key \fBview\fR, then add the networks to \fBallow\fR of
\fB[listen]\fR. resolverd has no TSIG: clients with a key get what others at their addresses get.
.TP
forward first
It is the default of BIND, so the import writes \fBforward_first = true\fR unless \fBforward only\fR is set. While the forwarders fail, a name
that only they know can get NXDOMAIN, and mail to it bounces. Remove \fBforward_first\fR from zones with such names.
.TP
Private reverse zones
resolverd answers NXDOMAIN for addresses of private networks, unless a \fB[[zone]]\fR covers them; the zone "." does so unless it has
\fBlocally_served = true\fR. The import writes this key where the other resolver answers these names itself, and a \fB[[zone]]\fR for each part that
it forwarded.
.TP
Clients of own zones
BIND answers all clients from its own zones by default (\fBallow\-query\fR). In resolverd \fBallow\fR of \fB[listen]\fR is for all names.
The import takes the clients of \fBallow\-recursion\fR and \fBallow\-query\-cache\fR.
.TP
Forwarders around a stub zone
BIND asks the forwarders of \fBoptions\fR before the servers of a stub zone, unless the zone has empty \fBforwarders\fR. The import sends its names
to these forwarders, and reports it.
.TP
localhost and localnets
resolverd has no such names. The import takes the loopback addresses and those of \fBlisten\-on\fR for \fBlocalhost\fR, and reports where this
may not be all.
.TP
Names of zones without data
The zones \fBstatic\fR and \fBalways_nxdomain\fR of Unbound, and \fBaddress=/domain/\fR and \fBlocal=/domain/\fR of dnsmasq, answer NXDOMAIN for the
name of the zone too. A \fB[[zone]]\fR with \fBrecords = []\fR answers NODATA for this name, and NXDOMAIN for the names below it.
.TP
Access lists
BIND's lists can name other lists. The import ends with an error if it had to read more than 4194304 elements in them.
.TP
Servers of servers
If the name of a name server is in a zone whose name servers have names in another zone, and so on, resolverd follows five such steps, as
Unbound does; BIND follows more. A name that needs six gets SERVFAIL. The bound keeps an attacker's zones from causing many queries.
.TP
Private root
The import writes the files of its keys and servers to \fBtrust_anchor\fR and \fBroot_hints\fR, and reports keys in the configuration itself.
.TP
Wildcards
\fB*.example\fR in local data of Unbound and in settings of dnsmasq is the name with the asterisk itself. The import reports it.
.TP
Servers with private addresses
resolverd asks no servers of private networks (\fBdeny_servers\fR of \fB[resolve]\fR), except those that a \fB[[zone]]\fR names or delegates to.
.TP
Local data behind an alias
Unbound applies its local data to the queried name only. BIND and resolverd apply them also to the target of an alias (CNAME) of another zone.
.TP
Deadline
A client gets an answer or SERVFAIL within 4 s (\fBdeadline\fR of \fB[resolve]\fR). BIND gives up after 10 s by default.
.SH SIZING
\fBsize\fR of \fB[cache]\fR is for the whole cache. For Unbound the import adds up its cache sizes. Begin with the default, and look at the last table of \fBresolverctl stats\fR after a day.
.SH DANE
Outgoing mail with DANE also needs \fBoptions edns0 trust\-ad\fR in /etc/resolv.conf, and DANE in the mail server:
\fBsmtp_dns_support_level = dnssec\fR and \fBsmtp_tls_security_level = dane\fR of Postfix. Answers of a zone with \fBvalidate = false\fR, and answers
that lost an address because of \fBprivate_addresses\fR, never have the AD bit. Signatures of forwarders are checked too: a forwarder
must pass DNSSEC records on.
.SH "TLS POLICIES OF POSTFIX"
\fB[tls_policy]\fR of resolverd.toml(5) replaces postfix\-tlspol and postfix\-mta\-sts\-resolver: set \fBlisten\fR to the address of the old program,
or change \fBsmtp_tls_policy_maps\fR to the new one, and stop the old program. The policies differ in these cases:
.TP
An MX that DNSSEC does not secure
postfix\-tlspol answers \fBdane\fR if a mail host has TLSA records. resolverd answers with the MTA\-STS policy if there is one in force, because
anybody can forge such an MX and name a host with TLSA records. Without one it has no policy, and \fBsmtp_tls_security_level = dane\fR of Postfix
applies.
.TP
Some mail hosts with DANE, and an MTA\-STS policy
postfix\-tlspol answers \fBdane\fR, so that the other hosts get mail without encryption too. resolverd answers \fBdane\-only\fR.
.TP
TLSA records of which none is usable
postfix\-tlspol answers \fBdane\fR. resolverd answers \fBencrypt\fR, or with the MTA\-STS policy if one is in force.
.TP
A failed lookup
postfix\-tlspol answers with a temporary error if any lookup of TLSA records fails. resolverd answers \fBdane\fR: Postfix leaves out the hosts
whose TLSA records are not known, and the others get mail. If all are unknown, or an enforced MTA\-STS policy applies to the others, mail waits. If
the record of MTA\-STS cannot be looked up, the policy that was fetched earlier stays in force.
.TP
A mail host that is an alias, from a signed zone into an unsigned one
postfix\-tlspol ignores its TLSA records. resolverd looks at those of the alias (RFC 7672 section 2.2.2).
.TP
A mail host that the MTA\-STS policy does not name
Postfix before 3.10.5, or with the map \fBQUERY\fR, delivers to it if its certificate is valid for a host of the policy. With
\fBQUERYwithTLSRPT\fR, later ones do not.
.SH "MAIL PROGRAMS WITH A RESOLVER OF THEIR OWN"
Most mail programs query the server of /etc/resolv.conf. These need a setting:
.TP
OpenDKIM
On Debian and Ubuntu it has a resolver of its own (libunbound), which queries the servers of zones itself. Write \fBNameservers 127.0.0.1\fR in
/etc/opendkim.conf, and restart it.
.TP
rspamd
It queries the servers of \fBnameserver\fR in the section \fBdns\fR of its \fBoptions\fR, if there are any.
.SH "DNS LISTS"
Many lists refuse the addresses of large resolvers. Do not send their queries to forwarders of a provider: give the list a \fB[[zone]]\fR with
\fBrecurse\fR, or let resolverd resolve all names itself. A mirror of a list on this
host is a stub zone:
.PP
.EX
version = 1

[[zone]]
name = "bl.corp.example"
stub = ["127.0.0.1:5300"]

[[list]]
name = "bl.corp.example"
purpose = "block"
subjects = ["ip4"]
.EE
.SH CONTAINERS
Add a listener for them, as in resolverd(7), and name its address in their configuration (\fBdns\fR of Docker's daemon.json). Docker answers names of containers at 127.0.0.11 of each container. resolverd in a container can forward such names to it if it does not
listen at 0.0.0.0, which has this address too: name the address of the container in addresses of [listen].
.SH SEE ALSO
.BR resolverd (7) ,
.BR resolverd.toml (5) ,
.BR resolverctl (1)
"#;
