-- The calls of Debian's /etc/powerdns/recursor.lua.
readTrustAnchorsFromFile("/usr/share/dns/root.key")
