"""Who reads the chain, verifies, closes and archives it, who answers when it fails, who hands out proofs."""

READ = [
    "fiscal.view_fiscalanchor",
    "fiscal.view_fiscalclosing",
    "fiscal.view_fiscalentry",
    "fiscal.view_fiscalintegrityanswer",
    "fiscal.view_fiscalintegritycheck",
    "fiscal.view_fiscalkey",
    "fiscal.view_fiscalsequence",
]

PROVE = ["fiscal.prove_entry"]
KEEP = ["fiscal.verify_chain", "fiscal.archive_chain", "fiscal.answer_failure", "fiscal.close_period"]

ROLE_PERMISSIONS = {
    "administrateur": [*READ, *PROVE, *KEEP, "fiscal.view_fiscalcommitment"],
    "caissier": PROVE,
    "comptable": [*READ, *PROVE, *KEEP],
    "auditeur": [*READ, *PROVE, "fiscal.archive_chain"],
}
