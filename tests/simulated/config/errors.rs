//! The error messages of a configuration file must have the line, and the value to write instead.

use super::{complaint, load};

/// Lines with wrong values, and the error messages.
const WRONG_VALUES: &[(&str, &str)] = &[
    (
        "[listen]\naddresses = [\n\"127.0.0.1\",\n]",
        "line 4: listen.addresses: \"127.0.0.1\" has no port; write \"127.0.0.1:53\"",
    ),
    (
        "[listen]\naddresses = []",
        "line 3: listen.addresses is empty; give at least one address, like \"127.0.0.1:53\"",
    ),
    (
        "[listen]\naddresses = \"127.0.0.1:53\"",
        "line 3: listen.addresses is a string, not a list; put the values in [ and ]",
    ),
    (
        "[listen]\nallow = [\"::1\", \"::1/128\"]",
        "line 3: listen.allow: contains a value twice; remove one of them",
    ),
    ("[listen]\nworkers = 9", "line 3: listen.workers: 9 is out of range; write a whole number from 0 to 4"),
    (
        "[listen]\nworkers = -1",
        "line 3: listen.workers: -1 is out of range; write a whole number from 0 to 4",
    ),
    (
        "[cache]\nsize = \"1MiB\"",
        "line 3: cache.size: \"1MiB\" is too small; write 32MiB or more, in KiB, MiB or GiB, like \"256MiB\"",
    ),
    (
        "[cache]\nsize = \"1MB\"",
        "line 3: cache.size: \"1MB\" is not a size; write 32MiB or more, in KiB, MiB or GiB, like \"256MiB\"",
    ),
    (
        "[cache]\nmax_ttl = \"8d\"",
        "line 3: cache.max_ttl: \"8d\" is out of range; write \"0s\" to \"7d\", like \"500ms\" or \"4s\" or \"1h\"",
    ),
    ("[resolve]\ndeadline = 4", "line 3: resolve.deadline is an integer, not a string; put it in quotes"),
    (
        "[resolve]\ndeadline = \"10s\"",
        "line 3: resolve.deadline: \"10s\" is out of range; write \"1s\" to \"9s\", like \"4s\"",
    ),
    (
        "[[watch]]\ndomain = \"a.example\"\n[[watch]]\ndomain = \"A.example.\"",
        "line 5: watch.domain: \"a.example\" appears twice; remove one of them",
    ),
    (
        "[[watch]]\ndomain = \"a.example\"\ninterval = \"1m\"",
        "line 4: watch.interval: \"1m\" is out of range; write \"10m\" to \"7d\", like \"1h\"",
    ),
    (
        "[[watch]]\ndomain = \"a.example\"\nas = \"receiver\"",
        "line 4: watch.as is \"receiver\"; write one of \"both\", \"sender\", \"recipient\"",
    ),
    (
        "[[watch]]\ndomain = \"192.0.2.1\"",
        "line 3: watch.domain: \"192.0.2.1\" is an address, not a domain of mail addresses; write the part after the @, like \"example.com\"",
    ),
    (
        "[[watch]]\ndomain = \"\u{ff11}\u{ff19}\u{ff12}.0.2.1\"",
        "line 3: watch.domain: \"\u{ff11}\u{ff19}\u{ff12}.0.2.1\" is an address, not a domain of mail addresses; write the part after the @, like \"example.com\"",
    ),
    (
        "[[watch]]\ndomain = \"2001:db8::1\"",
        "line 3: watch.domain: \"2001:db8::1\" is an address, not a domain of mail addresses; write the part after the @, like \"example.com\"",
    ),
    (
        "[[watch]]\ndomain = \"user@example.com\"",
        "line 3: watch.domain: \"user@example.com\" is a mail address, not a domain of mail addresses; write the part after the @, like \"example.com\"",
    ),
    (
        "[[watch]]\ndomain = \"*.example.com\"",
        "line 3: watch.domain: \"*.example.com\" is a wildcard, not a domain of mail addresses; write the part after the @, like \"example.com\"",
    ),
    (
        "[[watch]]\ndomain = \".\"",
        "line 3: watch.domain: \".\" is the root, not a domain of mail addresses; write the part after the @, like \"example.com\"",
    ),
    ("[[watch]]\nas = \"sender\"", "line 2: watch.domain is missing; write domain = below [[watch]]"),
    ("[resolve]\nipv6 = \"no\"", "line 3: resolve.ipv6 has an unknown value; write \"auto\", true or false"),
    ("[resolve]\nrace = \"yes\"", "line 3: resolve.race is a string; write true or false, without quotes"),
    (
        "[resolve]\nupstream_port = 0",
        "line 3: resolve.upstream_port: 0 is out of range; write a whole number from 1 to 65535",
    ),
    (
        "[resolve]\nipv4 = false\nipv6 = false",
        "line 4: resolve.ipv6: and resolve.ipv4 are both false, so resolverd cannot query any server; set one of them to true or \"auto\"",
    ),
    (
        "[resolve]\nsource_ports = \"1024\"",
        "line 3: resolve.source_ports: \"1024\" is not a range of ports; write the first and the last of at least 1024 ports, like \"1024-65535\"",
    ),
    (
        "[resolve]\nsource_ports = \"53-65536\"",
        "line 3: resolve.source_ports: \"53-65536\" is not a range of ports; write the first and the last of at least 1024 ports, like \"1024-65535\"",
    ),
    (
        "[resolve]\nsource_ports = \"53-65535\"",
        "line 3: resolve.source_ports: \"53-65535\" has ports below 1024, which are reserved for services; write the first and the last of at least 1024 ports, like \"1024-65535\"",
    ),
    (
        "[resolve]\nsource_ports = \"5000-5099\"",
        "line 3: resolve.source_ports: \"5000-5099\" has only 100 ports; write the first and the last of at least 1024 ports, like \"1024-65535\"",
    ),
    (
        "[metrics]\nlisten = \"127.0.0.1\"",
        "line 3: metrics.listen: \"127.0.0.1\" has no port; write \"127.0.0.1:9453\"",
    ),
    (
        "[dnstap]\nsocket = \"tap.sock\"",
        "line 3: dnstap.socket: \"tap.sock\" is not an absolute path; write a path like \"/run/dnstap/dnstap.sock\"",
    ),
    (
        "[dnstap]\nsocket = \"/run/tap.sock\"\nmessages = []",
        "line 4: dnstap.messages is empty, so resolverd writes no message; set one of the kinds, or remove dnstap.socket",
    ),
    (
        "[control]\nsocket = \"r.sock\"",
        "line 3: control.socket: \"r.sock\" is not an absolute path; write a path like \"/run/resolverd/control.sock\"",
    ),
    (
        "[log]\nlevel = \"loud\"",
        "line 3: log.level: \"loud\" is not a log level; write one of error, warn, info, debug, trace",
    ),
];

