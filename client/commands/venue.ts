import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { KeelError } from '../../domain/errors.ts';
import { columns, print, printJson } from '../output.ts';

interface Json {
  readonly json?: boolean;
}

interface ClockFlags extends Json {
  readonly pace?: string;
  readonly pause?: boolean;
  readonly lockstep?: boolean;
  readonly advance?: string;
}

export function register(program: Command): void {
  const venue = program
    .command('venue')
    .description('the simulated venue: its clock, its faults, what happens to its market')
    .addHelpText('after', `
Examples:
  keel venue state
  keel venue clock --pace 250                        four candles a second
  keel venue clock --pause
  keel venue fault acceptedNoAnswer count=2 match.symbol=BTCUSDT
  keel venue faults --clear
  keel venue shock BTC -8
  keel venue income FUNDING_FEE -1.25 --symbol BTC
KEEL_VENUE_CONTROL_PORT or KEEL_VENUE_CONTROL_URL says which venue.`);
  venue
    .command('state', { isDefault: true })
    .description('where its market is')
    .option('--json', 'as JSON')
    .addHelpText('after', "\nExample:\n  keel venue state --json | jq '{marketTime, mode, ended}'")
    .action((flags: Json) => ask(flags, 'GET', '/state'));
  venue
    .command('clock')
    .description('how its market time passes')
    .option('--pace <ms>', 'wall milliseconds per candle, from 4')
    .option('--pause', 'stand still')
    .option('--lockstep', 'only when asked to')
    .option('--advance <candles>', 'asks for so many, in lockstep; it stops earlier at each event of the account')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  keel venue clock --pace 250\n  keel venue clock --pause\n  keel venue clock --lockstep\n  keel venue clock --advance 1')
    .action((flags: ClockFlags) => (flags.advance === undefined ? ask(flags, 'POST', '/clock', clockOf(flags)) : ask(flags, 'POST', '/advance', advanceOf(flags))));
  registerFaults(venue);
  venue
    .command('shock')
    .description('moves a price at once and for good')
    .argument('<symbol>', 'by base or full name')
    .argument('<percent>', 'above -100: -8 is down by 8 %')
    .option('--json', 'as JSON')
    .allowUnknownOption() // a negative number looks like one
    .addHelpText('after', '\nExamples:\n  keel venue shock BTC -8\n  keel venue shock ETH 3.5')
    .action(async (symbol: string, percent: string, flags: Json) => ask(flags, 'POST', '/shock', { symbol: await venueName(symbol), percent: numberOf('percent', percent) }));
  venue
    .command('income')
    .description('books money to the account')
    .argument('<type>', 'such as FUNDING_FEE or TRANSFER')
    .argument('<amount>', 'USDT, signed')
    .option('--symbol <symbol>', 'by base or full name')
    .option('--json', 'as JSON')
    .allowUnknownOption()
    .addHelpText('after', '\nExamples:\n  keel venue income FUNDING_FEE -1.25 --symbol BTC\n  keel venue income TRANSFER 500')
    .action(async (type: string, amount: string, flags: Json & { symbol?: string }) =>
      ask(flags, 'POST', '/income', { type, amount, ...(flags.symbol === undefined ? {} : { symbol: await venueName(flags.symbol) }) }));
}

function registerFaults(venue: Command): void {
  venue
    .command('fault')
    .description('makes something go wrong; an unknown kind is answered with all kinds')
    .argument('<kind>')
    .argument('[name=value...]', 'such as count=3 at=2 delayMs=500 match.symbol=BTCUSDT match.side=BUY')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  keel venue fault acceptedNoAnswer count=2 match.symbol=BTCUSDT\n  keel venue fault help')
    .action(async (kind: string, pairs: string[], flags: Json) => {
      const { faultOf } = await import('../venue-control.ts');
      await ask(flags, 'POST', '/fault', faultOf(kind, pairs));
    });
  venue
    .command('faults')
    .description('lists the faults that wait or happened')
    .option('--clear', 'removes them all')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  keel venue faults\n  keel venue faults --clear')
    .action((flags: Json & { clear?: boolean }) => (flags.clear === true ? ask(flags, 'DELETE', '/faults') : ask(flags, 'GET', '/faults')));
}

async function ask(flags: Json, method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<void> {
  const { askVenue } = await import('../venue-control.ts');
  const answer = await askVenue(method, path, body);
  if (flags.json === true) return printJson(answer);
  const rows = Array.isArray(answer) ? (answer as object[]) : [answer as object];
  if (rows.length === 0) print('none');
  rows.forEach((row) => print(columns(Object.entries(row).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]))));
}

function clockOf({ pace, pause, lockstep }: ClockFlags): object {
  const chosen = [pace !== undefined, pause === true, lockstep === true].filter(Boolean).length;
  if (chosen !== 1) throw new KeelError('USAGE', 'keel venue clock takes one of --pace <ms>, --pause, --lockstep and --advance <candles>');
  if (pace !== undefined) return { paceMs: numberOf('--pace', pace) };
  return { mode: pause === true ? 'paused' : 'lockstep' };
}

function advanceOf({ advance = '', pace, pause, lockstep }: ClockFlags): object {
  if ([pace, pause, lockstep].some((it) => it !== undefined)) throw new KeelError('USAGE', '--advance stands alone: first keel venue clock --lockstep, then keel venue clock --advance <candles>');
  return { requestId: randomUUID(), candles: numberOf('--advance', advance) };
}

/** `BTC`, `BTC-USDT-PERP` or the venue's own `BTCUSDT`. */
async function venueName(symbol: string): Promise<string> {
  const { instrumentIdOf, venueSymbolOf } = await import('../../domain/market/instrument.ts');
  return /^[A-Z0-9]+USDT$/i.test(symbol) ? symbol.toUpperCase() : venueSymbolOf(instrumentIdOf(symbol));
}

function numberOf(what: string, text: string): number {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new KeelError('USAGE', `${what} is "${text}"; allowed: a number, such as 250 or -7.5`);
}
