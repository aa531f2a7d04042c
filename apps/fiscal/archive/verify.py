#!/usr/bin/env python3
"""Vérifie une archive ou une preuve de la chaîne fiscale Cauris, sans Cauris ni base de données.

    python3 verify.py ARCHIVE.zip [--tete TÊTE] [--empreinte EMPREINTE]
    python3 verify.py PREUVE.json [--tete TÊTE] [--empreinte EMPREINTE]

TÊTE      « NUMÉRO:EMPREINTE » d’un maillon noté ailleurs, ou un fichier d’ancres (une ligne JSON par tête).
EMPREINTE SHA-256 de la clé publique, reçue par une autre voie que l’archive ; l’option se répète.

Il faut Python 3.11 ou plus récent et le paquet « cryptography ». Statut de sortie : 0 tout tient, 1 quelque
chose ne tient pas, ou la tête donnée n’a pu être confirmée, 2 le fichier ou une option est inutilisable. Le format
est décrit dans docs/fiscal-format.md.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import itertools
import json
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal, DecimalException
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ALGORITHM = "rfc8785+sha256+ed25519"
HOLDS, BROKEN, UNUSABLE = 0, 1, 2
SHOWN = 20
LINE = 4 << 20  # bytes of one line of JSON
SMALL = 16 << 20  # bytes of a file that is read whole
RATIO = 250  # a file that inflates more than this is a bomb
CLOSINGS = 200_000
KEPT = 256 << 20  # bytes of the files whose lines are kept in memory: closings and anchors, 3 kB each a day
HEX = re.compile(r"[0-9a-f]{64}")
FORMULA, TO_QUOTE = re.compile(r" *[=+\-@\t\r\n]"), re.compile(r'[;"\r\n]')
AMOUNT = re.compile(r"-?[0-9]{1,24}(\.[0-9]{1,12})?")
FILES = ("entries.jsonl", "closings.jsonl", "entries.csv", "closings.csv", "keys.json", "anchors.jsonl", "LISEZMOI.txt",
         "verify.py")  # fmt: skip
SIGNED_KEYS = {"data_canonical", "data_hash", "signature", "key_id", "algorithm"}
LINK_KEYS = SIGNED_KEYS | {"sequence_number", "previous_hash", "chain_hash"}
CLOSING_KEYS = SIGNED_KEYS | {"previous_closing_hash", "closing_hash"}
LINK_COLUMNS = ("Maillon", "Jour fiscal", "Enregistré le (UTC)", "Type", "Fait", "Document", "Date du document", "Tiers",
                "Rôle", "Libellé", "Critères", "Montant", "Devise", "Par", "Empreinte du maillon")  # fmt: skip
CLOSING_COLUMNS = ("Clôture", "Périodicité", "Du", "Au", "Premier maillon", "Dernier maillon", "Maillons", "Opérations",
                   "Cumul à l’ouverture", "Cumul à la clôture", "Devise", "Racine de Merkle", "Empreinte", "Par",
                   "Faite le (UTC)")  # fmt: skip

DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
MALFORMED = (KeyError, TypeError, AttributeError, ValueError, IndexError, OverflowError, RecursionError,
             DecimalException)  # fmt: skip


class Unusable(Exception):
    """Ce qui a été donné n’est ni une archive ni une preuve."""


class BadOption(Unusable):
    """Une option ne se lit pas."""


class Fault(Exception):
    """Ce qui ne tient pas, en français."""


def reason(error: Exception) -> str:
    return str(error) if isinstance(error, Fault) else "mal formé"


def many(number: int, one: str, several: str) -> str:
    """« 1 clôture », « 2 clôtures » ; zéro est du singulier."""
    return f"{number} {several if number > 1 else one}"


def links_named(first: int, last: int) -> str:
    """« maillons 4 à 9 », « maillon 4 », « aucun maillon »."""
    if last < first:
        return "aucun maillon"
    return f"maillon {first}" if first == last else f"maillons {first} à {last}"


class Report:
    """Ce qui tient, ce qui ne tient pas, le premier élément rompu, et ce qui n’a pu être confirmé."""

    def __init__(self) -> None:
        self.faults = 0
        self.first = self.unconfirmed = ""

    def ok(self, text: str) -> None:
        self._say(f"  tient      {text}")

    def note(self, text: str) -> None:
        self._say(f"  à savoir   {text}")

    def bad(self, item: str, text: str) -> None:
        self.faults += 1
        self.first = self.first or f"{item} : {text}"
        if self.faults <= SHOWN:
            self._say(f"  NE TIENT PAS  {item} : {text}")

    def unsure(self, item: str, text: str) -> None:
        """Ce qui était demandé ne se laisse pas dire d’ici ; rien n’est rompu pour autant."""
        self.unconfirmed = self.unconfirmed or item
        self._say(f"  NON CONFIRMÉ  {item} : {text}")

    def _say(self, text: str) -> None:
        # What an archive says may hold a terminal's codes.
        sys.stdout.write("".join(c if c.isprintable() or c in "\u00a0\u202f" else "?" for c in text) + "\n")

    def conclude(self) -> int:
        if self.faults:
            more = f" ({self.faults} défauts en tout)" if self.faults > 1 else ""
            self._say(f"NE TIENT PAS. Premier élément rompu : {self.first}{more}")
            return BROKEN
        if self.unconfirmed:
            self._say(f"RIEN N’EST ROMPU, MAIS CE QUI ÉTAIT DEMANDÉ N’EST PAS CONFIRMÉ : {self.unconfirmed}")
            return BROKEN
        self._say("TOUT TIENT.")
        return HOLDS


# Hashes, signatures, strict JSON -------------------------------------------------------------------


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def hash_bytes(text: object) -> bytes:
    if not isinstance(text, str) or not HEX.fullmatch(text):
        raise Fault("une empreinte n’est pas 64 chiffres hexadécimaux")
    return bytes.fromhex(text)


def amount(text: str) -> Decimal:
    if not AMOUNT.fullmatch(text):
        raise Fault(f"« {text[:20]} » n’est pas un montant")
    return Decimal(text)


def _pairs(pairs: list) -> dict:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Fault("JSON refusé, une clé y figure deux fois")
    return found


def _no_float(text: str) -> None:
    raise Fault(f"JSON refusé, {text[:20]} n’y a pas sa place")


def parse(text: str | bytes) -> dict:
    """JSON strict : un objet, sans clé double, sans NaN ni nombre à virgule."""
    try:
        text = text.decode() if isinstance(text, bytes) else text
        found = json.loads(text, object_pairs_hook=_pairs, parse_constant=_no_float, parse_float=_no_float)
    except (ValueError, RecursionError) as error:
        raise Fault("JSON refusé, il ne se lit pas") from error
    if not isinstance(found, dict):
        raise Fault("JSON refusé, ce n’est pas un objet")
    return found


def canonical(value: object) -> str:
    """RFC 8785, pour les valeurs que le format admet."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


