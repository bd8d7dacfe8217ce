#!/usr/bin/python3
"""Sends many mails at once, and prints how each ended.

mails.py SOURCE SERVER PORT DIRECTORY RECIPIENT...: each file of DIRECTORY is a message, and its name the domain of its sender.
Each goes to each recipient on a connection of its own. Prints a line for each: the first label of the domain, the local part of
the recipient, the reply that decided ("250", or the first words of a refusal), and the seconds until then.
"""

import concurrent.futures
import pathlib
import smtplib
import sys
import time

source, server, port, directory = sys.argv[1:5]


def send(message, recipient):
    began = time.monotonic()
    try:
        with smtplib.SMTP(server, int(port), "client.sender.example", timeout=120, source_address=(source, 0)) as session:
            session.sendmail(f"someone@{message.name}", [recipient], message.read_bytes())
            reply = "250"
    except smtplib.SMTPRecipientsRefused as refused:
        code, text = next(iter(refused.recipients.values()))
        reply = f"{code} {text.decode()}"
    except smtplib.SMTPResponseException as refused:
        reply = f"{refused.smtp_code} {refused.smtp_error.decode()}"
    return message.name.split(".")[0], recipient.split("@")[0], time.monotonic() - began, " ".join(reply.split())


messages = sorted(pathlib.Path(directory).iterdir())
with concurrent.futures.ThreadPoolExecutor(len(messages) * len(sys.argv)) as pool:
    sent = [pool.submit(send, message, recipient) for message in messages for recipient in sys.argv[5:]]
    for done in sent:
        case, recipient, seconds, reply = done.result()
        print(f"{case} {recipient} {seconds:.1f} {reply}")
