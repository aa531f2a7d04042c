-- The balance of a third party follows its movements, a statement at a time, in the order of the keys.
-- A balance takes the id of the movement that opened it: ids are made in Python, and this one is unique.
create or replace function mouvements_solde() returns trigger language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into public.mouvements_soldetiers as s
    (id, tenant_id, tiers_id, devise, montant_initial, montant_actuel, date_derniere_mise_a_jour)
  select (array_agg(n.id order by n.id))[1], n.tenant_id, n.tiers_id, n.devise, 0,
    sum(case n.sens when 'debit' then n.montant else -n.montant end), max(n.date_creation)
  from nouveaux n
  group by n.tenant_id, n.tiers_id, n.devise
  order by n.tenant_id, n.tiers_id, n.devise
  on conflict (tenant_id, tiers_id, devise) do update
    set montant_actuel = s.montant_actuel + excluded.montant_actuel,
        date_derniere_mise_a_jour = greatest(s.date_derniere_mise_a_jour, excluded.date_derniere_mise_a_jour);
  return null;
end $$;

drop trigger if exists mouvements_solde on mouvements_mouvementfinancier;
create trigger mouvements_solde after insert on mouvements_mouvementfinancier
  referencing new table as nouveaux for each statement execute function mouvements_solde();
alter table mouvements_mouvementfinancier enable always trigger mouvements_solde;
