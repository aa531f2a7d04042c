"""Who reads the chain and who has it verified, and who answers when it fails."""

READ = [
    "fiscal.view_fiscalanchor",
    "fiscal.view_fiscalentry",
    "fiscal.view_fiscalintegrityanswer",
    "fiscal.view_fiscalintegritycheck",
    "fiscal.view_fiscalkey",
    "fiscal.view_fiscalsequence",
]

KEEP = ["fiscal.verify_chain", "fiscal.answer_failure"]

ROLE_PERMISSIONS = {
    "administrateur": [*READ, *KEEP, "fiscal.view_fiscalcommitment"],
    "comptable": [*READ, *KEEP],
    "auditeur": READ,
}
