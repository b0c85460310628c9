import { z } from 'zod';
import { d, text, ZERO } from '../../domain/decimal.ts';
import { KeelError } from '../../domain/errors.ts';
import type { ApiPermissions, IncomeRecord, Urgency, VenueAccount, VenuePosition } from '../../domain/ports/venue.ts';
import { ACCOUNT_CURRENCY } from '../../domain/ports/venue.ts';
import { pageByTime } from './pages.ts';
import { instrumentIdOfSymbol, positionSideOf } from './parse.ts';
import type { Rest } from './rest.ts';
import { ROUTES } from './routes.ts';
import * as schemas from './schemas.ts';

const INCOME_PAGE = 1_000;
const READ: Urgency = { priority: 'read' };

/** Reads of the account. */
export interface AccountReader {
  account(urgency?: Urgency): Promise<VenueAccount>;
  income(query: { since: number }): Promise<readonly IncomeRecord[]>;
  permissions(): Promise<ApiPermissions>;
  /** When the account's money last changed, venue's clock. */
  moneyChangedAt(): Promise<number>;
}

/** @param positionMode as it is kept beside the other terms of the account. */
export function createAccountReader(rest: Rest, positionMode: () => Promise<VenueAccount['positionMode']>): AccountReader {
  return {
    async account(urgency = READ) {
      const [account, risks, mode] = await Promise.all([
        rest.read(ROUTES.account, {}, schemas.account, urgency),
        rest.read(ROUTES.positionRisk, {}, z.array(schemas.positionRisk), urgency),
        positionMode(),
      ]);
      const money = moneyOf(account);
      return {
        walletBalance: money.walletBalance, equity: money.marginBalance, availableMargin: money.availableBalance,
        positionMode: mode, positions: risks.filter((risk) => !d(risk.positionAmt).isZero()).map(positionOf),
      };
    },
    async income({ since }) {
      const records = await pageByTime<z.infer<typeof schemas.income>>({
        since, limit: INCOME_PAGE, idOf: (each) => `${each.incomeType} ${each.symbol ?? ''} ${each.asset} ${each.tranId} ${each.income}`, timeOf: (each) => each.time,
        readFrom: (page) => rest.read(ROUTES.income, { ...page }, z.array(schemas.income)),
      });
      return records.map(incomeOf);
    },
    async permissions() {
      const granted = await rest.read(ROUTES.apiRestrictions, {}, schemas.apiRestrictions);
      return { mayTrade: granted.enableFutures, mayWithdraw: granted.enableWithdrawals, ipRestricted: granted.ipRestrict };
    },
    async moneyChangedAt() {
      return moneyOf(await rest.read(ROUTES.account, {}, schemas.account)).updateTime;
    },
  };
}

function moneyOf(account: z.infer<typeof schemas.account>): z.infer<typeof schemas.account>['assets'][number] {
  const money = account.assets.find((asset) => asset.asset === ACCOUNT_CURRENCY);
  if (money === undefined) {
    throw new KeelError('VENUE_ANSWER_INVALID', `GET account: no asset ${ACCOUNT_CURRENCY} among ${account.assets.map((asset) => asset.asset).join(', ') || 'none'}: transfer ${ACCOUNT_CURRENCY} into the futures wallet`);
  }
  return money;
}

/** The sign of the quantity tells the direction, in hedge mode too. */
function positionOf(risk: z.infer<typeof schemas.positionRisk>): VenuePosition {
  const quantity = d(risk.positionAmt);
  return {
    instrumentId: instrumentIdOfSymbol(risk.symbol), direction: quantity.gt(ZERO) ? 'long' : 'short', quantity: text(quantity.abs()),
    entryPrice: risk.entryPrice, markPrice: risk.markPrice, unrealizedPnl: risk.unRealizedProfit, positionSide: positionSideOf(risk.positionSide),
  };
}

function incomeOf(each: z.infer<typeof schemas.income>): IncomeRecord {
  return {
    incomeId: each.tranId, type: each.incomeType, amount: each.income, currency: each.asset,
    instrumentId: each.symbol === undefined || each.symbol === null || each.symbol === '' ? null : instrumentIdOfSymbol(each.symbol),
    tradeId: each.tradeId, time: each.time,
  };
}
