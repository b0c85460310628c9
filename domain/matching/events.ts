/** What leaves the engine: account events with their ids, and the records of history. */
import { crossWallet } from './margin.ts';
import { moneyText } from './scaled.ts';
import type { AccountState, AlgoState, Core, OrderState, PositionState } from './state.ts';
import type { AccountEvent, AccountUpdateReason, AlgoStatus, ExecutionType, FillView, IncomeType, IncomeView, OrderView } from './types.ts';
import { algoView, orderView, positionUpdate } from './views.ts';

type WithoutBase<E> = E extends AccountEvent ? Omit<E, 'eventId' | 'marketTime' | 'accountId'> : never;

export function emit(core: Core, account: AccountState, event: WithoutBase<AccountEvent>): void {
  core.state.eventId += 1;
  core.events.push({ eventId: core.state.eventId, marketTime: core.state.time, accountId: account.accountId, ...event });
}

/** @returns the order as it was told. */
export function emitOrder(core: Core, account: AccountState, order: OrderState, executionType: ExecutionType, fill: FillView | null = null): OrderView {
  const view = orderView(core, order);
  emit(core, account, { kind: 'orderUpdate', executionType, order: view, fill });
  return view;
}

export function emitAlgo(core: Core, account: AccountState, algo: AlgoState, status: AlgoStatus): void {
  algo.status = status;
  algo.updatedAt = core.state.time;
  emit(core, account, { kind: 'algoUpdate', algo: algoView(core, algo) });
}

export function emitAccount(core: Core, account: AccountState, update: {
  readonly reason: AccountUpdateReason;
  readonly balanceChange: bigint;
  readonly positions: readonly PositionState[];
  readonly income: readonly IncomeView[];
}): void {
  emit(core, account, {
    kind: 'accountUpdate',
    reason: update.reason,
    walletBalance: moneyText(account.wallet),
    crossWalletBalance: moneyText(crossWallet(account)),
    balanceChange: moneyText(update.balanceChange),
    positions: update.positions.map((position) => positionUpdate(core, account, position)),
    income: update.income,
  });
}

/** The only place where a wallet changes: every change is an income record. */
export function book(core: Core, account: AccountState, entry: {
  readonly type: IncomeType; readonly amount: bigint; readonly symbol: string; readonly info: string; readonly tradeId: string;
}): IncomeView {
  account.wallet += entry.amount;
  account.updatedAt = core.state.time;
  core.state.transactionId += 1;
  const income: IncomeView = {
    accountId: account.accountId, transactionId: core.state.transactionId, symbol: entry.symbol, type: entry.type,
    amount: moneyText(entry.amount), asset: account.asset, info: entry.info, tradeId: entry.tradeId, time: core.state.time,
  };
  core.history.appendIncome(income);
  return income;
}
