-- Posting and validation. The runtime role may only read entries, lines and totals; these functions
-- write them, for the tenant in scope and no other.

-- Posts entries with their lines, one call for a whole fact. p_ecritures is an array of
-- {id, journal, fait, date, libelle, piece, devise, statut, auteur_type, auteur_id, auteur_libelle, le,
--  lignes: [{id, ordre, compte, tiers, libelle, debit, credit, regle}]}; amounts are strings.
create or replace function comptabilite_comptabiliser(p_tenant uuid, p_ecritures jsonb) returns integer
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  v_scope uuid := nullif(current_setting('cauris.tenant', true), '')::uuid;
  v_ecriture jsonb;
  v_periode uuid;
  v_jour date;
  v_nombre integer := 0;
begin
  if v_scope is null or p_tenant is distinct from v_scope then
    raise exception using errcode = '42501', message = 'comptabilite_comptabiliser: tenant out of scope';
  end if;
  for v_ecriture in select e from jsonb_array_elements(p_ecritures) e loop
    v_jour := (v_ecriture->>'date')::date;
    select p.id into v_periode from comptabilite_periode p where p.tenant_id = p_tenant and v_jour between p.debut and p.fin;
    if not found then  -- whether it is open is asked, under a lock, by the deferred trigger
      raise exception using errcode = '23514', constraint = 'comptabilite_sans_periode', message = format('no accounting period on %s', v_jour);
    end if;
    insert into comptabilite_ecriture (
      id, tenant_id, journal_id, periode_id, fait_id, date_ecriture, libelle, piece_justificative, devise, montant,
      nombre_lignes, statut, auteur_type, auteur_id, auteur_libelle, date_creation, date_modification)
    select (v_ecriture->>'id')::uuid, p_tenant, (v_ecriture->>'journal')::uuid, v_periode, (v_ecriture->>'fait')::uuid, v_jour,
      v_ecriture->>'libelle', v_ecriture->>'piece', v_ecriture->>'devise', coalesce(sum((l->>'debit')::numeric), 0), count(*),
      v_ecriture->>'statut', v_ecriture->>'auteur_type', (v_ecriture->>'auteur_id')::uuid, v_ecriture->>'auteur_libelle',
      (v_ecriture->>'le')::timestamptz, (v_ecriture->>'le')::timestamptz
    from jsonb_array_elements(v_ecriture->'lignes') l;
    insert into comptabilite_ligneecriture (
      id, tenant_id, ecriture_id, ordre, compte_id, tiers_id, libelle, montant_debit, montant_credit, devise, jour, regle_id)
    select l.id, p_tenant, (v_ecriture->>'id')::uuid, l.ordre, l.compte, l.tiers, l.libelle, l.debit, l.credit,
      v_ecriture->>'devise', v_jour, l.regle
    from jsonb_to_recordset(v_ecriture->'lignes')
      as l(id uuid, ordre smallint, compte uuid, tiers uuid, libelle text, debit numeric, credit numeric, regle uuid);
    v_nombre := v_nombre + 1;
  end loop;
  return v_nombre;
end $$;

-- Numbers and freezes entries; p_ids and p_numeros go together. Returns how many were A_VALIDER.
create or replace function comptabilite_valider(p_tenant uuid, p_ids uuid[], p_numeros text[], p_comptable uuid, p_le timestamptz)
returns integer language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  v_scope uuid := nullif(current_setting('cauris.tenant', true), '')::uuid;
  v_nombre integer;
begin
  if v_scope is null or p_tenant is distinct from v_scope then
    raise exception using errcode = '42501', message = 'comptabilite_valider: tenant out of scope';
  end if;
  update comptabilite_ecriture e
    set statut = 'VALIDEE', numero_ecriture = n.numero, comptable_id = p_comptable, validee_le = p_le, date_modification = p_le
    from unnest(p_ids, p_numeros) as n(id, numero)
    where e.id = n.id and e.tenant_id = p_tenant and e.statut = 'A_VALIDER';
  get diagnostics v_nombre = row_count;
  return v_nombre;
end $$;

revoke all on function comptabilite_comptabiliser(uuid, jsonb) from public;
revoke all on function comptabilite_valider(uuid, uuid[], text[], uuid, timestamptz) from public;
grant execute on function comptabilite_comptabiliser(uuid, jsonb) to {runtime};
grant execute on function comptabilite_valider(uuid, uuid[], text[], uuid, timestamptz) to {runtime};
