# Signs zones with ldns-signzone, and lets resolverd trust them. Sourced by `dnssec.sh` and `tls_policy.sh`.

signed=$work/signed

# key ZONE ALGORITHM [FLAG]: a new key; its name.
key() { (cd "$signed" && ldns-keygen -a "$2" -r /dev/urandom ${3-} "$1"); }

# ds KEY: the DS of a key, as a line for the parent.
ds() { dnssec-dsfromkey -2 "$signed/$1.key"; }

# by_ldns ZONE ALGORITHM [OPTIONS]: signs $signed/ZONE with two new keys; its DS joins those of its parent.
by_ldns() {
  local zone=$1 algorithm=$2 ksk zsk file
  shift 2
  file=$signed/${zone/#./root}
  ksk=$(key "$zone" "$algorithm" -k)
  zsk=$(key "$zone" "$algorithm")
  ldns-signzone "$@" -o "$zone" -f "$file.zone" "$file" "$signed/$zsk" "$signed/$ksk"
  ds "$ksk" >"$file.ds"
  cp "$signed/$ksk.key" "$file.key"
}

# believing FILE [SETTING] [TEXT]: restarts the resolver on this internet, with that file of trust anchors, and TEXT at the end of its
# configuration.
believing() {
  end resolverd
  configure "${3-}"
  sed -i "s#^root_hints = .*#root_hints = \"$signed/root.hints\"#
    s#^validate = false#trust_anchor = \"$1\"\n${2-}#" "$work/resolverd.toml"
  begin resolverd resolverd --config "$work/resolverd.toml"
  watched=resolverd soon ctl stats
}