/// Lines below the name of a `[[zone]]`, and the error messages.
const WRONG_ZONES: &[(&str, &str)] = &[
    ("", "line 2: zone has no source of answers; write one of forward, stub, recurse, file, records, block"),
    (
        "stub = [\"10.1.1.1\"]\nforward = [\"10.1.1.1\"]",
        "line 5: zone.forward cannot be used together with stub; remove one of them",
    ),
    ("recurse = false", "line 4: zone.recurse is false; write true, or remove it"),
    (
        "forward = [\"10.1.1.1\"]\nrecurse = true",
        "line 5: zone.recurse cannot be used together with forward; remove one of them",
    ),
    (
        "recurse = true\nforward_first = true",
        "line 5: zone.forward_first is set without forward; remove it, or set forward",
    ),
    ("stub = []", "line 4: zone.stub is empty; give at least one address, like \"10.1.1.1\""),
    (
        "stub = [\n\"10.1.1.1\",\n\"ns.example\"]",
        "line 6: zone.stub: \"ns.example\" is not the address of a server; write it like \"10.1.1.1\", \"127.0.0.1:5300\" or \"[2001:db8::1]:53\"",
    ),
    (
        "stub = [\"10.1.1.1\"]\nforward_first = true",
        "line 5: zone.forward_first is set without forward; remove it, or set forward",
    ),
    (
        "forward = [\"10.1.1.1:dns\"]",
        "line 4: zone.forward: \"10.1.1.1:dns\" is not a forwarder; write it like \"10.1.1.1\", \"10.1.1.1:5353\", \"tls://192.0.2.1#dns.example\" or \"https://192.0.2.1/dns-query#dns.example\"",
    ),
    (
        "forward = [\"tls://10.1.1.1\"]",
        "line 4: zone.forward: \"tls://10.1.1.1\" has no name for the certificate of the server; write it like \"tls://10.1.1.1#dns.example\"",
    ),
    (
        "forward = [\"tls://10.1.1.1#\"]",
        "line 4: zone.forward: \"\" is not a host name; write it like \"tls://192.0.2.1#dns.example\"",
    ),
    (
        "forward = [\"https://dns.example/dns-query#dns.example\"]",
        "line 4: zone.forward: \"https://dns.example/dns-query#dns.example\" is not a forwarder; write it like \"10.1.1.1\", \"10.1.1.1:5353\", \"tls://192.0.2.1#dns.example\" or \"https://192.0.2.1/dns-query#dns.example\"",
    ),
    (
        "forward = [\"https://10.1.1.1/dns-query\"]",
        "line 4: zone.forward: \"https://10.1.1.1/dns-query\" has no name for the certificate of the server; write it like \"https://10.1.1.1/dns-query#dns.example\"",
    ),
    (
        "forward = [\"https://10.1.1.1/dns-query{dns}#dns.example\"]",
        "line 4: zone.forward: \"/dns-query{dns}\" is not the path of a URL; write it like \"https://192.0.2.1/dns-query#dns.example\", without {?dns}; write other characters in the form %20",
    ),
    (
        "forward = [\"https://10.1.1.1/%zz#dns.example\"]",
        "line 4: zone.forward: \"/%zz\" is not the path of a URL; write it like \"https://192.0.2.1/dns-query#dns.example\", without {?dns}; write other characters in the form %20",
    ),
    // The error message must not contain the key of an account.
    (
        "forward = [\"https://10.1.1.1/dns-query?key=secret#dns.example\"]",
        "line 4: zone.forward has a user or a query in the URL of a forwarder; remove the part before @ or behind ?; a URL has the form \"https://192.0.2.1/dns-query#dns.example\"",
    ),
    (
        "forward = [\"https://user:secret@10.1.1.1/dns-query#dns.example\"]",
        "line 4: zone.forward has a user or a query in the URL of a forwarder; remove the part before @ or behind ?; a URL has the form \"https://192.0.2.1/dns-query#dns.example\"",
    ),
    (
        "forward = [\"https://2001:db8::1:8443/dns-query#dns.example\"]",
        "line 4: zone.forward: \"2001:db8::1:8443/dns-query\" has no brackets around its IPv6 address; write \"https://[2001:db8::1:8443]/dns-query#dns.example\"",
    ),
    (
        "forward = [\"https://10.1.1.1/dns-query#dns_example\"]",
        "line 4: zone.forward: \"dns_example\" is not a host name; write it like \"https://192.0.2.1/dns-query#dns.example\"",
    ),
    ("stub = [\"10.1.1.1\"]\nfroward = []", "line 5: zone.froward is not a known key; did you mean forward?"),
    ("stub = [\"10.1.1.1\"]\nworkers = 1", "line 5: zone.workers is not a known key; put it below [listen]"),
    (
        "stub = [\"10.1.1.1\"]\nmax_ttl = \"8d\"",
        "line 5: zone.max_ttl: \"8d\" is out of range; write \"0s\" to \"7d\", like \"500ms\" or \"4s\" or \"1h\"",
    ),
    (
        "stub = [\"10.1.1.1\"]\nsource = [\"10.0.0.1\", \"10.0.0.2\"]",
        "line 5: zone.source has two addresses of the same family; keep one IPv4 and one IPv6 address",
    ),
    (
        "stub = [\"10.1.1.1\"]\n[[zone]]\nstub = [\"10.1.1.1\"]\nname = \"Corp.example.\"",
        "line 7: zone.name: \"corp.example\" appears twice; remove one of them",
    ),
];

