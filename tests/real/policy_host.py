#!/usr/bin/env python3
"""policy_host.py ADDRESS FOLDER CERTIFICATE KEY: an HTTPS server at port 443 with MTA-STS policies.

A request for the host NAME gets the file FOLDER/NAME. Without such a file the status is 404. A file that begins with "redirect"
becomes a redirect to the policy of another host.
"""
import http.server
import pathlib
import ssl
import sys

address, folder, certificate, key = sys.argv[1:]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        file = pathlib.Path(folder, pathlib.Path(self.headers["Host"]).name)
        text = file.read_bytes() if self.path == "/.well-known/mta-sts.txt" and file.exists() else None
        self.send_response(404 if text is None else 301 if text.startswith(b"redirect") else 200)
        if text and text.startswith(b"redirect"):
            self.send_header("Location", "https://mta-sts.enforce.net/.well-known/mta-sts.txt")
            text = b""
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text or b"")))
        self.end_headers()
        self.wfile.write(text or b"")


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
with http.server.ThreadingHTTPServer((address, 443), Handler) as server:
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print("serving", flush=True)
    server.serve_forever()
