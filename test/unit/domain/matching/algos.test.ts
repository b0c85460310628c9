import { describe, expect, it } from 'vitest';
import { Bench, HOUR, ME, START, bar, codeOf, told, value } from './engine.fixture.ts';

const TRIGGER = ['algo TRIGGERING', 'NEW NEW', 'algo TRIGGERED'];
const long = (): Bench => {
  const bench = new Bench().open(bar('AAAUSDT', [100, 106, 94, 102]));
  bench.place();
  return bench;
};

describe('a stop', () => {
  it('triggers at its level, at the time the price is there, and creates a second order', () => {
    const bench = long();
    const algo = value(bench.algo({ triggerPrice: '97' }));
    const result = bench.step();
    // Net long: from 100 down to 94 within the first third of the hour; 97 is half the way.
    expect([result.reached, result.marketTime]).toEqual(['event', START + HOUR / 6]);
    expect(told(result.events)).toEqual([...TRIGGER, 'account ORDER', 'TRADE FILLED 1.00@97.0', 'algo FINISHED']);
    const done = bench.engine.findAlgo(ME, { algoId: algo.algoId });
    const child = bench.engine.findOrder(ME, 'AAAUSDT', { orderId: done?.actualOrderId ?? 0 });
    expect(done).toMatchObject({ status: 'FINISHED', executedQuantity: '1.00', averagePrice: '97.0', triggeredAt: START + HOUR / 6 });
    expect(child).toMatchObject({ type: 'MARKET', origType: 'STOP_MARKET', status: 'FILLED', clientOrderId: algo.clientAlgoId, algoId: algo.algoId, reduceOnly: true });
    expect(bench.engine.openAlgos(ME)).toEqual([]);
  });

  it('fills at the worse price when the market gaps through it', () => {
    const bench = long();
    bench.algo({ triggerPrice: '93.5' });
    bench.walk();
    bench.open(bar('AAAUSDT', [90, 91, 89, 90]));
    expect(told(bench.step().events)).toEqual([...TRIGGER, 'account ORDER', 'TRADE FILLED 1.00@90.0', 'algo FINISHED']);
  });

  it('that nothing is left to close for is rejected when it triggers', () => {
    const bench = long();
    bench.algo({ triggerPrice: '97' });
    bench.place({ side: 'SELL' });
    const events = bench.walk();
    expect(told(events)).toEqual(['algo TRIGGERING', 'algo REJECTED']);
    expect(bench.engine.algos({ accountId: ME, limit: 1 })[0]?.rejection?.code).toBe(-2022);
  });

  it('that opens without margin is rejected when it triggers, not before', () => {
    const bench = new Bench({ wallet: '20' }).open(bar('AAAUSDT', [100, 106, 94, 102]));
    value(bench.algo({ side: 'BUY', triggerPrice: '105', reduceOnly: false, quantity: '100' }));
    expect(told(bench.walk())).toEqual(['algo TRIGGERING', 'algo REJECTED']);
    expect(bench.engine.algos({ accountId: ME, limit: 1 })[0]?.rejection?.code).toBe(-2019);
  });

  it('with a limit rests where the limit says', () => {
    const bench = long();
    bench.algo({ type: 'STOP', triggerPrice: '97', price: '98.5' });
    const result = bench.step();
    expect(told(result.events)).toEqual(TRIGGER);
    expect(told(bench.step().events)).toEqual([]);
    expect(told(bench.walk())).toEqual(['account ORDER', 'TRADE FILLED 1.00@98.5', 'algo FINISHED']);
  });

  it('works on the mark price when asked to', () => {
    const bench = new Bench().open(bar('AAAUSDT', [100, 106, 94, 102], { markBasis: 0.02 }));
    bench.place();
    bench.algo({ triggerPrice: '97', workingType: 'MARK_PRICE' });
    expect(told(bench.step().events).at(-2)).toBe('TRADE FILLED 1.00@95.0');
  });
});

