"""The proof of one link, the continuity of two closings: files that verify.py accepts alone, and pages for people."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth import SESSION_KEY
from django.db import connection
from django.test import Client

from apps.fiscal import closings, crypto, proofs, tree
from apps.fiscal.anchor_line import SIGNED, signed_line
from apps.fiscal.archive import verify
from apps.fiscal.choices import ClosingType
from apps.fiscal.keys import derive
from apps.fiscal.models import FiscalAnchor, FiscalClosing, FiscalEntry, FiscalKey
from apps.fiscal.tests.factories import failed_check
from apps.fiscal.tests.history import FIRST, LAST, SECOND
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_user
from apps.socle.models import AuditTrail
from apps.socle.scope import scope

pytestmark = pytest.mark.database

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def house(sealed_house: Tenant, settings: LazySettings) -> Tenant:
    settings.SECOND_FACTOR = "optional"
    return sealed_house


def verified(capsys: pytest.CaptureFixture[str], content: Any, folder: Path, *options: str) -> tuple[int, str]:
    path = folder / "preuve.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    status = verify.main([str(path), *options])
    said = capsys.readouterr()
    return status, said.out + said.err


def inclusion(number: int) -> dict[str, Any]:
    return proofs.inclusion(FiscalEntry.objects.get(sequence_number=number))


def closing(day: date, kind: str = ClosingType.DAILY) -> FiscalClosing:
    found = closings.closing_of(kind, day)
    assert found is not None
    return found


# The files ------------------------------------------------------------------------------------------------


def test_each_sealed_link_has_a_proof_that_stands_alone(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fingerprint = FiscalKey.objects.get().fingerprint
    for number in range(1, 8):
        status, said = verified(capsys, inclusion(number), tmp_path, "--empreinte", fingerprint)
        assert status == 0, said
        day = "28" if number <= 3 else "29" if number <= 6 else "30"
        assert f"le maillon {number} est dans ce que la clôture CLO-2026-11-{day} a scellé" in said


def test_before_the_day_is_sealed_what_can_be_given_is(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = inclusion(10)
    assert (content["closing"], content["path"]) == (None, None)
    status, said = verified(capsys, content, tmp_path)
    assert status == 0
    assert "maillon 10 : VENTE-00006, 01/12/2026, signé" in said
    assert "n’est pas encore scellé" in said


def test_a_head_noted_elsewhere_is_compared(house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, last = inclusion(2), closing(FIRST)
    for given, status in (
        (f"2:{content['link']['chain_hash']}", 0),
        (f"3:{last.head_hash}", 0),
        (f"3:{'ab' * 32}", 1),
        (f"2:{'ab' * 32}", 1),
        (f"9:{'ab' * 32}", 1),
    ):
        assert verified(capsys, content, tmp_path, "--tete", given)[0] == status, given


def noted(folder: Path, house: Tenant, *lines: dict[str, Any]) -> str:
    """An anchor file with these heads, signed by the house."""
    path = folder / "ancres.jsonl"
    path.write_text("".join(signed_line(line, derive(house.pk, "k1")) + "\n" for line in lines))
    return str(path)


def anchored(**where: Any) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(FiscalAnchor.objects.filter(**where).order_by("sequence_number")[0].line)
    return {name: line[name] for name in SIGNED}


def test_the_genuine_anchor_file_confirms_a_proof(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The head of a closing is its own link, behind what it seals: it is compared by the closing's hash."""
    lines = [anchored(sequence_number=number) for number in sorted(set(numbers_anchored()))]
    given = noted(tmp_path, house, *lines)
    for content in (inclusion(2), inclusion(5), proofs.consistency(closing(FIRST), closing(SECOND))):
        status, said = verified(capsys, content, tmp_path, "--tete", given)
        assert (status, "comparée" in said) == (0, True), said
    of_the_day = anchored(closing__closing_date=FIRST, closing__closing_type="daily")
    assert of_the_day["sequence_number"] not in (2, closing(FIRST).last_sequence)
    status, said = verified(capsys, inclusion(2), tmp_path, "--tete", noted(tmp_path, house, of_the_day))
    assert (status, "1 tête notée ailleurs, comparée" in said) == (0, True), said


