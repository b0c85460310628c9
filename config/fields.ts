import { z } from 'zod';
import { TIMEFRAMES } from '../domain/market/timeframe.ts';
import type { Timeframe } from '../domain/market/timeframe.ts';

export const MODES = ['sim', 'replay', 'paper', 'testnet', 'live'] as const;
export type Mode = (typeof MODES)[number];

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** One setting: where it comes from, what is allowed, what it is without any. */
interface Field<S extends z.ZodType> {
  /** Environment variable. */
  env: string;
  schema: S;
  /** What is allowed, in words, for errors and documentation. */
  allowed: string;
  about: string;
  /** Only from the environment, never shown, never logged. */
  secret?: true;
}

function field<S extends z.ZodType>(definition: Field<S>): Field<S> {
  return definition;
}

/** An empty string counts as unset; one of spaces alone is a slip. */
const text = z.string().regex(/\S/);
/** `~` is this user's home; shells know others', Keel does not. */
const folder = text.regex(/^(?!~[^/])/);
const secret = z.string().regex(/^\S+$/);
const webUrl = z.url({ protocol: /^https?$/ });
const toBoolean = z.union([z.boolean(), z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1')]);
const toNumber = z.union([z.number(), z.string().regex(/^-?\d+$/).transform(Number)]);
const port = toNumber.pipe(z.int().min(1).max(65_535));
const count = (min: number, max: number) => toNumber.pipe(z.int().min(min).max(max));
const names = z.union([z.array(text), z.string().transform((value) => value.split(',').map((name) => name.trim()).filter((name) => name !== ''))]);
const PORT = 'a port from 1 to 65535';
const WEB_URL = 'a URL, http://… or https://…';
const FOLDER = 'a folder; ~/… is in this user\'s home';

/**
 * Every setting of Keel. From the environment, else from `keel.config.ts` (by the key here), else the default.
 * Ports are uncommon ones, so that a Temporal server or Postgres of your own is not in the way.
 */
export const FIELDS = {
  home: field({ env: 'KEEL_HOME', schema: folder.optional(), allowed: FOLDER, about: 'State: database, engine, logs, run files. Default: .keel in the clone.' }),
  cache: field({ env: 'KEEL_CACHE', schema: folder.optional(), allowed: FOLDER, about: 'Downloads, builds and what Node compiled, shared between clones. Default: the user\'s cache folder.' }),
  mode: field({ env: 'KEEL_MODE', schema: z.enum(MODES).default('sim'), allowed: MODES.join(', '), about: 'What is traded on.' }),
  enginePort: field({ env: 'KEEL_ENGINE_PORT', schema: port.default(17_233), allowed: PORT, about: 'Temporal server.' }),
  engineUiPort: field({ env: 'KEEL_ENGINE_UI_PORT', schema: port.default(18_233), allowed: PORT, about: 'Temporal UI.' }),
  postgresPort: field({ env: 'KEEL_POSTGRES_PORT', schema: port.default(15_432), allowed: PORT, about: 'Postgres.' }),
  venuePort: field({ env: 'KEEL_VENUE_PORT', schema: port.default(17_800), allowed: PORT, about: 'Simulated venue, REST and streams.' }),
  venueControlPort: field({ env: 'KEEL_VENUE_CONTROL_PORT', schema: port.default(17_801), allowed: PORT, about: 'Simulated venue, control (loopback only).' }),
  databaseUrl: field({
    env: 'DATABASE_URL', schema: z.url({ protocol: /^postgres(ql)?$/ }).optional(), allowed: 'postgres://user:password@host:port/database', secret: true,
    about: 'A Postgres server of your own; Keel makes the database keel_<deployment> on it. Unset: an embedded one.',
  }),
  temporalAddress: field({ env: 'TEMPORAL_ADDRESS', schema: z.string().regex(/^[^\s/]+:\d+$/).refine((address) => port.safeParse(address.slice(address.lastIndexOf(':') + 1)).success).optional(), allowed: `host:port, with ${PORT}`, about: 'A Temporal cluster of your own. Unset: an embedded server.' }),
  temporalNamespace: field({ env: 'TEMPORAL_NAMESPACE', schema: text.default('default'), allowed: 'a name', about: 'Temporal namespace.' }),
  temporalUiUrl: field({ env: 'KEEL_TEMPORAL_UI_URL', schema: webUrl.optional(), allowed: WEB_URL, about: 'Temporal UI of your own cluster, for links.' }),
  temporalTls: field({ env: 'TEMPORAL_TLS', schema: toBoolean.optional(), allowed: 'true, false', about: 'TLS to the cluster; on when a certificate or an API key is set.' }),
  temporalTlsCert: field({ env: 'TEMPORAL_TLS_CLIENT_CERT_PATH', schema: text.optional(), allowed: 'a PEM file', about: 'Client certificate.' }),
  temporalTlsKey: field({ env: 'TEMPORAL_TLS_CLIENT_KEY_PATH', schema: text.optional(), allowed: 'a PEM file', about: 'Key of the client certificate.' }),
  temporalTlsCa: field({ env: 'TEMPORAL_TLS_SERVER_CA_CERT_PATH', schema: text.optional(), allowed: 'a PEM file', about: 'Authority that signed the server\'s certificate.' }),
  temporalTlsServerName: field({ env: 'TEMPORAL_TLS_SERVER_NAME', schema: text.optional(), allowed: 'a host name', about: 'Name on the server\'s certificate, where it differs.' }),
  temporalApiKey: field({ env: 'TEMPORAL_API_KEY', schema: secret.optional(), allowed: 'a key without spaces', about: 'API key of the cluster.', secret: true }),
  seed: field({ env: 'KEEL_SEED', schema: z.union([text, z.number().transform(String)]).default('1'), allowed: 'any text', about: 'Seed of the simulated market.' }),
  symbolCount: field({ env: 'KEEL_SYMBOL_COUNT', schema: count(1, 400).default(8), allowed: '1 to 400', about: 'How many symbols the simulated market has.' }),
  symbols: field({ env: 'KEEL_SYMBOLS', schema: names.default([]), allowed: 'names with commas between, such as BTC,ETH', about: 'What is traded. Empty: every symbol of the simulated market.' }),
  timeframe: field({ env: 'KEEL_TIMEFRAME', schema: z.enum(TIMEFRAMES as [Timeframe, ...Timeframe[]]).default('1h'), allowed: TIMEFRAMES.join(', '), about: 'Length of a candle.' }),
  paceMs: field({ env: 'KEEL_PACE_MS', schema: count(4, 86_400_000).default(5_000), allowed: '4 to 86400000', about: 'Wall milliseconds per candle of the simulated market.' }),
  historyCandles: field({ env: 'KEEL_HISTORY_CANDLES', schema: count(0, 100_000).default(500), allowed: '0 to 100000', about: 'Candles of the simulated market that are known at once.' }),
  strategies: field({ env: 'KEEL_STRATEGIES', schema: text.regex(/^[^,]*$/).default('ensemble'), allowed: 'one name of a built-in strategy or one path of a file of your own, without commas', about: 'What decides: a deployment has one strategy.' }),
  features: field({ env: 'KEEL_FEATURES', schema: text.default('standard'), allowed: 'the name of a built-in feature set or the path of a file of your own', about: 'What models learn from and see.' }),
  label: field({ env: 'KEEL_LABEL', schema: text.default('horizon4/1'), allowed: 'the name of a built-in label or the path of a file of your own', about: 'What models are trained and judged by.' }),
  learner: field({ env: 'KEEL_LEARNER', schema: text.optional(), allowed: 'the path of a file of your own', about: 'A learner that retrains try beside the built-in ones.' }),
  xgboostLibrary: field({ env: 'KEEL_XGBOOST_LIBRARY', schema: text.optional(), allowed: 'the path of libxgboost.so, libxgboost.dylib or xgboost.dll', about: 'XGBoost\'s C library, for its learner. Unset: an active Python or Conda environment\'s, or the system\'s.' }),
  retrain: field({ env: 'KEEL_RETRAIN', schema: z.enum(['daily', 'weekly', 'off']).default('daily'), allowed: 'daily, weekly, off', about: 'How often models are trained anew by themselves.' }),
  retrainAt: field({ env: 'KEEL_RETRAIN_AT', schema: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/).default('00:20'), allowed: '00:00 to 23:59', about: 'At what time of the day, in that time zone.' }),
  scenarios: field({ env: 'KEEL_SCENARIOS', schema: z.enum(['weekly', 'off']).default('off'), allowed: 'weekly, off', about: 'Whether the seven scenarios of risk are played each Sunday at 04:00 of that time zone.' }),
  timeZone: field({ env: 'KEEL_TIME_ZONE', schema: text.refine((zone) => Intl.supportedValuesOf('timeZone').includes(zone) || zone === 'UTC').default('UTC'), allowed: 'a name such as UTC or Europe/Berlin', about: 'Time zone of daily work.' }),
  venueUrl: field({ env: 'KEEL_VENUE_URL', schema: webUrl.optional(), allowed: WEB_URL, about: 'REST and stream address of the venue, where it is not the usual one.' }),
  upstreamUrl: field({ env: 'KEEL_UPSTREAM_URL', schema: webUrl.default('https://fapi.binance.com'), allowed: WEB_URL, about: 'Where paper trading takes the real market\'s prices from.' }),
  venueControlUrl: field({ env: 'KEEL_VENUE_CONTROL_URL', schema: webUrl.optional(), allowed: WEB_URL, about: 'Control address of a simulated venue that runs elsewhere.' }),
  venueApiKey: field({ env: 'KEEL_VENUE_API_KEY', schema: secret.optional(), allowed: 'a key without spaces', about: 'API key of the venue account (testnet and live).', secret: true }),
  venueApiSecret: field({ env: 'KEEL_VENUE_API_SECRET', schema: secret.optional(), allowed: 'a secret without spaces', about: 'Secret of that key.', secret: true }),
  alertUrl: field({ env: 'KEEL_ALERT_URL', schema: webUrl.optional(), allowed: WEB_URL, about: 'Webhook that alerts are posted to as JSON. Unset: they stand in the log alone.', secret: true }),
  logLevel: field({ env: 'KEEL_LOG_LEVEL', schema: z.enum(LOG_LEVELS).default('info'), allowed: LOG_LEVELS.join(', '), about: 'How much the logs say.' }),
  workers: field({ env: 'KEEL_WORKERS', schema: count(1, 16).default(2), allowed: '1 to 16', about: 'Worker processes that start runs; two, so that one may die.' }),
} as const;

export type FieldKey = keyof typeof FIELDS;
export type FieldValues = { [K in FieldKey]: z.output<(typeof FIELDS)[K]['schema']> };
