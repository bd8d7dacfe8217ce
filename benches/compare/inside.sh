# What each comparison does before it measures. Sourced by the scripts next to it, outside their namespaces.

# built PROFILE: builds resolverd, unless RESOLVERD names a program, and makes the folder $work, which is removed when the script ends.
built() {
  local root=${BASH_SOURCE[0]%/*}/../..
  if [ -z "${RESOLVERD-}" ]; then
    (cd "$root" && cargo build --profile "$1" --locked --bins)
    RESOLVERD=${CARGO_TARGET_DIR:-$root/target}/$1/resolverd
  fi
  RESOLVERD=$(realpath "$RESOLVERD") work=$(mktemp -d)
  export RESOLVERD work LC_ALL=C
  trap 'rm -r "$work"' EXIT
}

# inside ARGUMENT...: runs the script again in network, mount and process namespaces of its own, which end with it.
inside() {
  PATH=$PATH:/usr/sbin INSIDE=yes unshare --net --mount --pid --fork --kill-child --mount-proc "$0" "$@"
}
