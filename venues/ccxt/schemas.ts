/** Shapes of the venue's answers, as far as they are used. Numbers become exact decimal strings at once. */
import { z } from 'zod';
import { d, text } from '../../domain/decimal.ts';
import { KeelError } from '../../domain/errors.ts';

/** "0.00100", 0.001 → "0.001". */
export const decimal = z
  .union([z.string().regex(/^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/, 'a decimal number'), z.number()])
  .transform((value) => text(d(value)));
/** Like `decimal`; absent, null and "" are null. */
export const maybeDecimal = z.union([z.literal(''), decimal]).nullish().transform((value) => (value === undefined || value === null || value === '' ? null : value));
/** Ids come as numbers or texts. */
export const id = z.union([z.string().min(1), z.number().int()]).transform(String);
export const maybeId = z.union([z.string(), z.number().int()]).nullish().transform((value) => (value === undefined || value === null || value === '' || value === 0 || value === '0' ? null : String(value)));
export const millis = z.union([z.number(), z.string().regex(/^\d+$/)]).transform(Number).pipe(z.number().int().nonnegative());
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')]);
export const side = z.enum(['BUY', 'SELL']);
export const positionSide = z.enum(['BOTH', 'LONG', 'SHORT']);

/** Numbers that only a simulated venue adds. */
const extras = { transportTime: millis.optional() };

export const plainOrder = z.object({
  orderId: id, clientOrderId: z.string(), symbol: z.string(), status: z.string(), side, positionSide: positionSide.default('BOTH'),
  type: z.string(), origType: z.string().optional(), origQty: decimal, executedQty: decimal, avgPrice: maybeDecimal, price: maybeDecimal,
  stopPrice: maybeDecimal, reduceOnly: flag.default(false), time: millis.optional(), updateTime: millis, ...extras,
});
export type PlainOrder = z.infer<typeof plainOrder>;

export const algoOrder = z.object({
  algoId: id, clientAlgoId: z.string(), symbol: z.string(), algoStatus: z.string(), side, positionSide: positionSide.default('BOTH'),
  orderType: z.string(), quantity: maybeDecimal, triggerPrice: maybeDecimal, price: maybeDecimal, reduceOnly: flag.default(false),
  actualOrderId: maybeId, actualPrice: maybeDecimal, actualQty: maybeDecimal, createTime: millis.optional(), updateTime: millis, ...extras,
});
export type AlgoOrder = z.infer<typeof algoOrder>;

export const userTrade = z.object({
  id, orderId: id, symbol: z.string(), side, positionSide: positionSide.default('BOTH'), price: decimal, qty: decimal,
  commission: decimal, commissionAsset: z.string(), realizedPnl: decimal, maker: z.boolean(), time: millis,
  clientOrderId: z.string().optional(), ...extras,
});
export type UserTrade = z.infer<typeof userTrade>;

export const income = z.object({
  symbol: z.string().nullish(), incomeType: z.string(), income: decimal, asset: z.string(), time: millis, tranId: id, tradeId: maybeId,
});

const filter = z.object({ filterType: z.string() }).loose();
export const symbolInfo = z.object({
  symbol: z.string(), contractType: z.string(), status: z.string(), baseAsset: z.string(), quoteAsset: z.string(), filters: z.array(filter),
});
export type SymbolInfo = z.infer<typeof symbolInfo>;
export const exchangeInfo = z.object({
  rateLimits: z.array(z.object({ rateLimitType: z.string(), interval: z.string(), intervalNum: z.number(), limit: z.number() })),
  symbols: z.array(symbolInfo),
});
export const priceFilter = z.object({ tickSize: decimal });
export const lotFilter = z.object({ stepSize: decimal, minQty: decimal, maxQty: decimal });
export const notionalFilter = z.object({ notional: decimal });

export const commissionRate = z.object({ makerCommissionRate: decimal, takerCommissionRate: decimal });
export const symbolConfig = z.object({ symbol: z.string(), maxNotionalValue: maybeDecimal });
export const symbolTerms = z.object({
  leverage: z.union([z.number(), z.string().regex(/^\d+$/)]).transform(Number),
  marginType: z.enum(['CROSSED', 'ISOLATED']).transform((word) => (word === 'CROSSED' ? 'cross' as const : 'isolated' as const)),
});
export const accountConfig = z.object({ dualSidePosition: flag });
export const account = z.object({
  totalWalletBalance: decimal, totalMarginBalance: decimal, availableBalance: decimal,
  assets: z.array(z.object({ asset: z.string(), walletBalance: decimal, marginBalance: decimal, availableBalance: decimal, updateTime: millis.default(0) })),
});
export const positionRisk = z.object({
  symbol: z.string(), positionSide, positionAmt: decimal, entryPrice: decimal, markPrice: decimal, unRealizedProfit: decimal,
});

/** Open time, open, high, low, close, volume, close time, … */
export const kline = z.tuple([millis, decimal, decimal, decimal, decimal, decimal, millis]).rest(z.unknown());
export const bookTicker = z.object({ bidPrice: decimal, askPrice: decimal });
export const symbolQuote = z.object({ symbol: z.string(), bidPrice: decimal, askPrice: decimal });
export const dayTicker = z.object({ symbol: z.string(), quoteVolume: decimal });
export const premiumIndex = z.object({ symbol: z.string(), lastFundingRate: maybeDecimal, nextFundingTime: millis });
export const fundingInfo = z.object({ symbol: z.string(), fundingIntervalHours: z.number().positive() });
const level = z.tuple([decimal, decimal]).rest(z.unknown());
export const depth = z.object({ bids: z.array(level), asks: z.array(level) });
export const leverageBracket = z.object({ symbol: z.string(), brackets: z.array(z.object({ initialLeverage: z.number() })) });
export const serverTime = z.object({ serverTime: millis });
export const listenKey = z.object({ listenKey: z.string().min(1) });
export const apiRestrictions = z.object({ enableFutures: z.boolean(), enableWithdrawals: z.boolean(), ipRestrict: z.boolean() });
export const marketState = z.object({ marketTime: millis, lastEventId: z.number().int().nonnegative(), accounts: z.array(z.string()) });
export type SimulationState = z.infer<typeof marketState>;

/**
 * Checks an answer at the edge.
 * @param what the request, for the message.
 * @throws {KeelError} VENUE_ANSWER_INVALID, not retried blindly; names field and value.
 */
export function parseAnswer<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path ?? [];
  throw new KeelError('VENUE_ANSWER_INVALID', `${what}: field "${path.join('.') || '(whole answer)'}" holds ${shown(at(value, path))}: ${issue?.message ?? 'invalid'}`);
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let found: unknown = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Reflect.get(found, key);
  }
  return found;
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 120);
}
