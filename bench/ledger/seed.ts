import pg from 'pg';

/** Orders of one closed position: entry, stop, target, exit. */
const ORDERS_PER_POSITION = 4;
const CYCLES = 10_000;
/** Market time before which everything of the seed lies, epoch ms. */
export const SEEDED_UNTIL = Date.UTC(2023, 0, 1);

/** Closed business of years: so many candles, orders, fills, order events, domain events and audit records each. */
export async function seedLedger(url: string, { portfolioId, instrumentIds, rows }: { portfolioId: string; instrumentIds: readonly string[]; rows: number }): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('SET session_replication_role = replica'); // no triggers: what is written fits by construction
    await client.query('SET synchronous_commit = off');
    for (const text of statementsOf(rows)) await client.query({ text, values: valuesOf(text, [portfolioId, [...instrumentIds], instrumentIds.length]) });
    await client.query('VACUUM (ANALYZE)');
  } finally {
    await client.end();
  }
}

function valuesOf(text: string, values: readonly unknown[]): unknown[] {
  return values.slice(0, Math.max(0, ...[...text.matchAll(/\$(\d)/g)].map((match) => Number(match[1]))));
}

/** $1 portfolio, $2 instruments, $3 how many of these. */
function statementsOf(rows: number): readonly string[] {
  const series = `generate_series(1, ${rows}) AS n`;
  const instrument = '($2::text[])[1 + n % $3::int]';
  const time = `${SEEDED_UNTIL}::bigint - (${rows} - n) * 1000`;
  const position = `'old/' || ((n - 1) / ${ORDERS_PER_POSITION})`;
  const leg = `(ARRAY['entry','stop','target','exit'])[1 + (n - 1) % ${ORDERS_PER_POSITION}]`;
  return [
    `INSERT INTO candles SELECT ${instrument}, '1h', ${SEEDED_UNTIL}::bigint - ((${rows} - n) / $3::int + 1) * 3600000::bigint, 100, 101, 99, 100.5, 10 FROM ${series} WHERE $1::text <> '' ON CONFLICT DO NOTHING`,
    `INSERT INTO cycles (cycle_id, portfolio_id, strategy, timeframe, close_time, workflow_id, policy_version, late, observation, plan, opens, instructions, refused, holds, claimed_at, recorded_at)
     SELECT 'old/' || n, $1, 'ensemble', '1h', ${SEEDED_UNTIL}::bigint - (${CYCLES} - n) * 3600000::bigint, 'old/' || n, 1, false, '{}', '{}', 0, 0, 0, 0, n, n FROM generate_series(1, ${CYCLES}) AS n`,
    `INSERT INTO positions (position_id, portfolio_id, instrument_id, cycle_id, direction, plan, state, stop_price, inbox_seq, handled_seq, decided_at, close_reason, closed_at)
     SELECT 'old/' || n, $1, ${instrument}, 'old/' || (1 + n % ${CYCLES}), 'long', '{}', 'closed', 99, 5, 5, n, 'stop', n FROM generate_series(0, ${Math.ceil(rows / ORDERS_PER_POSITION)}) AS n`,
    `INSERT INTO intents (intent_id, client_order_id, portfolio_id, position_id, cycle_id, leg, revision, instrument_id, side, position_side, type, time_in_force, quantity, reduce_only, closes_position, decision_price, epoch, policy_version, work_until_market_time)
     SELECT 'old/' || n, 'old-' || n, $1, ${position}, 'old/' || (1 + n % ${CYCLES}), ${leg}, 1, ${instrument}, 'buy', 'both', 'limit', 'GTC', 1, false, false, 100, 1, 1, ${time} FROM ${series}`,
    `INSERT INTO orders (client_order_id, portfolio_id, position_id, instrument_id, book, state, attempt, venue_order_id, filled_quantity, booked_quantity, accepted_at, updated_at, planned_at)
     SELECT 'old-' || n, $1, ${position}, ${instrument}, 'plain', 'filled', 1, 'v' || n, 1, 1, ${time}, ${time}, ${time} FROM ${series}`,
    `INSERT INTO order_events (client_order_id, kind, from_state, to_state, event, at) SELECT 'old-' || n, 'reported', 'submitting', 'filled', '{}', ${time} FROM ${series}`,
    `INSERT INTO fills (portfolio_id, instrument_id, trade_id, venue_order_id, position_id, client_order_id, side, position_side, price, quantity, fee, fee_currency, realized_pnl, maker, filled_at, filled_at_wall)
     SELECT $1, ${instrument}, 't' || n, 'v' || n, ${position}, 'old-' || n, 'buy', 'both', 100, 1, 0.04, 'USDT', 0, false, ${time}, ${time} FROM ${series}`,
    `INSERT INTO domain_events (event_id, type, source, portfolio_id, subject, trace_id, actor, time, payload)
     SELECT 'old/' || n, 'orderFilled', 'ledger', $1, ${position}, 'old/' || (1 + n % ${CYCLES}), 'keel', ${time}, '{}' FROM ${series}`,
    `INSERT INTO audit_records (position, event_seq, type, retention_days, hash, sealed_at) SELECT row_number() OVER (ORDER BY seq), seq, 'trade', 2555, repeat('0', 64), time FROM domain_events WHERE event_id LIKE 'old/%'`,
    `INSERT INTO event_subscribers (name, position, delivered, failed, updated_at) SELECT 'log', coalesce(max(position), 0), 0, 0, 0 FROM audit_records`,
  ];
}
