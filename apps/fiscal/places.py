"""Where heads are written outside the database: which places are set, and how one is reached.

Addresses come from the settings alone; nothing that a user wrote reaches them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from apps.fiscal import anchor_file
from apps.fiscal.choices import AnchorType
from apps.fiscal.models import FiscalAnchor
from apps.socle.language import document_language

CALL = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 2}, user_agent_extra="cauris")
LOCK = "COMPLIANCE"


class NotLocked(RuntimeError):
    """The bucket took a head without locking it."""


@dataclass(frozen=True)
class Written:
    """Where a head can be found again."""

    reference: str
    proof_path: str


def places_set() -> list[AnchorType]:
    """Return the places that this installation has: the file always, bucket and mailbox where they are named."""
    optional = ((AnchorType.S3, settings.ANCHOR_S3_BUCKET), (AnchorType.EMAIL, settings.ANCHOR_EMAIL))
    return [AnchorType.FILE, *(place for place, value in optional if value)]


class NotSet(RuntimeError):
    """The place that a head waits for is no longer set."""


def write(anchor: FiscalAnchor) -> Written:
    """Write the line of `anchor` in its place, once more where an earlier attempt left it unsure.

    Raises NotSet, OSError (smtplib's errors are such), botocore's errors and NotLocked.
    """
    if anchor.anchor_type not in places_set():
        raise NotSet(_("Ce lieu d’ancrage n’est plus réglé."))
    return _WRITERS[anchor.anchor_type](anchor)


def _to_file(anchor: FiscalAnchor) -> Written:
    anchor_file.append(settings.ANCHOR_FILE, anchor.line, written_before=anchor.attempts > 1)
    return Written(settings.ANCHOR_FILE.name, str(settings.ANCHOR_FILE))


def bucket_client() -> Any:
    """Return the client of the anchors' bucket; its keys come from where boto3 looks for them."""
    return boto3.client("s3", endpoint_url=settings.ANCHOR_S3_ENDPOINT_URL or None, config=CALL)


def object_folder(tenant_id: UUID) -> str:
    """Return the common beginning of the names of a tenant's objects."""
    return f"{settings.ANCHOR_S3_PREFIX}/{tenant_id}/"


def object_name(anchor: FiscalAnchor) -> str:
    """Number first, twelve digits: names sort like the chain, and a listing alone can be compared with it."""
    moment = anchor.created_at.strftime("%Y%m%dT%H%M%S%f")
    return f"{object_folder(anchor.tenant_id)}{anchor.sequence_number:012d}-{anchor.chain_hash}-{moment}.json"


def _to_bucket(anchor: FiscalAnchor) -> Written:
    client, name = bucket_client(), object_name(anchor)
    at = {"Bucket": settings.ANCHOR_S3_BUCKET, "Key": name}
    version = _version_there(client, at) if anchor.attempts > 1 else None
    if version is None:
        answer = client.put_object(
            **at,
            Body=anchor.line.encode(),
            ContentType="application/json",
            ChecksumAlgorithm="SHA256",
            ObjectLockMode=LOCK,
            ObjectLockRetainUntilDate=anchor.created_at + timedelta(days=settings.ANCHOR_S3_DAYS),
        )
        version = answer.get("VersionId", "")
    if client.head_object(**at).get("ObjectLockMode") != LOCK:
        raise NotLocked(f"{settings.ANCHOR_S3_BUCKET}: object lock is not in force")
    return Written(reference_of(name), version)


def reference_of(name: str) -> str:
    """Return how an object of the bucket that is set is referred to, by its name or the beginning of it."""
    return f"s3://{settings.ANCHOR_S3_BUCKET}/{name}"


def _version_there(client: Any, at: dict[str, str]) -> str | None:
    try:
        return str(client.head_object(**at).get("VersionId", ""))
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return None
        raise


def listed_heads(tenant_id: UUID) -> Iterator[tuple[int, str, str]]:
    """Yield (number, chain hash, name) of a tenant's objects in the bucket, in order. Raises botocore's errors."""
    folder = object_folder(tenant_id)
    pages = bucket_client().get_paginator("list_objects_v2").paginate(Bucket=settings.ANCHOR_S3_BUCKET, Prefix=folder)
    for page in pages:
        for item in page.get("Contents", ()):
            number, _dash, rest = item["Key"].removeprefix(folder).partition("-")
            if number.isdecimal():
                yield int(number), rest[:64], item["Key"]


@document_language()
def _to_mailbox(anchor: FiscalAnchor) -> Written:
    head = json.loads(anchor.line)
    values = {"tenant": head["tenant"], "number": anchor.sequence_number, "hash": anchor.chain_hash}
    identifier = f"<{anchor.pk}@ancres.cauris>"
    EmailMessage(
        subject=_("Tête de chaîne %(tenant)s : maillon %(number)s") % values,
        body=_(
            "Gardez ce message : il prouve où en était la chaîne fiscale de %(tenant)s.\n\n"
            "Maillon %(number)s\nEmpreinte %(hash)s\n\nLa ligne signée :"
        )
        % values
        + f"\n{anchor.line}\n",
        to=[settings.ANCHOR_EMAIL],
        headers={"Message-ID": identifier},
    ).send()
    return Written(settings.ANCHOR_EMAIL, identifier)


_WRITERS: dict[str, Callable[[FiscalAnchor], Written]] = {
    AnchorType.FILE: _to_file,
    AnchorType.S3: _to_bucket,
    AnchorType.EMAIL: _to_mailbox,
}