/// Wrong sections, and the error messages.
const WRONG_SECTIONS: &[(&str, &str)] = &[
    (
        "[listen]\nworkers = 2\n[listen]\nallow = []",
        "line 4: duplicate key; write each key and each section with all its keys only once",
    ),
    (
        "[listen]\nallow = [\"127.0.0.0/8\", \"128.0.0.0/1\", \"0.0.0.0/1\"]",
        "line 3: listen.allow permits every client (0.0.0.0/0), and attackers abuse open resolvers; name the networks of your clients, or set open_resolver = true",
    ),
    (
        "[listen]\nrefuse = [\"::1\", \"::ffff:10.1.2.3/104\"]",
        "line 3: listen.refuse: ::ffff:10.0.0.0/104 is a prefix of IPv4 in the form of IPv6, which no client has; write \"10.0.0.0/8\" for these clients, or remove it",
    ),
    (
        "[[view]]\nname = \"a\"\nclients = [\"::ffff:0:0/96\"]",
        "line 4: view.clients: ::ffff:0.0.0.0/96 is a prefix of IPv4 in the form of IPv6, which no client has; write \"0.0.0.0/0\" for these clients, or remove it",
    ),
    (
        "[[zone]]\nname = \"a..b\"\nstub = [\"10.1.1.1\"]",
        "line 3: zone.name: \"a..b\" is not a name: a label is empty or longer than 63 octets, or the whole longer than 255; write it like \"corp.example\"",
    ),
    ("[[zone]]\nstub = [\"10.1.1.1\"]", "line 2: zone.name is missing; write name = below [[zone]]"),
    (
        "[zone]\nname = \"a\"",
        "line 2: zone is not a list of sections; write [[zone]] on its own line above each entry",
    ),
    ("[[zones]]\nname = \"a\"", "line 2: zones is not a known section or key; did you mean [[zone]]?"),
    (
        "[[record]]\nname = \"a\"\ntype = \"SOA\"\ndata = [\"x\"]",
        "line 4: record.type is \"SOA\", a type of a zone; add a [[zone]] with a file that has it",
    ),
    (
        "[[record]]\nname = \"*.a\"\ntype = \"A\"\ndata = [\"10.0.0.1\"]",
        "line 3: record.name: \"*.a\" is a wildcard; add a [[zone]] with records = [\"* ...\"]",
    ),
    (
        "[[record]]\nname = \"a\"\ntype = \"MX\"\ndata = [\"mx\"]",
        "line 5: record.data: \"mx\": MX cannot be read; write it as in a zone file",
    ),
    (
        "[[record]]\nname = \"a\"\ntype = \"TXT\"\ndata = [\"v=DMARC1; p=none\"]",
        "line 5: record.data: \"v=DMARC1; p=none\": a semicolon begins a comment; put text with a semicolon in quotes; write it as in a zone file",
    ),
    (
        "[[zone]]\nname = \"a\"\nrecords = ['x TXT \"v=DKIM1\" ; the key', \"y TXT v=DKIM1; p=a\"]",
        "line 4: zone.records: \"y TXT v=DKIM1; p=a\" is not a record of the zone: a semicolon begins a comment; put text with a semicolon in quotes; write it as a line of a zone file, like \"mail MX 10 mx\"",
    ),
    (
        "[[record]]\nname = \"a\"\ntype = \"A\"\ndata = [\"10.0.0.1\"]\n[[record]]\nname = \"A\"\ntype = \"CNAME\"\ndata = [\"b\"]",
        "line 7: record.name: \"a\" has a CNAME and other records; remove the CNAME or the others (RFC 1034 section 3.6.2)",
    ),
    (
        "[[record]]\nname = \"a\"\ntype = \"A\"\ndata = [\"10.0.0.1\"]\n[[record]]\nname = \"A\"\ntype = \"A\"\ndata = [\"10.0.0.2\"]",
        "line 7: record.name: \"a\" appears twice with type A; put all data into one [[record]]",
    ),
    (
        "[[host]]\nname = \"a\"\naddresses = [\"::1\"]\n[[record]]\nname = \"a\"\ntype = \"A\"\ndata = [\"10.0.0.2\"]",
        "line 6: record.name: \"a\" has a [[host]], which has its addresses; put all addresses into the [[host]]",
    ),
    (
        "[[zone]]\nname = \"lan\"\nrecords = [\"mail.example. A 10.0.0.1\"]",
        "line 4: zone.records: \"mail.example. A 10.0.0.1\" is not a record of the zone: mail.example. is outside of the zone; write it as a line of a zone file, like \"mail MX 10 mx\"",
    ),
    (
        "[[host]]\nname = \"a\"\naddresses = [\"b\"]",
        "line 4: host.addresses: \"b\" is not an address; write it like \"192.0.2.1\" or \"2001:db8::1\"",
    ),
    (
        "[[host]]\nname = \"a\"\naddresses = [\"::1\"]\n[[host]]\nname = \"A\"\naddresses = [\"::2\"]",
        "line 6: host.name: \"a\" appears twice; put all its addresses into one [[host]]",
    ),
    (
        "[[listener]]\nallow = []",
        "line 2: listener.addresses is missing; write addresses =, tls =, https = or quic = below [[listener]]",
    ),
    (
        "[[listener]]\ntls = [\"127.0.0.1\"]",
        "line 3: listener.tls: \"127.0.0.1\" has no port; write \"127.0.0.1:853\"",
    ),
    (
        "[[listener]]\ntls = [\"127.0.0.9:853\"]",
        "line 3: listener.certificate is missing, and tls is set; set certificate to a PEM file",
    ),
    (
        "[[listener]]\nhttps = [\"127.0.0.9\"]",
        "line 3: listener.https: \"127.0.0.9\" has no port; write \"127.0.0.9:443\"",
    ),
    (
        "[listen]\nhttps = [\"127.0.0.9:443\"]",
        "line 3: listen.certificate is missing, and https is set; set certificate to a PEM file",
    ),
    (
        "[listen]\ntls = [\"127.0.0.9:443\"]\nhttps = [\"127.0.0.9:443\"]",
        "line 3: listen.certificate is missing, and tls is set; set certificate to a PEM file\nline 4: listen.https: 127.0.0.9:443 appears twice; remove one of them",
    ),
    (
        "[[listener]]\nquic = [\"127.0.0.9\"]",
        "line 3: listener.quic: \"127.0.0.9\" has no port; write \"127.0.0.9:853\"",
    ),
    (
        "[listen]\nquic = [\"127.0.0.9:853\"]\n[[listener]]\ntls = [\"127.0.0.9:853\"]",
        "line 3: listen.certificate is missing, and quic is set; set certificate to a PEM file\nline 5: listener.certificate is missing, and tls is set; set certificate to a PEM file",
    ),
    (
        "[[listener]]\naddresses = [\"0.0.0.0:54\"]\nquic = [\"127.0.0.1:54\"]",
        "line 4: listener.quic: 127.0.0.1:54 overlaps 0.0.0.0:54, where other queries come; use another port: 53 for plain DNS, 853 for TLS and QUIC, 443 for HTTPS\nline 4: listener.certificate is missing, and quic is set; set certificate to a PEM file",
    ),
    (
        "[listen]\ntls = [\"127.0.0.1:53\"]",
        "line 3: listen.tls: 127.0.0.1:53 appears twice; remove one of them\nline 3: listen.certificate is missing, and tls is set; set certificate to a PEM file",
    ),
    (
        "[[listener]]\naddresses = [\"0.0.0.0:54\"]\ntls = [\"127.0.0.1:54\"]",
        "line 4: listener.tls: 127.0.0.1:54 overlaps 0.0.0.0:54, where other queries come; use another port: 53 for plain DNS, 853 for TLS and QUIC, 443 for HTTPS\nline 4: listener.certificate is missing, and tls is set; set certificate to a PEM file",
    ),
    (
        "[listen]\ncertificate = \"/nowhere/a.pem\"",
        "line 3: listen.certificate: /nowhere/a.pem cannot be read: No such file or directory (os error 2); give a PEM file with the certificate of this host first, and then those of its issuers (certbot calls it fullchain.pem)",
    ),
    (
        "[[listener]]\naddresses = [\"127.0.0.1:53\"]",
        "line 3: listener.addresses: 127.0.0.1:53 appears twice; remove one of them",
    ),
    (
        "[metrics]\nlisten = \"127.0.0.1:53\"",
        "line 3: metrics.listen: 127.0.0.1:53 is an address of a listener; use another port, like \"127.0.0.1:9453\"",
    ),
    (
        "[metrics]\nlisten = \"0.0.0.0:54\"\n[[listener]]\naddresses = [\"127.0.0.1:54\"]",
        "line 3: metrics.listen: 0.0.0.0:54 overlaps 127.0.0.1:54, an address of a listener; use another port, like \"0.0.0.0:9453\"",
    ),
    (
        "[metrics]\nlisten = \"10.0.0.1:54\"\n[[listener]]\naddresses = [\"0.0.0.0:54\"]",
        "line 3: metrics.listen: 10.0.0.1:54 overlaps 0.0.0.0:54, an address of a listener; use another port, like \"10.0.0.1:9453\"",
    ),
    (
        "[[listener]]\naddresses = [\"127.0.0.2:53\"]\nzones = [\"lan\"]",
        "line 4: listener.zones: \"lan\" is not a configured zone; add a [[zone]] for it, or remove it here",
    ),
    ("[[view]]\nclients = [\"10.0.0.0/8\"]", "line 2: view.name is missing; write name = below [[view]]"),
    (
        "[[view]]\nname = \"in house\"\nclients = [\"10.0.0.0/8\"]",
        "line 3: view.name: \"in house\" is not the name of a view; write a word like \"office\": letters, digits, -, _ and ., at most 63",
    ),
    ("[[view]]\nname = \"office\"", "line 2: view.clients is missing; write clients = below [[view]]"),
    (
        "[[view]]\nname = \"office\"\nclients = []",
        "line 4: view.clients is empty, so the view has no clients; add a network, or remove the [[view]]",
    ),
    (
        "[[view]]\nname = \"office\"\nclients = [\"10.0.0.0/8\", \"10.1.2.3/8\"]",
        "line 4: view.clients: contains a value twice; remove one of them",
    ),
    (
        "[[zone]]\nname = \".\"\nblock = true",
        "line 4: zone.block cannot block the root; block a name below it, or remove it",
    ),
    ("[[zone]]\nname = \"a\"\nblock = false", "line 4: zone.block is false; write true, or remove it"),
    (
        "[[zone]]\nname = \"a\"\nblock = true\nrecords = []",
        "line 5: zone.records cannot be used together with block; remove one of them",
    ),
    (
        "[[view]]\nname = \"office\"\nclients = [\"10.0.0.0/8\"]\n[[view]]\nname = \"office\"\nclients = [\"10.1.0.0/16\"]",
        "line 6: view.name: \"office\" appears twice; put all its networks into one [[view]]",
    ),
    (
        "[[view]]\nname = \"office\"\nclients = [\"10.0.0.0/8\"]\n[[view]]\nname = \"guests\"\nclients = [\"10.9.9.9/8\"]",
        "line 7: view.clients: 10.0.0.0/8 is also a network of the view \"office\"; remove it from one of them",
    ),
    (
        "[[view]]\nname = \"office\"\nclients = [\"10.0.0.0/8\"]\nzones = [\"lan\"]",
        "line 5: view.zones: \"lan\" is not a configured zone; add a [[zone]] for it, or remove it here",
    ),
    (
        "[[view]]\nname = \"office\"\nclients = [\"10.0.0.0/8\"]\nzones = [\"lan\"]\n[[zone]]\nname = \"lan\"\nview = \"office\"\nrecords = []",
        "line 5: view.zones: \"lan\" is a zone of a view only; add a [[zone]] for it without `view`, or remove it here",
    ),
    (
        "[[view]]\nname = \"office\"\nclients = [\"10.0.0.0/8\"]\n[[listener]]\naddresses = [\"127.0.0.2:53\"]\nzones = [\"lan\"]\n[[zone]]\nname = \"lan\"\nview = \"office\"\nrecords = []",
        "line 7: listener.zones: \"lan\" is a zone of a view only; add a [[zone]] for it without `view`, or remove it here",
    ),
    (
        "[[view]]\nname = \"office\"\nclients = [\"10.0.0.0/8\"]\n[[zone]]\nname = \"lan\"\nview = \"offcie\"\nrecords = []",
        "line 7: zone.view: \"offcie\" is not the name of a [[view]]; add a [[view]] with this name, or remove it here",
    ),
    (
        "[[view]]\nname = \"office\"\nclients = [\"10.0.0.0/8\"]\n[[zone]]\nname = \"lan\"\nview = \"office\"\nrecords = []\n[[zone]]\nname = \"lan\"\nrecords = []\n[[zone]]\nname = \"LAN.\"\nview = \"office\"\nrecords = []",
        "line 13: zone.name: \"lan\" appears twice in the view \"office\"; remove one of them",
    ),
    (
        "resolve.source = [\"0.0.0.0\"]",
        "line 2: resolve.source: \"0.0.0.0\" cannot be an address of this host; write one of its addresses, like \"192.0.2.1\"",
    ),
];

