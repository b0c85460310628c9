/**
 * An audit that shares nothing with Keel's own adapter: what the venue says through the ccxt class, against the
 * ledger's tables by SQL. Prints the agreement or every difference; exit code 1 when there is one.
 *
 * node scripts/ccxt-audit.ts --url http://127.0.0.1:7001 --database postgres://…/keel_sim --portfolio sim
 */
import { parseArgs } from 'node:util';
import { binanceusdm } from 'ccxt';
import { Decimal } from 'decimal.js';
import pg from 'pg';
import { ccxtOptions } from '../venues/ccxt-options.ts';
import { SIMULATED_KEYS } from '../venues/settings.ts';

type Row = Readonly<Record<string, string | number | boolean | null>>;
type Read = (path: string, params: Record<string, string | number>, api?: 'fapiPrivate' | 'fapiPrivateV3') => Promise<unknown>;

const PAGE = 1_000;

interface VenueRecord {
  /** Client id to the venue's ids of it, of both books, and symbol. */
  readonly orders: ReadonlyMap<string, readonly string[]>;
  readonly fills: ReadonlyMap<string, string>;
  readonly positions: ReadonlyMap<string, string>;
  readonly wallet: string;
  readonly income: Decimal;
}

async function main(): Promise<void> {
  const { url, database, portfolio, key, secret } = argumentsOf();
  const ledger = new pg.Client({ connectionString: database });
  await ledger.connect();
  try {
    const query = async (text: string): Promise<Row[]> => (await ledger.query<Row>({ text, values: [portfolio] })).rows;
    const [own] = await query('SELECT deployment_id FROM portfolios WHERE portfolio_id = $1');
    if (own === undefined) throw new Error(`--portfolio ${portfolio} is not in this database`);
    const symbols = await query('SELECT i.venue_symbol FROM instruments i JOIN portfolios p ON i.instrument_id = ANY (p.instrument_ids) WHERE p.portfolio_id = $1 ORDER BY 1');
    const exchange = new binanceusdm(ccxtOptions({ url, wsUrl: url.replace(/^http/, 'ws'), apiKey: key, secret }));
    const read: Read = (path, params, api = 'fapiPrivate') => exchange.request(path, api, 'GET', params) as Promise<unknown>;
    const venue = await readVenue(read, symbols.map((row) => String(row['venue_symbol'])), `kl${String(own['deployment_id'])}-`);
    const differences = [...await compareOrders(query, venue), ...await compareFills(query, venue), ...await comparePositions(query, venue), ...await compareMoney(query, venue)];
    process.stdout.write(`${differences.map((line) => `${line}\n`).join('')}${venue.orders.size} orders, ${venue.fills.size} fills, ${venue.positions.size} positions, wallet ${venue.wallet}: ${differences.length === 0 ? 'ledger and venue agree' : `${differences.length} differences`}\n`);
    if (differences.length > 0) process.exitCode = 1;
  } finally {
    await ledger.end();
  }
}

function argumentsOf(): { url: string; database: string; portfolio: string; key: string; secret: string } {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { url: text, database: text, portfolio: text, 'api-key': text, 'api-secret': text } });
  const { url, database, portfolio } = values;
  if (url === undefined || database === undefined || portfolio === undefined) throw new Error('usage: ccxt-audit --url <venue> --database <postgres url> --portfolio <id> [--api-key <key> --api-secret <secret>]');
  return { url: url.replace(/\/$/, ''), database, portfolio, key: values['api-key'] ?? SIMULATED_KEYS.apiKey, secret: values['api-secret'] ?? SIMULATED_KEYS.secret };
}

async function readVenue(read: Read, symbols: readonly string[], prefix: string): Promise<VenueRecord> {
  const orders = new Map<string, string[]>();
  const fills = new Map<string, string>();
  const note = (clientId: string, id: string): void => void (clientId.startsWith(prefix) && orders.set(clientId, [...(orders.get(clientId) ?? []), id]));
  const ours = new Set<string>();
  for (const symbol of symbols) {
    const algos = await byNumber(read, 'allAlgoOrders', symbol, 'algoId', 'algoId');
    const created = new Set(algos.map((order) => String(order['actualOrderId'] ?? '')).filter((id) => id !== '' && id !== '0'));
    for (const order of algos) {
      note(String(order['clientAlgoId']), `algo ${String(order['algoId'])}`);
      if (String(order['clientAlgoId']).startsWith(prefix)) ours.add(`${symbol} ${String(order['actualOrderId'] ?? '')}`);
    }
    for (const order of await byNumber(read, 'allOrders', symbol, 'orderId', 'orderId')) {
      if (created.has(String(order['orderId']))) continue; // one order with the conditional one that made it
      note(String(order['clientOrderId']), `order ${String(order['orderId'])}`);
      if (String(order['clientOrderId']).startsWith(prefix)) ours.add(`${symbol} ${String(order['orderId'])}`);
    }
    for (const trade of await byNumber(read, 'userTrades', symbol, 'id', 'fromId')) {
      if (ours.has(`${symbol} ${String(trade['orderId'])}`)) fills.set(`${symbol} ${String(trade['id'])} ${String(trade['orderId'])}`, tradeText(trade['side'], trade['qty'], trade['price'], trade['commission'], trade['realizedPnl']));
    }
  }
  const account = await read('account', {}, 'fapiPrivateV3') as { totalWalletBalance: string };
  const risk = await read('positionRisk', {}, 'fapiPrivateV3') as Row[];
  const positions = new Map(risk.filter((row) => symbols.includes(String(row['symbol'])) && !exact(row['positionAmt']).isZero()).map((row) => [String(row['symbol']), exact(row['positionAmt']).toFixed()]));
  return { orders, fills, positions, wallet: exact(account.totalWalletBalance).toFixed(), income: await incomeSum(read) };
}

