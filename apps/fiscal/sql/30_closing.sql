-- What no login may store: a closing that disagrees with itself. `docs/fiscal-format.md` in SQL.
select socle_declare_check('public.fiscal_fiscalclosing', 'fiscal_closing_data_hash', $c$data_hash = encode(sha256(data_canonical), 'hex')$c$);
select socle_declare_check('public.fiscal_fiscalclosing', 'fiscal_closing_chain_hash', $c$closing_hash = encode(sha256(
          convert_to('cauris/closing/v1', 'UTF8') || '\x00'::bytea
          || decode(previous_closing_hash, 'hex') || decode(data_hash, 'hex')), 'hex')$c$);
select socle_declare_check('public.fiscal_fiscalclosing', 'fiscal_closing_hexadecimal', $c$previous_closing_hash ~ '^[0-9a-f]{64}$' and closing_hash ~ '^[0-9a-f]{64}$'
          and head_hash ~ '^[0-9a-f]{64}$' and merkle_root ~ '^[0-9a-f]{64}$'$c$);
select socle_declare_check('public.fiscal_fiscalclosing', 'fiscal_closing_signature', $c$octet_length(signature) = 64$c$);
select socle_declare_check('public.fiscal_fiscalclosing', 'fiscal_closing_period', $c$period_start <= closing_date and case closing_type
          when 'daily' then period_start = closing_date
          when 'monthly' then closing_date = (date_trunc('month', period_start::timestamp) + interval '1 month - 1 day')::date
          else closing_date = (date_trunc('year', period_start::timestamp) + interval '1 year - 1 day')::date end$c$);
select socle_declare_check('public.fiscal_fiscalclosing', 'fiscal_closing_columns', $c$jsonb_typeof(convert_from(data_canonical, 'UTF8')::jsonb->'tenant_name') = 'string'
          and convert_from(data_canonical, 'UTF8')::jsonb - 'tenant_name' = jsonb_build_object(
          'version', 1, 'id', id, 'tenant_id', tenant_id, 'closing_type', closing_type,
          'closing_date', to_char(closing_date, 'YYYY-MM-DD'), 'period_start', to_char(period_start, 'YYYY-MM-DD'),
          'first_sequence', first_sequence, 'last_sequence', last_sequence, 'entries_count', entries_count,
          'head_hash', head_hash, 'totals', totals, 'perpetual_totals', perpetual_totals,
          'opening_balance', trim_scale(opening_balance)::text, 'closing_balance', trim_scale(closing_balance)::text,
          'currency', currency, 'total_operations', total_operations, 'merkle_root', merkle_root,
          'merkle_frontier', merkle_frontier, 'unfinished', unfinished, 'previous_closing_hash', previous_closing_hash,
          'key_id', key_id, 'algorithm', algorithm, 'status', status, 'fec_export_path', fec_export_path,
          'actor_type', actor_type, 'actor_id', actor_id, 'actor_label', actor_label, 'environment', environment,
          'closed_at', to_char(closed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))$c$);

-- The first day of a chain: the local day on which it was opened, which is that of its first key.
create or replace function fiscal_first_day(p_tenant_id uuid) returns date language sql stable
set search_path = pg_catalog, pg_temp as $$
  select least(
    (select (min(k.created_at) at time zone t.time_zone)::date from public.fiscal_fiscalkey k where k.tenant_id = t.id),
    (select e.fiscal_date from public.fiscal_fiscalentry e where e.tenant_id = t.id and e.sequence_number = 1))
  from public.organisations_tenant t where t.id = p_tenant_id
$$;
revoke all on function fiscal_first_day(uuid) from public;
grant execute on function fiscal_first_day(uuid) to {runtime};

-- A closing follows the closings before it and says what the chain says; a day's seals its day. AFTER INSERT and
-- SECURITY DEFINER for the same reasons as a link's.
create or replace function fiscal_closing_follows() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
declare
  head public.fiscal_fiscalsequence%rowtype;
  before public.fiscal_fiscalclosing%rowtype;
  house record;
  first_day date;
