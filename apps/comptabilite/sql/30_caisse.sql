-- What the till may not do, whoever writes: a service, the runtime role or the owner by hand.
-- Every refusal has an ERRCODE of class 23 and a name declared in caisse/constraints.py.

-- Lines change only while their invoice waits or is rejected.
create or replace function comptabilite_ligne_facture_ouverte() returns trigger language plpgsql
set search_path = pg_catalog, public, pg_temp as $$
declare
  parent uuid;
  etat text;
begin
  if tg_op <> 'TRUNCATE' then
    foreach parent in array array_remove(array[old.facture_id, new.facture_id], null) loop
      select statut into etat from public.comptabilite_facturecaisse where id = parent for share;
      if etat is null or etat not in ('EN_ATTENTE', 'REJETEE') then
        raise exception using errcode = '23514', constraint = 'comptabilite_ligne_facture_figee', table = tg_table_name,
          message = format('lines of invoice %s are frozen', parent);
      end if;
    end loop;
    return coalesce(new, old);
  end if;
  raise exception using errcode = '23514', constraint = 'comptabilite_ligne_facture_figee', table = tg_table_name,
    message = 'TRUNCATE refused';
end $$;

create or replace trigger comptabilite_ligne_facture_ouverte before insert or update or delete on comptabilite_lignefacturecaisse
  for each row execute function comptabilite_ligne_facture_ouverte();
create or replace trigger comptabilite_ligne_facture_entiere before truncate on comptabilite_lignefacturecaisse
  for each statement execute function comptabilite_ligne_facture_ouverte();
alter table comptabilite_lignefacturecaisse enable always trigger comptabilite_ligne_facture_ouverte;
alter table comptabilite_lignefacturecaisse enable always trigger comptabilite_ligne_facture_entiere;

-- Rejected once is rejected for good: a rule never validates it afterwards.
create or replace function comptabilite_facture_deja_rejetee() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  if old.deja_rejetee and not new.deja_rejetee or new.deja_rejetee and new.regle_id is not null then
    raise exception using errcode = '23514', constraint = 'comptabilite_facture_deja_rejetee', table = tg_table_name,
      message = format('invoice %s was rejected once', new.id);
  end if;
  return new;
end $$;

create or replace trigger comptabilite_facture_deja_rejetee before update on comptabilite_facturecaisse
  for each row execute function comptabilite_facture_deja_rejetee();
alter table comptabilite_facturecaisse enable always trigger comptabilite_facture_deja_rejetee;

-- An invoice is the sum of its lines until it is issued, the legal invoice's total afterwards; PAYEE is paid whole.
-- Asked once for each row of them: what one needs is read by its key, and no row is turned into JSON for it.
create or replace function comptabilite_facture_somme() returns trigger language plpgsql
set search_path = pg_catalog, public, pg_temp as $$
declare
  v_facture uuid;
  v_invoice uuid;
  v_montant numeric;
  v_statut text;
  attendu numeric;
  paye numeric;
begin
  if tg_table_name = 'comptabilite_facturecaisse' then
    v_facture := new.id;
  elsif tg_op = 'DELETE' then
    v_facture := old.facture_id;
  else
    v_facture := new.facture_id;
  end if;
  select f.invoice_id, f.montant, f.statut into v_invoice, v_montant, v_statut
    from public.comptabilite_facturecaisse f where f.id = v_facture;
  if v_invoice is null then
    select coalesce(sum(montant), 0) into attendu from public.comptabilite_lignefacturecaisse where facture_id = v_facture;
  else
    select total_ttc, amount_paid into attendu, paye from public.facturation_invoice where id = v_invoice;
  end if;
  if v_montant is distinct from attendu or v_statut = 'PAYEE' and paye is distinct from attendu then
    raise exception using errcode = '23514', constraint = 'comptabilite_facture_somme', table = tg_table_name,
      message = format('invoice %s: %s, its lines or its legal invoice: %s, paid: %s', v_facture, v_montant, attendu, paye);
  end if;
  return null;
end $$;

drop trigger if exists comptabilite_facture_somme on comptabilite_facturecaisse;
create constraint trigger comptabilite_facture_somme after insert or update on comptabilite_facturecaisse
  deferrable initially deferred for each row execute function comptabilite_facture_somme();
alter table comptabilite_facturecaisse enable always trigger comptabilite_facture_somme;
drop trigger if exists comptabilite_facture_somme on comptabilite_lignefacturecaisse;
create constraint trigger comptabilite_facture_somme after insert or update or delete on comptabilite_lignefacturecaisse
  deferrable initially deferred for each row execute function comptabilite_facture_somme();
alter table comptabilite_lignefacturecaisse enable always trigger comptabilite_facture_somme;

-- A receipt is issued in an open session, by the cashier who holds it.
create or replace function comptabilite_quittance_session_ouverte() returns trigger language plpgsql
set search_path = pg_catalog, public, pg_temp as $$
begin
  perform 1 from public.comptabilite_sessioncaisse s
    where s.id = new.session_caisse_id and s.statut = 'OUVERTE' and s.caissier_id = new.caissier_id for share;
  if not found then
    raise exception using errcode = '23514', constraint = 'comptabilite_quittance_session_ouverte', table = tg_table_name,
      message = format('session %s is not open to this cashier', new.session_caisse_id);
  end if;
  return new;
end $$;

create or replace trigger comptabilite_quittance_session_ouverte before insert on comptabilite_quittance
  for each row execute function comptabilite_quittance_session_ouverte();
alter table comptabilite_quittance enable always trigger comptabilite_quittance_session_ouverte;