class Keys:
    """Les clés publiques de l’établissement, par leur nom."""

    def __init__(self, listed: object, expected: list[str], report: Report) -> None:
        self.known: dict[str, Ed25519PublicKey] = {}
        if not isinstance(listed, list) or not listed or len(listed) > 1000:
            raise Fault("la liste des clés est vide ou illisible")
        for row in listed:
            key_id, raw = row["key_id"], hash_bytes(row["public_key"])
            if row["algorithm"] != ALGORITHM or key_id in self.known:
                raise Fault(f"la clé « {key_id} » est double ou d’un autre algorithme")
            fingerprint = sha256(raw).hex()
            if expected and fingerprint not in expected:
                report.bad(f"clé {key_id}", f"son empreinte est {fingerprint}, ce n’est pas celle que vous avez donnée")
                continue
            self.known[key_id] = Ed25519PublicKey.from_public_bytes(raw)
            report.ok(f"clé {key_id}, empreinte {fingerprint}" if expected else f"clé {key_id} lue")
            if not expected:
                report.note(f"comparez l’empreinte de cette clé avec celle que vous tenez d’ailleurs : {fingerprint}")

    def check(self, key_id: object, signature: object, message: bytes) -> None:
        key = self.known.get(key_id) if isinstance(key_id, str) else None
        if key is None:
            raise Fault(f"signé par la clé « {key_id} », qui n’est pas une clé admise")
        try:
            key.verify(bytes.fromhex(signature), message)
        except (InvalidSignature, ValueError, TypeError):
            raise Fault(f"sa signature n’est pas celle de la clé « {key_id} »") from None


# The Merkle tree (RFC 6962, RFC 9162) -------------------------------------------------------------


def leaf(chain_hash: bytes) -> bytes:
    return sha256(b"\x00", chain_hash)


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01", left, right)


class Frontier:
    """Les racines des sous-arbres parfaits, de la plus grande à la plus petite."""

    def __init__(self, size: int, roots: list[bytes]) -> None:
        if type(size) is not int or not 0 <= size < 1 << 62 or len(roots) != size.bit_count():
            raise Fault("la frontière de l’arbre n’est pas celle de sa taille")
        self.size, self.roots = size, roots

    def append(self, chain_hash: bytes) -> None:
        root, size = leaf(chain_hash), self.size
        while size & 1:
            root, size = node(self.roots.pop(), root), size >> 1
        self.roots.append(root)
        self.size += 1

    def root(self) -> bytes:
        if not self.roots:
            return sha256()
        root = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            root = node(left, root)
        return root


def included(index: int, size: int, chain_hash: bytes, path: list[bytes], root: bytes) -> bool:
    at, last, found = index, size - 1, leaf(chain_hash)
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node(sibling, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, sibling)
        at, last = at >> 1, last >> 1
    return 0 <= index < size and last == 0 and found == root


