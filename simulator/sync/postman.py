"""Sends the mails of a world's mailbox on by SMTP, to a host that the user names; off unless asked for."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from email.utils import format_datetime

from simulator.rules.instants import to_datetime
from simulator.sync.mailbox import Mail, Mailbox

SENDER = "no-reply@absim.invalid"
TIMEOUT_SECONDS = 10


class MailNotSent(RuntimeError):
    """The SMTP host could not be reached or refused a mail; the mails are still in the mailbox."""


class Postman:
    """Delivers each mail at most once per world: how far it got is stored beside the mails."""

    def __init__(self, mailbox: Mailbox, host: str, port: int, to: str) -> None:
        self._mailbox = mailbox
        self._host = host
        self._port = port
        self._to = to

    def deliver(self) -> int:
        """Send what has not been sent yet; the number of mails. Raises MailNotSent."""
        mails = self._mailbox.mails(after=self._mailbox.sent_on())
        if not mails:
            return 0
        try:
            with smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_SECONDS) as connection:
                for mail in mails:
                    connection.send_message(self._message(mail))
                    self._mailbox.mark_sent_on(mail.id)
        except OSError as error:  # smtplib's own errors are OSErrors too
            raise MailNotSent(f"{self._host}:{self._port} did not take the mail: {error}") from error
        return len(mails)

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["From"] = f"Amplitude (simulated) <{SENDER}>"
        message["To"] = self._to or mail.to
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(to_datetime(mail.at))
        message["Message-ID"] = f"<mail-{mail.id}@absim.invalid>"
        message["X-Absim-Owner"] = mail.to
        message.set_content(mail.body)
        return message
