-- How many decimals a currency can pay. The list is Babel's (CLDR), as apps.socle.money reads it; a test compares both.
create or replace function socle_decimals(currency text) returns int language sql immutable parallel safe
set search_path = pg_catalog, pg_temp as $$
  select case
    when currency in (
      'ADP', 'AFN', 'ALL', 'BIF', 'BYR', 'CLP', 'DJF', 'ESP', 'GNF', 'IQD', 'IRR', 'ISK', 'ITL', 'JPY', 'KMF', 'KPW',
      'KRW', 'LAK', 'LBP', 'LUF', 'MGA', 'MGF', 'MMK', 'MRO', 'PYG', 'RSD', 'RWF', 'SLL', 'SOS', 'STD', 'SYP', 'TMM',
      'TRL', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF', 'YER', 'ZMK', 'ZWD') then 0
    when currency in ('BHD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3
    when currency in ('CLF', 'UYW') then 4
    else 2
  end
$$;

-- Whether every amount can be paid in the currency as it stands; for CHECK constraints.
create or replace function socle_exact(currency text, variadic amounts numeric[]) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
  select coalesce(bool_and(amount = round(amount, public.socle_decimals(currency))), true) from unnest(amounts) amount
$$;
