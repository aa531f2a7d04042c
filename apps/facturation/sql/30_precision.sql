-- Amounts at the precision of their currency. Here and not in a migration: the function is installed after it.
alter table facturation_invoice drop constraint if exists facturation_invoice_precision;
alter table facturation_invoice add constraint facturation_invoice_precision
  check (socle_exact(currency, total_ht, total_tax, rounding, total_ttc, amount_paid));
alter table facturation_invoiceline drop constraint if exists facturation_line_precision;
alter table facturation_invoiceline add constraint facturation_line_precision
  check (socle_exact(currency, total_ht, tax_amount, total_ttc));
