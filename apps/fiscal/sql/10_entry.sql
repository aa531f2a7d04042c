-- What no login may store: a link that disagrees with itself. `docs/fiscal-format.md` in SQL.
select socle_declare_check('public.fiscal_fiscalentry', 'fiscal_entry_data_hash', $c$data_hash = encode(sha256(data_canonical), 'hex')$c$);
select socle_declare_check('public.fiscal_fiscalentry', 'fiscal_entry_bytes', $c$data_snapshot = convert_from(data_canonical, 'UTF8')::jsonb$c$);
select socle_declare_check('public.fiscal_fiscalentry', 'fiscal_entry_chain_hash', $c$chain_hash = encode(sha256(
          convert_to('cauris/chain/v1', 'UTF8') || '\x00'::bytea || int8send(sequence_number)
          || decode(previous_hash, 'hex') || decode(data_hash, 'hex')), 'hex')$c$);
select socle_declare_check('public.fiscal_fiscalentry', 'fiscal_entry_genesis', $c$sequence_number > 1 or (sequence_number = 1 and previous_hash = encode(sha256(
          convert_to('cauris/genesis/v1', 'UTF8') || '\x00'::bytea || uuid_send(tenant_id)), 'hex'))$c$);
select socle_declare_check('public.fiscal_fiscalentry', 'fiscal_entry_hexadecimal', $c$previous_hash ~ '^[0-9a-f]{64}$' and chain_hash ~ '^[0-9a-f]{64}$'$c$);
select socle_declare_check('public.fiscal_fiscalentry', 'fiscal_entry_signature', $c$octet_length(signature) = 64$c$);
select socle_declare_check('public.fiscal_fiscalentry', 'fiscal_entry_columns', $c$data_snapshot @> jsonb_build_object(
          'version', 1, 'id', id, 'tenant_id', tenant_id, 'fact_id', fact_id, 'sequence_number', sequence_number,
          'entry_type', entry_type, 'entity_type', entity_type, 'entity_id', entity_id, 'entity_number', entity_number,
          'fiscal_date', to_char(fiscal_date, 'YYYY-MM-DD'),
          'created_at', to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
          'legal_status', legal_status, 'environment', environment, 'actor_type', actor_type, 'actor_id', actor_id,
          'key_id', key_id, 'algorithm', algorithm)
          and data_snapshot->'metadata' is not distinct from metadata$c$);

-- A link follows the head, and moves it. AFTER INSERT, not before: a row that ON CONFLICT drops, or that
-- another trigger swallows, must not move the head. SECURITY DEFINER: the runtime role may not touch the head.
create or replace function fiscal_follow_head() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
declare
  head public.fiscal_fiscalsequence%rowtype;
  who text;
  utc_day date := (new.created_at at time zone 'UTC')::date;
begin
  select * into head from public.fiscal_fiscalsequence where tenant_id = new.tenant_id for update;
  if not found then
    raise exception using errcode = '23514', constraint = 'fiscal_chain_missing', table = tg_table_name,
      message = format('tenant %s has no chain', new.tenant_id);
  end if;
  if new.sequence_number <> head.last_sequence_number + 1 or new.previous_hash <> head.head_hash then
    raise exception using errcode = '23514', constraint = 'fiscal_follows_head', table = tg_table_name,
      message = format('link %s does not follow the head %s', new.sequence_number, head.last_sequence_number);
  end if;
  if new.fiscal_date <= head.sealed_until then
    select c.actor_label into who from public.fiscal_fiscalclosing c
     where c.tenant_id = new.tenant_id and c.closing_type = 'daily' and c.closing_date >= new.fiscal_date
     order by c.closing_date limit 1;
    raise exception using errcode = '23514', constraint = 'fiscal_day_sealed', table = tg_table_name,
      message = format('link %s: the day %s is sealed', new.sequence_number, new.fiscal_date),
      detail = json_build_object('day', to_char(new.fiscal_date, 'DD/MM/YYYY'), 'who', coalesce(who, '?'))::text;
  end if;
  if new.fiscal_date < head.last_fiscal_date
     or (abs(new.fiscal_date - utc_day) > 1 and new.fiscal_date is distinct from head.last_fiscal_date
         and new.fiscal_date is distinct from head.sealed_until + 1) then
    raise exception using errcode = '23514', constraint = 'fiscal_date_of_chaining', table = tg_table_name,
      message = format('link %s: fiscal date %s, made on %s after %s', new.sequence_number, new.fiscal_date, utc_day, head.last_fiscal_date);
  end if;
  update public.fiscal_fiscalsequence
     set last_sequence_number = new.sequence_number, head_hash = new.chain_hash, last_sequence_date = new.created_at,
         last_fiscal_date = new.fiscal_date, lock_version = lock_version + 1
   where id = head.id;
  return null;
end $$;
create or replace trigger fiscal_follow_head after insert on fiscal_fiscalentry
  for each row execute function fiscal_follow_head();
alter table fiscal_fiscalentry enable always trigger fiscal_follow_head;
