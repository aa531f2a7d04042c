"""Who reads the chain and who has it verified."""

READ = [
    "fiscal.view_fiscalentry",
    "fiscal.view_fiscalintegritycheck",
    "fiscal.view_fiscalkey",
    "fiscal.view_fiscalsequence",
]

ROLE_PERMISSIONS = {
    "administrateur": [*READ, "fiscal.verify_chain", "fiscal.view_fiscalcommitment"],
    "comptable": [*READ, "fiscal.verify_chain"],
    "auditeur": READ,
}
