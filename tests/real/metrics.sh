# Metrics as Prometheus reads them, the shipped alerts and dashboard, and the plug-in for monitoring. Sourced by `run`.

raise_metrics() {
  serve measured 198.18.0.22@5354 corp.example
  soon has NOERROR dig @198.18.0.22 -p 5354 corp.example SOA
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=gateway.example \
    -addext subjectAltName=DNS:gateway.example -keyout "$work/short.key" -out "$work/short.pem" 2>&1
  chmod 640 "$work/short.key"
  restart '[[listener]]
tls = ["127.0.0.1:8853"]
certificate = "'"$work/short.pem"'"
key = "'"$work/short.key"'"
[metrics]
listen = "127.0.0.1:9453"
[[zone]]
name = "corp.example"
stub = ["198.18.0.22:5354"]
[[list]]
name = "bl.lists.example"
purpose = "block"
subjects = ["ip4"]
quota = 1000'
  has '198\.18\.77\.10' dig @127.0.0.1 +short domain.example A
  has '198\.18\.77\.60' dig @127.0.0.1 +short www.corp.example A
  has '127\.0\.0\.2' dig @127.0.0.1 +short 66.77.18.198.bl.lists.example A
}

# scrape: the metrics, as one request gets them.
scrape() {
  /usr/bin/python3 -c 'import urllib.request as get; print(get.urlopen("http://127.0.0.1:9453/metrics", timeout=10).read().decode(), end="")'
}

alerts() {
  promtool check rules conf/alerts.yml
}

text_format() {
  scrape >"$work/scraped"
  # It prints a line for each break of the practice of Prometheus, and exits with 3.
  promtool check metrics <"$work/scraped"
  has '^resolverd_list_queries_total\{list="bl\.lists\.example"\} 1$' cat "$work/scraped"
  has '^resolverd_list_quota\{list="bl\.lists\.example"\} 1000$' cat "$work/scraped"
  has '^resolverd_zone_failing\{zone="corp\.example"\} 0$' cat "$work/scraped"
  # Names of strangers are in no label.
  hasnt 'domain\.example|198\.18\.' cat "$work/scraped"
}

# The page in a browser: its parts are there after its scripts ran, and nothing is on the console.
page() {
  local chromium=(chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/chromium" --virtual-time-budget=5000)
  "${chromium[@]}" --enable-logging=stderr --dump-dom http://127.0.0.1:9453/ >"$work/page" 2>"$work/console"
  has '<td data-head="list">bl\.lists\.example</td>' cat "$work/page"
  has '<iframe id="why"' cat "$work/page"
  has 'The slowest of the last hour' cat "$work/page"
  hasnt 'CONSOLE' cat "$work/console"
}

# ask_prometheus EXPRESSION
ask_prometheus() { promtool query instant http://127.0.0.1:9090 "$1"; }

scraped_by_prometheus() {
  cat >"$work/prometheus.yml" <<EOF
global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files: ["$PWD/conf/alerts.yml"]
scrape_configs:
  - job_name: resolverd
    static_configs:
      - targets: ["127.0.0.1:9453"]
EOF
  begin prometheus prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/prometheus" \
    --web.listen-address=127.0.0.1:9090
  watched=prometheus soon has '=> [1-9]' ask_prometheus 'sum(resolverd_queries_total)'
  has '=> 1 ' ask_prometheus 'up{job="resolverd"}'
  has '=> 1 ' ask_prometheus 'resolverd_list_state{list="bl.lists.example"} == 1'
}

# Each expression of the dashboard is one of PromQL and finds something, except rates, which need two scrapes.
dashboard() {
  local expression
  /usr/bin/python3 -c 'import json, sys
for panel in json.load(open("conf/grafana.json"))["panels"]:
    for target in panel["targets"]:
        print(target["expr"].replace("$instance", ".*").replace("$__rate_interval", "5s"))' >"$work/expressions"
  [ "$(wc -l <"$work/expressions")" -gt 20 ]
  while read -r expression; do
    case $expression in
      *rate\(*) ask_prometheus "$expression" </dev/null ;;
      *) has '=>' ask_prometheus "$expression" ;;
    esac
  done <"$work/expressions"
}

# The server of a zone that worked is gone: the zone fails, and the alert about it waits for its time.
failing_zone() {
  local try
  end measured
  for try in 1 2 3 4; do dig @127.0.0.1 +tries=1 +timeout=6 "www$try.corp.example" A; done
  soon has '^resolverd_zone_failing\{zone="corp\.example"\} 1$' scrape
  soon has 'alertname="ResolverdZoneFailing", alertstate="pending"' ask_prometheus 'ALERTS{}'
  has '^RESOLVERD WARNING - [0-9]+ resolutions for zone corp\.example\. .*\|uptime=' ctl status --plugin
}

# A certificate that nobody has renewed.
ending_certificate() {
  soon has 'alertname="ResolverdCertificateExpires", alertstate="firing", file="[^"]*/short\.pem"' ask_prometheus 'ALERTS{}'
  has 'certificate .*/short\.pem expires on ' ctl status
  has 'certificate .*/short\.pem expires on ' cat "$work/resolverd.log"
}

unreachable() {
  end prometheus
  end resolverd
  has '^RESOLVERD CRITICAL - cannot connect to resolverd' ctl status --plugin
  local status=0
  ctl status --plugin || status=$?
  [ "$status" -eq 2 ]
}

check "metrics: the configuration is taken" raise_metrics
check "metrics: promtool accepts the alerts" alerts
check "metrics: promtool accepts the metrics and finds no bad practice" text_format
check "metrics: Prometheus scrapes them" scraped_by_prometheus
check "metrics: Prometheus accepts the dashboard" dashboard
check "metrics: a failing zone is in the metrics, the alerts and the plug-in" failing_zone
check "metrics: the page shows its parts in Chromium without an error" page
check "metrics: a certificate that expires soon is in the alerts" ending_certificate
check "metrics: the plug-in tells that the daemon is not there" unreachable
restart
