# Whether the new version may take over from the running one. packaging/build copies this into the scripts of both packages.
# shellcheck shell=sh

# Reads the configuration as the service does: a file that only root may read would stop it.
accepted() { runuser -u resolverd -- /usr/sbin/resolverd --check 2>&1; }

# tell_refused ERRORS
tell_refused() {
  echo "resolverd goes on in its old version, as the new one does not accept /etc/resolverd/resolverd.toml:"
  printf '%s\n' "$1" | sed 's/^/  /'
  echo "Correct the file, then run: systemctl restart resolverd"
}
