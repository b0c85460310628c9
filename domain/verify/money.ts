import type { Dec } from '../decimal.ts';
import { d, text, ZERO } from '../decimal.ts';
import type { IncomeRecord } from '../ports/venue.ts';
import { ACCOUNT_CURRENCY } from '../ports/venue.ts';
import type { Facts, Violation } from './facts.ts';
import { sumOf } from './sums.ts';

/** Invariant 3: realised profit + fees + funding + transfers + other income in the ledger = venue wallet, in the account's currency. */
export function moneyViolations(facts: Facts): Violation[] {
  const { ledger, venue, engine } = facts;
  const idOf = (line: IncomeRecord): string => `${line.type} ${line.incomeId} ${line.instrumentId ?? ''}${line.currency === ACCOUNT_CURRENCY ? '' : ` ${line.currency}`}`.trim();
  const booked = new Map(ledger.income.map((line) => [idOf(line), line]));
  const atVenue = new Set(venue.income.map(idOf));
  const missing = venue.income.filter((line) => !booked.has(idOf(line)));
  // While it trades, the newest lines are read at the next reconciliation.
  const waiting = engine.isAtRest ? [] : missing.filter((line) => line.time >= ledger.incomeReadTo);
  const lost = missing.filter((line) => !waiting.includes(line));
  return [
    ...lost.map((line): Violation => ({ invariant: 3, name: 'money at the venue that the ledger does not know', subject: idOf(line), evidence: { amount: line.amount, time: new Date(line.time).toISOString() } })),
    ...ledger.income.filter((line) => !atVenue.has(idOf(line)) && venue.forgetsBefore === null).map((line): Violation => ({ invariant: 3, name: 'money in the ledger that the venue does not know', subject: idOf(line), evidence: { amount: line.amount } })),
    ...walletDiffers(facts, waiting),
    ...(waiting.length === 0 ? fillsDiffer(facts) : []),
  ];
}

function walletDiffers({ ledger, venue }: Facts, waiting: readonly IncomeRecord[]): Violation[] {
  const sum = sumOf([...ledger.income, ...waiting].filter((line) => line.currency === ACCOUNT_CURRENCY), (line) => line.amount);
  const { walletBalance } = venue.account;
  return sum.eq(d(walletBalance)) ? [] : [{
    invariant: 3, name: 'the ledger\'s money is not the venue\'s wallet', subject: ledger.portfolioId,
    evidence: { ledger: text(sum), wallet: walletBalance, difference: text(d(walletBalance).minus(sum)) },
  }];
}

/** What the fills say was earned and paid, against the lines of money that the trades made: of each currency. */
function fillsDiffer({ ledger }: Facts): Violation[] {
  const trades = new Set(ledger.fills.map((fill) => `${fill.instrumentId} ${fill.tradeId}`));
  const lines = ledger.income.filter((line) => trades.has(`${line.instrumentId ?? ''} ${line.tradeId ?? ''}`));
  const moneyOf = (type: string, currency: string): Dec => sumOf(lines.filter((line) => line.type === type && line.currency === currency), (line) => line.amount);
  const currencies = [...new Set([ACCOUNT_CURRENCY, ...ledger.fills.map((fill) => fill.feeCurrency), ...lines.map((line) => line.currency)])].sort();
  return currencies.flatMap((currency): Violation[] => {
    const realized = { fills: currency === ACCOUNT_CURRENCY ? sumOf(ledger.fills, (fill) => fill.realizedPnl) : ZERO, money: moneyOf('REALIZED_PNL', currency) };
    const fees = { fills: sumOf(ledger.fills.filter((fill) => fill.feeCurrency === currency), (fill) => fill.fee), money: moneyOf('COMMISSION', currency).negated() };
    return Object.entries({ 'realised profit': realized, fees }).filter(([, { fills, money }]) => !fills.eq(money)).map(([what, { fills, money }]): Violation => ({
      invariant: 3, name: `the ${what} of the fills is not that of the money`, subject: ledger.portfolioId, evidence: { currency, fills: text(fills), money: text(money) },
    }));
  });
}
