"""The numbers that a database has given to papers, asked of two databases: the copy that serves now, and the former one.

A restore of an older copy takes the counters back with everything else. What was given since lies in people's hands,
and the same numbers are given again: nobody may skip one, so the command says which they are.
"""

from __future__ import annotations

from collections.abc import Mapping

from apps.socle.launch.backup import databases
from apps.socle.launch.backup.programs import Login
from apps.socle.numbering import WIDTH

Numbers = Mapping[str, Mapping[str, int]]
"""Last number by establishment (its slug) and series (`QUIT-2026`)."""
SERIES = """
select r.slug, substring(f.number from '^[A-Z]+-[0-9]{4}'), max(substring(f.number from '[0-9]+$')::bigint)
from public.socle_fait f join public.socle_tenantregistry r on r.tenant_id = f.tenant_id
where f.number ~ '^[A-Z]+-[0-9]{4}-[0-9]{5,15}$' group by 1, 2 order by 1, 2
"""


def last_numbers(maintenance: Login, database: str) -> Numbers:
    """Return the last number of each series of documents in `database`, beside or in the one that serves. Raises LaunchError."""
    found: dict[str, dict[str, int]] = {}
    with databases.connected(maintenance, dbname=database) as connection:
        for slug, series, last in connection.execute(SERIES).fetchall():
            found.setdefault(slug, {})[series] = int(last)
    return found


def given(numbers: Mapping[str, int]) -> str:
    """Return `FAC-2026-00317, QUIT-2026-00317`."""
    return ", ".join(f"{series}-{last:0{WIDTH}d}" for series, last in sorted(numbers.items()))


def given_since(now: Mapping[str, int], former: Mapping[str, int]) -> str:
    """Return what the former database had given beyond: `QUIT-2026-00318 à 00325`, empty where there is nothing."""
    spans = []
    for series, last in sorted(former.items()):
        first = now.get(series, 0) + 1
        if first < last:
            spans.append(f"{series}-{first:0{WIDTH}d} à {last:0{WIDTH}d}")
        elif first == last:
            spans.append(f"{series}-{first:0{WIDTH}d}")
    return ", ".join(spans)
