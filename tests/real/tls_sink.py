#!/usr/bin/env python3
"""tls_sink.py ADDRESS NAME CERTIFICATE KEY: an SMTP server at port 25 that offers STARTTLS and takes every mail."""
import socketserver
import ssl
import sys

address, name, certificate, key = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)


class Session(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")
        self.wfile.flush()

    def handle(self):
        self.say(f"220 {name} ESMTP")
        secure = False
        while line := self.rfile.readline():
            word = line.split(b":")[0].split()[0].upper() if line.strip() else b""
            if word in (b"EHLO", b"HELO"):
                self.say(f"250{' ' if secure else '-'}{name}")
                if not secure:
                    self.say("250 STARTTLS")
            elif word == b"STARTTLS" and not secure:
                self.say("220 ready")
                self.request = context.wrap_socket(self.request, server_side=True)
                self.setup()
                secure = True
            elif word == b"DATA":
                self.say("354 go on")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                self.say("250 taken")
            elif word == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 well")


socketserver.ThreadingTCPServer.allow_reuse_address = True
with socketserver.ThreadingTCPServer((address, 25), Session) as server:
    print("serving", flush=True)
    server.serve_forever()
