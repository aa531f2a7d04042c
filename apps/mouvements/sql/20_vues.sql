-- Source: mouvements.md, vue_mouvements_financiers. A movement of the system has no user.
drop view if exists vue_mouvements_financiers;
create view vue_mouvements_financiers with (security_invoker = true) as
select mf.id, mf.tiers_id, t.nom as tiers_nom, t.type as tiers_type, mf.type_mouvement, mf.montant, mf.date_mouvement,
  mf.date_echeance, mf.methode_paiement, mf.statut, mf.utilisateur_id, u.last_name as utilisateur_nom,
  u.first_name as utilisateur_prenom, mf.numero_piece_comptable, mf.penalites, mf.motif, mf.tenant_id, mf.sens, mf.devise
from mouvements_mouvementfinancier mf
join organisations_tiers t on t.id = mf.tiers_id and t.tenant_id = mf.tenant_id
left join organisations_user u on u.id = mf.utilisateur_id;
grant select on vue_mouvements_financiers to {runtime};
