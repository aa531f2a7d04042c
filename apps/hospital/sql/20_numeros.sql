-- Moves the counter of patients' numbers past those that paper files already bear, one by one as the counter
-- demands, but without a round trip for each. The caller holds the tenant's lock and its scope.
create or replace function hospital_avancer_numeros(le_tenant uuid) returns void language plpgsql
set search_path = pg_catalog, public, pg_temp as $$
declare
  suivant bigint := coalesce(
    (select c.last from public.socle_counter c where c.tenant_id = le_tenant and c.kind = 'PAT' and c.year = 0), 0) + 1;
begin
  while exists (select from public.hospital_patient p where p.tenant_id = le_tenant and p.rang = suivant) loop
    insert into public.socle_counter as c (id, tenant_id, kind, year, last)
      values (gen_random_uuid(), le_tenant, 'PAT', 0, 1)
      on conflict (tenant_id, kind, year) do update set last = c.last + 1;
    suivant := suivant + 1;
  end loop;
end $$;
