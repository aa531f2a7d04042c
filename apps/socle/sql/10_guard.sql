-- One trigger function for every protected table; its argument is the declaration (Protection.as_arguments).
-- Each refusal carries an ERRCODE of class 23 and a constraint name, which becomes a French sentence.
create or replace function socle_guard() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
  rule jsonb := tg_argv[0]::jsonb;
  state_column text := rule->>'state';
  was jsonb;
  becomes jsonb;
  was_state text;
  becomes_state text;
  extra jsonb;
  frozen text;
begin
  if tg_op = 'TRUNCATE' then
    raise exception using errcode = '23514', constraint = 'socle_immutable', table = tg_table_name,
      message = format('%s: TRUNCATE refused', tg_table_name);
  end if;
  if tg_op = 'INSERT' then
    becomes_state := coalesce(to_jsonb(new)->>state_column, ''); -- NULL would answer neither yes nor no
    if not rule->'initial' ? becomes_state then
      raise exception using errcode = '23514', constraint = 'socle_transition', table = tg_table_name,
        message = format('%s: a row cannot begin in state %s', tg_table_name, becomes_state);
    end if;
    return new;
  end if;
  was := to_jsonb(old);
  was_state := was->>state_column;
  if tg_op = 'DELETE' then
    if was_state is not null and rule->'deletable' ? was_state then
      return old;
    end if;
    raise exception using errcode = '23514', constraint = 'socle_immutable', table = tg_table_name,
      message = format('%s %s: DELETE refused', tg_table_name, was->>'id');
  end if;
  becomes := to_jsonb(new);
  becomes_state := becomes->>state_column;
  if was_state is distinct from becomes_state and jsonb_array_length(rule->'pairs') > 0
     and not rule->'pairs' ? (coalesce(was_state, '') || '>' || coalesce(becomes_state, '')) then
    raise exception using errcode = '23514', constraint = 'socle_transition', table = tg_table_name,
      message = format('%s %s: step %s to %s refused', tg_table_name, was->>'id', was_state, becomes_state);
  end if;
  -- Key and tenant never change, whatever else the state leaves open.
  for frozen in select jsonb_array_elements_text(rule->'frozen' || '["id", "tenant_id"]'::jsonb) loop
    if was->frozen is distinct from becomes->frozen then
      raise exception using errcode = '23514', constraint = 'socle_immutable', table = tg_table_name,
        message = format('%s %s: column %s cannot change', tg_table_name, was->>'id', frozen);
    end if;
  end loop;
  extra := coalesce(rule->'by_state'->was_state, '[]'::jsonb);
  if extra = '"*"'::jsonb then
    return new;
  end if;
  was := was - array(select jsonb_array_elements_text(rule->'living' || extra));
  becomes := becomes - array(select jsonb_array_elements_text(rule->'living' || extra));
  if was is distinct from becomes then
    raise exception using errcode = '23514', constraint = 'socle_immutable', table = tg_table_name,
      message = format('%s %s: UPDATE refused', tg_table_name, to_jsonb(old)->>'id');
  end if;
  return new;
end $$;
