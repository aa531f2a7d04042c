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

-- It says of a tenant what the tenant's own row says, and only in its scope: row security hides any other tenant, so
-- nobody closes or opens another's house by its row here, which has no policy. A lock on the row is not a change of it.
create or replace function organisations_registry_repeats() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (
    select from public.organisations_tenant t
    where t.id = new.tenant_id and (t.time_zone, t.status = 'active') = (new.time_zone, new.is_active)
  ) then
    raise exception using errcode = '23514', constraint = 'organisations_registry_repeats', table = tg_table_name,
      message = format('registry of %s: it follows its tenant, in its scope', new.slug);
  end if;
  return new;
end $$;

create or replace trigger organisations_registry_repeats before update on socle_tenantregistry
  for each row execute function organisations_registry_repeats();
alter table socle_tenantregistry enable always trigger organisations_registry_repeats;
