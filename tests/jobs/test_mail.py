"""The password of a mail server travels in clear only on this machine, or where the operator says that it may."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from jobs_scene import mail_server

from torim.jobs.base import DeliveryError
from torim.jobs.mail import Mail, Mailer, server_of

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ELSEWHERE = "0.0.0.0"  # leads here, too, but nobody can tell by its looks


def send(url: str) -> None:
    mail = Mail("noa@example.com", "Booked", "See you.", "m1")
    Mailer(server_of(url), "desk@shaked.example").send(mail, NOW)


def with_login(url: str, host: str) -> str:
    return url.replace("127.0.0.1", f"desk:s3cret@{host}")


def test_without_tls_no_password_is_sent_to_another_machine() -> None:
    with mail_server() as post:
        with pytest.raises(DeliveryError, match="tls=optional") as refused:
            send(with_login(post.url, ELSEWHERE))
        assert (post.logins, post.mails) == ([], [])
    assert refused.value.code == "mail.insecure" and not refused.value.final, "it goes out once that is mended"


@pytest.mark.parametrize(("host", "query"), [("127.0.0.1", ""), ("localhost", ""), (ELSEWHERE, "?tls=optional")])
def test_on_this_machine_or_where_it_is_allowed_it_is(host: str, query: str) -> None:
    with mail_server() as post:
        send(with_login(post.url, host) + query)
        assert len(post.logins) == len(post.mails) == 1


def test_a_server_that_wants_no_password_needs_no_tls() -> None:
    with mail_server() as post:
        send(post.url.replace("127.0.0.1", ELSEWHERE))
        assert len(post.mails) == 1


def test_the_addresses_of_mail_servers() -> None:
    assert server_of("smtps://mail.shaked.example").port == 465
    server = server_of("smtp://desk:p%40ss@mail.shaked.example")
    assert (server.port, server.password, server.clear_password) == (587, "p@ss", False)
    for url in ("http://mail.shaked.example", "smtp://", "smtp://mail.shaked.example?tls=never"):
        with pytest.raises(ValueError, match="smtp://user"):
            server_of(url)