#[test]
fn unknown_key_error_suggests_nearest_key() {
    assert_eq!(
        complaint("[listen]\nadresses = []\n"),
        "line 3: listen.adresses is not a known key; did you mean addresses?"
    );
    assert_eq!(
        complaint("[resolv]\nrace = true\n"),
        "line 2: resolv is not a known section or key; did you mean [resolve]?"
    );
    assert_eq!(
        complaint("size = \"1GiB\"\n"),
        "line 2: size is not a known section or key; put it below [cache]"
    );
    assert_eq!(
        complaint("[log]\nrace = true\n"),
        "line 3: log.race is not a known key; put it below [resolve]"
    );
    assert_eq!(
        complaint("[cache]\nfrobnicate = 1\n"),
        "line 3: cache.frobnicate is not a known key; the keys of [cache] are max_ttl, negative_max_ttl, prefetch, serve_stale, size, snapshot"
    );
    assert_eq!(complaint("listen = 5\n"), "line 2: listen is not a section; write [listen] on its own line");
}

#[test]
fn wrong_value_error_says_correct_form() {
    for (text, expected) in WRONG_VALUES {
        assert_eq!(complaint(text), *expected);
    }
}

#[test]
fn all_errors_come_in_file_order() {
    let errors =
        load("version = 1\n[log]\nlevel = 5\n[cache]\nsise = 1\n[listen]\nworkers = true\n").unwrap_err();
    let lines: Vec<&str> = errors.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(lines, ["line 3", "line 5", "line 7"], "{errors}");
}

