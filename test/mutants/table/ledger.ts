/** The ledger: what the database itself refuses, and what each transaction checks. */
import type { Mutant } from '../mutant.ts';
import { edit, integration } from '../mutant.ts';

const ORDERS = 'db/ledger/orders.ts';
const FILLS = 'db/ledger/fills.ts';
const CYCLES = 'db/ledger/cycles.ts';
const TABLES = 'db/migrations/0001_ledger.sql';
const MONEY_BY_CURRENCY = 'db/migrations/0025_money_by_currency.sql';
const TRIGGERS = 'db/migrations/0002_append_only.sql';
const READ_FENCE = `client.query<{ epoch: number; halted: boolean }>({ name: 'read-fence', text: 'SELECT epoch, halted FROM fence WHERE portfolio_id = $1', values: [intent.portfolioId] })`;
const ledgerTest = (named: string) => integration('db/ledger', named);
const protectionTest = (named: string) => integration('db/protection', named);
const chainTest = (named: string) => integration('db/events', named);

export const LEDGER_MUTANTS: readonly Mutant[] = [
  { name: 'claim: the attempt before', guard: 'an attempt is won only from the one before it', tests: ledgerTest('cannot skip an attempt'), edits: [edit(ORDERS, `((attempt = $2 - 1 AND state IN ('planned', 'absent')) OR`, `(state IN ('planned', 'absent') OR`)] },
  { name: 'claim: state', guard: 'an order whose fate is open is not claimed', tests: ledgerTest('won by exactly one|cannot skip'), edits: [edit(ORDERS, `((attempt = $2 - 1 AND state IN ('planned', 'absent')) OR`, `(attempt = $2 - 1 OR`)] },
  { name: 'claim: never back', guard: 'no attempt number is used twice', tests: ledgerTest('never go back'), edits: [edit(ORDERS, '($5 AND attempt < $2 - 1 AND accepted_at IS NULL)', '($5 AND accepted_at IS NULL)')] },
  { name: 'claim: skipping', guard: 'only a full close skips attempts', tests: ledgerTest('cannot skip'), edits: [edit(ORDERS, '($5 AND attempt < $2 - 1', '($5::boolean IS NOT NULL AND attempt < $2 - 1')] },
  { name: 'claim: accepted', guard: 'what the venue accepted is not claimed again', tests: ledgerTest('accepted is never won again'), edits: [edit(ORDERS, 'attempt < $2 - 1 AND accepted_at IS NULL)', 'attempt < $2 - 1)')] },
  { name: 'claim: won', guard: 'a claim that moved no row was not won', tests: ledgerTest('won by exactly one'), edits: [edit(ORDERS, 'const won = claimed.rowCount === 1;', `const won = true;`)] },
  { name: 'fence read after the row was won', guard: 'a fence that rises while a claim waits is seen by it', tests: ledgerTest('rose while it waited'), edits: [
    edit(ORDERS, `        ${READ_FENCE},\n`, ''),
    edit(ORDERS, 'const [, row, { rows }] = await together(', 'const [, row] = await together('),
    edit(ORDERS, 'const [, claimed] = await together(', `const { rows } = await ${READ_FENCE};\n      const [, claimed] = await together(`)] },
  { name: 'events are applied under the row\'s lock', guard: 'two reports at the same moment do not overwrite one another', tests: ledgerTest('one after the other'), edits: [edit(ORDERS, ' FOR UPDATE OF o`', '`')] },
  { name: 'order id counts within its book', guard: 'a plain order\'s fill is never booked to a conditional one of the same number', tests: ledgerTest('same number'), edits: [edit(ORDERS, ` AND o.venue_order_id = $3 AND o.book = 'plain'\``, ' AND o.venue_order_id = $3`')] },
  { name: 'back-fill: the further view', guard: 'what the ledger heard of a later attempt is not overwritten by memory', tests: ledgerTest('ledger heard later'), edits: [edit(ORDERS, 'if (!isAhead) return before.row;', '')] },
  { name: 'fill booked once', guard: 'a fill that comes again changes nothing', tests: ledgerTest('applied once'), edits: [edit(FILLS, 'if (inserted.rowCount === 0) return false;', '')] },
  { name: 'cycle belongs to one workflow', guard: 'a second workflow on the same candle is told so', tests: ledgerTest('belong to the workflow'), edits: [edit(CYCLES, `return holder === workflowId ? 'claimed' : 'duplicate';`, `return 'claimed';`)] },
  { name: 'cycle claim that lost a race', guard: 'who waited for another\'s claim sees it', tests: ledgerTest('not committed yet'), edits: [edit(CYCLES, '?? (await holderOf(pool, cycleId))', '?? workflowId')] },
  { name: 'cycle recorded once', guard: 'only the first plan is ever handed out', tests: ledgerTest('recorded once'), edits: [edit(CYCLES, 'if (recorded.rowCount === 0) return await recordedPlan(client, cycleId);', 'if (recorded.rowCount === 0) return null;')] },
  { name: 'position closed once', guard: 'the end of a position is written once', tests: ledgerTest('closes a position once'), edits: [edit('db/ledger/positions.ts', `closed_at = coalesce(last_fill_at, $3) WHERE position_id = $1 AND state <> 'closed'`, 'closed_at = coalesce(last_fill_at, $3) WHERE position_id = $1')] },
  { name: 'settled: orders', guard: 'an order of open fate holds lockstep back', tests: ledgerTest('open fate'), edits: [edit('db/ledger/positions.ts', `AND state IN ('planned', 'submitting', 'unknown', 'absent')\n               UNION`, `AND false\n               UNION`)] },
  { name: 'fence rises once', guard: 'a fence that is up is not raised again', tests: ledgerTest('rose before it'), edits: [edit('db/ledger/guard.ts', `command.kind === 'halt') return raised(fence);`, `command.kind === 'halt') return { epoch: fence.epoch + 1, halted: true };`)] },

  { name: 'unique: order per intent', guard: 'position, leg and revision name one order', tests: protectionTest('order for a position'), edits: [edit(TABLES, '  CONSTRAINT "intents_identity_unique" UNIQUE("position_id","leg","revision"),\n', '')] },
  { name: 'unique: fill', guard: 'a fill is booked once', tests: protectionTest('booking of a fill'), edits: [edit(TABLES, '  CONSTRAINT "fills_once" PRIMARY KEY("portfolio_id","instrument_id","trade_id","venue_order_id"),\n', '')] },
  { name: 'unique: fill, by order too', guard: 'a trade between two of our orders is a fill of each', tests: protectionTest('booking of a fill'), edits: [edit(TABLES, '("portfolio_id","instrument_id","trade_id","venue_order_id")', '("portfolio_id","instrument_id","trade_id")')] },
  { name: 'unique: cycle of a candle', guard: 'a candle has one cycle', tests: protectionTest('cycle of a candle'), edits: [edit(TABLES, '  CONSTRAINT "cycles_candle_unique" UNIQUE("portfolio_id","strategy","timeframe","close_time"),\n', '')] },
  { name: 'unique: account of a portfolio', guard: 'a venue account belongs to one portfolio', tests: protectionTest('venue account'), edits: [edit(TABLES, '  CONSTRAINT "portfolios_venue_account_unique" UNIQUE("venue_account_id"),\n', '')] },
  { name: 'unique: income record', guard: 'a line of the account\'s money counts once', tests: protectionTest('line of the account'), edits: [edit(MONEY_BY_CURRENCY, 'UNIQUE NULLS NOT DISTINCT (', 'UNIQUE (')] },
  { name: 'unique: event', guard: 'an event is published once', tests: chainTest('takes each event once, in order'), edits: [edit(TABLES, 'CONSTRAINT "domain_events_once" UNIQUE("event_id")', 'CONSTRAINT "domain_events_once" UNIQUE("event_id", "seq")'), edit('db/events/outbox.ts', 'ON CONFLICT (event_id) DO NOTHING', 'ON CONFLICT DO NOTHING')] },
  ...['policy_versions', 'predictions', 'intents', 'order_events', 'fills', 'income', 'fence_history', 'domain_events', 'audit_records'].map((table): Mutant => (
    { name: `append-only: ${table}`, guard: `nobody changes or takes out a row of ${table}`, tests: protectionTest(`of ${table} is neither`), edits: [edit(TRIGGERS, `] LOOP\n`, `] LOOP\n    CONTINUE WHEN history = '${table}';\n`)] }
  )),
  { name: 'append-only: recorded cycle', guard: 'a recorded cycle stays as it was', tests: protectionTest('a claimed cycle'), edits: [edit(TRIGGERS, 'IF OLD.recorded_at IS NULL AND', 'IF')] },
  { name: 'append-only: claim of a cycle', guard: 'a claim is not taken over', tests: protectionTest('a claimed cycle'), edits: [edit(TRIGGERS, ' AND NEW.workflow_id = OLD.workflow_id THEN', ' THEN')] },
  ...['cycles', 'positions', 'orders'].map((table): Mutant => (
    { name: `no deletion: ${table}`, guard: `nobody takes out a row of ${table}`, tests: protectionTest(`of ${table} is not taken`), edits: [edit(TRIGGERS, `CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change();`, '')] }
  )),
  { name: 'append-only: candles', guard: 'a stored candle never changes', tests: protectionTest('stored candle'), edits: [edit(TRIGGERS, 'CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON candles FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change();', '')] },

  { name: 'audit chain: hash', guard: 'a changed event is found', tests: chainTest('names where it breaks'), edits: [edit('db/events/audit.ts', 'if (row.position !== after + 1 || row.hash !== hash)', 'if (row.position !== after + 1)')] },
  { name: 'audit chain: the hash before', guard: 'each record covers all before it', tests: chainTest('hashes the hash before'), edits: [edit('db/events/audit.ts', 'update(`${previous}\\n${canonicalJson(', 'update(`${canonicalJson(')] },
  { name: 'audit chain: payload', guard: 'the hash covers what the event says', tests: chainTest('names where it breaks'), edits: [edit('db/events/audit.ts', 'canonicalJson({ id, type, source, time, traceId, subject, portfolioId, actor, payload })', 'canonicalJson({ id, type, source, time, traceId, subject, portfolioId, actor })')] },
];
