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
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
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
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(stats)
_arguments "${_arguments_options[@]}" : \
'--since=[How far back to look; what a younger daemon has where it is younger]:WINDOW:((1m\:"The last minute"
5m\:"The last five minutes"
1h\:"The last hour"
start\:"Since the daemon started"))' \
'(--slow)--by=[A table instead of the one screen]:WHAT:((zone\:"Zones, most flights first"
server\:"Servers, those first that were waited for longest"
client\:"Clients, most questions first"
type\:"Types, most questions first"))' \
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--slow[The zones on which most time was spent, by how long their questions took]' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(query)
_arguments "${_arguments_options[@]}" : \
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--trace[Show each step on the way]' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
':name -- The name, or an address for its PTR:_default' \
'::kind -- The type; A where none is named:_default' \
&& ret=0
;;
(flush)
_arguments "${_arguments_options[@]}" : \
'(--negative --all)--type=[Only this type]:TYPE:_default' \
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'(--negative --all)--tree[All names below it too]' \
'--negative[All negative answers and failures, of any name]' \
'--all[Everything, and what is known of servers]' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
'::name -- The name whose records are removed, of every type:_default' \
&& ret=0
;;
(servers)
_arguments "${_arguments_options[@]}" : \
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
'::address -- Only the server at this address; whether anything is known of it is then the exit code:_default' \
&& ret=0
;;
(zones)
_arguments "${_arguments_options[@]}" : \
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(inflight)
_arguments "${_arguments_options[@]}" : \
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(cache)
_arguments "${_arguments_options[@]}" : \
'--type=[Only this type]:TYPE:_default' \
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
':name -- The name:_default' \
&& ret=0
;;
(dnsbl)
_arguments "${_arguments_options[@]}" : \
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_resolverctl__subcmd__dnsbl_commands" \
"*::: :->dnsbl" \
&& ret=0

    case $state in
    (dnsbl)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-dnsbl-command-$line[1]:"
        case $line[1] in
            (test)
_arguments "${_arguments_options[@]}" : \
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--all[Ask the lists that are not in use too]' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
':subject -- An address or a domain:_default' \
&& ret=0
;;
(health)
_arguments "${_arguments_options[@]}" : \
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
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
(config)
_arguments "${_arguments_options[@]}" : \
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
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
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--changed[Only what differs from the default]' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(check)
_arguments "${_arguments_options[@]}" : \
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
'::file -- The file; without it the one that the daemon reads:_files' \
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
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_resolverctl__subcmd__nta_commands" \
"*::: :->nta" \
&& ret=0

    case $state in
    (nta)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-nta-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
'--for=[For how long\: "30m", "1h" or "2d"; a week at most]:SPAN:_default' \
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
':name -- The name:_default' \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
':name -- The name:_default' \
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
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(completion)
_arguments "${_arguments_options[@]}" : \
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
':shell -- The shell:(bash elvish fish powershell zsh)' \
&& ret=0
;;
(check)
_arguments "${_arguments_options[@]}" : \
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_resolverctl__subcmd__check_commands" \
"*::: :->check" \
&& ret=0

    case $state in
    (check)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:resolverctl-check-command-$line[1]:"
        case $line[1] in
            (system)
