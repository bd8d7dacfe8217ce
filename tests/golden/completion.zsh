#compdef resolverctl

autoload -U is-at-least

_resolverctl() {
    typeset -A opt_args
    typeset -a _arguments_options
    local ret=1

    if is-at-least 5.2; then
        _arguments_options=(-s -S -C)
    else
        _arguments_options=(-s -C)
    fi

    local context curcontext="$curcontext" state line
    _arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
":: :_resolverctl_commands" \
"*::: :->resolverctl" \
&& ret=0
    case $state in
    (resolverctl)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-command-$line[1]:"
        case $line[1] in
            (status)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--plugin[Print one line in the format of a Nagios plug-in]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(stats)
_arguments "${_arguments_options[@]}" : \
'--since=[Begin of the statistics\: 1m, 5m, 1h, start; or a longer time like 24h or 7d, from the minutes on disk]:TIME:_default' \
'(--since)--at=[Show the minutes around this time, like 02\:00, or a whole day, like 2026-08-01 or yesterday]:TIME:_default' \
'--against=[Compare with the same span this much earlier, like 7d]:TIME:_default' \
'--by=[Show a table instead of the overview]:TABLE:((zone\:"Zones, most resolutions first"
server\:"Servers, longest wait first"
client\:"Clients, most queries first"
user\:"Local users, most cache misses first"
type\:"Types, most queries first"
stage\:"The stages of cache misses\: queue, own work, waiting for servers, fetching DNSSEC keys"))' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(top)
_arguments "${_arguments_options[@]}" : \
'--by=[The table that is shown first]:TABLE:((zones\:"Zones, most time first"
servers\:"Servers, longest wait first"
lists\:"DNS lists, slowest first"
clients\:"Clients, most queries first"
users\:"Local users, most cache misses first"
failures\:"Zones whose queries failed, most queries first"))' \
'--since=[Time window of the table]:WINDOW:((1m\:"The last minute"
5m\:"The last five minutes"
1h\:"The last hour"
start\:"Since the daemon started"))' \
'--interval=[Time between two readings, 1s to 60m]:INTERVAL:_default' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::table -- The same as --by:((zones\:"Zones, most time first"
servers\:"Servers, longest wait first"
lists\:"DNS lists, slowest first"
clients\:"Clients, most queries first"
users\:"Local users, most cache misses first"
failures\:"Zones whose queries failed, most queries first"))' \
&& ret=0
;;
(query)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--dnssec[Show the signatures of the answer too, with their begin and end. Also\: +dnssec, as dig]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- Name, or an address for its PTR record. A mail address stands for its domain:_default' \
'::kind -- Record type. Default\: A; PTR for an address, MX for a mail address:_default' \
'::plus:(+dnssec)' \
&& ret=0
;;
(trace)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--fresh[Resolve from the root or the configured servers, without the cache, and leave it as it is]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- Name, or an address for its PTR record. A mail address stands for its domain:_default' \
'::kind -- Record type. Default\: A; PTR for an address, MX for a mail address:_default' \
&& ret=0
;;
(tls-policy)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':next_hop -- Domain, or next hop as Postfix writes it\: domain\:port, \[host\] or \[host\]\:port:_default' \
&& ret=0
;;
(compare)
_arguments "${_arguments_options[@]}" : \
'(--local)*--with=[Resolvers instead of the public ones, with commas\: ADDRESS, ADDRESS\:PORT, tls\://HOST, quic\://HOST, https\://HOST/PATH]:RESOLVER:_default' \
'--resolv-conf=[]:FILE:_files' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--local[Query only this resolver and the name servers of the zone]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- Name, or an address for its PTR record. A mail address stands for its domain:_default' \
'::kind -- Record type. Default\: A; PTR for an address, MX for a mail address:_default' \
&& ret=0
;;
(shadow)
_arguments "${_arguments_options[@]}" : \
'--against=[Current resolver\: ADDRESS or ADDRESS\:PORT]:RESOLVER:_default' \
'--from=[File with questions (\`-\`\: standard input)]:FILE:_files' \
'--rate=[Questions a second, at most 1000]:NUMBER:_default' \
'--list-questions=[Maximum of questions to each DNS list]:NUMBER:_default' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(flush)
_arguments "${_arguments_options[@]}" : \
'(--negative --all)--type=[Remove only this record type]:TYPE:_default' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'(--negative --all)--tree[Also remove all names below NAME]' \
'--negative[Remove all negative answers and cached failures]' \
'--all[Remove everything, also data about servers]' \
'--fleet[Remove it from all gateways of the fleet]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::name -- Name to remove, with all its types:_default' \
&& ret=0
;;
(servers)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::address -- Show only this server. Exit code 1 if there are no data about it:_default' \
&& ret=0
;;
(zones)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(zone)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
":: :_resolverctl__subcmd__zone_commands" \
"*::: :->zone" \
&& ret=0

    case $state in
    (zone)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-zone-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
