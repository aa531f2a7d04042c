"""Row level security, declared on each model by its attribute `row_security`.

The installer turns the declaration into ENABLE and FORCE ROW LEVEL SECURITY and one policy. A
model of ours without a declaration fails the suite, so that no table is open by forgetfulness.
"""

from __future__ import annotations

from dataclasses import dataclass

_TENANT = "(select nullif(current_setting('cauris.tenant', true), '')::uuid)"
_PERSON = "(select nullif(current_setting('cauris.user', true), '')::uuid)"


@dataclass(frozen=True)
class RowSecurity:
    """A policy: which rows may be seen (`using`) and written (`check`), and which others may be read only (`read`).

    Empty: no policy, for `reason`.
    """

    kind: str
    using: str = ""
    check: str = ""
    read: str = ""
    reason: str = ""


def tenant_rows(column: str = "tenant_id") -> RowSecurity:
    """Rows of the tenant in scope."""
    rule = f"{column} = {_TENANT}"
    return RowSecurity("tenant", using=rule, check=rule)


def person_rows(column: str = "user_id") -> RowSecurity:
    """Rows of the tenant in scope; the acting person's own in any tenant (to choose one) may be read, not written."""
    rule = f"tenant_id = {_TENANT}"
    return RowSecurity("person", using=rule, check=rule, read=f"{column} = {_PERSON}")


def journal_rows() -> RowSecurity:
    """Rows of the tenant in scope; rows of no tenant may be written by anyone and read by nobody here."""
    return RowSecurity("tenant", using=f"tenant_id = {_TENANT}", check=f"tenant_id is null or tenant_id = {_TENANT}")


def open_table(reason: str) -> RowSecurity:
    """No policy: the table must be read before a tenant is known, and holds nothing else."""
    return RowSecurity("open", reason=reason)
