-- The simplified entry of comptabilite.md §4: a line with its date, its account and its receipt.
-- security_invoker: it shows what its reader may see, and no other tenant's rows.
drop view if exists comptabilite_financiere_ecriture_comptable;
create view comptabilite_financiere_ecriture_comptable with (security_invoker = true) as
select l.id, l.tenant_id, e.date_ecriture::timestamp as date, l.libelle, l.montant_debit as debit, l.montant_credit as credit,
  case when f.type = 'quittance_emise' then f.number else '' end as reference_quittance, l.compte_id
from comptabilite_ligneecriture l
join comptabilite_ecriture e on e.tenant_id = l.tenant_id and e.id = l.ecriture_id
left join socle_fait f on f.tenant_id = e.tenant_id and f.id = e.fait_id
where e.statut <> 'BROUILLON';
grant select on comptabilite_financiere_ecriture_comptable to {runtime};