begin
  select * into head from public.fiscal_fiscalsequence where tenant_id = new.tenant_id for update;
  if not found then
    raise exception using errcode = '23514', constraint = 'fiscal_chain_missing', table = tg_table_name,
      message = format('tenant %s has no chain', new.tenant_id);
  end if;
  select t.currency, t.environment, (new.closed_at at time zone t.time_zone)::date as today
    into house from public.organisations_tenant t where t.id = new.tenant_id;
  if new.previous_closing_hash <> encode(sha256(convert_to('cauris/closing-genesis/v1', 'UTF8') || '\x00'::bytea || uuid_send(new.tenant_id)), 'hex')
     and not exists (select from public.fiscal_fiscalclosing c
                     where c.tenant_id = new.tenant_id and c.closing_hash = new.previous_closing_hash) then
    raise exception using errcode = '23514', constraint = 'fiscal_closing_follows', table = tg_table_name,
      message = format('closing %s follows no closing of its tenant', new.id);
  end if;
  if new.currency <> house.currency or new.environment <> house.environment then
    raise exception using errcode = '23514', constraint = 'fiscal_closing_columns', table = tg_table_name,
      message = format('closing %s: %s, %s', new.id, new.currency, new.environment);
  end if;
  if new.closing_date > house.today then
    raise exception using errcode = '23514', constraint = 'fiscal_closing_early', table = tg_table_name,
      message = format('closing %s of %s, made on %s', new.id, new.closing_date, house.today);
  end if;
  select * into before from public.fiscal_fiscalclosing c
   where c.tenant_id = new.tenant_id and c.closing_type = new.closing_type and c.id <> new.id
   order by c.closing_date desc limit 1;
  first_day := coalesce(before.closing_date + 1, public.fiscal_first_day(new.tenant_id));
  if new.period_start <> first_day or new.first_sequence <> coalesce(before.last_sequence, 0) + 1
     or new.opening_balance <> coalesce(before.closing_balance, 0) then
    raise exception using errcode = '23514', constraint = 'fiscal_closing_order', table = tg_table_name,
      message = format('%s closing %s begins on %s at link %s; expected %s and %s', new.closing_type, new.id,
        new.period_start, new.first_sequence, first_day, coalesce(before.last_sequence, 0) + 1);
  end if;
  if new.closing_type = 'daily' then
    perform public.fiscal_closing_of_links(new);
    update public.fiscal_fiscalsequence set sealed_until = new.closing_date where id = head.id;
  else
    perform public.fiscal_closing_of_closings(new);
  end if;
  return null;
end $$;

-- A day's closing covers the links up to its last day, and no other; links' days never go back, so that its last
-- link and the one after it tell.
create or replace function fiscal_closing_of_links(closing public.fiscal_fiscalclosing) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
  last_hash text := encode(sha256(convert_to('cauris/genesis/v1', 'UTF8') || '\x00'::bytea || uuid_send(closing.tenant_id)), 'hex');
  last_day date;
begin
  if closing.last_sequence > 0 then
    select e.chain_hash, e.fiscal_date into last_hash, last_day from public.fiscal_fiscalentry e
     where e.tenant_id = closing.tenant_id and e.sequence_number = closing.last_sequence;
  end if;
  if last_hash is distinct from closing.head_hash or last_day > closing.closing_date
     or exists (select from public.fiscal_fiscalentry e where e.tenant_id = closing.tenant_id
                and e.sequence_number = closing.last_sequence + 1 and e.fiscal_date <= closing.closing_date) then
    raise exception using errcode = '23514', constraint = 'fiscal_closing_range', table = 'fiscal_fiscalclosing',
      message = format('closing %s does not end with the links of %s', closing.id, closing.closing_date);
  end if;
end $$;

-- A month is its days, a year its months: same bounds, same head, same tree, as many operations.
create or replace function fiscal_closing_of_closings(closing public.fiscal_fiscalclosing) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
  parts record;
  last_part public.fiscal_fiscalclosing%rowtype;
begin
  select min(c.period_start) as starts, min(c.first_sequence) as first_sequence, sum(c.total_operations) as operations
    into parts from public.fiscal_fiscalclosing c
   where c.tenant_id = closing.tenant_id and c.closing_date between closing.period_start and closing.closing_date
     and c.closing_type = case closing.closing_type when 'monthly' then 'daily' else 'monthly' end;
  select * into last_part from public.fiscal_fiscalclosing c
   where c.tenant_id = closing.tenant_id and c.closing_date = closing.closing_date
     and c.closing_type = case closing.closing_type when 'monthly' then 'daily' else 'monthly' end;
  if not found or parts.starts is distinct from closing.period_start then
    raise exception using errcode = '23514', constraint = 'fiscal_closing_order', table = 'fiscal_fiscalclosing',
      message = format('closing %s comes before its parts', closing.id);
  end if;
  if (closing.first_sequence, closing.last_sequence, closing.head_hash, closing.merkle_root, closing.merkle_frontier,
      closing.closing_balance, closing.perpetual_totals, closing.total_operations)
     is distinct from
     (parts.first_sequence, last_part.last_sequence, last_part.head_hash, last_part.merkle_root, last_part.merkle_frontier,
      last_part.closing_balance, last_part.perpetual_totals, parts.operations::bigint) then
    raise exception using errcode = '23514', constraint = 'fiscal_closing_range', table = 'fiscal_fiscalclosing',
      message = format('closing %s is not the sum of its parts', closing.id);
  end if;
end $$;
revoke all on function fiscal_closing_of_links(public.fiscal_fiscalclosing) from public;
revoke all on function fiscal_closing_of_closings(public.fiscal_fiscalclosing) from public;

create or replace trigger fiscal_closing_follows after insert on fiscal_fiscalclosing
  for each row execute function fiscal_closing_follows();
alter table fiscal_fiscalclosing enable always trigger fiscal_closing_follows;

-- The chain holds a link of every closing: the one of its fact.
drop trigger if exists fiscal_closing_fact on fiscal_fiscalclosing;
create constraint trigger fiscal_closing_fact after insert on fiscal_fiscalclosing
  deferrable initially deferred for each row execute function socle_require_fact('fiscal.FiscalClosing');
alter table fiscal_fiscalclosing enable always trigger fiscal_closing_fact;
