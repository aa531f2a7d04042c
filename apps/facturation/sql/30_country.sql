-- A tenant is made where the law of taxes is known: anywhere else its every sale would be refused.
create or replace function facturation_country_known() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from public.facturation_taxrule r where r.country = new.country) then
    raise exception using errcode = '23514', constraint = 'facturation_country_unknown', table = tg_table_name,
      message = format('tenant %s: no tax rule of country %s', new.slug, new.country);
  end if;
  return new;
end $$;

create or replace trigger facturation_country_known before insert on organisations_tenant
  for each row execute function facturation_country_known();
alter table organisations_tenant enable always trigger facturation_country_known;
