-- Totals of each account, day, status and currency, kept statement by statement. Rows are touched in one
-- order (account, day, status, currency), so that two transactions cannot hold each other up crosswise.
create or replace function comptabilite_totaux() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if tg_table_name = 'comptabilite_ligneecriture' and tg_op = 'INSERT' then
    insert into comptabilite_totalcompte as t (id, tenant_id, compte_id, jour, statut, devise, debit, credit, nombre)
    select gen_random_uuid(), l.tenant_id, l.compte_id, l.jour, e.statut, l.devise, sum(l.montant_debit), sum(l.montant_credit), count(*)
      from nouvelles l join comptabilite_ecriture e on e.tenant_id = l.tenant_id and e.id = l.ecriture_id
      group by l.tenant_id, l.compte_id, l.jour, e.statut, l.devise
      order by l.tenant_id, l.compte_id, l.jour, e.statut, l.devise
    on conflict (tenant_id, compte_id, jour, statut, devise) do update
      set debit = t.debit + excluded.debit, credit = t.credit + excluded.credit, nombre = t.nombre + excluded.nombre;
  elsif tg_table_name = 'comptabilite_ligneecriture' then  -- a line changed its account
    insert into comptabilite_totalcompte as t (id, tenant_id, compte_id, jour, statut, devise, debit, credit, nombre)
    select gen_random_uuid(), d.tenant_id, d.compte_id, d.jour, e.statut, d.devise, sum(d.debit), sum(d.credit), sum(d.nombre)
      from (
        select tenant_id, ecriture_id, compte_id, jour, devise, montant_debit as debit, montant_credit as credit, 1 as nombre from nouvelles
        union all
        select tenant_id, ecriture_id, compte_id, jour, devise, -montant_debit, -montant_credit, -1 from anciennes
      ) d join comptabilite_ecriture e on e.tenant_id = d.tenant_id and e.id = d.ecriture_id
      group by d.tenant_id, d.compte_id, d.jour, e.statut, d.devise
      having sum(d.debit) <> 0 or sum(d.credit) <> 0 or sum(d.nombre) <> 0
      order by d.tenant_id, d.compte_id, d.jour, e.statut, d.devise
    on conflict (tenant_id, compte_id, jour, statut, devise) do update
      set debit = t.debit + excluded.debit, credit = t.credit + excluded.credit, nombre = t.nombre + excluded.nombre;
  else  -- entries changed their status
    insert into comptabilite_totalcompte as t (id, tenant_id, compte_id, jour, statut, devise, debit, credit, nombre)
    select gen_random_uuid(), l.tenant_id, l.compte_id, l.jour, s.statut, l.devise,
        sum(s.signe * l.montant_debit), sum(s.signe * l.montant_credit), sum(s.signe)
      from (
        select n.tenant_id, n.id, unnest(array[n.statut, a.statut]) as statut, unnest(array[1, -1]) as signe
        from nouvelles n join anciennes a on a.tenant_id = n.tenant_id and a.id = n.id and a.statut <> n.statut
      ) s join comptabilite_ligneecriture l on l.tenant_id = s.tenant_id and l.ecriture_id = s.id
      group by l.tenant_id, l.compte_id, l.jour, s.statut, l.devise
      order by l.tenant_id, l.compte_id, l.jour, s.statut, l.devise
    on conflict (tenant_id, compte_id, jour, statut, devise) do update
      set debit = t.debit + excluded.debit, credit = t.credit + excluded.credit, nombre = t.nombre + excluded.nombre;
  end if;
  return null;
end $$;

drop trigger if exists comptabilite_totaux_insertion on comptabilite_ligneecriture;
create trigger comptabilite_totaux_insertion after insert on comptabilite_ligneecriture
  referencing new table as nouvelles for each statement execute function comptabilite_totaux();
alter table comptabilite_ligneecriture enable always trigger comptabilite_totaux_insertion;
drop trigger if exists comptabilite_totaux_compte on comptabilite_ligneecriture;
create trigger comptabilite_totaux_compte after update on comptabilite_ligneecriture
  referencing old table as anciennes new table as nouvelles for each statement execute function comptabilite_totaux();
alter table comptabilite_ligneecriture enable always trigger comptabilite_totaux_compte;
drop trigger if exists comptabilite_totaux_statut on comptabilite_ecriture;
create trigger comptabilite_totaux_statut after update on comptabilite_ecriture
  referencing old table as anciennes new table as nouvelles for each statement execute function comptabilite_totaux();
alter table comptabilite_ecriture enable always trigger comptabilite_totaux_statut;

-- What the totals say and what the lines add up to, where they differ; empty when all is well.
-- It reads with the caller's rights: the tenant in scope and no other.
create or replace function comptabilite_ecarts_totaux()
returns table (compte_id uuid, jour date, statut text, devise text, debit numeric, credit numeric, nombre bigint,
  debit_lignes numeric, credit_lignes numeric, nombre_lignes bigint)
language sql stable set search_path = pg_catalog, public, pg_temp as $$
  with recalcul as (
    select l.compte_id, l.jour, e.statut::text as statut, l.devise::text as devise,
      sum(l.montant_debit) as debit, sum(l.montant_credit) as credit, count(*) as nombre
    from comptabilite_ligneecriture l join comptabilite_ecriture e on e.tenant_id = l.tenant_id and e.id = l.ecriture_id
    group by 1, 2, 3, 4
  ), tenu as (
    select t.compte_id, t.jour, t.statut::text as statut, t.devise::text as devise, t.debit, t.credit, t.nombre::bigint as nombre
    from comptabilite_totalcompte t
  )
  select compte_id, jour, statut, devise, coalesce(t.debit, 0), coalesce(t.credit, 0), coalesce(t.nombre, 0),
    coalesce(r.debit, 0), coalesce(r.credit, 0), coalesce(r.nombre, 0)
  from tenu t full join recalcul r using (compte_id, jour, statut, devise)
  where coalesce(t.debit, 0) <> coalesce(r.debit, 0) or coalesce(t.credit, 0) <> coalesce(r.credit, 0)
    or coalesce(t.nombre, 0) <> coalesce(r.nombre, 0)
  order by 1, 2, 3, 4
$$;
revoke all on function comptabilite_ecarts_totaux() from public;
grant execute on function comptabilite_ecarts_totaux() to {runtime};
