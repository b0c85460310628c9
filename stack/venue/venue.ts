import { mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { d, text } from '../../domain/decimal.ts';
import { KeelError } from '../../domain/errors.ts';
import { defaultEngineConfig } from '../../domain/matching/defaults.ts';
import type { Bar, EngineConfig } from '../../domain/matching/types.ts';
import { Authenticator } from './auth.ts';
import { ClockDriver } from './clock-driver.ts';
import { closeOutside, ControlServer } from './control.ts';
import { VenueCore } from './core.ts';
import { FaultRegistry } from './faults.ts';
import type { FaultSpec } from './faults.ts';
import { ListenKeys, listenKeyRoutes } from './listen-keys.ts';
import { Limiter } from './limits.ts';
import type { LiveFeed } from './live-feed.ts';
import type { Market } from './market-state.ts';
import { MarketView } from './market-view.ts';
import { readVenueOptions } from './options.ts';
import type { VenueOptions, VenueSettings } from './options.ts';
import { RestServer } from './rest.ts';
import { accountRoutes } from './routes-account.ts';
import { algoRoutes } from './routes-algo.ts';
import { marketRoutes } from './routes-market.ts';
import { tradeRoutes } from './routes-trade.ts';
import { assertSameMarket } from './same-market.ts';
import { openMarket } from './sources.ts';
import type { OpenedMarket } from './sources.ts';
import { MarketMessages } from './stream-messages.ts';
import { StreamServer } from './streams.ts';

/** Closed candles that warm up the engine's volatility before the first one is walked. */
const WARM_UP_CANDLES = 100;
const SWEEP_MS = 1_000;

export interface RunningVenue {
  /** REST origin. */
  readonly url: string;
  /** Origin of the streams. */
  readonly wsUrl: string;
  readonly controlUrl: string;
  /** Stops accepting, saves a snapshot, closes all connections. */
  close(): Promise<void>;
}

export interface VenueHooks {
  /** Wall clock, epoch milliseconds. Default: the machine's. */
  readonly wallClock?: () => number;
  /** Told of bugs. Default: written to stderr. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Starts the simulated venue in this process.
 * @throws {KeelError} SETTING_INVALID, PORT_TAKEN or CANDLES_INVALID, not retried.
 */
export async function startVenue(options: VenueOptions, hooks: VenueHooks = {}): Promise<RunningVenue> {
  const settings = readVenueOptions(options);
  const onError = hooks.onError ?? ((error: unknown) => { process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`); });
  const wallClock = hooks.wallClock ?? Date.now;
  mkdirSync(settings.state, { recursive: true });
  assertSameMarket(settings);
  const opened = await openMarket(settings, onError);
  const core = new VenueCore({
    folder: settings.state, market: opened.market, engine: engineConfig(opened.market, settings),
    clock: { mode: opened.feed === null ? settings.mode : 'paced', paceMs: settings.paceMs }, wallClock, snapshotEvery: settings.snapshotEvery,
  });
  core.setSkew(settings.skewMs);
  await begin(core, settings, opened.feed);
  return serve(core, settings, { opened, onError });
}

interface Surroundings {
  readonly opened: OpenedMarket;
  readonly onError: (error: unknown) => void;
}

async function serve(core: VenueCore, settings: VenueSettings, { opened, onError }: Surroundings): Promise<RunningVenue> {
  const { accounts } = settings;
  const faults = new FaultRegistry();
  const view = new MarketView(core);
  const limiter = new Limiter(settings.limits, { transport: () => core.transportNow(), lockstepMarketTime: () => (core.clock.mode === 'lockstep' ? core.marketTime() : null) });
  const driver = new ClockDriver(core, { follows: opened.feed !== null, onError });
  const keys: ListenKeys = new ListenKeys({ file: join(settings.state, 'listen-keys.json'), now: () => core.transportNow(), validMs: settings.listenKeyMs, onExpired: (key) => { streams.expire(key); } });
  const perform = (spec: FaultSpec, accountId: string): void => { performFault(spec, { core, keys, streams, accountId }); };
  const routes = [
    ...marketRoutes(core, view, settings.limits), ...accountRoutes(core, limiter, accounts), ...tradeRoutes(core), ...algoRoutes(core), ...listenKeyRoutes(keys),
    ...opened.routes, // the later one of two counts
  ];
  const rest = new RestServer({ core, routes, authenticator: new Authenticator(accounts), limiter, faults, accounts, perform, onError });
  const streams: StreamServer = new StreamServer(rest.server, {
    messages: new MarketMessages(core, view), keys: () => keys, faults, marketTime: () => core.marketTime(), transportNow: () => core.transportNow(),
    unanswered: () => (core.clock.mode === 'lockstep' ? core.eventsAfter(core.acknowledgedId, Number.MAX_SAFE_INTEGER) : []),
  });
  const control = new ControlServer({ core, driver, faults, accounts, perform, streamCount: () => streams.count, lastBan: () => limiter.lastBan, onError });
  core.listen(streams);
  const port = await listen(rest.server, settings.host, settings.port);
  const controlPort = await listen(control.server, '127.0.0.1', settings.controlPort);
  driver.start();
  opened.feed?.start(core, onError);
  const sweep = setInterval(() => { keys.sweep(); }, SWEEP_MS).unref();
  return {
    url: `http://${settings.host}:${port}`, wsUrl: `ws://${settings.host}:${port}`, controlUrl: `http://127.0.0.1:${controlPort}`,
    close: async () => {
      clearInterval(sweep);
      driver.stop();
      opened.feed?.stop();
      streams.close();
      await Promise.all([shut(rest.server), shut(control.server)]);
      core.close();
    },
  };
}

interface FaultScene {
  readonly core: VenueCore;
  readonly keys: ListenKeys;
  readonly streams: StreamServer;
  readonly accountId: string;
}

/** Does what a fault of the venue itself does; those of one request are done where it is answered. */
function performFault(spec: FaultSpec, { core, keys, streams, accountId }: FaultScene): void {
  const account = spec.accountId ?? (accountId === '' ? (core.engine.accountIds()[0] ?? '') : accountId);
  if (spec.kind === 'clockSkew') core.setSkew(spec.skewMs);
  else if (spec.kind === 'listenKeyExpired') keys.expireNow(spec.accountId);
  else if (spec.kind === 'silentStream') streams.afflict('silent', { accountId: spec.accountId });
  else if (spec.kind === 'zombieStream') streams.afflict('zombie', { accountId: spec.accountId });
  else if (spec.kind === 'income') core.command<'addIncome'>({ kind: 'addIncome', accountId: account, type: spec.incomeType, amount: spec.amount, symbol: spec.symbol ?? '', info: 'fault' });
  else if (spec.kind === 'outsideClose' || spec.kind === 'liquidation') performOnPositions(core, account, spec);
}

/** Of one symbol, or of all that are held. */
function performOnPositions(core: VenueCore, accountId: string, spec: FaultSpec): void {
  const held = core.engine.positions(accountId, spec.symbol).filter((position) => Number(position.quantity) !== 0);
  for (const symbol of new Set(held.map((position) => position.symbol))) {
    if (spec.kind === 'outsideClose') closeOutside(core, accountId, symbol);
    else core.command<'forceLiquidation'>({ kind: 'forceLiquidation', accountId, symbol });
  }
}

function engineConfig({ source }: Market, { market }: VenueSettings): EngineConfig {
  const config = defaultEngineConfig(source.instruments);
  return {
    ...config, spreadPerAtr: market.spreadPerAtr ?? config.spreadPerAtr, depthShare: market.depthShare ?? config.depthShare,
    depthBps: market.depthBps ?? config.depthBps, defaultLeverage: market.defaultLeverage ?? config.defaultLeverage,
  };
}

/** What only the first start does; a start that was cut off in between is completed by the next. */
async function begin(core: VenueCore, settings: VenueSettings, feed: LiveFeed | null): Promise<void> {
  if (core.engine.marketTime() === 0) {
    for (const instrument of core.instruments.values()) {
      const bars: Bar[] = core.market.source.history(instrument.id, core.market.closedIndex + 1, WARM_UP_CANDLES)
        .map(({ open, high, low, close, volume, markBasis }) => ({ symbol: instrument.venueSymbol, open, high, low, close, volume, markBasis, fundingRate: null }));
      core.command<'warmUp'>({ kind: 'warmUp', symbol: instrument.venueSymbol, bars });
    }
    if (feed === null) core.step(null);
  }
  if (feed !== null) await feed.poll(core);
  const known = core.engine.accountIds();
  for (const account of settings.accounts) {
    if (!known.includes(account.accountId)) core.command<'openAccount'>({ kind: 'openAccount', accountId: account.accountId, wallet: text(d(account.wallet)) });
  }
  // Opening an account is nobody's news: a lockstep market does not wait for an answer to it.
  if (core.acknowledgedId === 0 && core.engine.lastEventId() > 0 && known.length === 0) core.change({ kind: 'acknowledge', eventId: core.engine.lastEventId() });
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(cause.code === 'EADDRINUSE' ? new KeelError('PORT_TAKEN', `port ${port} on ${host} is taken: stop who has it, or choose another (0 takes a free one)`, { cause }) : cause);
    });
    server.listen(port, host, () => { resolve((server.address() as AddressInfo).port); });
  });
}

function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => { resolve(); });
    server.closeAllConnections();
  });
}
