# Checks and their output. Sourced by `run`.

passed=0
failed=0

# check NAME COMMAND...: one line, "ok NAME" or "FAILED NAME"; below a failure, the output of the command.
check() {
  local name=$1 status began=$EPOCHREALTIME took
  shift
  # Not in a condition: there the shell would continue after a failed command.
  set +e
  (set -e; "$@") >"$work/seen" 2>&1 </dev/null
  status=$?
  set -e
  took=$(awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $began }")
  if [ $status -eq 0 ]; then
    passed=$((passed + 1))
    echo "ok $name ($took s)"
    # Figures are useful after a success, too.
    sed -n 's/^figure: /     /p' "$work/seen"
  else
    failed=$((failed + 1))
    echo "FAILED $name ($took s)"
    tail -n 40 "$work/seen" | cut -c 1-400 | sed 's/^/     /'
    { echo "FAILED $name: its last lines"; tail -n 5 "$work/seen" | cut -c 1-200 | sed 's/^/     /'; } >>"$work/failures"
  fi
}

# has PATTERN COMMAND...: prints what the command prints, fails if no line of it matches.
has() {
  local pattern=$1 output
  shift
  output=$("$@" 2>&1) || true
  printf '$ %s\n%s\n' "$*" "$output"
  grep -qE -- "$pattern" <<<"$output" || { echo "wanted: $pattern"; return 1; }
}

# hasnt PATTERN COMMAND...: the opposite; the command must succeed.
hasnt() {
  local pattern=$1 output
  shift
  output=$("$@" 2>&1) || { echo "$* failed: $output"; return 1; }
  printf '$ %s\n%s\n' "$*" "$output"
  ! grep -qE -- "$pattern" <<<"$output" || { echo "unwanted: $pattern"; return 1; }
}

# at_most LIMIT VALUE WHAT: both numbers may have decimals.
at_most() {
  awk "BEGIN { exit !($2 <= $1) }" || { echo "$3: $2, wanted at most $1"; return 1; }
}

# soon COMMAND...: tries until it succeeds, at most 20 s; if `watched` names a program, only while it lives.
soon() {
  local try
  for ((try = 0; try < 400; try++)); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    if [ -n "${watched-}" ] && ! kill -0 "$(pid "$watched")" 2>/dev/null; then
      echo "$watched has ended: $(tail -n 3 "$work/$watched.log")"
      return 1
    fi
    read -r -t 0.05 <>"$work/never" || true
  done
  echo "not within 20 s: $*"
  return 1
}

# begin NAME COMMAND...: starts a program in the background; its output goes to $work/NAME.log. Its id is in a file,
# because a check is a shell of its own.
begin() {
  local name=$1
  shift
  # The id must be that of the program, not that of a shell that runs a function.
  [ "$1" != internet ] || set -- ip netns exec "$@"
  "$@" >>"$work/$name.log" 2>&1 </dev/null &
  echo $! >"$work/$name.pid"
}

pid() { cat "$work/$1.pid"; }

# end NAME: ends it and waits for its end.
end() {
  local id
  id=$(pid "$1")
  kill "$id" 2>/dev/null || return 0
  timeout 20 tail -s 0.02 --pid="$id" -f /dev/null || { echo "$1 does not end"; return 1; }
}

# The namespaces and all processes in them end with this shell.
finish() {
  # If this names a directory, the output of the programs is kept there for the analysis of a failure.
  if [ -n "${REAL_LOGS-}" ]; then cp "$work"/*.log "$REAL_LOGS"/; fi
  # Once more at the end, where one looks first.
  if [ "$failed" -gt 0 ]; then cat "$work/failures"; fi
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}