_arguments "${_arguments_options[@]}" : \
'--root=[]:DIRECTORY:_files' \
'*--root-server=[]:ADDR:PORT:_default' \
'--socket=[The daemon'\''s control socket]:PATH:_files' \
'--color=[Colours; auto is on a terminal, unless NO_COLOR is set]:WHEN:(auto always never)' \
'--json[Print JSON, one object a line; times are in seconds]' \
'-h[Print help]' \
'--help[Print help]' \
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
(query)
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
(inflight)
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
(list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
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
'status:Is it well? And if not, what to do' \
'stats:Where the time went\: questions, outcomes, latency, the slowest zones and servers' \
'query:Ask a question through the daemon\: the answer, where it came from, how long it took' \
'flush:Remove from the daemon'\''s memory; says how much' \
'servers:What is known of servers, the slowest first\: round trips, silence, EDNS, lameness' \
'zones:The configured zones\: where each leads, and how its servers are' \
'inflight:What is being found out now, for how many, and whom it waits for; the oldest first' \
'cache:What memory holds under a name, and for how long yet' \
'dnsbl:The DNS lists in use\: how they answer, how they are and since when, and what to do' \
'config:The configuration\: what holds, and whether a file is right' \
'nta:Negative trust anchors\: names at and below which broken signatures are overlooked' \
'reload:Have the daemon read its configuration file again; says what has changed. A wrong file changes nothing' \
'completion:Print a script that completes this program'\''s command line' \
'check:See what stands in the way of mail'\''s questions; needs no daemon' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'resolverctl commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__cache_commands] )) ||
_resolverctl__subcmd__cache_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl cache commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__check_commands] )) ||
_resolverctl__subcmd__check_commands() {
    local commands; commands=(
'system:This host\: who is asked for names, who holds port 53, whether the world is reached. Best run as root' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'resolverctl check commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__check__subcmd__help_commands] )) ||
_resolverctl__subcmd__check__subcmd__help_commands() {
    local commands; commands=(
'system:This host\: who is asked for names, who holds port 53, whether the world is reached. Best run as root' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'resolverctl check help commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__check__subcmd__help__subcmd__help_commands] )) ||
_resolverctl__subcmd__check__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl check help help commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__check__subcmd__help__subcmd__system_commands] )) ||
_resolverctl__subcmd__check__subcmd__help__subcmd__system_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl check help system commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__check__subcmd__system_commands] )) ||
_resolverctl__subcmd__check__subcmd__system_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl check system commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__completion_commands] )) ||
_resolverctl__subcmd__completion_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl completion commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__config_commands] )) ||
_resolverctl__subcmd__config_commands() {
    local commands; commands=(
'show:Show the configuration that the daemon runs on, as a file that means it' \
'check:Say what is wrong with a configuration file; needs no daemon' \
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
'show:Show the configuration that the daemon runs on, as a file that means it' \
'check:Say what is wrong with a configuration file; needs no daemon' \
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
'test:What each list in use says of an address or a domain now, and why. Exit code 0\: one that blocks lists it; 1\: none of those that were asked does; 4\: some of them do not tell and no other lists it. Lists that allow or tell do not count' \
'health:Test the lists in use by their own test points now, and show how they are two seconds later' \
'list:The registry with its date\: every list, what its answers mean, and who may ask' \
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
'test:What each list in use says of an address or a domain now, and why. Exit code 0\: one that blocks lists it; 1\: none of those that were asked does; 4\: some of them do not tell and no other lists it. Lists that allow or tell do not count' \
'health:Test the lists in use by their own test points now, and show how they are two seconds later' \
'list:The registry with its date\: every list, what its answers mean, and who may ask' \
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
(( $+functions[_resolverctl__subcmd__flush_commands] )) ||
_resolverctl__subcmd__flush_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl flush commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help_commands] )) ||
_resolverctl__subcmd__help_commands() {
    local commands; commands=(
'status:Is it well? And if not, what to do' \
'stats:Where the time went\: questions, outcomes, latency, the slowest zones and servers' \
'query:Ask a question through the daemon\: the answer, where it came from, how long it took' \
'flush:Remove from the daemon'\''s memory; says how much' \
'servers:What is known of servers, the slowest first\: round trips, silence, EDNS, lameness' \
'zones:The configured zones\: where each leads, and how its servers are' \
'inflight:What is being found out now, for how many, and whom it waits for; the oldest first' \
'cache:What memory holds under a name, and for how long yet' \
'dnsbl:The DNS lists in use\: how they answer, how they are and since when, and what to do' \
'config:The configuration\: what holds, and whether a file is right' \
'nta:Negative trust anchors\: names at and below which broken signatures are overlooked' \
'reload:Have the daemon read its configuration file again; says what has changed. A wrong file changes nothing' \
'completion:Print a script that completes this program'\''s command line' \
'check:See what stands in the way of mail'\''s questions; needs no daemon' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'resolverctl help commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__cache_commands] )) ||
_resolverctl__subcmd__help__subcmd__cache_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help cache commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__check_commands] )) ||
_resolverctl__subcmd__help__subcmd__check_commands() {
    local commands; commands=(
'system:This host\: who is asked for names, who holds port 53, whether the world is reached. Best run as root' \
    )
    _describe -t commands 'resolverctl help check commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__check__subcmd__system_commands] )) ||
_resolverctl__subcmd__help__subcmd__check__subcmd__system_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help check system commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__completion_commands] )) ||
_resolverctl__subcmd__help__subcmd__completion_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help completion commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__config_commands] )) ||
_resolverctl__subcmd__help__subcmd__config_commands() {
    local commands; commands=(
'show:Show the configuration that the daemon runs on, as a file that means it' \
'check:Say what is wrong with a configuration file; needs no daemon' \
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
'test:What each list in use says of an address or a domain now, and why. Exit code 0\: one that blocks lists it; 1\: none of those that were asked does; 4\: some of them do not tell and no other lists it. Lists that allow or tell do not count' \
'health:Test the lists in use by their own test points now, and show how they are two seconds later' \
'list:The registry with its date\: every list, what its answers mean, and who may ask' \
    )
    _describe -t commands 'resolverctl help dnsbl commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__dnsbl__subcmd__health_commands] )) ||
_resolverctl__subcmd__help__subcmd__dnsbl__subcmd__health_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help dnsbl health commands' commands "$@"
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
(( $+functions[_resolverctl__subcmd__help__subcmd__inflight_commands] )) ||
_resolverctl__subcmd__help__subcmd__inflight_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help inflight commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__help__subcmd__nta_commands] )) ||
_resolverctl__subcmd__help__subcmd__nta_commands() {
    local commands; commands=(
'add:Overlook broken signatures at and below a name, so that its mail flows until its owner has mended them' \
'list:The names that are overlooked, and for how long yet' \
'remove:Overlook a name no more' \
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
(( $+functions[_resolverctl__subcmd__help__subcmd__zones_commands] )) ||
_resolverctl__subcmd__help__subcmd__zones_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl help zones commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__inflight_commands] )) ||
_resolverctl__subcmd__inflight_commands() {
    local commands; commands=()
    _describe -t commands 'resolverctl inflight commands' commands "$@"
}
(( $+functions[_resolverctl__subcmd__nta_commands] )) ||
_resolverctl__subcmd__nta_commands() {
    local commands; commands=(
'add:Overlook broken signatures at and below a name, so that its mail flows until its owner has mended them' \
'list:The names that are overlooked, and for how long yet' \
'remove:Overlook a name no more' \
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
'add:Overlook broken signatures at and below a name, so that its mail flows until its owner has mended them' \
'list:The names that are overlooked, and for how long yet' \
'remove:Overlook a name no more' \
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
