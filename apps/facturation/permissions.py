"""What each role may do with invoices: they are issued by the till's services, read by those who answer for them."""

_READ = ["facturation.view_invoice", "facturation.view_invoiceline", "facturation.view_invoicehistory"]
_REFERENCE = ["facturation.view_taxrule", "facturation.view_invoicesequence"]

ROLE_PERMISSIONS = {
    "administrateur": _REFERENCE,
    "caissier": _READ,
    "comptable": [*_READ, *_REFERENCE],
    "auditeur": [*_READ, *_REFERENCE],
}
