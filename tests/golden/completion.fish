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

complete -c resolverctl -n "__fish_resolverctl_needs_command" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_needs_command" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_needs_command" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -s V -l version -d 'Print version'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "status" -d 'Is it well? And if not, what to do'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "stats" -d 'Where the time went: questions, outcomes, latency, the slowest zones and servers'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "query" -d 'Ask a question through the daemon: the answer, where it came from, how long it took'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "flush" -d 'Remove from the daemon\'s memory; says how much'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "servers" -d 'What is known of servers, the slowest first: round trips, silence, EDNS, lameness'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "zones" -d 'The configured zones: where each leads, and how its servers are'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "inflight" -d 'What is being found out now, for how many, and whom it waits for; the oldest first'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "cache" -d 'What memory holds under a name, and for how long yet'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "dnsbl" -d 'The DNS lists in use: how they answer, how they are and since when, and what to do'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "config" -d 'The configuration: what holds, and whether a file is right'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "nta" -d 'Negative trust anchors: names at and below which broken signatures are overlooked'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "reload" -d 'Have the daemon read its configuration file again; says what has changed. A wrong file changes nothing'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "completion" -d 'Print a script that completes this program\'s command line'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "check" -d 'See what stands in the way of mail\'s questions; needs no daemon'
complete -c resolverctl -n "__fish_resolverctl_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand status" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand status" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand status" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand status" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand stats" -l since -d 'How far back to look; what a younger daemon has where it is younger' -r -f -a "1m\t'The last minute'
5m\t'The last five minutes'
1h\t'The last hour'
start\t'Since the daemon started'"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand stats" -l by -d 'A table instead of the one screen' -r -f -a "zone\t'Zones, most flights first'
server\t'Servers, those first that were waited for longest'
client\t'Clients, most questions first'
type\t'Types, most questions first'"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand stats" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand stats" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand stats" -l slow -d 'The zones on which most time was spent, by how long their questions took'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand stats" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand query" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand query" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand query" -l trace -d 'Show each step on the way'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand query" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand query" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand flush" -l type -d 'Only this type' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand flush" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand flush" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand flush" -l tree -d 'All names below it too'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand flush" -l negative -d 'All negative answers and failures, of any name'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand flush" -l all -d 'Everything, and what is known of servers'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand flush" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand flush" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand servers" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand servers" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand servers" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand servers" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zones" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zones" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zones" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand zones" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand inflight" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand inflight" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand inflight" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand inflight" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand cache" -l type -d 'Only this type' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand cache" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand cache" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand cache" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand cache" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and not __fish_seen_subcommand_from test health list help" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and not __fish_seen_subcommand_from test health list help" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and not __fish_seen_subcommand_from test health list help" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and not __fish_seen_subcommand_from test health list help" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and not __fish_seen_subcommand_from test health list help" -f -a "test" -d 'What each list in use says of an address or a domain now, and why. Exit code 0: one that blocks lists it; 1: none of those that were asked does; 4: some of them do not tell and no other lists it. Lists that allow or tell do not count'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and not __fish_seen_subcommand_from test health list help" -f -a "health" -d 'Test the lists in use by their own test points now, and show how they are two seconds later'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and not __fish_seen_subcommand_from test health list help" -f -a "list" -d 'The registry with its date: every list, what its answers mean, and who may ask'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and not __fish_seen_subcommand_from test health list help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from test" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from test" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from test" -l all -d 'Ask the lists that are not in use too'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from test" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from health" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from health" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from health" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from health" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from list" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from list" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from list" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from help" -f -a "test" -d 'What each list in use says of an address or a domain now, and why. Exit code 0: one that blocks lists it; 1: none of those that were asked does; 4: some of them do not tell and no other lists it. Lists that allow or tell do not count'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from help" -f -a "health" -d 'Test the lists in use by their own test points now, and show how they are two seconds later'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from help" -f -a "list" -d 'The registry with its date: every list, what its answers mean, and who may ask'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand dnsbl; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and not __fish_seen_subcommand_from show check help" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and not __fish_seen_subcommand_from show check help" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and not __fish_seen_subcommand_from show check help" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and not __fish_seen_subcommand_from show check help" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and not __fish_seen_subcommand_from show check help" -f -a "show" -d 'Show the configuration that the daemon runs on, as a file that means it'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and not __fish_seen_subcommand_from show check help" -f -a "check" -d 'Say what is wrong with a configuration file; needs no daemon'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and not __fish_seen_subcommand_from show check help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from show" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from show" -l changed -d 'Only what differs from the default'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from show" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from check" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from check" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from check" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show the configuration that the daemon runs on, as a file that means it'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "check" -d 'Say what is wrong with a configuration file; needs no daemon'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and not __fish_seen_subcommand_from add list remove help" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and not __fish_seen_subcommand_from add list remove help" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and not __fish_seen_subcommand_from add list remove help" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and not __fish_seen_subcommand_from add list remove help" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and not __fish_seen_subcommand_from add list remove help" -f -a "add" -d 'Overlook broken signatures at and below a name, so that its mail flows until its owner has mended them'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and not __fish_seen_subcommand_from add list remove help" -f -a "list" -d 'The names that are overlooked, and for how long yet'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and not __fish_seen_subcommand_from add list remove help" -f -a "remove" -d 'Overlook a name no more'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and not __fish_seen_subcommand_from add list remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from add" -l for -d 'For how long: "30m", "1h" or "2d"; a week at most' -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from add" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from add" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from add" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from list" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from list" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from list" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from remove" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from remove" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from remove" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from help" -f -a "add" -d 'Overlook broken signatures at and below a name, so that its mail flows until its owner has mended them'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from help" -f -a "list" -d 'The names that are overlooked, and for how long yet'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Overlook a name no more'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand nta; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand reload" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand reload" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand reload" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand reload" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand completion" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand completion" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand completion" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand completion" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system help" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system help" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system help" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system help" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system help" -f -a "system" -d 'This host: who is asked for names, who holds port 53, whether the world is reached. Best run as root'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and not __fish_seen_subcommand_from system help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from system" -l root -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from system" -l root-server -r
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from system" -l socket -d 'The daemon\'s control socket' -r -F
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from system" -l color -d 'Colours; auto is on a terminal, unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from system" -l json -d 'Print JSON, one object a line; times are in seconds'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from system" -s h -l help -d 'Print help'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from help" -f -a "system" -d 'This host: who is asked for names, who holds port 53, whether the world is reached. Best run as root'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand check; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats query flush servers zones inflight cache dnsbl config nta reload completion check help" -f -a "status" -d 'Is it well? And if not, what to do'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats query flush servers zones inflight cache dnsbl config nta reload completion check help" -f -a "stats" -d 'Where the time went: questions, outcomes, latency, the slowest zones and servers'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats query flush servers zones inflight cache dnsbl config nta reload completion check help" -f -a "query" -d 'Ask a question through the daemon: the answer, where it came from, how long it took'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats query flush servers zones inflight cache dnsbl config nta reload completion check help" -f -a "flush" -d 'Remove from the daemon\'s memory; says how much'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats query flush servers zones inflight cache dnsbl config nta reload completion check help" -f -a "servers" -d 'What is known of servers, the slowest first: round trips, silence, EDNS, lameness'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats query flush servers zones inflight cache dnsbl config nta reload completion check help" -f -a "zones" -d 'The configured zones: where each leads, and how its servers are'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats query flush servers zones inflight cache dnsbl config nta reload completion check help" -f -a "inflight" -d 'What is being found out now, for how many, and whom it waits for; the oldest first'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats query flush servers zones inflight cache dnsbl config nta reload completion check help" -f -a "cache" -d 'What memory holds under a name, and for how long yet'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats query flush servers zones inflight cache dnsbl config nta reload completion check help" -f -a "dnsbl" -d 'The DNS lists in use: how they answer, how they are and since when, and what to do'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats query flush servers zones inflight cache dnsbl config nta reload completion check help" -f -a "config" -d 'The configuration: what holds, and whether a file is right'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats query flush servers zones inflight cache dnsbl config nta reload completion check help" -f -a "nta" -d 'Negative trust anchors: names at and below which broken signatures are overlooked'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats query flush servers zones inflight cache dnsbl config nta reload completion check help" -f -a "reload" -d 'Have the daemon read its configuration file again; says what has changed. A wrong file changes nothing'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats query flush servers zones inflight cache dnsbl config nta reload completion check help" -f -a "completion" -d 'Print a script that completes this program\'s command line'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats query flush servers zones inflight cache dnsbl config nta reload completion check help" -f -a "check" -d 'See what stands in the way of mail\'s questions; needs no daemon'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and not __fish_seen_subcommand_from status stats query flush servers zones inflight cache dnsbl config nta reload completion check help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from dnsbl" -f -a "test" -d 'What each list in use says of an address or a domain now, and why. Exit code 0: one that blocks lists it; 1: none of those that were asked does; 4: some of them do not tell and no other lists it. Lists that allow or tell do not count'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from dnsbl" -f -a "health" -d 'Test the lists in use by their own test points now, and show how they are two seconds later'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from dnsbl" -f -a "list" -d 'The registry with its date: every list, what its answers mean, and who may ask'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "show" -d 'Show the configuration that the daemon runs on, as a file that means it'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "check" -d 'Say what is wrong with a configuration file; needs no daemon'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from nta" -f -a "add" -d 'Overlook broken signatures at and below a name, so that its mail flows until its owner has mended them'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from nta" -f -a "list" -d 'The names that are overlooked, and for how long yet'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from nta" -f -a "remove" -d 'Overlook a name no more'
complete -c resolverctl -n "__fish_resolverctl_using_subcommand help; and __fish_seen_subcommand_from check" -f -a "system" -d 'This host: who is asked for names, who holds port 53, whether the world is reached. Best run as root'