def consistent(first: int, second: int, first_root: bytes, second_root: bytes, proof: list[bytes]) -> bool:
    if first == second or first == 0:
        return not proof and first_root == (second_root if first else sha256()) and first <= second
    path = [first_root, *proof] if first & (first - 1) == 0 else proof
    if not path or not 0 < first < second:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            older, newer = node(sibling, older), node(sibling, newer)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            newer = node(newer, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and older == first_root and newer == second_root


# One link, one closing -----------------------------------------------------------------------------


def check_signed(row: dict, expected: set[str], tenant: UUID) -> dict:
    """Ce qui a été signé, d’un maillon ou d’une clôture, après ce qui vaut pour les deux."""
    if set(row) != expected:
        raise Fault("une donnée y manque, ou y est de trop")
    said = parse(row["data_canonical"])
    if sha256(row["data_canonical"].encode()) != hash_bytes(row["data_hash"]):
        raise Fault("ses données signées ne donnent plus l’empreinte enregistrée")
    if said.get("version") != 1 or said.get("algorithm") != ALGORITHM or row["algorithm"] != ALGORITHM:
        raise Fault("son format ou son algorithme n’est pas reconnu")
    if said["tenant_id"] != str(tenant):
        raise Fault("ce qui a été signé est d’un autre établissement")
    return said


def check_seal(row: dict, found: bytes, stored: str, keys: Keys) -> None:
    """L’empreinte et sa signature."""
    if found != hash_bytes(row[stored]):
        raise Fault("son empreinte n’est pas celle de son contenu et de sa place")
    keys.check(row["key_id"], row["signature"], found)


def check_link(row: dict, tenant: UUID, keys: Keys) -> dict:
    """Contenu, empreintes et signature d’un maillon ; rend ce qui a été signé."""
    said, number = check_signed(row, LINK_KEYS, tenant), row["sequence_number"]
    if said["sequence_number"] != number or type(number) is not int or said["key_id"] != row["key_id"]:
        raise Fault("son numéro ou sa clé n’est pas ce qui a été signé")
    place = number.to_bytes(8, "big"), hash_bytes(row["previous_hash"])
    check_seal(row, sha256(b"cauris/chain/v1\0", *place, hash_bytes(row["data_hash"])), "chain_hash", keys)
    return said


def check_closing(row: dict, tenant: UUID, keys: Keys) -> dict:
    """Contenu, empreintes, signature et arbre d’une clôture ; rend ce qui a été signé."""
    said = check_signed({key: row[key] for key in row if key != "own_sequence"}, CLOSING_KEYS, tenant)
    if said["previous_closing_hash"] != row["previous_closing_hash"] or said["key_id"] != row["key_id"]:
        raise Fault("sa place ou sa clé n’est pas ce qui a été signé")
    place = hash_bytes(row["previous_closing_hash"]), hash_bytes(row["data_hash"])
    check_seal(row, sha256(b"cauris/closing/v1\0", *place), "closing_hash", keys)
    first, last = said["first_sequence"], said["last_sequence"]
    if type(first) is not int or type(last) is not int or first < 1 or last < first - 1:
        raise Fault("ses numéros de maillons n’en sont pas")
    if said["entries_count"] != last - first + 1:
        raise Fault("elle ne compte pas les maillons qu’elle couvre")
    tree = Frontier(last, [hash_bytes(root) for root in said["merkle_frontier"]])
    if tree.root() != hash_bytes(said["merkle_root"]):
        raise Fault("sa racine de Merkle n’est pas celle de sa frontière")
    balance = turnover(said["perpetual_totals"], said["currency"])
    before = balance - turnover(said["totals"], said["currency"])
    if amount(said["closing_balance"]) != balance or amount(said["opening_balance"]) != before:
        raise Fault("ses cumuls ne sont pas ceux de ses totaux")
    return said


def name_of(said: dict) -> str:
    cut = {"daily": 10, "monthly": 7, "yearly": 4}[said["closing_type"]]
    return f"clôture CLO-{said['closing_date'][:cut]}"


# Totals: sums by (currency, measure…) ---------------------------------------------------------------

Sums = dict


def sums_of(totals: dict) -> Sums:
    found: Sums = {}

    def walk(content: dict, path: tuple) -> None:
        for key, value in content.items():
            walk(value, (*path, key)) if isinstance(value, dict) else found.__setitem__((*path, key), amount(value))

    walk(totals, ())
    return {path: amount for path, amount in found.items() if amount}


def turnover(totals: dict, currency: str) -> Decimal:
    of = totals.get(currency, {})
    return amount(of.get("invoiced", "0")) - amount(of.get("credited", "0"))


def plus(sums: Sums, other: Sums, sign: int = 1) -> Sums:
    found = {path: sums.get(path, 0) + sign * other.get(path, 0) for path in sums.keys() | other.keys()}
    return {path: amount for path, amount in found.items() if amount}


PATHS = {
    "base": lambda criteria: ("taxed", criteria.get("taxe") or "0", "base"),
    "tax": lambda criteria: ("taxed", criteria.get("taxe") or "0", "tax"),
    "collected": lambda criteria: ("collected", criteria.get("moyen") or ""),
    "rounding_gain": lambda criteria: ("rounded",),
    "rounding_loss": lambda criteria: ("rounded",),
    "invoiced": lambda criteria: ("invoiced",),
    "credited": lambda criteria: ("credited",),
}


def add_link(sums: Sums, fact: dict, measures: dict) -> bool:
    """Ajoute les lignes d’un fait aux totaux ; dit si c’est une opération (de l’argent, pas zéro)."""
    rule = measures.get(fact["type"], {"money": True, "roles": {}})
    for line in fact["lines"]:
        measure = rule["roles"].get(line["role"])
        if measure:
            path = (fact["currency"], *PATHS[measure](line["criteria"]))
            sums[path] = sums.get(path, 0) + (-1 if measure == "rounding_loss" else 1) * amount(line["amount"])
    return rule["money"] and any(amount(line["amount"]) for line in fact["lines"])


# The tables: what each row of entries.csv and closings.csv must be, byte for byte ---------------------------


def cell(value: object) -> str:
    """Une case : une formule de tableur y est précédée d’une apostrophe, pour qu’aucune ne s’exécute."""
    if isinstance(value, str):
        return f"'{value}" if FORMULA.match(value) else value
    return "" if value is None else str(value)


def day_cell(text: str) -> str:
    return f"{date.fromisoformat(text):%d/%m/%Y}"


def amount_cell(text: str) -> str:
    found = f"{amount(text):f}"
    found = found.rstrip("0").rstrip(".") if "." in found else found
    return "0" if found == "-0" else found.replace(".", ",")


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if TO_QUOTE.search(text) else text


def link_rows(row: dict, said: dict | None) -> list[list[str]]:
    """Les rangées d’un maillon : une par ligne de son fait, une seule sans ligne, presque vide s’il est illisible."""
    number, linked = cell(row.get("sequence_number")), cell(row.get("chain_hash"))
    try:
        said = said or parse(row["data_canonical"])
        fact = said["fact"]
        currency, holder = cell(fact["currency"]), cell(fact["tiers"]["label"]) if fact["tiers"] else ""
        kinds = cell(said["created_at"]), cell(said["entry_type"]), cell(fact["type"]), cell(said["entity_number"])
        before = [number, day_cell(said["fiscal_date"]), *kinds, day_cell(said["document_date"]), holder]
        middles = [[cell(line["role"]), cell(line["label"]),
                    cell(", ".join(f"{key}={value}" for key, value in sorted(line["criteria"].items()))),
                    amount_cell(line["amount"]), currency] for line in fact["lines"]]  # fmt: skip
        return [[*before, *middle, cell(said["actor_label"]), linked] for middle in middles or [[""] * 5]]
    except (Fault, *MALFORMED):
        return [[number, *[""] * 13, linked]]


def closing_row(row: dict) -> list[str]:
    """La rangée d’une clôture."""
    try:
        said = parse(row["data_canonical"])
        bounds = ("first_sequence", "last_sequence", "entries_count", "total_operations")
        return [cell(f"CLO-{said['closing_date']}"),
                {"daily": "jour", "monthly": "mois", "yearly": "année"}[said["closing_type"]],
                day_cell(said["period_start"]), day_cell(said["closing_date"]), *(cell(said[name]) for name in bounds),
                amount_cell(said["opening_balance"]), amount_cell(said["closing_balance"]), cell(said["currency"]),
                cell(said["merkle_root"]), cell(row["closing_hash"]), cell(said["actor_label"]),
                cell(said["closed_at"])]  # fmt: skip
    except (Fault, *MALFORMED):
        return [*[""] * 12, cell(row.get("closing_hash")), "", ""]


class Table:
    """Un fichier CSV, suivi rangée par rangée à côté des lignes JSON dont il est tiré. Le premier écart l’arrête."""

    def __init__(self, archive: zipfile.ZipFile, name: str, columns: tuple[str, ...]) -> None:
        self.name, self.columns, self.rows, self.fault = name, columns, 0, ""
        try:
            self.file = io.BufferedReader(archive.open(name), 1 << 18)
        except DAMAGED:
            self.file, self.fault = io.BytesIO(), "elle est abîmée"
        self.follow(list(columns), before="\ufeff")

    def follow(self, cells: list[str], before: str = "") -> None:
        if self.fault:
            return
        self.rows += 1
        expected = (before + ";".join(map(quoted, cells)) + "\r\n").encode(errors="replace")
        found = self._read(len(expected))
        if found != expected and not self.fault:
            self.fault = self._difference(cells, found + self._read(1 << 16))

    def _read(self, size: int) -> bytes:
        try:
            return self.file.read(size)
        except DAMAGED:
            self.fault = "elle est abîmée"
            return b""

    def _difference(self, cells: list[str], found: bytes) -> str:
        if not found:
            return "elle manque, le tableau finit avant"
        text = found.decode(errors="replace").removeprefix("\ufeff")
        try:
            stands = next(csv.reader(io.StringIO(text, newline=""), delimiter=";"), [])
        except csv.Error:
            return "elle ne se lit pas"
        for at, (expected, there) in enumerate(itertools.zip_longest(cells, stands)):
            if expected is None:
                return "une colonne y est de trop"
            if there is None:
                return f"la colonne « {self.columns[at]} » y manque"
            if expected != there:
                return f"la colonne « {self.columns[at]} » dit « {there[:60]} », et non « {expected[:60]} »"
        return "elle n’est pas écrite comme le format le veut : séparateur, guillemets, fin de ligne ou marque d’ordre"

    def end(self, report: Report) -> None:
        """Dire ce qu’il en est : après la preuve, dont les tableaux ne sont qu’une lecture."""
        if not self.fault and self._read(1):
            self.rows, self.fault = self.rows + 1, "elle est de trop"
        self.file.close()
        if self.fault:
            report.bad(f"{self.name}, ligne {self.rows}", self.fault)
        else:
            rows = many(self.rows - 1, "rangée", "rangées")
            report.ok(f"{self.name} : {rows}, ce que disent les lignes JSON")


# The archive ---------------------------------------------------------------------------------------


def guard_directory(path: Path) -> None:
    """Refuse un répertoire de ZIP démesuré avant de le lire."""
    with path.open("rb") as file:
        file.seek(0, 2)
        size = file.tell()
        file.seek(max(0, size - 98))
        tail = file.read()
    if tail[-22:-18] != b"PK\x05\x06" or tail[-2:] != b"\0\0":
        raise Unusable("ce n’est pas une archive ZIP, ou quelque chose la suit")
    entries, length = struct.unpack("<HI", tail[-12:-6])
    if tail[-42:-38] == b"PK\x06\x07":
        if tail[:4] != b"PK\x06\x06":
            raise Unusable("le répertoire de l’archive est mal formé")
        entries, length = struct.unpack("<Q", tail[32:40])[0], struct.unpack("<Q", tail[40:48])[0]
    if entries > 32 or length > 1 << 16:
        raise Unusable("l’archive contient trop de fichiers")


def guard_files(archive: zipfile.ZipFile) -> None:
    """Refuse les noms étrangers ou doubles, les bombes, les fichiers qui se recouvrent."""
    files = archive.infolist()
    names = [info.filename for info in files]
    if len(set(names)) != len(names):
        raise Unusable("un nom de fichier y figure deux fois")
    for info in files:
        if info.filename not in (*FILES, "MANIFEST.json", "MANIFEST.sig"):
            raise Unusable(f"le fichier {info.filename[:80]!r} n’a rien à faire dans une archive")
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Unusable(f"{info.filename} est chiffré, ou compressé d’une façon inconnue")
        if info.file_size > RATIO * max(info.compress_size, 4096):
            raise Unusable(f"{info.filename} se gonflerait de plus de {RATIO} fois sa taille")
        if info.filename in ("closings.jsonl", "anchors.jsonl") and info.file_size > KEPT:
            raise Unusable(f"{info.filename} est démesuré")
    missing = {"MANIFEST.json", "MANIFEST.sig", *FILES} - set(names)
    if missing:
        raise Unusable(f"il manque {', '.join(sorted(missing))}")
    placed = sorted(files, key=lambda info: info.header_offset)
    for info, following in itertools.pairwise(placed):
        if info.header_offset + 30 + info.compress_size > following.header_offset:
            raise Unusable("des fichiers de l’archive se recouvrent")


def read_small(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        content = file.read(SMALL + 1)
    if len(content) > SMALL:
        raise Unusable(f"{name} est démesuré")
    return content


class Archive:
    """Une archive, lue en flux : la mémoire ne croît pas avec elle."""

    def __init__(self, archive: zipfile.ZipFile, options: argparse.Namespace, report: Report) -> None:
        self.zip, self.options, self.report = archive, options, report
        raw = read_small(archive, "MANIFEST.json")
        self.manifest = parse(raw)
        self.tenant = UUID(self.manifest["tenant_id"])
        report.note(f"établissement : {self.manifest['tenant']}, {self.tenant}")
        self.keys = Keys(parse(read_small(archive, "keys.json"))["keys"], options.empreinte, report)
        self._signature(raw)
        self.range, self.start = self.manifest["range"], self.manifest["checkpoint"]
        self.first, self.last = self.range["first_sequence"], self.range["last_sequence"]
        self.tree = Frontier(self.start["merkle_size"], [hash_bytes(root) for root in self.start["merkle_frontier"]])
        self.given = heads_of(options.tete, self.tenant)
        self.closings: dict[str, dict] = {}  # by closing hash, in order
        self.heads: dict[int, list[dict]] = {}
        self.tables = [Table(archive, "entries.csv", LINK_COLUMNS), Table(archive, "closings.csv", CLOSING_COLUMNS)]

    def verify(self) -> None:
        for step in (self._files, self._checkpoint, self._read_closings, self._read_heads, self._links):
            step()
        for table in self.tables:
            table.end(self.report)

    def _signature(self, raw: bytes) -> None:
        try:
            signature = read_small(self.zip, "MANIFEST.sig").decode("ascii", "replace").strip()
            self.keys.check(self.manifest["key_id"], signature, sha256(b"cauris/manifest/v1\0", raw))
            self.report.ok("MANIFEST.json, signé par l’établissement")
        except Fault as fault:
            self.report.bad("MANIFEST.json", str(fault))

    def _files(self) -> None:
        listed = self.manifest["files"]
        if set(listed) != set(FILES):
            raise Fault("le manifeste ne nomme pas les fichiers de l’archive")
        for name in FILES:
            digest, size = hashlib.sha256(), 0
            try:
                with self.zip.open(name) as file:
                    while block := file.read(1 << 20):
                        digest.update(block)
                        size += len(block)
            except DAMAGED:
                size = -1
            if {"sha256": digest.hexdigest(), "size": size} != listed[name]:
                self.report.bad(name, "ce n’est pas le fichier que le manifeste a signé")
        if not self.report.faults:
            self.report.ok(f"{len(FILES)} fichiers, tels que le manifeste les a signés")

    def _checkpoint(self) -> None:
        start = self.start
        if start["first_sequence"] != self.first or start["merkle_size"] != self.first - 1:
            raise Fault("le point de départ n’est pas celui de la plage")
        if self.first > 1:
            self.report.note(f"l’archive commence au maillon {self.first} : ce qui précède y tient en une empreinte")
            return
        if start["previous_hash"] != sha256(b"cauris/genesis/v1\0", self.tenant.bytes).hex():
            self.report.bad("point de départ", "ce n’est pas l’origine de la chaîne de cet établissement")
        genesis = sha256(b"cauris/closing-genesis/v1\0", self.tenant.bytes).hex()
        if start["previous_closing_hash"] != genesis or start["perpetual_totals"]:
            self.report.bad("point de départ", "ce n’est pas l’origine des clôtures de cet établissement")

    def _lines(self, name: str) -> object:
        """Rend (numéro de ligne, objet) ; une ligne illisible est un défaut, une ligne démesurée finit la lecture."""
        with self.zip.open(name) as compressed, io.BufferedReader(compressed, 1 << 18) as file:
            number = 0
            while line := file.readline(LINE):
                number += 1
                if len(line) == LINE or not line.endswith(b"\n"):
                    self.report.bad(f"{name}, ligne {number}", "elle est démesurée ou tronquée")
                    return
                try:
                    row = parse(line[:-1])
                except Fault as fault:
                    self.report.bad(f"{name}, ligne {number}", str(fault))
                    continue
                yield number, row

    def _read_closings(self) -> None:
        expected, latest, before = self.start["previous_closing_hash"], {}, self.report.faults
        perpetual = self.start["perpetual_totals"]
        for number, row in self._lines("closings.jsonl"):
            item = f"closings.jsonl, ligne {number}"
            self.tables[1].follow(closing_row(row))
            if number > CLOSINGS:
                raise Unusable("il y a trop de clôtures")
            try:
                said = check_closing(row, self.tenant, self.keys)
                item = name_of(said)
                if row["previous_closing_hash"] != expected:
                    raise Fault("elle ne suit pas la clôture précédente : il en manque une, ou l’ordre a changé")
                self._follows(said, latest.get(said["closing_type"]))
                perpetual = self._perpetual(said, perpetual)
                latest[said["closing_type"]] = said
                if row["own_sequence"] <= said["last_sequence"]:
                    raise Fault("son maillon serait parmi ceux qu’elle couvre")
            except (Fault, *MALFORMED) as error:
                self.report.bad(item, reason(error))
                said = None
            expected = row.get("closing_hash")
            if said:
                kept = ("first_sequence", "last_sequence", "head_hash", "merkle_root", "totals", "total_operations")
                self.closings[expected] = {name: said[name] for name in kept} | {
                    "name": item, "day": said["closing_date"], "type": said["closing_type"], "own": row["own_sequence"],
                    "start": None}  # fmt: skip
        if self.report.faults == before:
            closings = many(len(self.closings), "clôture", "clôtures")
            self.report.ok(f"{closings} : contenu, empreintes, signatures, enchaînement, cumuls")

    @staticmethod
    def _follows(said: dict, before: dict | None) -> None:
        if before is None:
            return
        following = date.fromisoformat(before["closing_date"]) + timedelta(days=1)
        if said["first_sequence"] != before["last_sequence"] + 1 or said["period_start"] != following.isoformat():
            raise Fault("elle ne commence pas là où la précédente finit")

    @staticmethod
    def _perpetual(said: dict, perpetual: dict) -> dict:
        if said["closing_type"] != "daily":
            return perpetual
        if sums_of(said["perpetual_totals"]) != plus(sums_of(perpetual), sums_of(said["totals"])):
            raise Fault("ses totaux perpétuels ne sont pas ceux de la veille et du jour")
        return said["perpetual_totals"]

    def _read_heads(self) -> None:
        count = 0
        for number, line in self._lines("anchors.jsonl"):
            try:
                check_anchor(line, self.tenant, self.keys)
            except (Fault, *MALFORMED) as error:
                self.report.bad(f"anchors.jsonl, ligne {number}", reason(error))
                continue
            count += 1
            self.heads.setdefault(line["sequence_number"], []).append(line)
        if count:
            self.report.ok(many(count, "ancre jointe, signée", "ancres jointes, signées"))
        else:
            self.report.note("aucune ancre n’est jointe")

    def _anchored_closings(self) -> None:
        """L’ancre d’une clôture se compare par l’empreinte de celle-ci : son maillon peut venir après l’archive."""
        for line in itertools.chain.from_iterable(self.heads.values()):
            closed = line.get("closing_hash")
            if closed and closed not in self.closings:
                self.report.bad(
                    f"ancre du maillon {line['sequence_number']}",
                    f"elle garde une clôture du {line.get('closing_date')} que l’archive n’a pas, ou plus",
                )

    def _links(self) -> None:
        """Suivre les maillons un à un, et faire croître l’arbre jusqu’à chaque clôture."""
        walk = Walk(self)
        before = self.report.faults
        for number, row in self._lines("entries.jsonl"):
            said = None
            try:
                said = walk.step(row)
            except (Fault, *MALFORMED) as error:
                at = row.get("sequence_number")
                self.report.bad(
                    f"maillon {at}" if isinstance(at, int) else f"entries.jsonl, ligne {number}", reason(error)
                )
                walk.go_on(row)
            for cells in link_rows(row, said):
                self.tables[0].follow(cells)
        walk.end()
        self._anchored_closings()
        if self.report.faults == before:
            if walk.count:
                said = (
                    f"{walk.count} maillons, {self.first} à {self.last}" if walk.count > 1 else f"maillon {self.last}"
                )
                self.report.ok(f"{said} : contenu, empreintes, signatures, jours")
            else:
                self.report.note("aucun maillon n’a été fait dans cette période")
            ends = many(walk.sealed, "vérifiée", "vérifiées")
            self.report.ok(f"racines de Merkle, totaux et maillons des clôtures : {ends} de bout en bout")
        self._compare_heads(walk)

    def _compare_heads(self, walk: Walk) -> None:
        if self.given is None:
            self.report.note("sans --tete, une fin coupée avec sa tête ne peut pas se voir")
            return
        places = {(said["type"], said["day"]): closed for closed, said in self.closings.items()}
        heads = Heads(self.given, self.keys, self.report, walk.seen, places)
        heads.compare(self._cut(walk.number))
        if heads.nothing():
            for head in self.given:
                if "tenant_id" not in head:
                    self.report.unsure(f"tête {head['sequence_number']}", self._out_of_reach(head["sequence_number"]))
                    return
            self.report.unsure("--tete", "aucune de ces têtes n’est dans ce qui est vérifié : rien n’a été comparé")

    def _cut(self, last: int) -> Callable[[dict], None]:
        """Une ligne datée d’un jour de l’archive, derrière son dernier maillon : la fin manque."""

        def check(line: dict) -> None:
            if line["sequence_number"] > last and line["fiscal_date"] <= self.range["to"]:
                raise Fault(f"elle a été notée ailleurs, mais ceci s’arrête au maillon {last} : la fin manque")

        return check

    def _out_of_reach(self, number: int) -> str:
        """Pourquoi une tête notée à la main ne dit rien de cette archive : elle ne porte pas son jour."""
        if number < self.first:
            return (
                f"l’archive commence au maillon {self.first}, cette tête est avant : rien n’a été comparé. Donnez une"
                " archive qui contient ce maillon"
            )
        own = next((closing["name"] for closing in self.closings.values() if closing["own"] == number), "")
        said = f" C’est le maillon de la {own}, fait après ce qu’elle scelle." if own else ""
        return (
            f"l’archive s’arrête au maillon {self.last}, cette tête est plus loin : rien n’a été comparé.{said} Ou bien"
            " l’archive finit avant le jour de cette tête, ou bien sa fin manque : une tête notée à la main ne porte"
            " pas son jour. Donnez le fichier d’ancres, dont chaque ligne porte le sien, la tête que « Têtes ancrées »"
            f" indique pour une archive de ce jour, ou une archive qui va jusqu’au maillon {number}"
        )


class Walk:
    """Où en est la lecture des maillons."""

    def __init__(self, archive: Archive) -> None:
        self.archive, self.report = archive, archive.report
        start = archive.start
        self.number, self.hash, self.day = archive.first - 1, start["previous_hash"], start["previous_fiscal_date"]
        self.sealed_until = start["sealed_until"]
        self.count = self.sealed = self.operations = 0
        self.sums: Sums = {}
        self.seen: dict[int, str] = {}
        self.wanted = {head["sequence_number"] for head in archive.given or []}
        self.starts: dict[int, list[dict]] = {}
        self.ends: dict[int, list[dict]] = {}
        for closing in archive.closings.values():
            self.starts.setdefault(closing["first_sequence"], []).append(closing)
            self.ends.setdefault(closing["last_sequence"], []).append(closing)
        self.due = {closing["own"]: key for key, closing in archive.closings.items() if archive.first <= closing["own"] <= archive.last}  # fmt: skip
        self._arrive()

    def step(self, row: dict) -> dict:
        """Vérifier le maillon qui suit ; rend ce qui a été signé."""
        archive = self.archive
        if row.get("sequence_number") != self.number + 1:
            raise Fault(f"le maillon {self.number + 1} était attendu à sa place")
        if row["previous_hash"] != self.hash:
            raise Fault("il ne suit pas le maillon précédent")
        said = check_link(row, archive.tenant, archive.keys)
        self._day(said)
        if said["entry_type"] == "closing":
            self._closing_link(said["document"], row["sequence_number"])
        self.operations += add_link(self.sums, said["fact"], archive.manifest["measures"])
        archive.tree.append(bytes.fromhex(row["chain_hash"]))
        self._move(row, said["fiscal_date"])
        return said

    def go_on(self, row: dict) -> None:
        """Après un maillon rompu, repartir de ce qui est écrit : un défaut plus loin se voit aussi."""
        number, linked = row.get("sequence_number"), row.get("chain_hash")
        if isinstance(number, int) and isinstance(linked, str) and HEX.fullmatch(linked):
            self.archive.tree.append(bytes.fromhex(linked))
            self._move(row, self.day)

    def _move(self, row: dict, day: str) -> None:
        self.number, self.hash, self.day = row["sequence_number"], row["chain_hash"], day
        self.count += 1
        if self.number in self.wanted:
            self.seen[self.number] = self.hash
        for head in self.archive.heads.get(self.number, []):
            if head["chain_hash"] != self.hash:
                self.report.bad(
                    f"ancre du maillon {self.number}", "elle garde une autre empreinte que celle du maillon"
                )
        self._arrive()

    def _day(self, said: dict) -> None:
        day, period = said["fiscal_date"], self.archive.range
        if not period["from"] <= day <= period["to"]:
            raise Fault("son jour fiscal n’est pas dans la période de l’archive")
        if day < (self.day or "") or day <= (self.sealed_until or ""):
            raise Fault("son jour fiscal recule, ou était déjà clôturé")
        apart = abs((date.fromisoformat(day) - date.fromisoformat(said["created_at"][:10])).days)
        after = self.sealed_until and (date.fromisoformat(self.sealed_until) + timedelta(days=1)).isoformat()
        if apart > 1 and day not in (self.day, after):
            raise Fault("son jour fiscal n’est pas celui de son enregistrement")

    def _closing_link(self, document: dict, number: int) -> None:
        key = document["closing_hash"]
        closing = self.archive.closings.get(key)
        if closing is None or closing["own"] != number:
            raise Fault("il annonce une clôture que l’archive n’a pas, ou plus")
        for name in ("first_sequence", "last_sequence", "head_hash", "merkle_root"):
            if document[name] != closing[name]:
                raise Fault(f"il dit de la {closing['name']} autre chose qu’elle")
        self.due.pop(number, None)
        if closing["type"] == "daily":
            self.sealed_until = max(self.sealed_until or "", closing["day"])

    def _arrive(self) -> None:
        """À chaque limite de clôture : noter les totaux au début, tout comparer à la fin."""
        for closing in self.starts.pop(self.number + 1, []):
            closing["start"] = (dict(self.sums), self.operations)
        for closing in self.ends.pop(self.number, []):
            self._compare(closing)

    def _compare(self, closing: dict) -> None:
        bad = lambda text: self.report.bad(closing["name"], text)  # noqa: E731
        if self.archive.tree.root().hex() != closing["merkle_root"]:
            bad("sa racine de Merkle n’est pas celle des maillons")
        if self.hash != closing["head_hash"]:
            bad("son dernier maillon n’est pas celui qu’elle a scellé")
        if (self.day or "") > closing["day"]:
            bad("elle couvre un maillon d’un jour plus tardif")
        if closing["start"] is None:
            self.report.note(f"{closing['name']} commence avant l’archive : ses totaux n’ont pas été recalculés")
            return
        sums, operations = closing["start"]
        if plus(self.sums, sums, -1) != sums_of(closing["totals"]):
            bad("ses totaux ne sont pas ceux de ses maillons")
        if self.operations - operations != closing["total_operations"]:
            bad("son nombre d’opérations n’est pas celui de ses maillons")
        self.sealed += 1

    def end(self) -> None:
        if self.number != self.archive.last or self.count != self.archive.range["count"]:
            self.report.bad(
                f"maillon {self.number + 1}", f"il manque : l’archive va jusqu’au maillon {self.archive.last}"
            )
        for key in self.due.values():
            closing = self.archive.closings[key]
            self.report.bad(closing["name"], f"le maillon {closing['own']} devait l’annoncer")
        for closing in [closing for waiting in self.ends.values() for closing in waiting]:
            self.report.note(f"{closing['name']} va au-delà de l’archive : ses maillons n’y sont pas tous")


# Heads noted elsewhere -------------------------------------------------------------------------------


def check_anchor(line: dict, tenant: UUID, keys: Keys) -> None:
    if line.get("tenant_id") != str(tenant):
        raise Fault("elle est d’un autre établissement")
    said = {key: value for key, value in line.items() if key not in ("signature", "previous_line_hash")}
    if said.get("version") != 1 or not isinstance(said.get("sequence_number"), int):
        raise Fault("son format n’est pas reconnu")
    keys.check(line.get("key_id"), line.get("signature"), sha256(b"cauris/anchor/v1\0", canonical(said).encode()))


def read_heads(text: str | None, report: Report) -> list[dict] | None:
    """Les têtes de l’option --tete : un maillon noté à la main, ou les lignes d’un fichier d’ancres.

    Une ligne déchirée par une panne y reste ; chaque ligne nomme l’empreinte de celle qui la précède.
    """
    if not text:
        return None
    if re.fullmatch(r"\d{1,18}:[0-9a-fA-F]{64}", text):
        number, linked = text.split(":")
        return [{"sequence_number": int(number), "chain_hash": linked.lower()}]
    found, before, number = [], None, 0
    try:
        with Path(text).open("rb") as file:
            while raw := file.readline(LINE):
                number, raw = number + 1, raw.removesuffix(b"\n")
                try:
                    line = parse(raw)
                except Fault:
                    report.note(f"une ligne du fichier d’ancres est illisible, la ligne {number}")
                else:
                    found.append(line)
                    if before and line.get("previous_line_hash", before) != before:
                        report.bad(f"fichier d’ancres, ligne {number}", "elle ne suit pas la ligne d’avant")
                before = sha256(raw).hex()
    except OSError as error:
        raise BadOption(f"--tete : ni « NUMÉRO:EMPREINTE », ni un fichier d’ancres ({error})") from error
    if not found:
        raise BadOption("--tete : ni « NUMÉRO:EMPREINTE », ni un fichier d’ancres")
    return found


def heads_of(given: list[dict] | None, tenant: UUID) -> list[dict] | None:
    """Celles qui sont de cet établissement ; None sans l’option."""
    return None if given is None else [head for head in given if head.get("tenant_id", str(tenant)) == str(tenant)]


class Heads:
    """Ce qui a été noté ailleurs, à comparer : une fin coupée ou une ancienne copie ne se voit qu’ainsi.

    La tête d’une clôture est son propre maillon, qui vient après ce qu’elle scelle : elle se compare aussi par
    l’empreinte de la clôture (`closings`, par genre et jour).
    """

    def __init__(
        self, given: list[dict] | None, keys: Keys, report: Report, seen: dict[int, str], closings: dict
    ) -> None:
        self.given, self.keys, self.report, self.seen, self.closings = given, keys, report, seen, closings
        self.compared = 0

    def compare(self, contradicts: Callable[[dict], None]) -> None:
        """Comparer chaque tête ; `contradicts` dit ce qu’une ligne datée, d’un autre maillon, dément quand même."""
        if self.given is None:
            return
        for head in self.given:
            try:
                self.compared += self._one(head, contradicts)
            except (Fault, *MALFORMED) as error:
                self.report.bad(f"tête {head.get('sequence_number')}", reason(error))
        if self.compared:
            many_heads = many(self.compared, "tête notée ailleurs, comparée", "têtes notées ailleurs, comparées")
            self.report.ok(many_heads)

    def _one(self, head: dict, contradicts: Callable[[dict], None]) -> bool:
        number, dated = head["sequence_number"], "tenant_id" in head
        if dated:
            check_anchor(head, UUID(head["tenant_id"]), self.keys)
        if number in self.seen and self.seen[number] != head["chain_hash"]:
            raise Fault("l’empreinte notée ailleurs est une autre : la chaîne a été réécrite")
        sealed = self.closings.get((head.get("closing_type"), head.get("closing_date")))
        if sealed is not None and sealed != head["closing_hash"]:
            raise Fault("la clôture notée ailleurs est une autre : la chaîne a été réécrite")
        if dated:
            contradicts(head)
        return number in self.seen or sealed is not None

    def nothing(self) -> bool:
        """Dire si l’option a été donnée, sans que rien ait pu être comparé ni rien trouvé de rompu."""
        return self.given is not None and not self.compared and not self.report.faults


# A proof alone -----------------------------------------------------------------------------------------


def spelled(day: str) -> str:
    return "/".join(reversed(day.split("-")))


class Proof:
    """Une preuve seule : un maillon et la clôture qui le couvre, ou deux clôtures."""

    def __init__(self, content: dict, options: argparse.Namespace, report: Report) -> None:
        self.content, self.report = content, report
        self.tenant = UUID(content["tenant_id"])
        report.note(f"établissement : {content['tenant']}, {self.tenant}")
        self.keys = Keys(content["keys"], options.empreinte, report)
        self.given = heads_of(options.tete, self.tenant)
        self.seen: dict[int, str] = {}
        self.days: dict[int, str] = {}  # of the link that is proved
        self.sealed: list[tuple[dict, str]] = []  # the closings, with their hashes

    def verify(self) -> None:
        steps = {"cauris/inclusion-proof/v1": self._inclusion, "cauris/consistency-proof/v1": self._consistency}
        step = steps.get(self.content.get("type"))
        if step is None:
            raise Unusable("ce JSON n’est ni une preuve de maillon ni une preuve de continuité")
        step()
        if self.given is None:
            self.report.note("sans --tete, la preuve dit ce que l’établissement a signé, pas qu’il n’a signé que cela")
            return
        places = {(said["closing_type"], said["closing_date"]): closed for said, closed in self.sealed}
        heads = Heads(self.given, self.keys, self.report, self.seen, places)
        heads.compare(self._contradicts)
        if heads.nothing():
            self._nothing_compared()

    def _contradicts(self, line: dict) -> None:
        """Les jours ne reculent pas le long de la chaîne : une ligne d’un autre maillon dit encore où il se place.

        Une clôture couvre tous les maillons qui la précèdent et dont le jour n’est pas après le sien, et eux seuls.
        """
        number, day = line["sequence_number"], line["fiscal_date"]
        for proved, its_day in self.days.items():
            if (day < its_day and number > proved) or (day > its_day and number < proved):
                raise Fault(f"le maillon {number} est du {spelled(day)} : le maillon {proved} ne peut être où il est")
        for said, _closed in self.sealed:
            if (day <= said["closing_date"]) != (number <= said["last_sequence"]):
                raise Fault(
                    f"le maillon {number} est du {spelled(day)} : la {name_of(said)} ne peut finir au maillon"
                    f" {said['last_sequence']}"
                )

    def _nothing_compared(self) -> None:
        """Une ancre d’un autre jour ne dément rien ; une tête notée à la main, ou d’ailleurs, n’a rien confirmé."""
        if not self.given:
            self.report.unsure("--tete", "aucune ligne de ce fichier n’est de cet établissement")
        elif "tenant_id" not in self.given[0]:
            number = self.given[0]["sequence_number"]
            held = ", ".join(map(str, sorted(self.seen))) or "aucun"
            self.report.unsure(
                f"tête {number}",
                f"cette preuve ne contient pas ce maillon (mais : {held}), rien n’a été comparé. Donnez le fichier"
                " d’ancres, ou la tête que « Têtes ancrées » indique pour une archive ou une preuve de ce jour",
            )
        else:
            days = sorted(line["fiscal_date"] for line in self.given)
            self.report.note(
                f"aucune ligne du fichier d’ancres, du {spelled(days[0])} au {spelled(days[-1])}, ne parle de ce qui"
                " est prouvé : rien n’a été comparé, rien ne le dément"
            )

    def _path(self, name: str) -> list[bytes]:
        path = self.content[name]
        if not isinstance(path, list) or len(path) > 128:
            raise Fault("le chemin de Merkle est mal formé")
        return [hash_bytes(step) for step in path]

    def _inclusion(self) -> None:
        row = self.content["link"]
        said = check_link(row, self.tenant, self.keys)
        number = row["sequence_number"]
        self.seen[number], self.days[number] = row["chain_hash"], said["fiscal_date"]
        self.report.ok(f"maillon {number} : {said['entity_number']}, {spelled(said['fiscal_date'])}, signé")
        if self.content["closing"] is None:
            self.report.note("ce maillon n’est pas encore scellé : sa journée n’est pas clôturée")
            return
        closing = check_closing(self.content["closing"], self.tenant, self.keys)
        covered = links_named(closing["first_sequence"], closing["last_sequence"])
        self.report.ok(f"{name_of(closing)}, {covered}, signée")
        if closing["closing_type"] != "daily" or closing["closing_date"] != said["fiscal_date"]:
            raise Fault(f"la {name_of(closing)} n’est pas celle de la journée du maillon {number}")
        if not closing["first_sequence"] <= number <= closing["last_sequence"]:
            raise Fault(f"la {name_of(closing)} ne couvre pas le maillon {number}")
        root = hash_bytes(closing["merkle_root"])
        if not included(number - 1, closing["last_sequence"], hash_bytes(row["chain_hash"]), self._path("path"), root):
            raise Fault(f"le chemin ne mène pas du maillon {number} à la racine de la {name_of(closing)}")
        self._seal(closing, self.content["closing"])
        self.report.ok(f"le maillon {number} est dans ce que la {name_of(closing)} a scellé")

    def _consistency(self) -> None:
        first, second = (check_closing(self.content[name], self.tenant, self.keys) for name in ("first", "second"))
        sizes = (first["last_sequence"], second["last_sequence"])
        roots = (hash_bytes(first["merkle_root"]), hash_bytes(second["merkle_root"]))
        self.report.ok(f"{name_of(first)} et {name_of(second)}, signées")
        if not consistent(*sizes, *roots, self._path("proof")):
            raise Fault(f"la {name_of(second)} ne prolonge pas la {name_of(first)} : l’histoire a été réécrite")
        self._seal(first, self.content["first"])
        self._seal(second, self.content["second"])
        if not sizes[0]:
            self.report.ok(f"la {name_of(first)} ne couvre aucun maillon : toute suite la prolonge")
        elif sizes[0] == 1:
            self.report.ok(f"le maillon 1 de la {name_of(first)} est le premier de la {name_of(second)}")
        else:
            named = f"les maillons 1 à {sizes[0]} de la {name_of(first)}"
            self.report.ok(f"{named} sont les premiers de la {name_of(second)}")

    def _seal(self, closing: dict, row: dict) -> None:
        self.sealed.append((closing, row["closing_hash"]))
        if closing["last_sequence"]:
            self.seen.setdefault(closing["last_sequence"], closing["head_hash"])


# The command ---------------------------------------------------------------------------------------------


def verify(path: Path, options: argparse.Namespace, report: Report) -> None:
    with path.open("rb") as file:
        magic = file.read(4)
    if magic[:2] != b"PK":
        if path.stat().st_size > SMALL:
            raise Unusable("ce n’est ni une archive ZIP ni une preuve JSON")
        try:
            content = parse(path.read_bytes())
        except Fault as fault:
            raise Unusable(f"ce n’est ni une archive ZIP ni une preuve JSON ({fault})") from fault
        Proof(content, options, report).verify()
        return
    guard_directory(path)
    with zipfile.ZipFile(path) as archive:
        guard_files(archive)
        Archive(archive, options, report).verify()


def fingerprint_of(text: str) -> str:
    """L’empreinte telle qu’elle est comparée : ni espaces ni deux-points."""
    found = text.replace(":", "").replace(" ", "").lower()
    if not HEX.fullmatch(found):
        raise BadOption(f"--empreinte : « {text[:80]} » n’est pas une empreinte, de 64 chiffres hexadécimaux")
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Vérifie une archive ou une preuve de la chaîne fiscale Cauris.")
    parser.add_argument("fichier", type=Path, metavar="ARCHIVE|PREUVE")
    parser.add_argument("--tete", metavar="TÊTE", help="« NUMÉRO:EMPREINTE », ou un fichier d’ancres")
    parser.add_argument("--empreinte", action="append", default=[], help="SHA-256 attendu de la clé publique")
    options = parser.parse_args(arguments)
    report = Report()
    try:
        options.empreinte = [fingerprint_of(text) for text in options.empreinte]
        options.tete = read_heads(options.tete, report)
        verify(options.fichier, options, report)
    except BadOption as error:
        sys.stderr.write(f"Option illisible : {error}\n")
        return UNUSABLE
    except (Unusable, OSError) as error:
        sys.stderr.write(f"Fichier inutilisable : {error}\n")
        return UNUSABLE
    except DAMAGED as error:
        report.bad("archive", f"elle est abîmée ({error})")
    except (Fault, *MALFORMED) as error:
        report.bad(options.fichier.name, reason(error))
    return report.conclude()


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")
    sys.exit(main())
