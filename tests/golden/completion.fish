# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_resolverctl_global_optspecs
    string join \n socket= json color= h/help V/version
end

function __fish_resolverctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_resolverctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_resolverctl_using_subcommand
    set -l cmd (__fish_resolverctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c resolverctl -n "__fish_resolverctl_needs_command" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_needs_command" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_needs_command" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -s V -l version -d 'Print version'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "status" -d 'Show whether the daemon is healthy, and if not, what to do'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "stats" -d 'Show statistics of queries, servers, the cache and DNSSEC'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "top" -d 'Show live rates and the slowest zones, servers, lists and clients'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "query" -d 'Send a query through the daemon and show the answer'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "trace" -d 'Resolve a name and show each step'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "tls-policy" -d 'Show the TLS policy of mail to a domain: DANE or MTA-STS, and why'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "compare" -d 'Compare the answers of resolvers and of each name server of the zone'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "shadow" -d 'Compare resolverd with the current resolver, before a switch'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "flush" -d 'Remove entries from the cache'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "servers" -d 'Show the known servers: dead ones first, then those with the longest timeout'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "zones" -d 'Show the configured zones and their servers'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "zone" -d 'Show, add or remove zones with their own servers, without a restart'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "block" -d 'Let a name and all names below it not exist (NXDOMAIN)'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "host" -d 'Give a name addresses of your own'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "inflight" -d 'Show the queries in progress, the oldest first'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "why" -d 'Show why mail was slow, and what to do'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "failed" -d 'Show the zones whose queries failed, and what to do'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "changes" -d 'Show which records of a domain have changed, from what to what, and when'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "monitor" -d 'Show queries that the cache does not answer, as they end'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "cache" -d 'Show how full the cache is, or the entries of a name and when they expire'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "dnsbl" -d 'Show the state of the DNS lists in use'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "own" -d 'Show the state of own domains and addresses: certificates, DKIM, SPF, PTR, lists'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "lookahead" -d 'Show the rules of look-ahead and the time saved'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "fleet" -d 'Show the gateways that share answers, and their store'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "config" -d 'Show the running configuration, or check a configuration file'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "nta" -d 'Turn off DNSSEC validation for a domain (negative trust anchors)'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "reload" -d 'Reload the configuration file and show the changes'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "import" -d 'Convert the configuration of another resolver'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "switch" -d 'Replace the resolver of this host by resolverd, or go back'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "completion" -d 'Print a completion script for a shell'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "check" -d 'Check a domain, an address, a message or this host for faults'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand status" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand status" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand status" -l plugin -d 'Print one line in the format of a Nagios plug-in'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand status" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand stats" -l since -d 'Begin of the statistics: 1m, 5m, 1h, start; or a longer time like 24h or 7d, from the minutes on disk' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand stats" -l at -d 'Show the minutes around this time, like 02:00, or a whole day, like 2026-08-01 or yesterday' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand stats" -l against -d 'Compare with the same span this much earlier, like 7d' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand stats" -l by -d 'Show a table instead of the overview' -r -f -a "zone\t'Zones, most resolutions first'
server\t'Servers, longest wait first'
client\t'Clients, most queries first'
user\t'Local users, most cache misses first'
type\t'Types, most queries first'
stage\t'The stages of cache misses: queue, own work, waiting for servers, fetching DNSSEC keys'"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand stats" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand stats" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand stats" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand top" -l by -d 'The table that is shown first' -r -f -a "zones\t'Zones, most time first'
servers\t'Servers, longest wait first'
lists\t'DNS lists, slowest first'
clients\t'Clients, most queries first'
users\t'Local users, most cache misses first'
failures\t'Zones whose queries failed, most queries first'"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand top" -l since -d 'Time window of the table' -r -f -a "1m\t'The last minute'
5m\t'The last five minutes'
1h\t'The last hour'
start\t'Since the daemon started'"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand top" -l interval -d 'Time between two readings, 1s to 60m' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand top" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand top" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand top" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand top" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand query" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand query" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand query" -l dnssec -d 'Show the signatures of the answer too, with their begin and end. Also: +dnssec, as dig'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand query" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand query" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand trace" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand trace" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand trace" -l fresh -d 'Resolve from the root or the configured servers, without the cache, and leave it as it is'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand trace" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand trace" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand tls-policy" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand tls-policy" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand tls-policy" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand tls-policy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand compare" -l with -d 'Resolvers instead of the public ones, with commas: ADDRESS, ADDRESS:PORT, tls://HOST, quic://HOST, https://HOST/PATH' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand compare" -l resolv-conf -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand compare" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand compare" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand compare" -l local -d 'Query only this resolver and the name servers of the zone'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand compare" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand compare" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand shadow" -l against -d 'Current resolver: ADDRESS or ADDRESS:PORT' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand shadow" -l from -d 'File with questions (`-`: standard input)' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand shadow" -l rate -d 'Questions a second, at most 1000' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand shadow" -l list-questions -d 'Maximum of questions to each DNS list' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand shadow" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand shadow" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand shadow" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand shadow" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand flush" -l type -d 'Remove only this record type' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand flush" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand flush" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand flush" -l tree -d 'Also remove all names below NAME'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand flush" -l negative -d 'Remove all negative answers and cached failures'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand flush" -l all -d 'Remove everything, also data about servers'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand flush" -l fleet -d 'Remove it from all gateways of the fleet'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand flush" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand flush" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand servers" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand servers" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand servers" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand servers" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zones" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zones" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zones" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zones" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and not __fish_seen_subcommand_from add list remove help" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and not __fish_seen_subcommand_from add list remove help" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and not __fish_seen_subcommand_from add list remove help" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and not __fish_seen_subcommand_from add list remove help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and not __fish_seen_subcommand_from add list remove help" -f -a "add" -d 'Resolve a zone through these servers, until the daemon ends by default'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and not __fish_seen_subcommand_from add list remove help" -f -a "list" -d 'Show the configured zones and their servers, as `zones` does'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and not __fish_seen_subcommand_from add list remove help" -f -a "remove" -d 'Remove what `zone add`, `block` or `host add` added'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and not __fish_seen_subcommand_from add list remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from add" -l forward -d 'Resolvers to forward to, as `forward` in resolverd.toml(5)' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from add" -l stub -d 'Name servers of the zone' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from add" -l for -d 'Lifetime, such as 30m, 2h or 7d. Maximum: 7d. Without it: until the daemon ends' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from add" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from add" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from add" -l insecure -d 'Do not validate the answers with DNSSEC'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from add" -l write -d 'Append the entry to the configuration file and reload it, as root'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from add" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from list" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from list" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from list" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from remove" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from remove" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from remove" -l write -d 'Remove what --write wrote from the configuration file, and reload it, as root'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from remove" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from help" -f -a "add" -d 'Resolve a zone through these servers, until the daemon ends by default'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from help" -f -a "list" -d 'Show the configured zones and their servers, as `zones` does'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove what `zone add`, `block` or `host add` added'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zone; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand block" -l for -d 'Lifetime, such as 30m, 2h or 7d. Maximum: 7d. Without it: until the daemon ends' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand block" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand block" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand block" -l write -d 'Append the entry to the configuration file and reload it, as root'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand block" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand block" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and not __fish_seen_subcommand_from add remove list help" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and not __fish_seen_subcommand_from add remove list help" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and not __fish_seen_subcommand_from add remove list help" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and not __fish_seen_subcommand_from add remove list help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and not __fish_seen_subcommand_from add remove list help" -f -a "add" -d 'Give a name these addresses; each address gets this name as its PTR record'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and not __fish_seen_subcommand_from add remove list help" -f -a "remove" -d 'Remove a host that `host add` added'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and not __fish_seen_subcommand_from add remove list help" -f -a "list" -d 'Show the configured zones and hosts, as `zones` does'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and not __fish_seen_subcommand_from add remove list help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and __fish_seen_subcommand_from add" -l for -d 'Lifetime, such as 30m, 2h or 7d. Maximum: 7d. Without it: until the daemon ends' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and __fish_seen_subcommand_from add" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and __fish_seen_subcommand_from add" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and __fish_seen_subcommand_from add" -l write -d 'Append the entry to the configuration file and reload it, as root'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and __fish_seen_subcommand_from add" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and __fish_seen_subcommand_from remove" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and __fish_seen_subcommand_from remove" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and __fish_seen_subcommand_from remove" -l write -d 'Remove what --write wrote from the configuration file, and reload it, as root'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and __fish_seen_subcommand_from remove" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and __fish_seen_subcommand_from list" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and __fish_seen_subcommand_from list" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and __fish_seen_subcommand_from list" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and __fish_seen_subcommand_from help" -f -a "add" -d 'Give a name these addresses; each address gets this name as its PTR record'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove a host that `host add` added'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and __fish_seen_subcommand_from help" -f -a "list" -d 'Show the configured zones and hosts, as `zones` does'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand host; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand inflight" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand inflight" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand inflight" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand inflight" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand why" -l slowest -d 'Show this number of the slowest messages (emails), at most 100' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand why" -l at -d 'Show messages within two minutes of this time, like 03:12 or 2026-08-01 03:12:30, or of a day, like 2026-08-01 or yesterday' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand why" -l since -d 'Show messages since this time, like 03:00, or of the last 1h or 30m' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand why" -l client -d 'Show only messages of these clients' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand why" -l list -d 'Show the messages that this DNS list delayed, and by how much, like zen.spamhaus.org' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand why" -l html -d 'Write the slowest message to this file too, as an HTML page' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand why" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand why" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand why" -l csv -d 'Write the messages of `--list` as CSV'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand why" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand why" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand failed" -l since -d 'Show queries since this time, like 03:00, or of the last 1h or 30m' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand failed" -l zone -d 'The same as ZONE' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand failed" -l client -d 'Show only queries of these clients' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand failed" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand failed" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand failed" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand failed" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand changes" -l since -d 'Show changes since this time, like 03:00, or of the last 2d or 1h. Default: 30 days' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand changes" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand changes" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand changes" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand changes" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand monitor" -l slow -d 'Show queries that take this long, like 500ms or 2s; with --failures, failed ones too' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand monitor" -l client -d 'Show only queries of these clients' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand monitor" -l zone -d 'Show only this name or mail address, and names below it' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand monitor" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand monitor" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand monitor" -l failures -d 'Show queries that fail with SERVFAIL; with --slow, slow ones too'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand monitor" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand monitor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand cache" -l type -d 'Show only this record type' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand cache" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand cache" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand cache" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand cache" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and not __fish_seen_subcommand_from test health key list help" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and not __fish_seen_subcommand_from test health key list help" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and not __fish_seen_subcommand_from test health key list help" -l verbose -d 'Show also the codes that the lists returned, the zones that look like lists, and the batch queries'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and not __fish_seen_subcommand_from test health key list help" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and not __fish_seen_subcommand_from test health key list help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and not __fish_seen_subcommand_from test health key list help" -a "test" -d 'Query each list in use about an address or a domain'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and not __fish_seen_subcommand_from test health key list help" -a "health" -d 'Test the lists in use now, and show their state two seconds later'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and not __fish_seen_subcommand_from test health key list help" -a "key" -d 'Append a `[[list]]` with a customer key to the configuration file, as root'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and not __fish_seen_subcommand_from test health key list help" -a "list" -d 'Show the table of known lists, what they list, and their terms of use'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and not __fish_seen_subcommand_from test health key list help" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from test" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from test" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from test" -l all -d 'Also query the lists that are not in use'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from test" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from health" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from health" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from health" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from health" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from key" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from key" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from key" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from key" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from list" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from list" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from list" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from help" -f -a "test" -d 'Query each list in use about an address or a domain'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from help" -f -a "health" -d 'Test the lists in use now, and show their state two seconds later'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from help" -f -a "key" -d 'Append a `[[list]]` with a customer key to the configuration file, as root'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from help" -f -a "list" -d 'Show the table of known lists, what they list, and their terms of use'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand own" -l root -d 'Directory of the host; tests use another one' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand own" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand own" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand own" -l suggest -d 'Print the section [own] for this host, from the files of Postfix or Exim, rspamd or OpenDKIM, and the mail log'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand own" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand own" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand lookahead" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand lookahead" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand lookahead" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand lookahead" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand fleet" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand fleet" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand fleet" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand fleet" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and not __fish_seen_subcommand_from show check help" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and not __fish_seen_subcommand_from show check help" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and not __fish_seen_subcommand_from show check help" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and not __fish_seen_subcommand_from show check help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and not __fish_seen_subcommand_from show check help" -f -a "show" -d 'Show the configuration of the daemon in the format of the file'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and not __fish_seen_subcommand_from show check help" -f -a "check" -d 'Check a configuration file and report its errors. Works without a daemon'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and not __fish_seen_subcommand_from show check help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from show" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from show" -l changed -d 'Show only values that differ from the defaults'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from show" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from check" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from check" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from check" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show the configuration of the daemon in the format of the file'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "check" -d 'Check a configuration file and report its errors. Works without a daemon'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and not __fish_seen_subcommand_from add list remove help" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and not __fish_seen_subcommand_from add list remove help" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and not __fish_seen_subcommand_from add list remove help" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and not __fish_seen_subcommand_from add list remove help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and not __fish_seen_subcommand_from add list remove help" -a "add" -d 'Turn off validation at and below a name for some time'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and not __fish_seen_subcommand_from add list remove help" -a "list" -d 'List the negative trust anchors and when they expire'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and not __fish_seen_subcommand_from add list remove help" -a "remove" -d 'Remove a negative trust anchor'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and not __fish_seen_subcommand_from add list remove help" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from add" -l for -d 'Duration, such as 30m, 1h or 2d. Maximum: 7d' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from add" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from add" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from add" -l fleet -d 'Do it on all gateways of the fleet'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from add" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from list" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from list" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from list" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from remove" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from remove" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from remove" -l fleet -d 'Do it on all gateways of the fleet'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from remove" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from help" -f -a "add" -d 'Turn off validation at and below a name for some time'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the negative trust anchors and when they expire'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove a negative trust anchor'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand reload" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand reload" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand reload" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand reload" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand import" -s o -l output -d 'File to write, which must not exist. Default: standard output' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand import" -l from -d 'Format of the file. Default: detected' -r -f -a "unbound\t''
named\t''
dnsmasq\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand import" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand import" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand import" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand switch" -l ask -d 'Name to resolve at the end; may be repeated. Default: gmail.com, outlook.com, yahoo.com' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand switch" -l root -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand switch" -l root-server -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand switch" -l systemctl -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand switch" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand switch" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand switch" -l yes -d 'Carry out the plan'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand switch" -l back -d 'Undo the last switch'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand switch" -l stop-shared -d 'Stop the current resolver even if other hosts can query it'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand switch" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand switch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand completion" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand completion" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand completion" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand completion" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -l list -d 'Check the domains in this file too, one a line; - is standard input. Three are checked at once' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -l from -d 'Address that sends mail for the domain: check its PTR records and SPF' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -l helo -d 'HELO name of the client: check its form and address' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -l selector -d 'DKIM selector to check; may be repeated' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -l html -d 'Write the findings to this file too, as an HTML page with the chain of keys' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -l smtp-port -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -l https-port -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -l resolver -d 'Resolver instead of the public ones: ADDRESS, ADDRESS:PORT, tls://HOST, quic://HOST or https://HOST/PATH' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -l resolv-conf -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -l csv -d 'Print a row of CSV for each domain, in the order of the file'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -l as-sender -d 'Check the domain as a sender only: without MTA-STS, TLS reporting and DANE'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -l as-recipient -d 'Check the domain as a recipient only: without SPF, DKIM and DMARC'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -l connect -d 'Check STARTTLS and certificates of the mail hosts and the MTA-STS policy too, with connections from this host'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -l local -d 'Do not query the public resolvers and those of /etc/resolv.conf'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -a "system" -d 'Check this host: resolv.conf, port 53, mail software, clock, network, DNSSEC'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -a "mail" -d 'Check the domains of a message or a bounce'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -a "watched" -d 'Show the findings of the domains of `[[watch]]`'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system mail watched help" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from system" -l root -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from system" -l root-server -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from system" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from system" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from system" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from system" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from mail" -l html -d 'Write the findings to this file too, as an HTML page with the chain of keys' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from mail" -l resolver -d 'Resolver instead of the public ones: ADDRESS, ADDRESS:PORT, tls://HOST, quic://HOST or https://HOST/PATH' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from mail" -l resolv-conf -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from mail" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from mail" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from mail" -l local -d 'Do not query the public resolvers and those of /etc/resolv.conf'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from mail" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from mail" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from watched" -l socket -d 'Control socket of the daemon' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from watched" -l color -d 'Colours: auto (on a terminal, unless NO_COLOR is set), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from watched" -l json -d 'Print JSON, one object per line. Times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from watched" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from help" -f -a "system" -d 'Check this host: resolv.conf, port 53, mail software, clock, network, DNSSEC'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from help" -f -a "mail" -d 'Check the domains of a message or a bounce'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from help" -f -a "watched" -d 'Show the findings of the domains of `[[watch]]`'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "status" -d 'Show whether the daemon is healthy, and if not, what to do'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "stats" -d 'Show statistics of queries, servers, the cache and DNSSEC'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "top" -d 'Show live rates and the slowest zones, servers, lists and clients'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "query" -d 'Send a query through the daemon and show the answer'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "trace" -d 'Resolve a name and show each step'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "tls-policy" -d 'Show the TLS policy of mail to a domain: DANE or MTA-STS, and why'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "compare" -d 'Compare the answers of resolvers and of each name server of the zone'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "shadow" -d 'Compare resolverd with the current resolver, before a switch'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "flush" -d 'Remove entries from the cache'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "servers" -d 'Show the known servers: dead ones first, then those with the longest timeout'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "zones" -d 'Show the configured zones and their servers'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "zone" -d 'Show, add or remove zones with their own servers, without a restart'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "block" -d 'Let a name and all names below it not exist (NXDOMAIN)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "host" -d 'Give a name addresses of your own'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "inflight" -d 'Show the queries in progress, the oldest first'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "why" -d 'Show why mail was slow, and what to do'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "failed" -d 'Show the zones whose queries failed, and what to do'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "changes" -d 'Show which records of a domain have changed, from what to what, and when'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "monitor" -d 'Show queries that the cache does not answer, as they end'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "cache" -d 'Show how full the cache is, or the entries of a name and when they expire'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "dnsbl" -d 'Show the state of the DNS lists in use'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "own" -d 'Show the state of own domains and addresses: certificates, DKIM, SPF, PTR, lists'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "lookahead" -d 'Show the rules of look-ahead and the time saved'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "fleet" -d 'Show the gateways that share answers, and their store'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "config" -d 'Show the running configuration, or check a configuration file'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "nta" -d 'Turn off DNSSEC validation for a domain (negative trust anchors)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "reload" -d 'Reload the configuration file and show the changes'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "import" -d 'Convert the configuration of another resolver'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "switch" -d 'Replace the resolver of this host by resolverd, or go back'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "completion" -d 'Print a completion script for a shell'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "check" -d 'Check a domain, an address, a message or this host for faults'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats top query trace tls-policy compare shadow flush servers zones zone block host inflight why failed changes monitor cache dnsbl own lookahead fleet config nta reload import switch completion check help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from zone" -f -a "add" -d 'Resolve a zone through these servers, until the daemon ends by default'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from zone" -f -a "list" -d 'Show the configured zones and their servers, as `zones` does'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from zone" -f -a "remove" -d 'Remove what `zone add`, `block` or `host add` added'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from host" -f -a "add" -d 'Give a name these addresses; each address gets this name as its PTR record'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from host" -f -a "remove" -d 'Remove a host that `host add` added'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from host" -f -a "list" -d 'Show the configured zones and hosts, as `zones` does'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from dnsbl" -f -a "test" -d 'Query each list in use about an address or a domain'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from dnsbl" -f -a "health" -d 'Test the lists in use now, and show their state two seconds later'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from dnsbl" -f -a "key" -d 'Append a `[[list]]` with a customer key to the configuration file, as root'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from dnsbl" -f -a "list" -d 'Show the table of known lists, what they list, and their terms of use'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "show" -d 'Show the configuration of the daemon in the format of the file'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "check" -d 'Check a configuration file and report its errors. Works without a daemon'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from nta" -f -a "add" -d 'Turn off validation at and below a name for some time'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from nta" -f -a "list" -d 'List the negative trust anchors and when they expire'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from nta" -f -a "remove" -d 'Remove a negative trust anchor'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from check" -f -a "system" -d 'Check this host: resolv.conf, port 53, mail software, clock, network, DNSSEC'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from check" -f -a "mail" -d 'Check the domains of a message or a bounce'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from check" -f -a "watched" -d 'Show the findings of the domains of `[[watch]]`'
