"""Who reads the chain, who has it verified, who closes its days, and who answers when it fails."""

READ = [
    "fiscal.view_fiscalanchor",
    "fiscal.view_fiscalclosing",
    "fiscal.view_fiscalentry",
    "fiscal.view_fiscalintegrityanswer",
    "fiscal.view_fiscalintegritycheck",
    "fiscal.view_fiscalkey",
    "fiscal.view_fiscalsequence",
]

KEEP = ["fiscal.verify_chain", "fiscal.answer_failure", "fiscal.close_period"]

ROLE_PERMISSIONS = {
    "administrateur": [*READ, *KEEP, "fiscal.view_fiscalcommitment"],
    "comptable": [*READ, *KEEP],
    "auditeur": READ,
}