#[test]
fn toml_syntax_error_has_its_line() {
    let errors = load("version = 1\n[listen\nworkers = 1\n").unwrap_err();
    assert!(errors.starts_with("line 2: "), "{errors}");
}

#[test]
fn long_value_is_shortened_and_escaped() {
    let long = "x".repeat(3_000_000);
    for text in [
        format!("[log]\nlevel = \"{long}\""),
        format!("[listen]\naddresses = [\"{long}\"]"),
        format!("[listen]\nworkers = 1{}", "0".repeat(3_000_000)),
        format!("[listen]\n{long} = 1"),
        format!("{long} = 1"),
        format!("[[zone]]\nname = \"{long}\"\nstub = [\"::1\"]"),
        format!("[[zone]]\nname = \"a\"\nforward = [\"tls://{long}\"]"),
        format!("[[zone]]\nname = \"a\"\nfile = \"{long}\""),
        format!("[[list]]\nname = \"a\"\nlisted = [\"{long}\"]"),
        format!("[[list]]\nname = \"a\"\ntests = {{ {long} = [] }}"),
        format!("[log\n{long}"),
    ] {
        let said = load(&format!("version = 1\n{text}\n")).unwrap_err();
        assert!(said.len() < 2_000, "{} octets: {}", said.len(), said.chars().take(300).collect::<String>());
    }
    assert_eq!(
        complaint(&format!("[log]\nlevel = \"{long}\"")),
        format!(
            "line 3: log.level: \"{}… (3000000 characters)\" is not a log level; write one of error, warn, info, debug, trace",
            "x".repeat(config::limits::MAX_SHOWN_VALUE)
        )
    );
    assert_eq!(
        complaint("[log]\nlevel = \"\\u001b[31mred\\u0007\\u202e\""),
        "line 3: log.level: \"\\u{1b}[31mred\\u{7}\\u{202e}\" is not a log level; write one of error, warn, info, debug, trace"
    );
    let said = complaint("[resolve]\nroot_hints = \"a\\u001bb\\nc\"");
    assert!(said.contains("a\\u{1b}b\\nc cannot be read") && said.lines().count() == 1, "{said}");
}

