import { describe, expect, it } from 'vitest';
import type { Instrument } from '../../../../domain/market/instrument.ts';
import { predictionsOf } from '../../../../domain/predictions/prediction.ts';
import { meantBy, predictionRequestIdOf, REQUEST_NAME, requestedPredictionsOf, silentIn } from '../../../../domain/predictions/request.ts';
import { INSTRUMENT, observationWith, symbolWith, vote } from '../cycle/plan.fixture.ts';

const ETH: Instrument = { ...INSTRUMENT, id: 'ETH-USDT-PERP', venueSymbol: 'ETHUSDT', base: 'ETH' };

it.each([
  ['none: all', [], [INSTRUMENT.id, ETH.id], []],
  ['a base', ['ETH'], [ETH.id], []],
  ['the venue\'s symbol, in small letters', ['btcusdt'], [INSTRUMENT.id], []],
  ['the id, and the same again', ['BTC-USDT-PERP', 'BTC'], [INSTRUMENT.id], []],
  ['one that is not traded', ['ETH', 'none'], [ETH.id], ['none']],
])('symbols: %s', (_name, symbols, meant, unknown) => expect(meantBy(symbols, [INSTRUMENT, ETH])).toEqual({ meant, unknown }));

it.each([
  ['monday', true], ['a.b-c_1', true], ['x'.repeat(64), true],
  ['x'.repeat(65), false], ['', false], ['a/b', false], ['a b', false],
])('a request\'s name: "%s" %s', (name, isAllowed) => expect(REQUEST_NAME.test(name)).toBe(isAllowed));

it('a request\'s identity names its portfolio', () => expect(predictionRequestIdOf('sim', 'monday')).toBe('predictions/sim/monday'));

describe('what is stored', () => {
  const shadow = { ...vote('sell', 0.6, 'model/boosting'), version: 'aaa' };
  const observation = observationWith({ symbols: [
    symbolWith({ sigma: 0.01, votes: [vote('buy', 0.7, 'one'), vote('abstain', 0, 'two')], served: { featureSet: 'standard/2', vector: null, shadows: [shadow] } }),
    symbolWith({ instrument: ETH, quality: { score: 10, tradable: false, issues: [{ code: 'stale', openTime: null }, { code: 'stale', openTime: 1 }] as never } }),
  ] });

  it('is what a cycle foretells, but for what only a plan can say and for the model on trial', () => {
    const ofCycle = predictionsOf(observation, { decisions: [] }).filter((it) => it.role !== 'shadow');
    expect(requestedPredictionsOf(observation)).toEqual(ofCycle.map((it) => ({ ...it, role: 'requested', decision: null, reason: null })));
    expect(ofCycle.map((it) => it.voter)).toEqual([expect.stringMatching(/^strategy\//), 'one', 'two']);
  });

  it('says of which symbols there is nothing, and why, each reason once', () => expect(silentIn(observation)).toEqual([{ instrumentId: ETH.id, why: 'stale' }]));
});
