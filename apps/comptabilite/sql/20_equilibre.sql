-- What an entry must be at commit. On the header and on each line, so that a late line is seen.
-- It runs as the owner: a share lock on the period needs a right that the runtime role lacks.
create or replace function comptabilite_equilibre() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  v_id uuid;
  e record;
  l record;
  p record;
begin
  if tg_table_name = 'comptabilite_ecriture' then
    v_id := new.id;
  else
    v_id := new.ecriture_id;
  end if;
  select * into e from comptabilite_ecriture where id = v_id and tenant_id = new.tenant_id;
  if not found then  -- the scope changed before the commit: what cannot be checked is refused
    raise exception using errcode = '42501', message = format('entry %s is out of scope', v_id);
  end if;
  select * into p from comptabilite_periode where tenant_id = e.tenant_id and id = e.periode_id for share;
  if p.statut <> 'OUVERTE' then  -- a draft neither: it would wait there for ever
    raise exception using errcode = '23514', constraint = 'comptabilite_periode_close', table = tg_table_name,
      message = format('period %s is closed', p.code),
      detail = json_build_object('code', p.code, 'qui', coalesce(nullif(p.fermee_par, ''), '—'))::text;
  end if;
  if e.statut = 'BROUILLON' then
    return null;
  end if;
  select count(*) as nombre, coalesce(sum(montant_debit), 0) as debit, coalesce(sum(montant_credit), 0) as credit,
      count(*) filter (where devise <> e.devise or jour <> e.date_ecriture) as etrangeres
    into l from comptabilite_ligneecriture where tenant_id = e.tenant_id and ecriture_id = e.id;
  if l.nombre < 2 then
    raise exception using errcode = '23514', constraint = 'comptabilite_lignes', table = tg_table_name,
      message = format('entry %s has %s line(s)', e.id, l.nombre);
  elsif l.debit <> l.credit or l.debit = 'NaN' then  -- NaN equals itself in PostgreSQL
    raise exception using errcode = '23514', constraint = 'comptabilite_equilibre', table = tg_table_name,
      message = format('entry %s: debit %s, credit %s', e.id, l.debit, l.credit);
  elsif l.nombre <> e.nombre_lignes or l.debit <> e.montant then
    raise exception using errcode = '23514', constraint = 'comptabilite_ligne_tardive', table = tg_table_name,
      message = format('entry %s: %s lines of %s, header says %s of %s', e.id, l.nombre, l.debit, e.nombre_lignes, e.montant);
  elsif l.etrangeres > 0 then
    raise exception using errcode = '23514', constraint = 'comptabilite_ligne_etrangere', table = tg_table_name,
      message = format('entry %s: a line has another date or currency', e.id);
  end if;
  if e.date_ecriture not between p.debut and p.fin then
    raise exception using errcode = '23514', constraint = 'comptabilite_periode_date', table = tg_table_name,
      message = format('%s is not in period %s', e.date_ecriture, p.code);
  end if;
  return null;
end $$;

drop trigger if exists comptabilite_equilibre on comptabilite_ecriture;
create constraint trigger comptabilite_equilibre after insert or update on comptabilite_ecriture
  deferrable initially deferred for each row execute function comptabilite_equilibre();
alter table comptabilite_ecriture enable always trigger comptabilite_equilibre;
drop trigger if exists comptabilite_equilibre on comptabilite_ligneecriture;
create constraint trigger comptabilite_equilibre after insert or update on comptabilite_ligneecriture
  deferrable initially deferred for each row execute function comptabilite_equilibre();
alter table comptabilite_ligneecriture enable always trigger comptabilite_equilibre;

-- A line may change its account while its entry is A_VALIDER (or a draft), and then only.
create or replace function comptabilite_compte_vivant() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if new.compte_id is distinct from old.compte_id and not exists (
    select from comptabilite_ecriture e
    where e.tenant_id = new.tenant_id and e.id = new.ecriture_id and e.statut in ('BROUILLON', 'A_VALIDER') for update
  ) then
    raise exception using errcode = '23514', constraint = 'comptabilite_compte_fige', table = tg_table_name,
      message = format('line %s: its entry is validated', new.id);
  end if;
  return new;
end $$;

create or replace trigger comptabilite_compte_vivant before update on comptabilite_ligneecriture
  for each row execute function comptabilite_compte_vivant();
alter table comptabilite_ligneecriture enable always trigger comptabilite_compte_vivant;

-- Only an active account that receives entries is posted to, and only an active journal.
create or replace function comptabilite_compte_imputable() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  v_numero text;
begin
  select c.numero into v_numero from nouvelles l join comptabilite_comptecomptable c on c.tenant_id = l.tenant_id and c.id = l.compte_id
    where not (c.imputable and c.actif) limit 1;
  if found then
    raise exception using errcode = '23514', constraint = 'comptabilite_compte_imputable', table = tg_table_name,
      message = format('account %s receives no entry', v_numero);
  end if;
  return null;
end $$;

drop trigger if exists comptabilite_compte_imputable on comptabilite_ligneecriture;
create trigger comptabilite_compte_imputable after insert on comptabilite_ligneecriture
  referencing new table as nouvelles for each statement execute function comptabilite_compte_imputable();
alter table comptabilite_ligneecriture enable always trigger comptabilite_compte_imputable;
drop trigger if exists comptabilite_compte_imputable_change on comptabilite_ligneecriture;
create trigger comptabilite_compte_imputable_change after update on comptabilite_ligneecriture
  referencing new table as nouvelles for each statement execute function comptabilite_compte_imputable();
alter table comptabilite_ligneecriture enable always trigger comptabilite_compte_imputable_change;

create or replace function comptabilite_journal_actif() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  v_code text;
begin
  select j.code into v_code from comptabilite_journal j where j.tenant_id = new.tenant_id and j.id = new.journal_id and not j.actif;
  if found then
    raise exception using errcode = '23514', constraint = 'comptabilite_journal_actif', table = tg_table_name,
      message = format('journal %s is not in use', v_code);
  end if;
  return new;
end $$;

create or replace trigger comptabilite_journal_actif before insert on comptabilite_ecriture
  for each row execute function comptabilite_journal_actif();
alter table comptabilite_ecriture enable always trigger comptabilite_journal_actif;
