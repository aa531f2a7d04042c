"""A password for one use on its way to the screen of the administrator who issued it, who reads it once.

It crosses from the form that was sent to the page that shows it in that browser's session, encrypted: the table of
sessions, a backup or a log never hold it in clear. It is gone once read, or after a few minutes.
"""

from __future__ import annotations

import base64
import uuid

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

KEY = "one_time_password"
SECONDS = 300
"""How long it waits for the page that shows it, which the browser asks for at once."""


def hand_over(session: SessionBase, membership_id: uuid.UUID, password: str) -> None:
    """Leave the password for the next page of this session; one waits at a time."""
    session[KEY] = [str(membership_id), _cipher(membership_id).encrypt(password.encode()).decode()]


def take(session: SessionBase, membership_id: uuid.UUID) -> str | None:
    """Return the password that waits for this member and forget it; None when it was read, is another's or is too old."""
    whose, sealed = session.get(KEY) or ("", "")
    if whose != str(membership_id):
        return None
    del session[KEY]
    try:
        return _cipher(membership_id).decrypt(sealed.encode(), ttl=SECONDS).decode()
    except InvalidToken:
        return None


def _cipher(membership_id: uuid.UUID) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=membership_id.bytes, info=b"cauris/one-time-password/v1")
    return Fernet(base64.urlsafe_b64encode(derived.derive(settings.SECRET_KEY.encode())))
