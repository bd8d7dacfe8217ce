# `resolverctl check DOMAIN` beside other checkers: pyspf for SPF, Zonemaster, DNSViz and delv for zones.
# Sourced by `run`.

# spf_result NAME ADDRESS: the result of resolverctl, in the words of RFC 7208.
spf_result() {
  local found
  found=$(resolverctl --socket "$work/control.sock" --json check "$1" --as-sender --local --from "$2" | grep -E '"code":"spf_')
  case $found in
    *'"spf_multiple"'* | *'"spf_void_lookups"'*) echo permerror ;;
    *'"spf_missing"'*) echo none ;;
    *'"spf_from_'*) sed -nE "s/.*\"spf_from_[a-z]*\",\"evidence\":\"$2 for [^ ]*: ([a-z]*)\".*/\1/p" <<<"$found" ;;
    *) echo "$found" ;;
  esac
}

pyspf_result() {
  /usr/bin/python3 -c "import spf; print(spf.check2(i='$2', s='user@$1', h='mx.doctor.example')[0])"
}

# Each name of the zone with an SPF record, from an address that a record allows and from one that none does.
spf_alike() {
  local name address ours theirs differ=0 compared=0
  soon resolverctl --socket "$work/control.sock" status
  for name in sound soft neutral open two syntax many void include nested redirect missing; do
    for address in 198.18.77.10 198.18.77.11; do
      ours=$(spf_result $name.doctor.example $address)
      theirs=$(pyspf_result $name.doctor.example $address)
      compared=$((compared + 1))
      [ "$ours" = "$theirs" ] || { echo "$name $address: resolverctl $ours, pyspf $theirs"; differ=1; }
    done
  done
  echo "figure: $compared results"
  return $differ
}

check "SPF is judged as by pyspf" spf_alike
. "$here/checkers.sh"
