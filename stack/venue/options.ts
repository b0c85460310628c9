import { parseArgs } from 'node:util';
import { z } from 'zod';
import { KeelError } from '../../domain/errors.ts';
import { TIMEFRAMES } from '../../domain/market/timeframe.ts';
import type { Timeframe } from '../../domain/market/timeframe.ts';
import { DEFAULT_LIMITS } from './limits.ts';

const decimal = z.string().regex(/^\d+(\.\d+)?$/, 'must be a decimal number, such as "10000"');
const port = z.coerce.number().int().min(0).max(65_535);
const timeframe = z.enum(TIMEFRAMES as [Timeframe, ...Timeframe[]]);
/** Epoch milliseconds from an ISO-8601 date or a number. */
const moment = z.union([z.number().int(), z.string().transform((text, context) => {
  const time = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(time)) context.addIssue({ code: 'custom', message: `not a date: ${text} (allowed: 2023-01-31, 2023-01-31T08:00:00Z or epoch milliseconds)` });
  return time;
})]);

const permissions = z.strictObject({ trade: z.boolean().default(true), withdraw: z.boolean().default(false), ipRestricted: z.boolean().default(true) });

const account = z.strictObject({
  accountId: z.string().regex(/^[A-Za-z0-9_-]{1,40}$/, 'must be 1 to 40 letters, digits, "_" or "-"'),
  apiKey: z.string().min(1),
  secret: z.string().min(1),
  /** USDT when the account is opened. */
  wallet: decimal,
  permissions: permissions.prefault({}),
});
export type AccountOptions = z.output<typeof account>;

const source = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('seeded'),
    seed: z.string().min(1).default('1'),
    /** How many symbols. */
    symbols: z.coerce.number().int().min(1).max(400).default(8),
    timeframe: timeframe.default('1h'),
    /** Open time of the first candle of history. */
    start: moment.default(Date.parse('2024-01-01T00:00:00Z')),
    /** Candles until the market ends, history included; none: endless. */
    length: z.coerce.number().int().min(1).optional(),
  }),
  z.strictObject({
    kind: z.literal('recorded'),
    folder: z.string().min(1),
    symbols: z.array(z.string()).optional(),
    timeframe: timeframe.optional(),
    from: moment.optional(),
    to: moment.optional(),
    seed: z.string().min(1).default('recorded'),
  }),
  z.strictObject({
    kind: z.literal('live'),
    /** REST address of the real venue: `https://fapi.binance.com`. */
    upstream: z.url(),
    symbols: z.array(z.string()).min(1),
    timeframe: timeframe.default('1h'),
    pollMs: z.coerce.number().int().min(100).default(2_000),
  }),
]);
export type SourceOptions = z.output<typeof source>;

const limits = z.strictObject({
  weightPerMinute: z.coerce.number().int().min(1).default(DEFAULT_LIMITS.weightPerMinute),
  ordersPer10Seconds: z.coerce.number().int().min(1).default(DEFAULT_LIMITS.ordersPer10Seconds),
  ordersPerMinute: z.coerce.number().int().min(1).default(DEFAULT_LIMITS.ordersPerMinute),
  banAfterRefusals: z.coerce.number().int().min(1).default(DEFAULT_LIMITS.banAfterRefusals),
  banMs: z.coerce.number().int().min(1).default(DEFAULT_LIMITS.banMs),
});

/** Market settings of the matching engine; unset ones take its defaults. */
const market = z.strictObject({
  makerFeeRate: decimal.default('0.0002'),
  takerFeeRate: decimal.default('0.0005'),
  spreadPerAtr: z.coerce.number().min(0).optional(),
  depthShare: z.coerce.number().gt(0).max(1).optional(),
  depthBps: z.coerce.number().gt(0).optional(),
  defaultLeverage: z.coerce.number().int().min(1).max(125).optional(),
});

export const venueSchema = z.strictObject({
  /** Folder of the venue's state; made where it is missing. */
  state: z.string().min(1),
  host: z.string().default('127.0.0.1'),
  port: port.default(0),
  controlPort: port.default(0),
  source: source.prefault({ kind: 'seeded' }),
  /** Candles that are known at once. */
  history: z.coerce.number().int().min(0).default(500),
  mode: z.enum(['paced', 'paused', 'lockstep']).default('paced'),
  /** Wall milliseconds per candle. */
  paceMs: z.coerce.number().int().min(4).default(5_000),
  accounts: z.array(account).min(1),
  limits: limits.prefault({}),
  market: market.prefault({}),
  listenKeyMs: z.coerce.number().int().min(1).default(3_600_000),
  skewMs: z.coerce.number().int().default(0),
  /** Journal entries between snapshots. */
  snapshotEvery: z.coerce.number().int().min(1).default(20_000),
});
/** As given to `startVenue`. */
export type VenueOptions = z.input<typeof venueSchema>;
export type VenueSettings = z.output<typeof venueSchema>;

