-- The lines of an invoice are the invoice: their number and their sums stand on it, whichever was written last.
create or replace function facturation_invoice_lines() returns trigger language plpgsql
set search_path = pg_catalog, public, pg_temp as $$
declare
  wanted uuid := case when tg_table_name = 'facturation_invoice' then new.id else (to_jsonb(new)->>'invoice_id')::uuid end;
begin
  if not exists (
    select 1 from public.facturation_invoice i
    where i.id = wanted
      and (i.line_count, i.total_ht, i.total_tax, i.total_ttc, i.rounding) = (
        select count(*), coalesce(sum(l.total_ht), 0), coalesce(sum(l.tax_amount), 0), coalesce(sum(l.total_ttc), 0),
          coalesce(sum(l.total_ttc) filter (where l.category = 'ARRONDI'), 0)
        from public.facturation_invoiceline l
        where l.invoice_id = i.id and l.tenant_id = i.tenant_id and l.currency = i.currency
      )
  ) then
    raise exception using errcode = '23514', constraint = 'facturation_invoice_lines', table = tg_table_name,
      message = format('invoice %s: its lines do not make its totals', wanted);
  end if;
  return null;
end $$;

drop trigger if exists facturation_invoice_lines on facturation_invoice;
create constraint trigger facturation_invoice_lines after insert on facturation_invoice
  deferrable initially deferred for each row execute function facturation_invoice_lines();
alter table facturation_invoice enable always trigger facturation_invoice_lines;

drop trigger if exists facturation_invoice_lines on facturation_invoiceline;
create constraint trigger facturation_invoice_lines after insert on facturation_invoiceline
  deferrable initially deferred for each row execute function facturation_invoice_lines();
alter table facturation_invoiceline enable always trigger facturation_invoice_lines;

drop trigger if exists facturation_invoice_fact on facturation_invoice;
create constraint trigger facturation_invoice_fact after insert on facturation_invoice
  deferrable initially deferred for each row execute function socle_require_fact('facturation.Invoice');
alter table facturation_invoice enable always trigger facturation_invoice_fact;