/** All of it, page by page, by its number. */
async function byNumber(read: Read, path: string, symbol: string, idName: string, fromName: string): Promise<Row[]> {
  const all: Row[] = [];
  for (let from = 1; ;) {
    const page = await read(path, { symbol, [fromName]: from, limit: PAGE }) as Row[];
    all.push(...page);
    if (page.length < PAGE) return all;
    from = Math.max(...page.map((row) => Number(row[idName]))) + 1;
  }
}

async function incomeSum(read: Read): Promise<Decimal> {
  const lines = new Map<string, Decimal>();
  for (let since = 0; ;) {
    const page = await read('income', { startTime: since, limit: PAGE }) as Row[];
    for (const line of page) lines.set(`${String(line['incomeType'])} ${String(line['symbol'])} ${String(line['tranId'])}`, exact(line['income']));
    const last = Number(page.at(-1)?.['time'] ?? 0);
    if (page.length < PAGE) return [...lines.values()].reduce((sum, amount) => sum.plus(amount), new Decimal(0));
    if (last <= since) throw new Error(`more than ${PAGE} lines of income at ${since}: they cannot be paged`);
    since = last;
  }
}

function exact(value: unknown): Decimal {
  return new Decimal(String(value));
}

function tradeText(side: unknown, quantity: unknown, price: unknown, fee: unknown, realized: unknown): string {
  return `${String(side).toLowerCase()} ${exact(quantity).toFixed()} at ${exact(price).toFixed()}, fee ${exact(fee).toFixed()}, realised ${exact(realized).toFixed()}`;
}

type Query = (text: string) => Promise<Row[]>;

async function compareOrders(query: Query, { orders }: VenueRecord): Promise<string[]> {
  const rows = await query('SELECT client_order_id, state, venue_order_id FROM orders WHERE portfolio_id = $1');
  const known = new Set(rows.map((row) => String(row['client_order_id'])));
  return [
    ...[...orders].filter(([, ids]) => ids.length > 1).map(([id, ids]) => `order ${id} is at the venue ${ids.length} times: ${ids.join(', ')}`),
    ...[...orders.keys()].filter((id) => !known.has(id)).map((id) => `order ${id} is at the venue, not in the ledger`),
    ...rows.filter((row) => row['venue_order_id'] !== null && !orders.has(String(row['client_order_id']))).map((row) => `order ${String(row['client_order_id'])} (${String(row['state'])}) is in the ledger, not at the venue`),
  ];
}

async function compareFills(query: Query, { fills }: VenueRecord): Promise<string[]> {
  const rows = await query(`SELECT i.venue_symbol, f.trade_id, f.venue_order_id, f.side, f.quantity::text, f.price::text, f.fee::text, f.realized_pnl::text
    FROM fills f JOIN instruments i USING (instrument_id) WHERE f.portfolio_id = $1 AND f.client_order_id IS NOT NULL`);
  const booked = new Map(rows.map((row) => [`${String(row['venue_symbol'])} ${String(row['trade_id'])} ${String(row['venue_order_id'])}`, tradeText(row['side'], row['quantity'], row['price'], row['fee'], row['realized_pnl'])]));
  return twoSides('fill', booked, fills);
}

async function comparePositions(query: Query, { positions }: VenueRecord): Promise<string[]> {
  const rows = await query(`SELECT i.venue_symbol, sum(CASE p.direction WHEN 'long' THEN p.quantity ELSE -p.quantity END)::text AS quantity
    FROM positions p JOIN instruments i USING (instrument_id) WHERE p.portfolio_id = $1 GROUP BY 1 HAVING sum(CASE p.direction WHEN 'long' THEN p.quantity ELSE -p.quantity END) <> 0`);
  return twoSides('position', new Map(rows.map((row) => [String(row['venue_symbol']), exact(row['quantity']).toFixed()])), positions);
}

async function compareMoney(query: Query, { wallet, income }: VenueRecord): Promise<string[]> {
  const [row] = await query('SELECT coalesce(sum(amount), 0)::text AS total FROM income WHERE portfolio_id = $1');
  const ledger = exact(row?.['total'] ?? 0);
  return [
    ...(ledger.eq(wallet) ? [] : [`money: ledger ${ledger.toFixed()}, wallet ${wallet}`]),
    ...(income.eq(wallet) ? [] : [`money: the venue's own lines add up to ${income.toFixed()}, its wallet is ${wallet}`]),
  ];
}

function twoSides(what: string, ledger: ReadonlyMap<string, string>, venue: ReadonlyMap<string, string>): string[] {
  return [...new Set([...ledger.keys(), ...venue.keys()])].sort().filter((id) => ledger.get(id) !== venue.get(id)).map((id) => `${what} ${id}: ledger ${ledger.get(id) ?? 'nothing'}, venue ${venue.get(id) ?? 'nothing'}`);
}

await main();
