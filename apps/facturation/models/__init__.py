from apps.facturation.models.history import InvoiceHistory
from apps.facturation.models.invoice import Invoice
from apps.facturation.models.line import InvoiceLine
from apps.facturation.models.sequence import InvoiceSequence
from apps.facturation.models.tax_rule import TaxRule

__all__ = ["Invoice", "InvoiceHistory", "InvoiceLine", "InvoiceSequence", "TaxRule"]
