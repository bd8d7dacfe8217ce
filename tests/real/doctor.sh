# `resolverctl check DOMAIN` beside other checkers: pyspf for SPF, Zonemaster, DNSViz and delv for zones; and a browser for the page.
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

browser() {
  chromium --headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update \
    --user-data-dir="$work/browser" "$@" "file://$work/report.html"
}

# The page is drawn with its findings, on the screen and on paper, and the browser fetches nothing for it.
page_in_a_browser() {
  resolverctl --socket "$work/control.sock" check half.example --local --html "$work/report.html" || [ $? -eq 1 ]
  browser --dump-dom >"$work/report.dom"
  has 'a name server does not serve the zone' cat "$work/report.dom"
  browser --no-pdf-header-footer --print-to-pdf="$work/report.pdf"
  has 'a name server does not serve the zone' pdftotext -layout "$work/report.pdf" -
  has 'ns1\.domain\.example\.' pdftotext -layout "$work/report.pdf" -
  # A page that fetches shows that the log would tell.
  browser --log-net-log="$work/fetched.json" --screenshot="$work/report.png"
  hasnt 'http://198\.18\.' grep -oE '"url":"[^"]*"' "$work/fetched.json"
  [ "$(stat -c %s "$work/report.png")" -gt 20000 ]
  sed 's/<h1>/<img src="http:\/\/198.18.0.20\/x"><h1>/; /Content-Security-Policy/d' "$work/report.html" >"$work/spoilt.html"
  mv "$work/spoilt.html" "$work/report.html"
  browser --log-net-log="$work/fetched.json" --screenshot="$work/report.png"
  has 'http://198\.18\.0\.20/x' grep -oE '"url":"[^"]*"' "$work/fetched.json"
}

check "SPF is judged as by pyspf" spf_alike
check "the page of a check in Chromium: findings, on paper too, and nothing is fetched" page_in_a_browser
. "$here/checkers.sh"
