-- The administration's log is Django's own table: it is given the tenant that Django does not know.
-- The column fills itself from the scope, so that an entry without one is refused and another house's is not there.
do $do$
begin
  if to_regclass('public.django_admin_log') is null then
    return; -- the administration's migrations come later in this migrate, which installs this once more
  end if;
  alter table django_admin_log add column if not exists tenant_id uuid;
  alter table django_admin_log alter column tenant_id
    set default nullif(current_setting('cauris.tenant', true), '')::uuid;
  if not exists (select from pg_constraint where conname = 'organisations_admin_log_tenant') then
    -- not valid: rows from before this file stay, and nobody sees them
    alter table django_admin_log
      add constraint organisations_admin_log_tenant check (tenant_id is not null) not valid;
  end if;
  alter table django_admin_log enable row level security;
  alter table django_admin_log force row level security;
  drop policy if exists organisations_admin_log on django_admin_log;
  create policy organisations_admin_log on django_admin_log
    using (tenant_id = (select nullif(current_setting('cauris.tenant', true), '')::uuid))
    with check (tenant_id = (select nullif(current_setting('cauris.tenant', true), '')::uuid));
end $do$;
