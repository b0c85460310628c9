import { d, text } from '../decimal.ts';
import type { Mode } from '../ports/ledger.ts';
import type { IncomeRecord } from '../ports/venue.ts';
import { ACCOUNT_CURRENCY } from '../ports/venue.ts';

/** A real venue lists the income of three months; the others list all. @source Binance USD-M, Get Income History */
export const MODES_THAT_FORGET: readonly Mode[] = ['testnet', 'live'];

/**
 * One line for what the wallet held before the oldest income that the venue still lists, so that all lines add up to the wallet.
 * @param reading.walletBalance in the account's currency. @param reading.time market clock, of the line.
 * @returns null where the lines add up already.
 */
export function openingBalanceOf({ walletBalance, records, time }: { readonly walletBalance: string; readonly records: readonly IncomeRecord[]; readonly time: number }): IncomeRecord | null {
  const amount = records.filter((it) => it.currency === ACCOUNT_CURRENCY).reduce((rest, it) => rest.minus(d(it.amount)), d(walletBalance));
  return amount.isZero() ? null : { incomeId: 'opening', type: 'OPENING_BALANCE', amount: text(amount), currency: ACCOUNT_CURRENCY, instrumentId: null, tradeId: null, time };
}