def numbers_anchored() -> list[int]:
    return list(FiscalAnchor.objects.values_list("sequence_number", flat=True))


def test_an_anchor_file_that_says_nothing_of_the_proof_does_not_make_it_false(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = anchored(closing__closing_date=SECOND, closing__closing_type="daily")
    status, said = verified(capsys, inclusion(2), tmp_path, "--tete", noted(tmp_path, house, later))
    assert status == 0, said
    assert "aucune ligne du fichier d’ancres, du 30/11/2026 au 30/11/2026, ne parle de ce qui est prouvé" in said
    foreign = signed_line(later | {"tenant_id": "0199d3a0-7c00-7000-8000-000000000001"}, derive(house.pk, "k1"))
    (tmp_path / "ancres.jsonl").write_text(foreign + "\n")
    status, said = verified(capsys, inclusion(2), tmp_path, "--tete", str(tmp_path / "ancres.jsonl"))
    assert (status, "aucune ligne de ce fichier n’est de cet établissement" in said) == (1, True), said
    status, said = verified(capsys, inclusion(2), tmp_path, "--tete", f"9:{'ab' * 32}")
    assert (status, "NON CONFIRMÉ  tête 9 : cette preuve ne contient pas ce maillon" in said) == (1, True), said


def test_a_line_that_contradicts_a_proof_fails_it(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever holds the key could sign another closing and another link: what was written outside says otherwise."""
    of_the_day = anchored(closing__closing_date=FIRST, closing__closing_type="daily")
    later = anchored(closing__closing_date=SECOND, closing__closing_type="daily")
    for line, said_of_it in (
        (of_the_day | {"closing_hash": "ab" * 32}, "la clôture notée ailleurs est une autre"),
        (of_the_day | {"sequence_number": 2, "chain_hash": "ab" * 32}, "l’empreinte notée ailleurs est une autre"),
        (later | {"sequence_number": 3, "chain_hash": closing(FIRST).head_hash}, "ne peut finir au maillon 3"),
        (later | {"fiscal_date": FIRST.isoformat()}, "ne peut finir au maillon 3"),
        (later | {"fiscal_date": "2026-11-27"}, "le maillon 2 ne peut être où il est"),
        (later | {"sequence_number": 1, "chain_hash": "ab" * 32}, "le maillon 2 ne peut être où il est"),
    ):
        status, said = verified(capsys, inclusion(2), tmp_path, "--tete", noted(tmp_path, house, line))
        assert (status, said_of_it in said) == (1, True), (line, said)


def test_a_closing_of_another_day_or_of_a_month_proves_no_link(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else its maker could choose a closing that no anchor file names."""
    forged = inclusion(2) | {"closing": inclusion(5)["closing"]}
    forged["path"] = tree.inclusion_proof(
        sequence_number=2,
        size=closing(SECOND).last_sequence,
        chain_hash=forged["link"]["chain_hash"],
        root=closing(SECOND).merkle_root,
    )
    status, said = verified(capsys, forged, tmp_path)
    assert (status, "la clôture CLO-2026-11-29 n’est pas celle de la journée du maillon 2" in said) == (1, True), said


def put(*path: Any, value: Any) -> Change:
    def change(content: dict[str, Any]) -> None:
        place: Any = content
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value(place[path[-1]]) if callable(value) else value

    return change


def flipped(text: str) -> str:
    return ("0" if text[0] != "0" else "1") + text[1:]


FORGED: dict[str, tuple[Change, str]] = {
    "amount": (put("link", "data_canonical", value=lambda text: text.replace("2190", "219")), "données signées"),
    "step": (put("path", 0, value=flipped), "le chemin ne mène pas"),
    "step removed": (put("path", value=lambda path: path[1:]), "le chemin ne mène pas"),
    "step added": (put("path", value=lambda path: [*path, "00" * 32]), "le chemin ne mène pas"),
    "no path": (put("path", value=[]), "le chemin ne mène pas"),
    "path of many": (put("path", value=["00" * 32] * 1000), "mal formé"),
    "path of none": (put("path", value=None), "mal formé"),
    "step of upper case": (put("path", 0, value=lambda step: "A" * 64), "n’est pas 64 chiffres"),
    "root": (put("closing", "data_canonical", value=lambda text: text.replace('"merkle_root":"', '"merkle_root":"0')), "données signées"),
    "closing's signature": (put("closing", "signature", value=flipped), "sa signature"),
    "link's signature": (put("link", "signature", value=flipped), "sa signature"),
    "link's place": (put("link", "sequence_number", value=1), "son numéro"),
    "link's hash": (put("link", "chain_hash", value=flipped), "son empreinte"),
    "another house": (put("tenant_id", value="0199d3a0-7c00-7000-8000-000000000001"), "d’un autre établissement"),
    "keys": (put("keys", 0, "public_key", value=flipped), ""),
    "no keys": (put("keys", value=[]), "la liste des clés"),
    "keys doubled": (put("keys", value=lambda keys: keys * 2), "est double"),
    "algorithm": (put("keys", 0, "algorithm", value="none"), "d’un autre algorithme"),
    "closing's algorithm": (put("closing", "algorithm", value="none"), "son format"),
    "no link": (put("link", value=None), "mal formé"),
}  # fmt: skip


def test_a_forged_inclusion_proof_fails(house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    genuine = json.dumps(inclusion(2))
    assert verified(capsys, json.loads(genuine), tmp_path)[0] == 0, "the control"
    for name, (change, expected) in FORGED.items():
        content = json.loads(genuine)
        change(content)
        status, said = verified(capsys, content, tmp_path)
        assert (status, expected in said) == (1, True), f"{name}: {said}"


def test_a_link_of_another_closing_or_none_is_not_proved(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Parts that are genuine each, put together: the closing does not cover the link, or the path is another's."""
    first, second, open_one = inclusion(2), inclusion(5), inclusion(11)
    for content in (
        first | {"closing": second["closing"], "path": second["path"]},
        second | {"closing": first["closing"], "path": first["path"]},
        first | {"path": inclusion(1)["path"]},
        open_one | {"closing": second["closing"], "path": second["path"]},
    ):
        assert verified(capsys, content, tmp_path)[0] == 1


def test_who_signs_with_another_key_is_found_by_the_fingerprint(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole statement forged, signed and its key listed: nothing but the fingerprint can tell."""
    content, own = inclusion(10), crypto.derive_signing_key(bytes(32), house.pk, "k1")
    content["link"]["signature"] = crypto.sign(own, content["link"]["chain_hash"]).hex()
    content["keys"][0]["public_key"] = crypto.public_bytes(own).hex()
    assert verified(capsys, content, tmp_path)[0] == 0
    status, said = verified(capsys, content, tmp_path, "--empreinte", FiscalKey.objects.get().fingerprint)
    assert (status, "Premier élément rompu : clé k1" in said) == (1, True)


PAIRS = [(FIRST, SECOND), (FIRST, LAST), (SECOND, LAST), (LAST, LAST)]


def test_closings_go_on_from_one_another(house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for pair in PAIRS:
        first, second = map(closing, pair)
        for one, other in ((first, second), (second, first)):
            status, said = verified(capsys, proofs.consistency(one, other), tmp_path)
            assert status == 0, said
            assert f"les maillons 1 à {first.last_sequence} de la clôture {first.number} sont les premiers" in said


def test_days_and_months_go_on_from_one_another_too(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = proofs.consistency(closing(SECOND), closing(LAST, ClosingType.MONTHLY))
    status, said = verified(capsys, content, tmp_path)
    assert (status, "premiers de la clôture CLO-2026-11\n" in said) == (0, True)


def test_a_forged_consistency_proof_fails(house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    genuine = proofs.consistency(closing(FIRST), closing(SECOND))
    assert verified(capsys, genuine, tmp_path)[0] == 0
    for content in (
        genuine | {"proof": [flipped(step) for step in genuine["proof"]]},
        genuine | {"proof": genuine["proof"][1:]},
        genuine | {"proof": []},
        genuine | {"first": genuine["second"], "second": genuine["first"]},
        genuine | {"second": genuine["first"]},
        genuine | {"type": "cauris/inclusion-proof/v1"},
    ):
        assert verified(capsys, content, tmp_path)[0] == 1
    assert verified(capsys, genuine | {"type": "something/else"}, tmp_path)[0] == 2


def test_a_history_written_anew_with_the_key_does_not_go_on(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The closing that was handed out before the rewriting gives it away, although the new one is signed."""
    genuine = proofs.consistency(closing(FIRST), closing(SECOND))
    said = json.loads(genuine["second"]["data_canonical"])
    said["merkle_frontier"] = ["ab" * 32, "cd" * 32]
    frontier = tree.Frontier.from_hex(6, said["merkle_frontier"])
    said["merkle_root"] = frontier.root().hex()
    raw = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    hashed = crypto.hashlib.sha256(raw.encode()).hexdigest()
    closed = crypto.closing_hash(said["previous_closing_hash"], hashed)
    signature = crypto.sign(derive(house.pk, "k1"), closed).hex()
    forged = genuine["second"] | {
        "data_canonical": raw, "data_hash": hashed, "closing_hash": closed, "signature": signature,
    }  # fmt: skip
    for proof in (genuine["proof"], said["merkle_frontier"]):
        status, found = verified(capsys, genuine | {"second": forged, "proof": proof}, tmp_path)
        assert status == 1
        assert "l’histoire a été réécrite" in found


# The pages ------------------------------------------------------------------------------------------------


def page(client: Client, house: Tenant, address: str, role: str = "comptable", **data: Any) -> Any:
    if SESSION_KEY not in client.session:
        client.force_login(make_user(house, role))
    return client.get(f"/{house.slug}/chaine/{address}", data)


def test_the_page_of_a_sealed_link(house: Tenant, client: Client) -> None:
    response = page(client, house, "2/preuve/", "caissier")
    html = response.content.decode()
    assert response.status_code == 200
    for said in ("VENTE-00002", "FCFA", "CLO-2026-11-28", closing(FIRST).merkle_root, *inclusion(2)["path"],
                 FiscalKey.objects.get().fingerprint, "Télécharger la preuve"):  # fmt: skip
        assert said in html
    assert "pas encore clôturée" not in html


def test_the_page_of_a_link_that_is_not_sealed(house: Tenant, client: Client) -> None:
    html = page(client, house, "11/preuve/").content.decode()
    assert "La journée du 01/12/2026 n’est pas encore clôturée" in html
    assert "Télécharger la preuve" in html


def test_the_file_from_the_screen_is_accepted_alone(
    house: Tenant, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    response = page(client, house, "2/preuve.json")
    assert response["Content-Disposition"] == 'attachment; filename="preuve-2.json"'
    assert verified(capsys, response.content, tmp_path)[0] == 0
    response = page(client, house, "verify.py")
    assert response.content == Path(verify.__file__).read_bytes()


def test_the_page_of_continuity(
    house: Tenant, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    html = page(client, house, "continuite/").content.decode()
    assert 'value="CLO-2026-11-29"' in html, "the latest two days are proposed"
    assert 'value="CLO-2026-11-30"' in html
    assert 'value="CLO-2026-11"' in page(client, house, "continuite/", a="CLO-2026-11").content.decode()
    response = page(client, house, "continuite/", de="clo-2026-11", a=" CLO-2026-11-28 ")
    assert "CLO-2026-11 prolonge CLO-2026-11-28 sans rien y changer" in response.content.decode()
    response = page(client, house, "continuite/", de="CLO-2026-11-28", a="CLO-2026-11", fichier="1")
    assert response["Content-Disposition"] == 'attachment; filename="continuite-CLO-2026-11-28-CLO-2026-11.json"'
    assert verified(capsys, response.content, tmp_path)[0] == 0


def test_a_closing_that_is_none(house: Tenant, client: Client) -> None:
    for number in ("", "CLO", "CLO-2025-01-01", "CLO-2026-13", "XXX-2026-11-28", "CLO-2026-11-28-1"):
        response = page(client, house, "continuite/", de=number, a="CLO-2026-11-28")
        assert response.status_code == 422
        assert "Aucune clôture" in response.content.decode() or not number


def test_no_page_gives_a_proof_that_does_not_hold(
    house: Tenant, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "leaves", lambda start, end: iter([bytes(32)] * (end - start)))
    for address, data in (
        ("2/preuve/", {}),
        ("2/preuve.json", {}),
        ("continuite/", {"de": "CLO-2026-11-28", "a": "CLO-2026-11"}),
    ):
        response = page(client, house, address, **data)
        assert response.status_code == 409, address
        assert "aucune preuve ne peut" in response.content.decode() or "la chaîne a changé" in response.content.decode()


def test_one_link_is_named_in_the_singular(house: Tenant, client: Client) -> None:
    """The closing of the month's last day covers one link, 7."""
    alone = closing(LAST)
    assert (alone.first_sequence, alone.last_sequence) == (7, 7)
    assert "maillon 7</span>" in page(client, house, "7/preuve/").content.decode()
    html = page(client, house, f"clotures/{alone.pk}/").content.decode()
    assert "le maillon 7</a>" in html
    assert "de 7 à 7" not in html


def test_an_archive_from_the_screen(
    house: Tenant, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    html = page(client, house, "archive/", "auditeur").content.decode()
    assert 'value="28/11/2026"' in html
    assert "clôturées jusqu’au 30/11/2026. Rien ne scelle encore celles qui suivent" in html
    assert "a échoué" not in html
    failed_check()
    assert "La dernière vérification de la chaîne, le" in page(client, house, "archive/", "auditeur").content.decode()
    response = client.post(f"/{house.slug}/chaine/archive/", {"du": "2026-11-28", "au": "2026-11-30"})
    assert response["Content-Disposition"] == f'attachment; filename="chaine-{house.slug}-2026-11-28-2026-11-30.zip"'
    path = tmp_path / "a.zip"
    path.write_bytes(b"".join(response.streaming_content))
    assert verify.main([str(path)]) == 0
    assert "7 maillons, 1 à 7" in capsys.readouterr().out
    with scope(house.pk):
        assert AuditTrail.objects.get(action="archived").acteur_kind == "user"
        assert connection.in_atomic_block


def test_days_that_make_no_archive(house: Tenant, client: Client) -> None:
    client.force_login(make_user(house, "comptable"))
    for since, until, expected in (
        ("2026-11-30", "2026-11-28", "Le dernier jour précède le premier"),
        ("", "2026-11-28", "obligatoire"),
        ("hier", "2026-11-28", "date"),
    ):
        response = client.post(f"/{house.slug}/chaine/archive/", {"du": since, "au": until})
        assert response.status_code == 422
        assert expected in response.content.decode()


def test_without_the_secret_no_archive_begins(
    house: Tenant, client: Client, settings: LazySettings, tmp_path: Path
) -> None:
    settings.MASTER_SECRET_FILE = tmp_path / "absent"
    client.force_login(make_user(house, "comptable"))
    response = client.post(f"/{house.slug}/chaine/archive/", {"du": "2026-11-28", "au": "2026-11-28"})
    assert response.status_code == 422
    assert "Archive impossible" in response.content.decode()
