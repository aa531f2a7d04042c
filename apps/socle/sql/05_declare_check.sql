-- A rule of a table that a model cannot say. The check is written again only when the text of its rule changed, whose
-- digest stands in the constraint's comment: adding a CHECK reads the whole table under a lock. Says whether it was
-- written. For the files of the apps, which the owner installs; nobody else may call it.
create or replace function socle_declare_check(p_table regclass, p_name text, p_rule text) returns boolean language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from pg_constraint c where c.conrelid = p_table and c.conname = p_name and c.contype = 'c'
             and obj_description(c.oid, 'pg_constraint') = md5(p_rule)) then
    return false;
  end if;
  execute format('alter table %s drop constraint if exists %I', p_table, p_name);
  execute format('alter table %s add constraint %I check (%s)', p_table, p_name, p_rule);
  execute format('comment on constraint %I on %s is %L', p_name, p_table, md5(p_rule));
  return true;
end $$;
revoke all on function socle_declare_check(regclass, text, text) from public;