#[test]
fn number_of_errors_is_limited() {
    let keys: String = (0..200_000).map(|number| format!("wrong{number} = 1\n")).collect();
    let said = load(&format!("version = 1\n[cache]\n{keys}")).unwrap_err();
    assert_eq!(said.lines().count(), config::limits::MAX_PROBLEMS + 1);
    assert!(said.ends_with("has 199900 more errors; correct these first\n"), "{said}");
}

#[test]
fn unreadable_root_hints_are_named() {
    let told = complaint("[resolve]\nroot_hints = \"/nowhere/hints\"\n");
    assert!(told.starts_with("line 3: resolve.root_hints: /nowhere/hints cannot be read: "), "{told}");
}

#[test]
fn wrong_section_error_has_its_line() {
    let zone = |text: &str| complaint(&format!("[[zone]]\nname = \"corp.example\"\n{text}"));
    for (text, expected) in WRONG_ZONES {
        assert_eq!(zone(text), *expected);
    }
    for (text, expected) in WRONG_SECTIONS {
        assert_eq!(complaint(text), *expected);
    }
    let told = zone("file = \"/nowhere/corp.zone\"\n");
    assert!(told.starts_with("line 4: zone.file: /nowhere/corp.zone cannot be read: "), "{told}");
    let many = (0..=config::limits::MAX_LISTENERS)
        .map(|number| format!("[[listener]]\naddresses = [\"127.0.1.{number}:53\"]\n"));
    let told = complaint(&many.collect::<String>());
    assert_eq!(told, "line 34: listener: exceeds the maximum of 16; remove some");
}

