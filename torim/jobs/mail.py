"""E-mail by SMTP: messages are put together and handed to one server.

It decides which answers are final, and that a password travels in clear only where it may. A message keeps its
``Message-ID`` when it is sent again after a crash, so that servers and mailboxes can tell that it is the same.
"""

from __future__ import annotations

import ipaddress
import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from torim.jobs.base import DeliveryError

TIMEOUT_S = 20.0
PORTS = {"smtp": 587, "smtps": 465}
CLEAR = "tls=optional"  # at the end of an address: its password may travel without TLS


@dataclass(frozen=True, slots=True)
class MailServer:
    """An SMTP server: ``smtps`` speaks TLS from the beginning, ``smtp`` once the server offers it."""

    host: str
    port: int
    implicit_tls: bool = False
    user: str | None = None
    password: str | None = None
    clear_password: bool = False  # it may travel without TLS


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one person; ``calendar`` is the text of an ICS file and what it asks of a calendar."""

    to: str
    subject: str
    text: str
    message_id: str  # the part before the @
    calendar: str | None = None
    calendar_method: str = "PUBLISH"


def server_of(url: str) -> MailServer:
    """The server of an address such as ``smtp://user:password@mail.example.com:587``.

    Raises:
        ValueError: It is no such address.
    """
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or parts.query not in ("", CLEAR):
        raise ValueError("an address such as smtp://user:password@mail.example.com:587")
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    port = parts.port or PORTS[parts.scheme]
    clear = parts.query == CLEAR or _is_this_machine(parts.hostname)
    return MailServer(parts.hostname, port, parts.scheme == "smtps", user, password, clear)


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Mailer:
    """Sends mail from one address; opens a connection for each message, and blocks."""

    server: MailServer
    sender: str  # "Name <address>" or an address

    def send(self, mail: Mail, now: datetime) -> None:
        """Hand a message to the server.

        Raises:
            DeliveryError: Not taken; final only if the server says that it will never be.
        """
        message = compose(mail, self.sender, now)
        try:
            with self._connected() as smtp:
                smtp.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise _refusal(code, said, "mail.recipient") from error
        except smtplib.SMTPAuthenticationError as error:
            advice = f"{self.server.host} does not accept the user or password of TORIM_SMTP_URL."
            raise DeliveryError(advice, "mail.login") from error
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, error.smtp_error, "mail.refused") from error
        except (smtplib.SMTPException, OSError) as error:
            where = f"{self.server.host}:{self.server.port}"
            raise DeliveryError(f"{where} cannot be reached ({error}).", "mail.unreachable") from error

    def _connected(self) -> smtplib.SMTP:
        server, context = self.server, ssl.create_default_context()
        if server.implicit_tls:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
            smtp.ehlo()
            if smtp.has_extn("starttls"):
                smtp.starttls(context=context)
            elif server.user is not None and not server.clear_password:
                smtp.close()
                raise DeliveryError(_IN_CLEAR.format(server.host), "mail.insecure")
        if server.user is not None:
            smtp.login(server.user, server.password or "")
        return smtp


_IN_CLEAR = (
    "{} offers no TLS, and TORIM_SMTP_URL has a password that would travel in clear. Use smtps://, another port"
    f" (587), or put ?{CLEAR} at the end of the address if nobody can listen on the way."
)


def compose(mail: Mail, sender: str, now: datetime) -> EmailMessage:
    """The message as it travels: UTF-8 text, and the calendar file attached."""
    name, address = parseaddr(sender)
    message = EmailMessage()
    message["From"] = Address(name, addr_spec=address)
    message["To"] = mail.to
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{mail.message_id}@{address.partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text, charset="utf-8", cte="base64")
    if mail.calendar is not None:
        message.add_attachment(mail.calendar.encode(), "text", "calendar", filename="appointment.ics")
        attached = list(message.iter_attachments())[-1]
        attached.set_param("method", mail.calendar_method)
        attached.set_param("charset", "utf-8")
    return message


def _refusal(code: int, said: bytes | str, name: str) -> DeliveryError:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    # 552 is a full mailbox with some servers; the others of the 500s do not pass by themselves.
    return DeliveryError(f"The mail server said {code}: {text}", name, final=500 <= code < 600 and code != 552)