/** @throws {KeelError} SETTING_INVALID, not retried: names each setting, its value's fault and what is allowed. */
export function readVenueOptions(options: unknown): VenueSettings {
  const parsed = venueSchema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new KeelError('SETTING_INVALID', `the simulated venue cannot start: ${z.prettifyError(parsed.error)}`);
}

const FLAGS = {
  state: { type: 'string' }, host: { type: 'string' }, port: { type: 'string' }, 'control-port': { type: 'string' },
  source: { type: 'string' }, seed: { type: 'string' }, symbols: { type: 'string' }, data: { type: 'string' }, from: { type: 'string' },
  to: { type: 'string' }, start: { type: 'string' }, length: { type: 'string' }, upstream: { type: 'string' }, 'poll-ms': { type: 'string' },
  timeframe: { type: 'string' }, history: { type: 'string' }, pace: { type: 'string' }, lockstep: { type: 'boolean' }, paused: { type: 'boolean' },
  wallet: { type: 'string' }, 'api-key': { type: 'string' }, 'api-secret': { type: 'string' }, accounts: { type: 'string' },
  'allow-withdraw': { type: 'boolean' }, 'weight-limit': { type: 'string' }, 'order-limit-10s': { type: 'string' }, 'order-limit-1m': { type: 'string' },
  'listen-key-ms': { type: 'string' }, skew: { type: 'string' }, 'maker-fee': { type: 'string' }, 'taker-fee': { type: 'string' },
  'snapshot-every': { type: 'string' },
} as const;

type Flags = ReturnType<typeof parseFlags>;

function parseFlags(args: readonly string[]) {
  return parseArgs({ args: [...args], options: FLAGS, allowPositionals: false }).values;
}

/**
 * Options from the command line.
 * @throws {KeelError} USAGE or SETTING_INVALID, not retried.
 */
export function venueOptionsFromArguments(args: readonly string[]): VenueSettings {
  let flags: Flags;
  try {
    flags = parseFlags(args);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new KeelError('USAGE', `${error.message} (known: ${Object.keys(FLAGS).map((flag) => `--${flag}`).join(' ')})`, { cause: error });
  }
  return readVenueOptions(defined({
    state: flags.state, host: flags.host, port: flags.port, controlPort: flags['control-port'], source: sourceOf(flags),
    history: flags.history, mode: modeOf(flags), paceMs: flags.pace, accounts: accountsOf(flags), listenKeyMs: flags['listen-key-ms'],
    skewMs: flags.skew, snapshotEvery: flags['snapshot-every'],
    limits: defined({ weightPerMinute: flags['weight-limit'], ordersPer10Seconds: flags['order-limit-10s'], ordersPerMinute: flags['order-limit-1m'] }),
    market: defined({ makerFeeRate: flags['maker-fee'], takerFeeRate: flags['taker-fee'] }),
  }));
}

function modeOf(flags: Flags): string | undefined {
  if (flags.lockstep === true) return 'lockstep';
  return flags.paused === true ? 'paused' : undefined;
}

function sourceOf(flags: Flags): Record<string, unknown> {
  const kind = flags.source ?? 'seeded';
  const shared = { kind, timeframe: flags.timeframe };
  const names = flags.symbols?.split(',').map((name) => name.trim());
  if (kind === 'seeded') return defined({ ...shared, seed: flags.seed, symbols: flags.symbols, start: flags.start, length: flags.length });
  if (kind === 'recorded') return defined({ ...shared, folder: flags.data, symbols: names, from: flags.from, to: flags.to, seed: flags.seed });
  return defined({ ...shared, upstream: flags.upstream, symbols: names, pollMs: flags['poll-ms'] });
}

function accountsOf(flags: Flags): unknown {
  const wallet = flags.wallet ?? '10000';
  if (flags.accounts !== undefined) return readAccounts(flags.accounts);
  return [{
    accountId: 'main', apiKey: flags['api-key'] ?? 'simulated-key', secret: flags['api-secret'] ?? 'simulated-secret', wallet,
    permissions: { withdraw: flags['allow-withdraw'] ?? false },
  }];
}

function readAccounts(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new KeelError('USAGE', '--accounts wants JSON: [{"accountId":"a","apiKey":"…","secret":"…","wallet":"10000"}]', { cause: error });
  }
}

function defined(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
