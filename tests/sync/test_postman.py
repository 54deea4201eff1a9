"""Mails sent on by SMTP, to a real server on this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from simulator.rules.cadence import Cadence
from simulator.rules.identity import AmplitudeUser
from simulator.sync.postman import MailNotSent, Postman, Rounds


class Inbox(MessageHandler):
    """Keeps what arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.messages.append(message)


@pytest.fixture
def smtp() -> Iterator[tuple[Inbox, int]]:
    inbox = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:  # the controller cannot choose a port by itself
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield inbox, port
    controller.stop()


def test_mails_are_sent_on_once(bench: Any, ida: AmplitudeUser, smtp: tuple[Inbox, int]) -> None:
    inbox, port = smtp
    bench.source.cohort("openers", ida, name="Öffner")
    bench.engine.create_sync("openers", bench.connect().id, Cadence.ONE_TIME)
    postman = Postman(bench.engine.mailbox, "127.0.0.1", port, "team@example.test")
    assert [1, 0] == [postman.deliver(), postman.deliver()]
    (message,) = inbox.messages
    assert ("team@example.test", "owner") == (message["To"], message["X-Absim-Owner"])
    assert "Mon, 02 Mar 2026 10:00:00" in message["Date"]


def test_a_host_that_takes_no_mail_is_named_and_nothing_is_lost(
    bench: Any, ida: AmplitudeUser, smtp: tuple[Inbox, int]
) -> None:
    inbox, port = smtp
    bench.source.cohort("openers", ida)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.ONE_TIME)
    with pytest.raises(MailNotSent, match="did not take the mail"):
        Postman(bench.engine.mailbox, "127.0.0.1", 1, "team@example.test").deliver()
    assert 1 == Postman(bench.engine.mailbox, "127.0.0.1", port, "team@example.test").deliver()
    assert 1 == len(inbox.messages)


def test_rounds_send_what_is_there_at_the_end_at_the_latest(
    bench: Any, ida: AmplitudeUser, smtp: tuple[Inbox, int]
) -> None:
    inbox, port = smtp
    bench.source.cohort("openers", ida)
    told: list[str] = []
    with Rounds(lambda: bench.engine.mailbox, "127.0.0.1", port, "", told.append):
        bench.engine.create_sync("openers", bench.connect().id, Cadence.ONE_TIME)

    assert ["owner@absim.invalid"] == [message["To"] for message in inbox.messages]
    assert [] == told


def test_rounds_say_once_that_a_host_takes_no_mail(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ida)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.ONE_TIME)
    told: list[str] = []
    heard = threading.Event()

    def tell(text: str) -> None:
        told.append(text)
        heard.set()

    with Rounds(lambda: bench.engine.mailbox, "127.0.0.1", 1, "", tell):
        assert heard.wait(20)

    (said,) = told
    assert (
        "127.0.0.1:1 did not take the mail: Connection refused; it waits in the mailbox (/_sim/mails) and is tried"
        in said
    )