describe('other conditional orders', () => {
  it('a take-profit triggers on the other side', () => {
    const bench = long();
    bench.algo({ type: 'TAKE_PROFIT_MARKET', triggerPrice: '105' });
    expect(told(bench.walk()).at(-2)).toBe('TRADE FILLED 1.00@105.0');
  });

  it('a trailing stop follows the best price and triggers at its distance', () => {
    const bench = new Bench().open(bar('AAAUSDT', [100, 110, 99.9, 101]));
    bench.place();
    value(bench.algo({ type: 'TRAILING_STOP_MARKET', triggerPrice: null, callbackRate: '5' }));
    // Peak 110, level 110 − floor(5.5) ticks of 0.1 = 104.5.
    expect(told(bench.walk()).at(-2)).toBe('TRADE FILLED 1.00@104.5');
  });

  it('a trailing stop waits for its activation price', () => {
    const bench = new Bench().open(bar('AAAUSDT', [100, 106, 95, 101]));
    bench.place();
    value(bench.algo({ type: 'TRAILING_STOP_MARKET', triggerPrice: null, callbackRate: '1', activatePrice: '105' }));
    // The low comes first and does nothing; peak 106, level 106 − floor(1.06) = 105.0 (10 ticks).
    expect(told(bench.walk()).at(-2)).toBe('TRADE FILLED 1.00@105.0');
  });

  it('closePosition closes whatever is held', () => {
    const bench = long();
    bench.place({ quantity: '2' });
    value(bench.algo({ quantity: null, closePosition: true, reduceOnly: false, triggerPrice: '97' }));
    expect(codeOf(bench.algo({ quantity: null, closePosition: true, reduceOnly: false, triggerPrice: '96' }))).toBe(-4130);
    expect(told(bench.walk()).at(-2)).toBe('TRADE FILLED 3.00@97.0');
  });

  it('GTE_GTC ends with the position, plain GTC stays', () => {
    const bench = long();
    value(bench.algo({ timeInForce: 'GTE_GTC', triggerPrice: '96' }));
    value(bench.algo({ triggerPrice: '95' }));
    expect(told(bench.place({ side: 'SELL' }).events).at(-1)).toBe('algo EXPIRED');
    expect(bench.engine.openAlgos(ME).map((algo) => algo.triggerPrice)).toEqual(['95.0']);
    expect(codeOf(bench.algo({ timeInForce: 'GTE_GTC', triggerPrice: '96' }))).toBe(-4509);
  });

  it('are cancelled once', () => {
    const bench = long();
    const algo = value(bench.algo());
    const cancel = { kind: 'cancelAlgo', accountId: ME, key: { algoId: algo.algoId } } as const;
    expect(value(bench.engine.execute<'cancelAlgo'>(cancel)).status).toBe('CANCELED');
    expect(codeOf(bench.engine.execute<'cancelAlgo'>(cancel))).toBe(-2011);
    expect(bench.engine.findAlgo(ME, { clientAlgoId: algo.clientAlgoId })?.status).toBe('CANCELED');
  });

  it('end at their good-till date', () => {
    const bench = long();
    value(bench.algo({ triggerPrice: '90', timeInForce: 'GTD', goodTillDate: START + 1_000 }));
    expect(told(bench.step().events)).toEqual(['algo EXPIRED']);
  });
});

describe('refusals of conditional orders', () => {
  it.each([
    ['a sell stop above the price', { triggerPrice: '101' }, -2021],
    ['a sell stop at the price', { triggerPrice: '100' }, -2021],
    ['a buy stop below the price', { side: 'BUY', triggerPrice: '99' }, -2021],
    ['a sell target below the price', { type: 'TAKE_PROFIT_MARKET', triggerPrice: '99' }, -2021],
    ['a trigger between two ticks', { triggerPrice: '95.55' }, -1111],
    ['an activation price on the wrong side', { type: 'TRAILING_STOP_MARKET', triggerPrice: null, callbackRate: '1', activatePrice: '99' }, -4135],
    ['no quantity', { quantity: '0' }, -4003],
    ['a position side in one-way mode', { positionSide: 'LONG' }, -4061],
    ['reduce-only without a position is taken: it is checked at the trigger', {}, 'accepted'],
  ] as const)('%s', (_name, order, code) => {
    expect(codeOf(new Bench().open().algo(order))).toBe(code);
  });

  it('of the 201st of an account, and of a client id in use', () => {
    const bench = new Bench().open();
    for (let i = 0; i < 200; i += 1) value(bench.algo({ clientAlgoId: `c${i}` }));
    expect(codeOf(bench.algo({ clientAlgoId: 'c200' }))).toBe(-4045);
    expect(codeOf(bench.algo({ clientAlgoId: 'c7' }))).toBe(-4116);
  });
});
