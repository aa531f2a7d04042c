-- The registry repeats what must be known of a tenant before there is a scope: it follows the tenant.
create or replace function organisations_registry_follows() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  update public.socle_tenantregistry
    set time_zone = new.time_zone, is_active = (new.status = 'active')
    where tenant_id = new.id
      and (time_zone, is_active) is distinct from (new.time_zone, new.status = 'active');
  return null;
end $$;

create or replace trigger organisations_registry_follows
  after insert or update of time_zone, status on organisations_tenant
  for each row execute function organisations_registry_follows();
alter table organisations_tenant enable always trigger organisations_registry_follows;
