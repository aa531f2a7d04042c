-- A takeover fills tables that nobody has looked at: without statistics the planner cannot tell a tenant's whole
-- rows from one document's, and every check of a document reads the books from the beginning. The runtime owns no
-- table and may not analyse one; this function does, for the tables that a visit to the till writes.
create or replace function comptabilite_statistiques() returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  nom text;
begin
  if nullif(current_setting('cauris.tenant', true), '') is null then
    raise exception using errcode = '42501', message = 'comptabilite_statistiques: no tenant in scope';
  end if;
  foreach nom in array array[
    'organisations_tiers', 'hospital_patient', 'hospital_patientmot', 'hospital_session', 'hospital_prestation',
    'comptabilite_facturecaisse', 'comptabilite_lignefacturecaisse', 'comptabilite_historiquefacturecaisse',
    'facturation_invoice', 'facturation_invoiceline', 'facturation_invoicehistory', 'comptabilite_quittance',
    'comptabilite_paiementquittance', 'comptabilite_cheque', 'comptabilite_virement', 'comptabilite_paiementcarte',
    'comptabilite_paiementmobile', 'comptabilite_allocationpaiement', 'comptabilite_sessioncaisse',
    'comptabilite_lignereprise', 'comptabilite_ecriture', 'comptabilite_ligneecriture', 'comptabilite_totalcompte',
    'comptabilite_comptecomptable', 'comptabilite_regleimputation', 'mouvements_mouvementfinancier',
    'mouvements_soldetiers', 'socle_fait', 'socle_audittrail', 'fiscal_fiscalentry'
  ] loop
    execute format('analyze public.%I', nom);
  end loop;
end $$;
revoke all on function comptabilite_statistiques() from public;
grant execute on function comptabilite_statistiques() to {runtime};
