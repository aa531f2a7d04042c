-- Posting and validation. The runtime role may only read entries, lines and totals; these functions
-- write them, for the tenant in scope and no other, and take nothing on trust that the database knows.

-- The rule that imputes a line of a fact: of those that accept it on that day, the most specific, in the order that
-- `grand_livre/imputation.py` gives. A rate is compared as a number; an empty criterion accepts anything.
create or replace function comptabilite_regle_de(p_tenant uuid, p_type text, p_jour date, p_role text, p_criteres jsonb)
returns uuid language sql stable set search_path = pg_catalog, pg_temp as $$
  select r.id
  from (select case when p_criteres->>'taxe' ~ '^\s*\d+(\.\d+)?\s*$' then trim_scale((p_criteres->>'taxe')::numeric)::text
               else p_criteres->>'taxe' end as taxe) fait,
    public.comptabilite_regleimputation r,
    lateral (values ((r.compte_bancaire <> '')::int, (r.caisse <> '')::int, (r.operateur <> '')::int, (r.service <> '')::int,
      (r.taxe <> '')::int, (r.type_recette <> '')::int, (r.moyen <> '')::int))
      as nomme(compte_bancaire, caisse, operateur, service, taxe, type_recette, moyen)
  where r.tenant_id = p_tenant and r.type_fait = p_type and r.role = p_role
    and p_jour between coalesce(r.valide_du, '-infinity') and coalesce(r.valide_au, 'infinity')
    and r.compte_bancaire in ('', btrim(p_criteres->>'compte_bancaire')) and r.caisse in ('', btrim(p_criteres->>'caisse'))
    and r.operateur in ('', btrim(p_criteres->>'operateur')) and r.service in ('', btrim(p_criteres->>'service'))
    and r.type_recette in ('', btrim(p_criteres->>'type_recette')) and r.moyen in ('', btrim(p_criteres->>'moyen'))
    and r.taxe in ('', fait.taxe)
  order by nomme.compte_bancaire + nomme.caisse + nomme.operateur + nomme.service + nomme.taxe + nomme.type_recette
    + nomme.moyen desc, nomme.* desc
  limit 1
$$;
revoke all on function comptabilite_regle_de(uuid, text, date, text, jsonb) from public;

-- Posts all the entries of one fact, once, in one call: one entry a journal. p_ecritures is an array of
-- {id, journal, libelle, lignes: [{id, ordre, compte, tiers, libelle, debit, credit, regle}]}; amounts are strings.
-- Date, document, currency and author are the fact's. Each line is one line of the fact (those of zero make
-- none), its amount on the side, in the account and in the journal of the rule that imputes it, and of no other.
drop function if exists comptabilite_comptabiliser(uuid, jsonb);
create or replace function comptabilite_comptabiliser(p_tenant uuid, p_fait uuid, p_ecritures jsonb) returns integer
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  v_scope uuid := nullif(current_setting('cauris.tenant', true), '')::uuid;
  v_fait socle_fait%rowtype;
  v_ecriture jsonb;
  v_periode uuid;
  v_nombre integer := 0;