#[test]
fn exceeded_view_limit_error_has_line() {
    let view = |number: usize| {
        format!(
            "[[view]]\nname = \"v{number}\"\nclients = [\"10.{number}.0.0/16\"]\n[[zone]]\nname = \"a\"\nview = \"v{number}\"\nrecords = []\n"
        )
    };
    let views = |most: usize| (1..=most).map(view).collect::<String>();
    let wrong = |found: usize| {
        format!(
            "has one set of zones too many: {found} groups of clients differ in zones, dnsbl or on_refusal, with the clients in no [[view]]; the maximum is {}; give views the same zones, or remove a [[view]] or [[listener]]",
            config::limits::MAX_VIEWS
        )
    };
    load(&format!("version = 1\n{}", views(config::limits::MAX_VIEWS - 1))).unwrap();
    assert_eq!(complaint(&views(config::limits::MAX_VIEWS)), format!("line 52: view {}", wrong(9)));
    // A listener with other settings for DNS lists doubles the number of combinations of views.
    let listener = "[[listener]]\naddresses = [\"127.0.0.2:53\"]\ndnsbl = \"pass\"\n";
    load(&format!("version = 1\n{}{listener}", views(3))).unwrap();
    assert_eq!(complaint(&format!("{}{listener}", views(4))), format!("line 31: listener {}", wrong(10)));
}

// A [[listener]] that names a wrong [[zone]] causes no second error.
#[test]
fn wrong_zone_is_reported_once() {
    let text = "version = 1\n[[listener]]\naddresses = [\"127.0.0.2:53\"]\nzones = [\"lan\"]\n[[zone]]\nname = \"lan\"\n[[host]]\n";
    let errors = load(text).unwrap_err();
    let lines: Vec<&str> = errors.lines().filter_map(|line| line.split("; ").next()).collect();
    assert_eq!(
        lines,
        [
            "line 5: zone has no source of answers",
            "line 7: host.name is missing",
            "line 7: host.addresses is missing",
        ]
    );
}
