import { describe, expect, it } from 'vitest';
import { Bench, ME, bar, codeOf, told, value } from './engine.fixture.ts';

const flat = (price: number): ReturnType<typeof bar> => bar('AAAUSDT', [price, price, price, price]);

describe('funding', () => {
  it.each([
    ['a long pays a positive rate', 'BUY', '0.0001', 'FUNDING_FEE -0.02000000'],
    ['a short receives it', 'SELL', '0.0001', 'FUNDING_FEE 0.02000000'],
    ['a long receives a negative rate', 'BUY', '-0.0001', 'FUNDING_FEE 0.02000000'],
  ] as const)('%s, at the open of its candle', (_name, side, fundingRate, income) => {
    const bench = new Bench().open();
    bench.place({ side, quantity: '2' });
    bench.walk();
    bench.load({ ...flat(100), fundingRate });
    const result = bench.step();
    expect([result.reached, told(result.events), bench.income().at(-1)]).toEqual(['event', ['account FUNDING_FEE'], income]);
  });
});

describe('margin', () => {
  it('initial margin is notional over leverage; opening orders bind theirs, reduce-only ones nothing', () => {
    const bench = new Bench().open();
    bench.engine.execute({ kind: 'setLeverage', accountId: ME, symbol: 'AAAUSDT', leverage: 10 });
    bench.place({ quantity: '10' });
    bench.place({ type: 'LIMIT', price: '90', quantity: '10' });
    bench.place({ type: 'LIMIT', side: 'SELL', price: '110', quantity: '10', reduceOnly: true });
    expect(bench.engine.account(ME)).toMatchObject({ positionInitialMargin: '100.00000000', openOrderInitialMargin: '90.00000000', maintenanceMargin: '4.00000000' });
  });

  it.each([
    ['higher than the symbol allows', 126, -4028],
    ['not a whole number', 1.5, -4028],
    ['too low for what is held', 1, -2028],
    ['lower, with enough margin', 10, 'accepted'],
  ] as const)('leverage %s', (_name, leverage, expected) => {
    const bench = new Bench({ wallet: '100' }).open();
    bench.place({ quantity: '5' });
    expect(codeOf(bench.engine.execute({ kind: 'setLeverage', accountId: ME, symbol: 'AAAUSDT', leverage }))).toBe(expected);
  });

  it('margin type changes only without orders and position', () => {
    const bench = new Bench().open();
    const set = (marginType: 'cross' | 'isolated'): number | 'accepted' => codeOf(bench.engine.execute({ kind: 'setMarginType', accountId: ME, symbol: 'AAAUSDT', marginType }));
    expect(set('cross')).toBe(-4046);
    bench.place();
    expect(set('isolated')).toBe(-4048);
    bench.place({ side: 'SELL' });
    bench.algo();
    expect(set('isolated')).toBe(-4047);
    bench.engine.execute({ kind: 'cancelAllAlgos', accountId: ME, symbol: 'AAAUSDT' });
    expect(set('isolated')).toBe('accepted');
  });

  it('an isolated position sets its margin aside, and gives it back', () => {
    const bench = new Bench().open();
    bench.engine.execute({ kind: 'setMarginType', accountId: ME, symbol: 'AAAUSDT', marginType: 'isolated' });
    bench.place({ quantity: '4' });
    const isolated = (): string => bench.engine.positions(ME, 'AAAUSDT')[0]?.isolatedWallet ?? '';
    expect(isolated()).toBe('20.02000000');
    const move = (amount: string): number | 'accepted' =>
      codeOf(bench.engine.execute({ kind: 'moveIsolatedMargin', accountId: ME, symbol: 'AAAUSDT', positionSide: 'BOTH', amount }));
    expect([move('10'), isolated(), move('-40'), move('100000')]).toEqual(['accepted', '30.02000000', -4051, -4050]);
    bench.place({ side: 'SELL', quantity: '1' });
    expect(isolated()).toBe('22.51500000');
    bench.place({ side: 'SELL', quantity: '3' });
    expect(isolated()).toBe('0.00000000');
  });
});

