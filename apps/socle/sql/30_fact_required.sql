-- An issued document without its fact cannot be committed. Argument: the document's model label.
create or replace function socle_require_fact() returns trigger language plpgsql
set search_path = pg_catalog, public, pg_temp as $$
begin
  if not exists (
    select 1 from public.socle_fait f
    where f.tenant_id = new.tenant_id and f.source_type = tg_argv[0] and f.source_id = new.id
  ) then
    raise exception using errcode = '23514', constraint = 'socle_fact_required', table = tg_table_name,
      message = format('%s %s was issued without its fact', tg_argv[0], new.id);
  end if;
  return null;
end $$;