'*--forward=[Resolvers to forward to, as \`forward\` in resolverd.toml(5)]:SERVERS:_default' \
'*--stub=[Name servers of the zone]:SERVERS:_default' \
'--for=[Lifetime, such as 30m, 2h or 7d. Maximum\: 7d. Without it\: until the daemon ends]:DURATION:_default' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--insecure[Do not validate the answers with DNSSEC]' \
'(--for)--write[Append the entry to the configuration file and reload it, as root]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- Apex of the zone:_default' \
'*::resolver -- Resolvers to forward to\: the same as --forward:_default' \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--write[Remove what --write wrote from the configuration file, and reload it, as root]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- Apex of the zone, or name of the host:_default' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_resolverctl__subcmd__zone__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-zone-help-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(block)
_arguments "${_arguments_options[@]}" : \
'--for=[Lifetime, such as 30m, 2h or 7d. Maximum\: 7d. Without it\: until the daemon ends]:DURATION:_default' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'(--for)--write[Append the entry to the configuration file and reload it, as root]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- Name to block, with all names below it. A mail address stands for its domain:_default' \
'::after_word -- The name after one of the words `add`, `remove` and `delete`:_default' \
&& ret=0
;;
(host)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
":: :_resolverctl__subcmd__host_commands" \
"*::: :->host" \
&& ret=0

    case $state in
    (host)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-host-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
