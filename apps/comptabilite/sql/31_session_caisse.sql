-- A till says what its drawer must hold, whoever opens or closes it, and what differs is booked. Asked at commit,
-- when payments and facts are there.
-- A session of a takeover has neither float nor count: it books nothing, is no count for the next one, and is
-- opened only while its takeover runs.
create or replace function comptabilite_session_caisse_juste() returns trigger language plpgsql
set search_path = pg_catalog, public, pg_temp as $$
declare
  s public.comptabilite_sessioncaisse;
  porte numeric;
  compte_avant numeric;
begin
  select * into s from public.comptabilite_sessioncaisse x where x.tenant_id = new.tenant_id and x.id = new.id;
  if not found then  -- the scope changed before the commit: what cannot be checked is refused
    raise exception using errcode = '42501', message = format('%s %s is out of scope', tg_table_name, new.id);
  end if;
  if tg_op = 'INSERT' then
    -- What the till held when it was last counted. A session that was closed since sees those made before it only.
    select a.compte into compte_avant from public.comptabilite_sessioncaisse a
      where a.tenant_id = s.tenant_id and a.caisse_id = s.caisse_id and a.statut = 'FERMEE' and a.reprise_id is null and a.id <> s.id
        and (s.statut = 'OUVERTE' or a.id < s.id)
      order by a.fermee_le desc, a.id desc limit 1;
    if s.reprise_id is not null then
      compte_avant := s.fonds;  -- zero, by a constraint of the table
      if not exists (select 1 from public.comptabilite_reprisecaisse r
                     where r.tenant_id = s.tenant_id and r.id = s.reprise_id and r.statut = 'EN_COURS') then
        raise exception using errcode = '23514', constraint = 'comptabilite_session_reprise', table = tg_table_name,
          message = format('session %s belongs to a takeover that does not run', s.id);
      end if;
    end if;
    porte := public.comptabilite_session_porte(s.tenant_id, s.id, s.devise, 'fonds_de_caisse', 'retrait_de_caisse');
    if porte is distinct from s.fonds - coalesce(compte_avant, 0) then
      raise exception using errcode = '23514', constraint = 'comptabilite_session_fonds', table = tg_table_name,
        message = format('session %s: float of %s after a count of %s, booked %s', s.id, s.fonds, coalesce(compte_avant, 0), porte);
    end if;
  end if;
  if s.statut <> 'FERMEE' then
    return null;
  end if;
  if s.attendu is distinct from s.fonds + coalesce((
    select sum(p.montant) from public.comptabilite_quittance q
    join public.comptabilite_paiementquittance p on p.tenant_id = q.tenant_id and p.quittance_id = q.id
    where q.tenant_id = s.tenant_id and q.session_caisse_id = s.id and p.moyen = 'ESPECES'), 0) then
    raise exception using errcode = '23514', constraint = 'comptabilite_session_attendu', table = tg_table_name,
      message = format('session %s: %s is not its float and its cash', s.id, s.attendu);
  end if;
  porte := public.comptabilite_session_porte(s.tenant_id, s.id, s.devise, 'excedent_de_caisse', 'manquant_de_caisse');
  if porte is distinct from coalesce(s.ecart, 0) then
    raise exception using errcode = '23514', constraint = 'comptabilite_session_ecart', table = tg_table_name,
      message = format('session %s: difference of %s, booked %s', s.id, s.ecart, porte);
  end if;
  return null;
end $$;

-- What the facts of a session book: those that bring cash in, less those that take it out.
create or replace function comptabilite_session_porte(p_tenant uuid, p_session uuid, p_devise text, p_entree text, p_sortie text)
returns numeric language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(sum(case f.type when p_entree then 1 else -1 end * (f.lines->0->>'amount')::numeric), 0)
  from public.socle_fait f
  where f.tenant_id = p_tenant and f.source_type = 'comptabilite.SessionCaisse' and f.source_id = p_session
    and f.type in (p_entree, p_sortie) and f.currency = p_devise
$$;

drop trigger if exists comptabilite_session_caisse_juste on comptabilite_sessioncaisse;
create constraint trigger comptabilite_session_caisse_juste after insert or update on comptabilite_sessioncaisse
  deferrable initially deferred for each row execute function comptabilite_session_caisse_juste();
alter table comptabilite_sessioncaisse enable always trigger comptabilite_session_caisse_juste;

-- No cash after the count: a receipt is issued at an open till (30_caisse.sql), and paid there. Asked at once, not at
-- commit: whoever closes the till in the same transaction has written its payments before.
create or replace function comptabilite_paiement_session_ouverte() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (
    select from public.comptabilite_quittance q
    join public.comptabilite_sessioncaisse s on s.tenant_id = q.tenant_id and s.id = q.session_caisse_id
    where q.tenant_id = new.tenant_id and q.id = new.quittance_id and s.statut = 'OUVERTE') then
    raise exception using errcode = '23514', constraint = 'comptabilite_quittance_session_ouverte', table = tg_table_name,
      message = format('receipt %s: its till is closed', new.quittance_id);
  end if;
  return new;
end $$;

create or replace trigger comptabilite_paiement_session_ouverte before insert on comptabilite_paiementquittance
  for each row execute function comptabilite_paiement_session_ouverte();
alter table comptabilite_paiementquittance enable always trigger comptabilite_paiement_session_ouverte;
drop trigger if exists comptabilite_session_caisse_juste on comptabilite_paiementquittance; -- an earlier form of this rule
