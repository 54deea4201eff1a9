"""Sends the mails of a world's mailbox on by SMTP, to a host that the user names; off unless asked for."""

from __future__ import annotations

import smtplib
import sqlite3
import threading
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime
from types import TracebackType

from simulator.rules.instants import to_datetime
from simulator.sync.mailbox import Mail, Mailbox

DOMAIN = "absim.invalid"
"""Of addresses that are nobody's: that of the sender, and of owners who have a name and no address."""
SENDER = f"no-reply@{DOMAIN}"
TIMEOUT_SECONDS = 10
ROUND_SECONDS = 0.25
"""Real time between two looks into the mailbox."""


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
            why = getattr(error, "strerror", None) or error
            what = f"{self._host}:{self._port} did not take the mail: {why}"
            raise MailNotSent(f"{what}; it waits in the mailbox (/_sim/mails) and is tried again") from error
        return len(mails)

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["From"] = f"Amplitude (simulated) <{SENDER}>"
        message["To"] = self._to or (mail.to if "@" in mail.to else f"{mail.to}@{DOMAIN}")
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(to_datetime(mail.at))
        message["Message-ID"] = f"<mail-{mail.id}@{DOMAIN}>"
        message["X-Absim-Owner"] = mail.to
        message.set_content(mail.body)
        return message


class Rounds:
    """Sends mails on while a world is served, in a thread of its own: a slow host holds up nobody. A context manager.

    `mailbox` is asked each time, since a world that is reset has another one. `tell` hears of a host that takes none,
    once until it does again; the mails wait meanwhile.
    """

    def __init__(
        self, mailbox: Callable[[], Mailbox], host: str, port: int, to: str, tell: Callable[[str], None]
    ) -> None:
        self._mailbox = mailbox
        self._address = (host, port, to)
        self._tell = tell
        self._failing = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="absim-postman", daemon=True)

    def __enter__(self) -> Rounds:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends with a last round."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(ROUND_SECONDS):
            self._round()
        self._round()

    def _round(self) -> None:
        try:
            Postman(self._mailbox(), *self._address).deliver()
        except MailNotSent as error:
            if not self._failing:
                self._tell(str(error))
            self._failing = True
        except sqlite3.ProgrammingError:
            return  # the world was reset meanwhile; the next round asks the new one
        else:
            self._failing = False
