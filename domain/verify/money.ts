import { d, text } from '../decimal.ts';
import type { IncomeRecord } from '../ports/venue.ts';
import type { Facts, Violation } from './facts.ts';
import { sumOf } from './sums.ts';

/** Invariant 3: realised profit + fees + funding + transfers + other income in the ledger = venue wallet. */
export function moneyViolations(facts: Facts): Violation[] {
  const { ledger, venue, engine } = facts;
  const idOf = (line: IncomeRecord): string => `${line.type} ${line.incomeId} ${line.instrumentId ?? ''}`.trim();
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
  const sum = sumOf([...ledger.income, ...waiting], (line) => line.amount);
  const { walletBalance } = venue.account;
  return sum.eq(d(walletBalance)) ? [] : [{
    invariant: 3, name: 'the ledger\'s money is not the venue\'s wallet', subject: ledger.portfolioId,
    evidence: { ledger: text(sum), wallet: walletBalance, difference: text(d(walletBalance).minus(sum)) },
  }];
}

/** What the fills say was earned and paid, against the lines of money that the trades made. */
function fillsDiffer({ ledger }: Facts): Violation[] {
  const trades = new Set(ledger.fills.map((fill) => `${fill.instrumentId} ${fill.tradeId}`));
  const linesOf = (type: string): IncomeRecord[] => ledger.income.filter((line) => line.type === type && trades.has(`${line.instrumentId ?? ''} ${line.tradeId ?? ''}`));
  const realized = { fills: sumOf(ledger.fills, (fill) => fill.realizedPnl), money: sumOf(linesOf('REALIZED_PNL'), (line) => line.amount) };
  const fees = { fills: sumOf(ledger.fills, (fill) => fill.fee), money: sumOf(linesOf('COMMISSION'), (line) => line.amount).negated() };
  return Object.entries({ 'realised profit': realized, fees }).filter(([, { fills, money }]) => !fills.eq(money)).map(([what, { fills, money }]): Violation => ({
    invariant: 3, name: `the ${what} of the fills is not that of the money`, subject: ledger.portfolioId, evidence: { fills: text(fills), money: text(money) },
  }));
}
