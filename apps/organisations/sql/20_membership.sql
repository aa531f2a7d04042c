-- An account without e-mail belongs to exactly one tenant: the one that its username names.
create or replace function organisations_membership_home() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
  person record;
  home text;
begin
  select email, username into person from public.organisations_user where id = new.user_id;
  select slug into home from public.socle_tenantregistry where tenant_id = new.tenant_id;
  if person.email is null and split_part(person.username, '@', 2) is distinct from home then
    raise exception using errcode = '23514', constraint = 'organisations_membership_home', table = tg_table_name,
      message = format('user %s has no e-mail and belongs to another tenant than %s', new.user_id, home);
  end if;
  return new;
end $$;

create or replace trigger organisations_membership_home before insert on organisations_membership
  for each row execute function organisations_membership_home();
alter table organisations_membership enable always trigger organisations_membership_home;