describe('liquidation', () => {
  // 10 units at 20x with 60 USDT: bankrupt at about 94.1, liquidated a little above.
  const endangered = (): Bench => {
    const bench = new Bench({ wallet: '60' }).open(bar('AAAUSDT', [100, 101, 80, 90]));
    bench.place({ quantity: '10' });
    return bench;
  };

  it('comes where the margin balance meets the maintenance margin, at the price that was announced', () => {
    const bench = endangered();
    const announced = Number(bench.engine.positions(ME, 'AAAUSDT')[0]?.liquidationPrice);
    const events = bench.walk();
    expect(told(events).slice(0, 4)).toEqual(['marginCall', 'liquidation', 'NEW NEW', 'account ORDER']);
    const fill = events.flatMap((event) => (event.kind === 'orderUpdate' ? (event.fill ?? []) : []))[0];
    // Sold at the bid, one tick below.
    expect(Number(fill?.price)).toBeCloseTo(announced - 0.1, 9);
    expect(events.at(-1)).toMatchObject({ kind: 'accountUpdate', reason: 'INSURANCE_CLEAR' });
    expect(bench.engine.orders({ accountId: ME, limit: 1 })[0]).toMatchObject({ type: 'LIQUIDATION', status: 'FILLED' });
  });

  it('never leaves a debt: the insurance fund covers a gap', () => {
    const bench = endangered();
    bench.engine.execute({ kind: 'shock', symbol: 'AAAUSDT', factor: 0.5 });
    bench.step();
    expect(bench.wallet()).toBe('0.00000000');
    expect(bench.income().at(-1)).toMatch(/^INSURANCE_CLEAR \d/);
  });

  it('comes before a stop when the market gaps through both, and after it when the price walks', () => {
    const gap = endangered();
    gap.algo({ triggerPrice: '97', quantity: '10' });
    gap.engine.execute({ kind: 'shock', symbol: 'AAAUSDT', factor: 0.5 });
    expect(gap.step().events[0]?.kind).toBe('liquidation');
    const walked = endangered();
    walked.algo({ triggerPrice: '97', quantity: '10' });
    expect(told(walked.walk())).not.toContain('liquidation');
  });

  it('of an isolated position takes its margin and nothing more', () => {
    const bench = new Bench({ wallet: '1000' }).open(bar('AAAUSDT', [100, 101, 80, 90]));
    bench.engine.execute({ kind: 'setMarginType', accountId: ME, symbol: 'AAAUSDT', marginType: 'isolated' });
    bench.place({ quantity: '10' });
    const cross = Number(bench.engine.account(ME).crossWalletBalance);
    bench.engine.execute({ kind: 'shock', symbol: 'AAAUSDT', factor: 0.5 });
    expect(bench.step().events[0]).toMatchObject({ kind: 'liquidation', marginType: 'isolated' });
    expect(Number(bench.wallet())).toBe(cross);
  });

  it('of one cross position saves none of the others, and ends plain orders', () => {
    const bench = new Bench({ wallet: '110' }).open(bar('AAAUSDT', [100, 101, 80, 90]));
    bench.place({ quantity: '10' });
    bench.place({ quantity: '5', symbol: 'BBBUSDT' });
    bench.place({ type: 'LIMIT', price: '50', quantity: '0.2', symbol: 'BBBUSDT' });
    const events = bench.walk();
    expect(told(events)).toContain('EXPIRED EXPIRED');
    expect(bench.engine.positions(ME).map((position) => position.quantity)).toEqual(['0.00', '0.00']);
  });

  it('can be forced, as can a close from outside', () => {
    const bench = new Bench().open();
    const close = { kind: 'forceClose', accountId: ME, symbol: 'AAAUSDT', positionSide: 'BOTH' } as const;
    expect(codeOf(bench.engine.execute<'forceClose'>(close))).toBe(-2022);
    bench.place({ quantity: '2' });
    expect(value(bench.engine.execute<'forceClose'>(close))).toMatchObject({ type: 'MARKET', side: 'SELL', status: 'FILLED', executedQuantity: '2.00' });
    bench.place({ side: 'SELL' });
    const outcome = bench.engine.execute({ kind: 'forceLiquidation', accountId: ME, symbol: 'AAAUSDT' });
    expect(outcome.events[0]?.kind).toBe('liquidation');
    expect(bench.income().at(-1)).toBe('INSURANCE_CLEAR -1.25000000');
  });
});

describe('income', () => {
  it.each([
    ['TRANSFER', '500', 'DEPOSIT'],
    ['TRANSFER', '-500', 'WITHDRAW'],
    ['REFERRAL_KICKBACK', '1.5', 'ADJUSTMENT'],
    ['SOMETHING_NEW', '-2', 'ADJUSTMENT'],
    ['FUNDING_FEE', '-3', 'FUNDING_FEE'],
  ])('of type %s (%s) is booked and told', (type, amount, reason) => {
    const bench = new Bench().open();
    const outcome = bench.engine.execute({ kind: 'addIncome', accountId: ME, type, amount, symbol: '', info: 'by hand' });
    expect(outcome.events[0]).toMatchObject({ kind: 'accountUpdate', reason, income: [{ type, info: 'by hand' }] });
    expect(Number(bench.wallet())).toBe(10_000 + Number(amount));
    expect(bench.engine.income({ accountId: ME, type, limit: 5 }).at(-1)?.amount).toBe(Number(amount).toFixed(8));
  });
});