'--for=[Lifetime, such as 30m, 2h or 7d. Maximum\: 7d. Without it\: until the daemon ends]:DURATION:_default' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'(--for)--write[Append the entry to the configuration file and reload it, as root]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- Name of the host:_default' \
'*::addresses -- IPv4 and IPv6 addresses of the host:_default' \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--write[Remove what --write wrote from the configuration file, and reload it, as root]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- Apex of the zone, or name of the host:_default' \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_resolverctl__subcmd__host__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-host-help-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(inflight)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(why)
_arguments "${_arguments_options[@]}" : \
'()--slowest=[Show this number of the slowest messages (emails), at most 100]:NUMBER:_default' \
'(--since)--at=[Show messages within two minutes of this time, like 03\:12 or 2026-08-01 03\:12\:30, or of a day, like 2026-08-01 or yesterday]:TIME:_default' \
'--since=[Show messages since this time, like 03\:00, or of the last 1h or 30m]:SPAN|TIME:_default' \
'--client=[Show only messages of these clients]:ADDRESS|NETWORK:_default' \
'(--slowest --html)--list=[Show the messages that this DNS list delayed, and by how much, like zen.spamhaus.org]:LIST:_default' \
'--html=[Write the slowest message to this file too, as an HTML page]:FILE:_files' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--csv[Write the messages of \`--list\` as CSV]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::subject -- Name, domain, address or mail address; `-` reads pasted lines of a mail log, a bounce or mailq. Default\: what delayed mail:_default' \
&& ret=0
;;
(failed)
_arguments "${_arguments_options[@]}" : \
'--since=[Show queries since this time, like 03\:00, or of the last 1h or 30m]:SPAN|TIME:_default' \
'--zone=[The same as ZONE]:ZONE:_default' \
'--client=[Show only queries of these clients]:ADDRESS|NETWORK:_default' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::name -- Show only this zone, name or mail address, and what is below it:_default' \
&& ret=0
;;
(changes)
_arguments "${_arguments_options[@]}" : \
'--since=[Show changes since this time, like 03\:00, or of the last 2d or 1h. Default\: 30 days]:SPAN|TIME:_default' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- Domain or mail address:_default' \
&& ret=0
;;
(monitor)
_arguments "${_arguments_options[@]}" : \
'--slow=[Show queries that take this long, like 500ms or 2s; with --failures, failed ones too]:SPAN:_default' \
'--client=[Show only queries of these clients]:ADDRESS|NETWORK:_default' \
'--zone=[Show only this name or mail address, and names below it]:NAME:_default' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--failures[Show queries that fail with SERVFAIL; with --slow, slow ones too]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(cache)
_arguments "${_arguments_options[@]}" : \
'--type=[Show only this record type]:TYPE:_default' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::name -- Name to look up in the cache. Default\: how full the cache is:_default' \
&& ret=0
;;
(dnsbl)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--verbose[Show also the codes that the lists returned, the zones that look like lists, and the batch queries]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::list -- Show only this list, with its terms of use:_default' \
":: :_resolverctl__subcmd__dnsbl_commands" \
"*::: :->dnsbl" \
&& ret=0

    case $state in
    (dnsbl)
        words=($line[2] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-dnsbl-command-$line[2]:"
        case $line[2] in
            (test)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--all[Also query the lists that are not in use]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':subject -- Address or domain to look up:_default' \
&& ret=0
;;
(health)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(key)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':list -- Zone of the list:_default' \
':file -- File with the key, which the daemon may read, with mode 0640 or stricter:_files' \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_resolverctl__subcmd__dnsbl__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-dnsbl-help-command-$line[1]:"
        case $line[1] in
            (test)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(health)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(key)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(own)
_arguments "${_arguments_options[@]}" : \
'--root=[Directory of the host; tests use another one]:DIRECTORY:_files' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--suggest[Print the section \[own\] for this host, from the files of Postfix or Exim, rspamd or OpenDKIM, and the mail log]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(lookahead)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(fleet)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(config)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
":: :_resolverctl__subcmd__config_commands" \
"*::: :->config" \
&& ret=0

    case $state in
    (config)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-config-command-$line[1]:"
        case $line[1] in
            (show)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--changed[Show only values that differ from the defaults]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(check)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::file -- Configuration file. Default\: /etc/resolverd/resolverd.toml:_files' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_resolverctl__subcmd__config__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-config-help-command-$line[1]:"
        case $line[1] in
            (show)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(check)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(nta)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::name -- Turn off validation at and below this name for 1h, as BIND'\''s `rndc nta` does:_default' \
":: :_resolverctl__subcmd__nta_commands" \
"*::: :->nta" \
&& ret=0

    case $state in
    (nta)
        words=($line[2] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-nta-command-$line[2]:"
        case $line[2] in
            (add)
_arguments "${_arguments_options[@]}" : \
'--for=[Duration, such as 30m, 1h or 2d. Maximum\: 7d]:DURATION:_default' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--fleet[Do it on all gateways of the fleet]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- Name of the domain:_default' \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--fleet[Do it on all gateways of the fleet]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- Name of the domain:_default' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_resolverctl__subcmd__nta__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-nta-help-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(reload)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(import)
_arguments "${_arguments_options[@]}" : \
'-o+[File to write, which must not exist. Default\: standard output]:FILE:_files' \
'--output=[File to write, which must not exist. Default\: standard output]:FILE:_files' \
'--from=[Format of the file. Default\: detected]:FORMAT:(unbound named dnsmasq)' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':file -- Configuration file of the other resolver. Files that it includes are read too:_files' \
&& ret=0
;;
(switch)
_arguments "${_arguments_options[@]}" : \
'(--back)*--ask=[Name to resolve at the end; may be repeated. Default\: gmail.com, outlook.com, yahoo.com]:NAME:_default' \
'--root=[]:DIRECTORY:_files' \
'*--root-server=[]:ADDR:PORT:_default' \
'--systemctl=[]:PROGRAM:_files' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'(--back)--yes[Carry out the plan]' \
'--back[Undo the last switch]' \
'(--back)--stop-shared[Stop the current resolver even if other hosts can query it]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(completion)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':shell -- Shell that will read the script:(bash elvish fish powershell zsh)' \
&& ret=0
;;
(check)
_arguments "${_arguments_options[@]}" : \
'--list=[Check the domains in this file too, one a line; - is standard input. Three are checked at once]:FILE|-:_files' \
'--from=[Address that sends mail for the domain\: check its PTR records and SPF]:ADDRESS:_default' \
'--helo=[HELO name of the client\: check its form and address]:NAME:_default' \
'*--selector=[DKIM selector to check; may be repeated]:NAME:_default' \
'--html=[Write the findings to this file too, as an HTML page with the chain of keys]:FILE:_files' \
'--smtp-port=[]:PORT:_default' \
'--https-port=[]:PORT:_default' \
'*--resolver=[Resolver instead of the public ones\: ADDRESS, ADDRESS\:PORT, tls\://HOST, quic\://HOST or https\://HOST/PATH]:ADDRESS|URL:_default' \
'--resolv-conf=[]:FILE:_files' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--csv[Print a row of CSV for each domain, in the order of the file]' \
'(--as-recipient)--as-sender[Check the domain as a sender only\: without MTA-STS, TLS reporting and DANE]' \
'--as-recipient[Check the domain as a recipient only\: without SPF, DKIM and DMARC]' \
'--connect[Check STARTTLS and certificates of the mail hosts and the MTA-STS policy too, with connections from this host]' \
'(--resolver)--local[Do not query the public resolvers and those of /etc/resolv.conf]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::subject -- Domains of mail addresses, or addresses of mail clients; several get a row each. Default\: this host, as `check system`:_default' \
'::more -- Apart from the first, because clap takes all words after a value with hyphens for values:_default' \
":: :_resolverctl__subcmd__check_commands" \
"*::: :->check" \
&& ret=0

    case $state in
    (check)
        words=($line[3] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-check-command-$line[3]:"
        case $line[3] in
            (system)
_arguments "${_arguments_options[@]}" : \
'--root=[]:DIRECTORY:_files' \
'*--root-server=[]:ADDR:PORT:_default' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(mail)
_arguments "${_arguments_options[@]}" : \
'--html=[Write the findings to this file too, as an HTML page with the chain of keys]:FILE:_files' \
'*--resolver=[Resolver instead of the public ones\: ADDRESS, ADDRESS\:PORT, tls\://HOST, quic\://HOST or https\://HOST/PATH]:ADDRESS|URL:_default' \
'--resolv-conf=[]:FILE:_files' \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'(--resolver)--local[Do not query the public resolvers and those of /etc/resolv.conf]' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':file -- File with the message; - is standard input:_files' \
&& ret=0
;;
(watched)
_arguments "${_arguments_options[@]}" : \
'--socket=[Control socket of the daemon]:PATH:_files' \
'--color=[Colours\: auto (on a terminal, unless NO_COLOR is set), always or never]:WHEN:(auto always never)' \
'--json[Print JSON, one object per line. Times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::domain -- Show this domain only, with its last changes:_default' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_resolverctl__subcmd__check__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-check-help-command-$line[1]:"
        case $line[1] in
            (system)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(mail)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(watched)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_resolverctl__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-help-command-$line[1]:"
        case $line[1] in
            (status)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(stats)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(top)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(query)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(trace)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(tls-policy)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(compare)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(shadow)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(flush)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(servers)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(zones)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(zone)
_arguments "${_arguments_options[@]}" : \
":: :_resolverctl__subcmd__help__subcmd__zone_commands" \
"*::: :->zone" \
&& ret=0

    case $state in
    (zone)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-help-zone-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(block)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(host)
_arguments "${_arguments_options[@]}" : \
":: :_resolverctl__subcmd__help__subcmd__host_commands" \
"*::: :->host" \
&& ret=0

    case $state in
    (host)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-help-host-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(inflight)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(why)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(failed)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(changes)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(monitor)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(cache)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(dnsbl)
_arguments "${_arguments_options[@]}" : \
":: :_resolverctl__subcmd__help__subcmd__dnsbl_commands" \
"*::: :->dnsbl" \
&& ret=0

    case $state in
    (dnsbl)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-help-dnsbl-command-$line[1]:"
        case $line[1] in
            (test)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(health)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(key)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(own)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(lookahead)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(fleet)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(config)
_arguments "${_arguments_options[@]}" : \
":: :_resolverctl__subcmd__help__subcmd__config_commands" \
"*::: :->config" \
&& ret=0

    case $state in
    (config)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-help-config-command-$line[1]:"
        case $line[1] in
            (show)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(check)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(nta)
_arguments "${_arguments_options[@]}" : \
":: :_resolverctl__subcmd__help__subcmd__nta_commands" \
"*::: :->nta" \
&& ret=0

    case $state in
    (nta)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-help-nta-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(reload)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(import)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(switch)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(completion)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(check)
_arguments "${_arguments_options[@]}" : \
":: :_resolverctl__subcmd__help__subcmd__check_commands" \
"*::: :->check" \
&& ret=0

    case $state in
    (check)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-help-check-command-$line[1]:"
        case $line[1] in
            (system)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(mail)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(watched)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
}

(( $+functions[_resolverctl_commands] )) ||
_resolverctl_commands() {
    local commands; commands=(
'status:Show whether the daemon is healthy, and if not, what to do' \
'stats:Show statistics of queries, servers, the cache and DNSSEC' \
'top:Show live rates and the slowest zones, servers, lists and clients' \
'query:Send a query through the daemon and show the answer' \
'trace:Resolve a name and show each step' \
'tls-policy:Show the TLS policy of mail to a domain\: DANE or MTA-STS, and why' \
'compare:Compare the answers of resolvers and of each name server of the zone' \
'shadow:Compare resolverd with the current resolver, before a switch' \
'flush:Remove entries from the cache' \
'servers:Show the known servers\: dead ones first, then those with the longest timeout' \
'zones:Show the configured zones and their servers' \
'zone:Show, add or remove zones with their own servers, without a restart' \
'block:Let a name and all names below it not exist (NXDOMAIN)' \
'host:Give a name addresses of your own' \
'inflight:Show the queries in progress, the oldest first' \
'why:Show why mail was slow, and what to do' \
'failed:Show the zones whose queries failed, and what to do' \
'changes:Show which records of a domain have changed, from what to what, and when' \
'monitor:Show queries that the cache does not answer, as they end' \
'cache:Show how full the cache is, or the entries of a name and when they expire' \
'dnsbl:Show the state of the DNS lists in use' \
'own:Show the state of own domains and addresses\: certificates, DKIM, SPF, PTR, lists' \
'lookahead:Show the rules of look-ahead and the time saved' \
'fleet:Show the gateways that share answers, and their store' \
'config:Show the running configuration, or check a configuration file' \
'nta:Turn off DNSSEC validation for a domain (negative trust anchors)' \
'reload:Reload the configuration file and show the changes' \
'import:Convert the configuration of another resolver' \
'switch:Replace the resolver of this host by resolverd, or go back' \
'completion:Print a completion script for a shell' \
'check:Check a domain, an address, a message or this host for faults' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'resolverctl commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__block_commands] )) ||
_resolverctl__subcmd__block_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl block commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__cache_commands] )) ||
_resolverctl__subcmd__cache_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl cache commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__changes_commands] )) ||
_resolverctl__subcmd__changes_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl changes commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__check_commands] )) ||
_resolverctl__subcmd__check_commands() {
    local commands; commands=(
'system:Check this host\: resolv.conf, port 53, mail software, clock, network, DNSSEC' \
'mail:Check the domains of a message or a bounce' \
'watched:Show the findings of the domains of \`\[\[watch\]\]\`' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'resolverctl check commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__check__subcmd__help_commands] )) ||
_resolverctl__subcmd__check__subcmd__help_commands() {
    local commands; commands=(
'system:Check this host\: resolv.conf, port 53, mail software, clock, network, DNSSEC' \
'mail:Check the domains of a message or a bounce' \
'watched:Show the findings of the domains of \`\[\[watch\]\]\`' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'resolverctl check help commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__check__subcmd__help__subcmd__help_commands] )) ||
_resolverctl__subcmd__check__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl check help help commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__check__subcmd__help__subcmd__mail_commands] )) ||
_resolverctl__subcmd__check__subcmd__help__subcmd__mail_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl check help mail commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__check__subcmd__help__subcmd__system_commands] )) ||
_resolverctl__subcmd__check__subcmd__help__subcmd__system_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl check help system commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__check__subcmd__help__subcmd__watched_commands] )) ||
_resolverctl__subcmd__check__subcmd__help__subcmd__watched_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl check help watched commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__check__subcmd__mail_commands] )) ||
_resolverctl__subcmd__check__subcmd__mail_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl check mail commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__check__subcmd__system_commands] )) ||
_resolverctl__subcmd__check__subcmd__system_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl check system commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__check__subcmd__watched_commands] )) ||
_resolverctl__subcmd__check__subcmd__watched_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl check watched commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__compare_commands] )) ||
_resolverctl__subcmd__compare_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl compare commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__completion_commands] )) ||
_resolverctl__subcmd__completion_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl completion commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__config_commands] )) ||
_resolverctl__subcmd__config_commands() {
    local commands; commands=(
'show:Show the configuration of the daemon in the format of the file' \
'check:Check a configuration file and report its errors. Works without a daemon' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'resolverctl config commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__config__subcmd__check_commands] )) ||
_resolverctl__subcmd__config__subcmd__check_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl config check commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__config__subcmd__help_commands] )) ||
_resolverctl__subcmd__config__subcmd__help_commands() {
    local commands; commands=(
'show:Show the configuration of the daemon in the format of the file' \
'check:Check a configuration file and report its errors. Works without a daemon' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'resolverctl config help commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__config__subcmd__help__subcmd__check_commands] )) ||
_resolverctl__subcmd__config__subcmd__help__subcmd__check_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl config help check commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__config__subcmd__help__subcmd__help_commands] )) ||
_resolverctl__subcmd__config__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl config help help commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__config__subcmd__help__subcmd__show_commands] )) ||
_resolverctl__subcmd__config__subcmd__help__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl config help show commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__config__subcmd__show_commands] )) ||
_resolverctl__subcmd__config__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl config show commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__dnsbl_commands] )) ||
_resolverctl__subcmd__dnsbl_commands() {
    local commands; commands=(
'test:Query each list in use about an address or a domain' \
'health:Test the lists in use now, and show their state two seconds later' \
'key:Append a \`\[\[list\]\]\` with a customer key to the configuration file, as root' \
'list:Show the table of known lists, what they list, and their terms of use' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'resolverctl dnsbl commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__dnsbl__subcmd__health_commands] )) ||
_resolverctl__subcmd__dnsbl__subcmd__health_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl dnsbl health commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__dnsbl__subcmd__help_commands] )) ||
_resolverctl__subcmd__dnsbl__subcmd__help_commands() {
    local commands; commands=(
'test:Query each list in use about an address or a domain' \
'health:Test the lists in use now, and show their state two seconds later' \
'key:Append a \`\[\[list\]\]\` with a customer key to the configuration file, as root' \
'list:Show the table of known lists, what they list, and their terms of use' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'resolverctl dnsbl help commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__dnsbl__subcmd__help__subcmd__health_commands] )) ||
_resolverctl__subcmd__dnsbl__subcmd__help__subcmd__health_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl dnsbl help health commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__dnsbl__subcmd__help__subcmd__help_commands] )) ||
_resolverctl__subcmd__dnsbl__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl dnsbl help help commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__dnsbl__subcmd__help__subcmd__key_commands] )) ||
_resolverctl__subcmd__dnsbl__subcmd__help__subcmd__key_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl dnsbl help key commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__dnsbl__subcmd__help__subcmd__list_commands] )) ||
_resolverctl__subcmd__dnsbl__subcmd__help__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl dnsbl help list commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__dnsbl__subcmd__help__subcmd__test_commands] )) ||
_resolverctl__subcmd__dnsbl__subcmd__help__subcmd__test_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl dnsbl help test commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__dnsbl__subcmd__key_commands] )) ||
_resolverctl__subcmd__dnsbl__subcmd__key_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl dnsbl key commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__dnsbl__subcmd__list_commands] )) ||
_resolverctl__subcmd__dnsbl__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl dnsbl list commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__dnsbl__subcmd__test_commands] )) ||
_resolverctl__subcmd__dnsbl__subcmd__test_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl dnsbl test commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__failed_commands] )) ||
_resolverctl__subcmd__failed_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl failed commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__fleet_commands] )) ||
_resolverctl__subcmd__fleet_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl fleet commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__flush_commands] )) ||
_resolverctl__subcmd__flush_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl flush commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help_commands] )) ||
_resolverctl__subcmd__help_commands() {
    local commands; commands=(
'status:Show whether the daemon is healthy, and if not, what to do' \
'stats:Show statistics of queries, servers, the cache and DNSSEC' \
'top:Show live rates and the slowest zones, servers, lists and clients' \
'query:Send a query through the daemon and show the answer' \
'trace:Resolve a name and show each step' \
'tls-policy:Show the TLS policy of mail to a domain\: DANE or MTA-STS, and why' \
'compare:Compare the answers of resolvers and of each name server of the zone' \
'shadow:Compare resolverd with the current resolver, before a switch' \
'flush:Remove entries from the cache' \
'servers:Show the known servers\: dead ones first, then those with the longest timeout' \
'zones:Show the configured zones and their servers' \
'zone:Show, add or remove zones with their own servers, without a restart' \
'block:Let a name and all names below it not exist (NXDOMAIN)' \
'host:Give a name addresses of your own' \
'inflight:Show the queries in progress, the oldest first' \
'why:Show why mail was slow, and what to do' \
'failed:Show the zones whose queries failed, and what to do' \
'changes:Show which records of a domain have changed, from what to what, and when' \
'monitor:Show queries that the cache does not answer, as they end' \
'cache:Show how full the cache is, or the entries of a name and when they expire' \
'dnsbl:Show the state of the DNS lists in use' \
'own:Show the state of own domains and addresses\: certificates, DKIM, SPF, PTR, lists' \
'lookahead:Show the rules of look-ahead and the time saved' \
'fleet:Show the gateways that share answers, and their store' \
'config:Show the running configuration, or check a configuration file' \
'nta:Turn off DNSSEC validation for a domain (negative trust anchors)' \
'reload:Reload the configuration file and show the changes' \
'import:Convert the configuration of another resolver' \
'switch:Replace the resolver of this host by resolverd, or go back' \
'completion:Print a completion script for a shell' \
'check:Check a domain, an address, a message or this host for faults' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'resolverctl help commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__block_commands] )) ||
_resolverctl__subcmd__help__subcmd__block_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help block commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__cache_commands] )) ||
_resolverctl__subcmd__help__subcmd__cache_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help cache commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__changes_commands] )) ||
_resolverctl__subcmd__help__subcmd__changes_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help changes commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__check_commands] )) ||
_resolverctl__subcmd__help__subcmd__check_commands() {
    local commands; commands=(
'system:Check this host\: resolv.conf, port 53, mail software, clock, network, DNSSEC' \
'mail:Check the domains of a message or a bounce' \
'watched:Show the findings of the domains of \`\[\[watch\]\]\`' \
    )
    _describe -t commands 'resolverctl help check commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__check__subcmd__mail_commands] )) ||
_resolverctl__subcmd__help__subcmd__check__subcmd__mail_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help check mail commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__check__subcmd__system_commands] )) ||
_resolverctl__subcmd__help__subcmd__check__subcmd__system_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help check system commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__check__subcmd__watched_commands] )) ||
_resolverctl__subcmd__help__subcmd__check__subcmd__watched_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help check watched commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__compare_commands] )) ||
_resolverctl__subcmd__help__subcmd__compare_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help compare commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__completion_commands] )) ||
_resolverctl__subcmd__help__subcmd__completion_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help completion commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__config_commands] )) ||
_resolverctl__subcmd__help__subcmd__config_commands() {
    local commands; commands=(
'show:Show the configuration of the daemon in the format of the file' \
'check:Check a configuration file and report its errors. Works without a daemon' \
    )
    _describe -t commands 'resolverctl help config commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__config__subcmd__check_commands] )) ||
_resolverctl__subcmd__help__subcmd__config__subcmd__check_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help config check commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__config__subcmd__show_commands] )) ||
_resolverctl__subcmd__help__subcmd__config__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help config show commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__dnsbl_commands] )) ||
_resolverctl__subcmd__help__subcmd__dnsbl_commands() {
    local commands; commands=(
'test:Query each list in use about an address or a domain' \
'health:Test the lists in use now, and show their state two seconds later' \
'key:Append a \`\[\[list\]\]\` with a customer key to the configuration file, as root' \
'list:Show the table of known lists, what they list, and their terms of use' \
    )
    _describe -t commands 'resolverctl help dnsbl commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__dnsbl__subcmd__health_commands] )) ||
_resolverctl__subcmd__help__subcmd__dnsbl__subcmd__health_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help dnsbl health commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__dnsbl__subcmd__key_commands] )) ||
_resolverctl__subcmd__help__subcmd__dnsbl__subcmd__key_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help dnsbl key commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__dnsbl__subcmd__list_commands] )) ||
_resolverctl__subcmd__help__subcmd__dnsbl__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help dnsbl list commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__dnsbl__subcmd__test_commands] )) ||
_resolverctl__subcmd__help__subcmd__dnsbl__subcmd__test_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help dnsbl test commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__failed_commands] )) ||
_resolverctl__subcmd__help__subcmd__failed_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help failed commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__fleet_commands] )) ||
_resolverctl__subcmd__help__subcmd__fleet_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help fleet commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__flush_commands] )) ||
_resolverctl__subcmd__help__subcmd__flush_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help flush commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__help_commands] )) ||
_resolverctl__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help help commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__host_commands] )) ||
_resolverctl__subcmd__help__subcmd__host_commands() {
    local commands; commands=(
'add:Give a name these addresses; each address gets this name as its PTR record' \
'remove:Remove a host that \`host add\` added' \
'list:Show the configured zones and hosts, as \`zones\` does' \
    )
    _describe -t commands 'resolverctl help host commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__host__subcmd__add_commands] )) ||
_resolverctl__subcmd__help__subcmd__host__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help host add commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__host__subcmd__list_commands] )) ||
_resolverctl__subcmd__help__subcmd__host__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help host list commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__host__subcmd__remove_commands] )) ||
_resolverctl__subcmd__help__subcmd__host__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help host remove commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__import_commands] )) ||
_resolverctl__subcmd__help__subcmd__import_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help import commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__inflight_commands] )) ||
_resolverctl__subcmd__help__subcmd__inflight_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help inflight commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__lookahead_commands] )) ||
_resolverctl__subcmd__help__subcmd__lookahead_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help lookahead commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__monitor_commands] )) ||
_resolverctl__subcmd__help__subcmd__monitor_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help monitor commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__nta_commands] )) ||
_resolverctl__subcmd__help__subcmd__nta_commands() {
    local commands; commands=(
'add:Turn off validation at and below a name for some time' \
'list:List the negative trust anchors and when they expire' \
'remove:Remove a negative trust anchor' \
    )
    _describe -t commands 'resolverctl help nta commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__nta__subcmd__add_commands] )) ||
_resolverctl__subcmd__help__subcmd__nta__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help nta add commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__nta__subcmd__list_commands] )) ||
_resolverctl__subcmd__help__subcmd__nta__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help nta list commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__nta__subcmd__remove_commands] )) ||
_resolverctl__subcmd__help__subcmd__nta__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help nta remove commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__own_commands] )) ||
_resolverctl__subcmd__help__subcmd__own_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help own commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__query_commands] )) ||
_resolverctl__subcmd__help__subcmd__query_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help query commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__reload_commands] )) ||
_resolverctl__subcmd__help__subcmd__reload_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help reload commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__servers_commands] )) ||
_resolverctl__subcmd__help__subcmd__servers_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help servers commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__shadow_commands] )) ||
_resolverctl__subcmd__help__subcmd__shadow_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help shadow commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__stats_commands] )) ||
_resolverctl__subcmd__help__subcmd__stats_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help stats commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__status_commands] )) ||
_resolverctl__subcmd__help__subcmd__status_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help status commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__switch_commands] )) ||
_resolverctl__subcmd__help__subcmd__switch_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help switch commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__tls-policy_commands] )) ||
_resolverctl__subcmd__help__subcmd__tls-policy_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help tls-policy commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__top_commands] )) ||
_resolverctl__subcmd__help__subcmd__top_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help top commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__trace_commands] )) ||
_resolverctl__subcmd__help__subcmd__trace_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help trace commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__why_commands] )) ||
_resolverctl__subcmd__help__subcmd__why_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help why commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__zone_commands] )) ||
_resolverctl__subcmd__help__subcmd__zone_commands() {
    local commands; commands=(
'add:Resolve a zone through these servers, until the daemon ends by default' \
'list:Show the configured zones and their servers, as \`zones\` does' \
'remove:Remove what \`zone add\`, \`block\` or \`host add\` added' \
    )
    _describe -t commands 'resolverctl help zone commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__zone__subcmd__add_commands] )) ||
_resolverctl__subcmd__help__subcmd__zone__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help zone add commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__zone__subcmd__list_commands] )) ||
_resolverctl__subcmd__help__subcmd__zone__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help zone list commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__zone__subcmd__remove_commands] )) ||
_resolverctl__subcmd__help__subcmd__zone__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help zone remove commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__zones_commands] )) ||
_resolverctl__subcmd__help__subcmd__zones_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help zones commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__host_commands] )) ||
_resolverctl__subcmd__host_commands() {
    local commands; commands=(
'add:Give a name these addresses; each address gets this name as its PTR record' \
'remove:Remove a host that \`host add\` added' \
'list:Show the configured zones and hosts, as \`zones\` does' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'resolverctl host commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__host__subcmd__add_commands] )) ||
_resolverctl__subcmd__host__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl host add commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__host__subcmd__help_commands] )) ||
_resolverctl__subcmd__host__subcmd__help_commands() {
    local commands; commands=(
'add:Give a name these addresses; each address gets this name as its PTR record' \
'remove:Remove a host that \`host add\` added' \
'list:Show the configured zones and hosts, as \`zones\` does' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'resolverctl host help commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__host__subcmd__help__subcmd__add_commands] )) ||
_resolverctl__subcmd__host__subcmd__help__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl host help add commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__host__subcmd__help__subcmd__help_commands] )) ||
_resolverctl__subcmd__host__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl host help help commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__host__subcmd__help__subcmd__list_commands] )) ||
_resolverctl__subcmd__host__subcmd__help__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl host help list commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__host__subcmd__help__subcmd__remove_commands] )) ||
_resolverctl__subcmd__host__subcmd__help__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl host help remove commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__host__subcmd__list_commands] )) ||
_resolverctl__subcmd__host__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl host list commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__host__subcmd__remove_commands] )) ||
_resolverctl__subcmd__host__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl host remove commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__import_commands] )) ||
_resolverctl__subcmd__import_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl import commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__inflight_commands] )) ||
_resolverctl__subcmd__inflight_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl inflight commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__lookahead_commands] )) ||
_resolverctl__subcmd__lookahead_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl lookahead commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__monitor_commands] )) ||
_resolverctl__subcmd__monitor_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl monitor commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__nta_commands] )) ||
_resolverctl__subcmd__nta_commands() {
    local commands; commands=(
'add:Turn off validation at and below a name for some time' \
'list:List the negative trust anchors and when they expire' \
'remove:Remove a negative trust anchor' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'resolverctl nta commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__nta__subcmd__add_commands] )) ||
_resolverctl__subcmd__nta__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl nta add commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__nta__subcmd__help_commands] )) ||
_resolverctl__subcmd__nta__subcmd__help_commands() {
    local commands; commands=(
'add:Turn off validation at and below a name for some time' \
'list:List the negative trust anchors and when they expire' \
'remove:Remove a negative trust anchor' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'resolverctl nta help commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__nta__subcmd__help__subcmd__add_commands] )) ||
_resolverctl__subcmd__nta__subcmd__help__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl nta help add commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__nta__subcmd__help__subcmd__help_commands] )) ||
_resolverctl__subcmd__nta__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl nta help help commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__nta__subcmd__help__subcmd__list_commands] )) ||
_resolverctl__subcmd__nta__subcmd__help__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl nta help list commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__nta__subcmd__help__subcmd__remove_commands] )) ||
_resolverctl__subcmd__nta__subcmd__help__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl nta help remove commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__nta__subcmd__list_commands] )) ||
_resolverctl__subcmd__nta__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl nta list commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__nta__subcmd__remove_commands] )) ||
_resolverctl__subcmd__nta__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl nta remove commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__own_commands] )) ||
_resolverctl__subcmd__own_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl own commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__query_commands] )) ||
_resolverctl__subcmd__query_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl query commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__reload_commands] )) ||
_resolverctl__subcmd__reload_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl reload commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__servers_commands] )) ||
_resolverctl__subcmd__servers_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl servers commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__shadow_commands] )) ||
_resolverctl__subcmd__shadow_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl shadow commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__stats_commands] )) ||
_resolverctl__subcmd__stats_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl stats commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__status_commands] )) ||
_resolverctl__subcmd__status_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl status commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__switch_commands] )) ||
_resolverctl__subcmd__switch_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl switch commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__tls-policy_commands] )) ||
_resolverctl__subcmd__tls-policy_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl tls-policy commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__top_commands] )) ||
_resolverctl__subcmd__top_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl top commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__trace_commands] )) ||
_resolverctl__subcmd__trace_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl trace commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__why_commands] )) ||
_resolverctl__subcmd__why_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl why commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__zone_commands] )) ||
_resolverctl__subcmd__zone_commands() {
    local commands; commands=(
'add:Resolve a zone through these servers, until the daemon ends by default' \
'list:Show the configured zones and their servers, as \`zones\` does' \
'remove:Remove what \`zone add\`, \`block\` or \`host add\` added' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'resolverctl zone commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__zone__subcmd__add_commands] )) ||
_resolverctl__subcmd__zone__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl zone add commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__zone__subcmd__help_commands] )) ||
_resolverctl__subcmd__zone__subcmd__help_commands() {
    local commands; commands=(
'add:Resolve a zone through these servers, until the daemon ends by default' \
'list:Show the configured zones and their servers, as \`zones\` does' \
'remove:Remove what \`zone add\`, \`block\` or \`host add\` added' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'resolverctl zone help commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__zone__subcmd__help__subcmd__add_commands] )) ||
_resolverctl__subcmd__zone__subcmd__help__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl zone help add commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__zone__subcmd__help__subcmd__help_commands] )) ||
_resolverctl__subcmd__zone__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl zone help help commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__zone__subcmd__help__subcmd__list_commands] )) ||
_resolverctl__subcmd__zone__subcmd__help__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl zone help list commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__zone__subcmd__help__subcmd__remove_commands] )) ||
_resolverctl__subcmd__zone__subcmd__help__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl zone help remove commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__zone__subcmd__list_commands] )) ||
_resolverctl__subcmd__zone__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl zone list commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__zone__subcmd__remove_commands] )) ||
_resolverctl__subcmd__zone__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl zone remove commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__zones_commands] )) ||
_resolverctl__subcmd__zones_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl zones commands' commands "$@"
}

if [ "$funcstack[1]" = "_resolverctl" ]; then
    _resolverctl "$@"
else
    compdef _resolverctl resolverctl
fi