-- A receipt has its fact.
drop trigger if exists comptabilite_quittance_exige_fait on comptabilite_quittance;
create constraint trigger comptabilite_quittance_exige_fait after insert on comptabilite_quittance
  deferrable initially deferred for each row execute function socle_require_fact('comptabilite.Quittance');
alter table comptabilite_quittance enable always trigger comptabilite_quittance_exige_fait;

-- A receipt is the sum of its payments; a payment is the sum of its allocations and, unless it is cash, has its
-- reference and no other; a line receives at most what it is worth, and from receipts of its own invoice.
-- None of these rows ever changes: each asks, when it is inserted, the rules that it can break, and no other.
create or replace function comptabilite_quittance_somme() returns trigger language plpgsql
set search_path = pg_catalog, public, pg_temp as $$
declare
  v_paiement uuid;
  v_ligne uuid;
  v_quittance uuid;
  v_montant numeric;
  v_devise text;
  v_moyen text;
  rule text;
begin
  if tg_table_name = 'comptabilite_quittance' then
    v_quittance := new.id;
  elsif tg_table_name = 'comptabilite_paiementquittance' then
    v_paiement := new.id;
  else
    v_paiement := new.paiement_id;
  end if;
  if tg_table_name = 'comptabilite_allocationpaiement' then
    v_ligne := new.invoice_line_id;
  end if;
  if v_paiement is not null then
    select p.quittance_id, p.montant, p.devise, p.moyen into v_quittance, v_montant, v_devise, v_moyen
      from public.comptabilite_paiementquittance p where p.id = v_paiement;
  end if;
  if tg_table_name in ('comptabilite_quittance', 'comptabilite_paiementquittance') and exists (
    select 1 from public.comptabilite_quittance q where q.id = v_quittance and q.montant_paye is distinct from
      (select sum(p.montant) from public.comptabilite_paiementquittance p where p.quittance_id = q.id and p.devise = q.devise)) then
    rule := 'comptabilite_quittance_somme';
  elsif tg_table_name in ('comptabilite_paiementquittance', 'comptabilite_allocationpaiement') and v_montant is distinct from
      (select sum(a.montant) from public.comptabilite_allocationpaiement a where a.paiement_id = v_paiement and a.devise = v_devise) then
    rule := 'comptabilite_allocation_somme';
  elsif v_ligne is not null and not exists (
    select 1 from public.comptabilite_quittance q
      join public.comptabilite_facturecaisse f on f.id = q.facture_id
      join public.facturation_invoiceline l on l.invoice_id = f.invoice_id
      where q.id = v_quittance and l.id = v_ligne and l.total_ttc >=
        (select sum(b.montant) from public.comptabilite_allocationpaiement b where b.invoice_line_id = v_ligne)) then
    rule := 'comptabilite_allocation_ligne';
  elsif tg_table_name = 'comptabilite_paiementquittance' and not (case v_moyen
      when 'CHEQUE' then exists (select 1 from public.comptabilite_cheque r where r.paiement_id = v_paiement)
      when 'VIREMENT' then exists (select 1 from public.comptabilite_virement r where r.paiement_id = v_paiement)
      when 'CARTE' then exists (select 1 from public.comptabilite_paiementcarte r where r.paiement_id = v_paiement)
      when 'MOBILE' then exists (select 1 from public.comptabilite_paiementmobile r where r.paiement_id = v_paiement)
      else true end) then
    rule := 'comptabilite_paiement_reference';
  elsif v_moyen is distinct from (case tg_table_name
      when 'comptabilite_cheque' then 'CHEQUE' when 'comptabilite_virement' then 'VIREMENT'
      when 'comptabilite_paiementcarte' then 'CARTE' when 'comptabilite_paiementmobile' then 'MOBILE' else v_moyen end) then
    rule := 'comptabilite_paiement_reference';
  end if;
  if rule is not null then
    raise exception using errcode = '23514', constraint = rule, table = tg_table_name,
      message = format('receipt %s does not add up: %s', v_quittance, rule);
  end if;
  return null;
end $$;

drop trigger if exists comptabilite_quittance_somme on comptabilite_quittance;
create constraint trigger comptabilite_quittance_somme after insert on comptabilite_quittance
  deferrable initially deferred for each row execute function comptabilite_quittance_somme();
alter table comptabilite_quittance enable always trigger comptabilite_quittance_somme;
drop trigger if exists comptabilite_quittance_somme on comptabilite_paiementquittance;
create constraint trigger comptabilite_quittance_somme after insert on comptabilite_paiementquittance
  deferrable initially deferred for each row execute function comptabilite_quittance_somme();
alter table comptabilite_paiementquittance enable always trigger comptabilite_quittance_somme;
drop trigger if exists comptabilite_quittance_somme on comptabilite_allocationpaiement;
create constraint trigger comptabilite_quittance_somme after insert on comptabilite_allocationpaiement
  deferrable initially deferred for each row execute function comptabilite_quittance_somme();
alter table comptabilite_allocationpaiement enable always trigger comptabilite_quittance_somme;
-- The rows that carry a payment's reference ask the same question: one of the wrong kind, or one too late, is refused.
do $do$
declare
  moyen text;
begin
  foreach moyen in array array['cheque', 'virement', 'paiementcarte', 'paiementmobile'] loop
    execute format('drop trigger if exists comptabilite_quittance_somme on comptabilite_%s', moyen);
    execute format('create constraint trigger comptabilite_quittance_somme after insert on comptabilite_%s'
      ' deferrable initially deferred for each row execute function comptabilite_quittance_somme()', moyen);
    execute format('alter table comptabilite_%s enable always trigger comptabilite_quittance_somme', moyen);
  end loop;
end $do$;
