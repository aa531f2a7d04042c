-- A period closes when nothing in it waits: no pending imputation, no entry to validate. Closing an
-- update locks the row first, so it waits for postings that share it and then sees what they wrote.
create or replace function comptabilite_fermeture() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if new.statut = 'FERMEE' and old.statut <> 'FERMEE' then
    if exists (select from comptabilite_imputationenattente a where a.tenant_id = new.tenant_id
               and a.date_fait between new.debut and new.fin and a.statut = 'EN_ATTENTE') then
      raise exception using errcode = '23514', constraint = 'comptabilite_periode_attente', table = tg_table_name,
        message = format('period %s has pending imputations', new.code);
    end if;
    if exists (select from comptabilite_ecriture e where e.tenant_id = new.tenant_id and e.periode_id = new.id
               and e.statut <> 'VALIDEE') then
      raise exception using errcode = '23514', constraint = 'comptabilite_periode_a_valider', table = tg_table_name,
        message = format('period %s has entries to validate', new.code);
    end if;
  end if;
  return new;
end $$;

create or replace trigger comptabilite_fermeture before update on comptabilite_periode
  for each row execute function comptabilite_fermeture();
alter table comptabilite_periode enable always trigger comptabilite_fermeture;

-- A fact of a closed period cannot wait there either: the posting of its date is refused.
create or replace function comptabilite_attente_periode() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  p record;
begin
  select * into p from comptabilite_periode
    where tenant_id = new.tenant_id and new.date_fait between debut and fin for share;
  if found and p.statut <> 'OUVERTE' then
    raise exception using errcode = '23514', constraint = 'comptabilite_periode_close', table = tg_table_name,
      message = format('period %s is closed', p.code),
      detail = json_build_object('code', p.code, 'qui', coalesce(nullif(p.fermee_par, ''), '—'))::text;
  end if;
  return new;
end $$;

create or replace trigger comptabilite_attente_periode before insert on comptabilite_imputationenattente
  for each row execute function comptabilite_attente_periode();
alter table comptabilite_imputationenattente enable always trigger comptabilite_attente_periode;

-- A period stands inside its exercise.
create or replace function comptabilite_periode_exercice() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not exists (select from comptabilite_exercice x where x.tenant_id = new.tenant_id and x.id = new.exercice_id
                 and new.debut >= x.debut and new.fin <= x.fin) then
    raise exception using errcode = '23514', constraint = 'comptabilite_periode_exercice', table = tg_table_name,
      message = format('period %s leaves its exercise', new.code);
  end if;
  return new;
end $$;

create or replace trigger comptabilite_periode_exercice before insert on comptabilite_periode
  for each row execute function comptabilite_periode_exercice();
alter table comptabilite_periode enable always trigger comptabilite_periode_exercice;

-- An account that was posted to keeps its number, its place and its class; it may retire or be renamed.
create or replace function comptabilite_compte_utilise() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if (tg_op = 'DELETE' or (new.numero, new.classe, new.compte_parent_id, new.imputable) is distinct from
      (old.numero, old.classe, old.compte_parent_id, old.imputable))
     and exists (select from comptabilite_totalcompte t where t.tenant_id = old.tenant_id and t.compte_id = old.id) then
    raise exception using errcode = '23514', constraint = 'comptabilite_compte_utilise', table = tg_table_name,
      message = format('account %s was posted to', old.numero);
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$;

create or replace trigger comptabilite_compte_utilise before update or delete on comptabilite_comptecomptable
  for each row execute function comptabilite_compte_utilise();
alter table comptabilite_comptecomptable enable always trigger comptabilite_compte_utilise;

-- An account with sub-accounts is a heading: it stops receiving entries when the first one is opened, and an
-- account that has entries already cannot become one.
create or replace function comptabilite_parent_titre() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  v_numero text;
  -- An array and not a join: of a transition table PostgreSQL knows no statistics, and a whole chart arrives in one statement.
  v_parents uuid[] := array(select distinct n.compte_parent_id from nouveaux n where n.compte_parent_id is not null);
begin
  select p.numero into v_numero from comptabilite_comptecomptable p
    join comptabilite_totalcompte t on t.tenant_id = p.tenant_id and t.compte_id = p.id
    where p.id = any(v_parents) and p.imputable limit 1;
  if found then
    raise exception using errcode = '23514', constraint = 'comptabilite_parent_utilise', table = tg_table_name,
      message = format('account %s was posted to: it cannot become a heading', v_numero);
  end if;
  update comptabilite_comptecomptable p set imputable = false, collectif = false
    where p.id = any(v_parents) and p.imputable;
  return null;
end $$;

drop trigger if exists comptabilite_parent_titre on comptabilite_comptecomptable;
create trigger comptabilite_parent_titre after insert on comptabilite_comptecomptable
  referencing new table as nouveaux for each statement execute function comptabilite_parent_titre();
alter table comptabilite_comptecomptable enable always trigger comptabilite_parent_titre;

-- A pending imputation is resolved by its fact's entries, by nothing else, and by all means: it is RESOLUE when they
-- stand, and waits when they do not. Asked at commit, on both sides.
create or replace function comptabilite_attente_juste() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  v_statut text;
begin
  select a.statut into v_statut from comptabilite_imputationenattente a where a.tenant_id = new.tenant_id and a.fait_id = new.fait_id;
  if not found then
    if tg_table_name = 'comptabilite_imputationenattente' then  -- the scope changed before the commit
      raise exception using errcode = '42501', message = format('pending imputation %s is out of scope', new.id);
    end if;
    return null;
  end if;
  if (v_statut = 'RESOLUE') <> exists (
    select from comptabilite_ecriture e where e.tenant_id = new.tenant_id and e.fait_id = new.fait_id) then
    raise exception using errcode = '23514', constraint = 'comptabilite_attente_comptabilisee', table = tg_table_name,
      message = format('the pending imputation of fact %s is %s', new.fait_id, v_statut);
  end if;
  return null;
end $$;

drop trigger if exists comptabilite_attente_juste on comptabilite_imputationenattente;
create constraint trigger comptabilite_attente_juste after insert or update on comptabilite_imputationenattente
  deferrable initially deferred for each row execute function comptabilite_attente_juste();
alter table comptabilite_imputationenattente enable always trigger comptabilite_attente_juste;
drop trigger if exists comptabilite_attente_juste on comptabilite_ecriture;
create constraint trigger comptabilite_attente_juste after insert on comptabilite_ecriture
  deferrable initially deferred for each row when (new.fait_id is not null) execute function comptabilite_attente_juste();
alter table comptabilite_ecriture enable always trigger comptabilite_attente_juste;