begin
  if v_scope is null or p_tenant is distinct from v_scope then
    raise exception using errcode = '42501', message = 'comptabilite_comptabiliser: tenant out of scope';
  end if;
  -- The lock makes two calls for one fact follow each other; an older snapshot would not see the first.
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using errcode = '25000', message = 'comptabilite_comptabiliser: posts at READ COMMITTED only';
  end if;
  select * into v_fait from socle_fait f where f.tenant_id = p_tenant and f.id = p_fait for no key update;
  if not found then
    raise exception using errcode = '23514', constraint = 'comptabilite_fait_absent', table = 'comptabilite_ecriture',
      message = format('fact %s is not there', coalesce(p_fait::text, 'null'));
  end if;
  if exists (select from comptabilite_ecriture e where e.tenant_id = p_tenant and e.fait_id = p_fait) then
    raise exception using errcode = '23514', constraint = 'comptabilite_fait_comptabilise', table = 'comptabilite_ecriture',
      message = format('fact %s is posted already', p_fait);
  end if;
  if exists (
    with attendues as (
      select coalesce(comptabilite_regle_de(p_tenant, v_fait.type, v_fait.date, l.role, l.criteria), v_fait.id) as regle, l.amount
      from jsonb_to_recordset(v_fait.lines) as l(role text, amount numeric, criteria jsonb) where l.amount <> 0
    ), passees as (
      select r.id as regle, case r.sens when 'DEBIT' then l.debit else l.credit end as amount
      from jsonb_array_elements(p_ecritures) e
      cross join jsonb_to_recordset(e->'lignes') as l(compte uuid, tiers uuid, debit numeric, credit numeric, regle uuid)
      left join comptabilite_regleimputation r on r.tenant_id = p_tenant and r.id = l.regle
        and r.compte_id = l.compte and r.journal_id = (e->>'journal')::uuid
        and (l.tiers is null or l.tiers = v_fait.tiers_id)
    )
    (select * from attendues except all select * from passees) union all (select * from passees except all select * from attendues)
  ) then
    raise exception using errcode = '23514', constraint = 'comptabilite_ecriture_du_fait', table = 'comptabilite_ligneecriture',
      message = format('fact %s: its entries do not say what it says', p_fait);
  end if;
  select p.id into v_periode from comptabilite_periode p where p.tenant_id = p_tenant and v_fait.date between p.debut and p.fin;
  if not found then  -- whether it is open is asked, under a lock, by the deferred trigger
    raise exception using errcode = '23514', constraint = 'comptabilite_sans_periode', table = 'comptabilite_ecriture',
      message = format('no accounting period on %s', v_fait.date);
  end if;
  for v_ecriture in select e from jsonb_array_elements(p_ecritures) e loop
    insert into comptabilite_ecriture (
      id, tenant_id, journal_id, periode_id, fait_id, date_ecriture, libelle, piece_justificative, devise, montant,
      nombre_lignes, statut, auteur_type, auteur_id, auteur_libelle, date_creation, date_modification)
    select (v_ecriture->>'id')::uuid, p_tenant, (v_ecriture->>'journal')::uuid, v_periode, p_fait, v_fait.date,
      v_ecriture->>'libelle', v_fait.number, v_fait.currency, coalesce(sum((l->>'debit')::numeric), 0), count(*),
      'A_VALIDER', v_fait.acteur_kind, v_fait.acteur_id, v_fait.acteur_label, clock_timestamp(), clock_timestamp()
    from jsonb_array_elements(v_ecriture->'lignes') l;
    insert into comptabilite_ligneecriture (
      id, tenant_id, ecriture_id, ordre, compte_id, tiers_id, libelle, montant_debit, montant_credit, devise, jour, regle_id)
    select l.id, p_tenant, (v_ecriture->>'id')::uuid, l.ordre, l.compte, l.tiers, l.libelle, l.debit, l.credit,
      v_fait.currency, v_fait.date, l.regle
    from jsonb_to_recordset(v_ecriture->'lignes')
      as l(id uuid, ordre smallint, compte uuid, tiers uuid, libelle text, debit numeric, credit numeric, regle uuid);
    v_nombre := v_nombre + 1;
  end loop;
  return v_nombre;
end $$;

-- Numbers and freezes those of p_ids that are A_VALIDER, in order of date then of posting, at the moment of the call,
-- by a member of the tenant who did not cause them. Returns each with its number, which it takes itself.
drop function if exists comptabilite_valider(uuid, uuid[], text[], uuid, timestamptz);
create or replace function comptabilite_valider(p_tenant uuid, p_ids uuid[], p_comptable uuid)
returns table (ecriture uuid, numero text)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  v_scope uuid := nullif(current_setting('cauris.tenant', true), '')::uuid;
  v_le timestamptz := clock_timestamp();
  v_ids uuid[] := '{}';
  v_numeros text[] := '{}';
  v_ecriture record;
begin
  if v_scope is null or p_tenant is distinct from v_scope then
    raise exception using errcode = '42501', message = 'comptabilite_valider: tenant out of scope';
  end if;
  if not exists (select from organisations_membership m
                 where m.tenant_id = p_tenant and m.user_id = p_comptable and m.is_active) then
    raise exception using errcode = '23514', constraint = 'comptabilite_valideur_membre', table = 'comptabilite_ecriture',
      message = format('%s is no member of the tenant', coalesce(p_comptable::text, 'nobody'));
  end if;
  for v_ecriture in
    select e.id, e.date_ecriture, e.auteur_type, e.auteur_id from comptabilite_ecriture e
    where e.tenant_id = p_tenant and e.id = any(p_ids) and e.statut = 'A_VALIDER'
    order by e.date_ecriture, e.id for update
  loop
    if v_ecriture.auteur_type = 'user' and v_ecriture.auteur_id = p_comptable then
      raise exception using errcode = '23514', constraint = 'comptabilite_valideur_second', table = 'comptabilite_ecriture',
        message = format('entry %s: who caused it does not validate it', v_ecriture.id);
    end if;
    v_ids := v_ids || v_ecriture.id;
    v_numeros := v_numeros || socle_next_number(p_tenant, 'ECR', extract(year from v_ecriture.date_ecriture)::integer);
  end loop;
  return query
    update comptabilite_ecriture e
      set statut = 'VALIDEE', numero_ecriture = n.numero, comptable_id = p_comptable, validee_le = v_le, date_modification = v_le
      from unnest(v_ids, v_numeros) as n(id, numero)
      where e.tenant_id = p_tenant and e.id = n.id
      returning e.id, e.numero_ecriture::text;
end $$;

revoke all on function comptabilite_comptabiliser(uuid, uuid, jsonb) from public;
revoke all on function comptabilite_valider(uuid, uuid[], uuid) from public;
grant execute on function comptabilite_comptabiliser(uuid, uuid, jsonb) to {runtime};
grant execute on function comptabilite_valider(uuid, uuid[], uuid) to {runtime};
