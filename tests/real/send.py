#!/usr/bin/python3
"""One message by SMTP, from an address of ours. send.py SOURCE SERVER[:PORT] FROM TO [SUBJECT]; prints the reply that decided."""

import smtplib
import sys

source, server, sender, recipient = sys.argv[1:5]
subject = sys.argv[5] if len(sys.argv) > 5 else "a test"
try:
    with smtplib.SMTP(server, 0, "helo.sender.example", timeout=120, source_address=(source, 0)) as session:
        session.sendmail(sender, [recipient], f"From: {sender}\r\nTo: {recipient}\r\nSubject: {subject}\r\n\r\nHello.\r\n")
        print("accepted")
except smtplib.SMTPRecipientsRefused as refused:
    print(*(f"{code} {text.decode()}" for code, text in refused.recipients.values()))
except smtplib.SMTPResponseException as refused:
    print(refused.smtp_code, refused.smtp_error.decode())
