import { expect, inject, test } from 'vitest';
import { sample } from '../support/sample.ts';
import { CRASH_POINTS, crashAt } from '../support/crash.ts';

/** Every point is tried by `npm run crash`; here some of them, other ones when KEEL_TEST_SEED says so. */
const SEED = process.env['KEEL_TEST_SEED'] ?? '1';
const SAMPLE = 6;

/** Need what a usual session has not: an order whose answer was lost, an order past its time, a venue that differs, candles that the feed did not bring. */
const RARE = ['observe/ledger.writeCandles', 'lookUpOrder/', 'expireOrder/', 'backfillOrders/', 'instructPosition/', 'noteDifferences', 'resolveDifference/', 'compareWithVenue/ledger.applyFills'];
const USUAL = CRASH_POINTS.filter((point) => !RARE.some((part) => point.includes(part)));

test.each(sample(USUAL, SAMPLE, SEED))(`a worker killed at %s costs nothing (seed ${SEED})`, async (point) => {
  const { mark, violations, trades, cycles } = await crashAt(point, { postgresUrl: inject('postgresUrl'), temporalAddress: inject('temporalAddress') });
  expect(mark).toMatchObject({ point, action: 'kill' });
  expect(violations).toEqual([]);
  expect(trades).toBeGreaterThan(0);
  expect(cycles).toBeGreaterThan(0);
});
