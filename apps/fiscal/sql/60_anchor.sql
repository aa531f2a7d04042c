-- How many heads of all tenants have waited for longer than `p_late` to be written outside; no tenant is named.
create or replace function fiscal_anchors_late(p_late interval) returns bigint language plpgsql volatile
set search_path = pg_catalog, pg_temp as $$
declare
  former text := coalesce(current_setting('cauris.tenant', true), '');
  house uuid;
  late bigint := 0;
begin
  for house in select r.tenant_id from public.socle_tenantregistry r where r.is_active loop
    perform set_config('cauris.tenant', house::text, true);
    late := late + (select count(*) from public.fiscal_fiscalanchor a
                    where a.tenant_id = house and a.status = 'pending' and a.created_at < now() - p_late);
  end loop;
  perform set_config('cauris.tenant', former, true);
  return late;
end $$;
