import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RULE_LABEL } from '../../../domain/predictions/label.ts';
import { assembleRows } from '../../../domain/validation/rows.ts';
import { readSnapshot, snapshotHash, writeSnapshot } from '../../../models/snapshot.ts';
import type { Snapshot } from '../../../models/snapshot.ts';
import { normal, prngOf } from '../../../domain/market/seeded/prng.ts';

const HOUR = 3_600_000;
let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'keel-snapshot-')); });
afterAll(() => { rmSync(folder, { recursive: true }); });

function drawn(): Snapshot {
  const random = prngOf('snapshot');
  const histories = ['BTC-USDT-PERP', 'ETH-USDT-PERP'].map((instrumentId) => {
    let close = 100;
    const candles = Array.from({ length: 3_000 }, (_, index) => {
      const open = close;
      close *= Math.exp(0.01 * normal(random));
      return { openTime: index * HOUR, open, high: Math.max(open, close) * 1.001, low: Math.min(open, close) * 0.999, close, volume: 5 };
    });
    return { instrumentId, listedFrom: 0, listedUntil: null, candles, features: [candles.map(() => normal(random)), candles.map((_, index) => (index < 50 ? NaN : index / 7))], costBps: 11 };
  });
  const { rows } = assembleRows(histories, { asOf: 3_000 * HOUR, timeframe: '1h', featureNames: ['drawn', 'odd "name"'], label: RULE_LABEL, halfLifeMs: 90 * 24 * HOUR });
  return { rows, rules: Uint8Array.from({ length: rows.rows }, (_, row) => row % 3) };
}

test('a data set comes back as it was, to the last bit, more rows than a chunk holds', async () => {
  const snapshot = drawn();
  const hash = snapshotHash(snapshot);
  const path = join(folder, `${hash}.parquet`);
  await Promise.all([writeSnapshot(path, snapshot), writeSnapshot(path, snapshot)]);
  const read = await readSnapshot(path, hash);
  expect(read).toEqual(snapshot);
  expect(read.rows.rows).toBeGreaterThan(5_000);
  expect(readdirSync(folder)).toEqual([`${hash}.parquet`]);
  const bare = { ...snapshot, rules: null };
  await writeSnapshot(join(folder, 'bare.parquet'), bare);
  expect(await readSnapshot(join(folder, 'bare.parquet'), snapshotHash(bare))).toEqual(bare);
});

test('a missing value has one name, whichever of its bit patterns the machine made of it', async () => {
  const [snapshot, other] = [drawn(), drawn()];
  const column = other.rows.columns[1] as Float32Array;
  const at = column.findIndex(Number.isNaN);
  expect(at).toBeGreaterThanOrEqual(0);
  new Uint32Array(column.buffer, column.byteOffset)[at] = 0xffc00000; // 0 / 0 on x86, before it is compiled
  const [moves] = other.rows.gapMovesBps as readonly [Float64Array];
  new Uint32Array(moves.buffer, moves.byteOffset)[2 * moves.findIndex(Number.isNaN) + 1] = 0xfff80000;
  const hash = snapshotHash(other);
  expect(hash).toBe(snapshotHash(snapshot));
  const path = join(folder, 'missing.parquet');
  await writeSnapshot(path, other);
  expect(await readSnapshot(path, hash)).toEqual(snapshot);
  rmSync(path);
});

test('rows that people excluded are part of its name, and come back with it', async () => {
  const snapshot = drawn();
  const excluding = { ...snapshot, excluded: [{ instrumentId: 'BTC-USDT-PERP', decidedAt: 100 * HOUR }] };
  const hash = snapshotHash(excluding);
  expect(hash).not.toBe(snapshotHash(snapshot));
  expect(snapshotHash({ ...snapshot, excluded: [] })).toBe(snapshotHash(snapshot));
  await writeSnapshot(join(folder, 'excluding.parquet'), excluding);
  expect(await readSnapshot(join(folder, 'excluding.parquet'), hash)).toEqual(excluding);
  rmSync(join(folder, 'excluding.parquet'));
});

test('any number that is another gives another name', () => {
  const snapshot = drawn();
  const other = drawn();
  (other.rows.columns[1] as Float32Array)[4_000] = 1;
  expect(snapshotHash(drawn())).toBe(snapshotHash(snapshot));
  expect(snapshotHash(other)).not.toBe(snapshotHash(snapshot));
});

test('a data set that is lost, cut off, or another one is refused with its reason', async () => {
  const snapshot = drawn();
  const path = join(folder, 'given.parquet');
  await writeSnapshot(path, snapshot);
  await expect(readSnapshot(path, 'f'.repeat(64))).rejects.toMatchObject({ code: 'SNAPSHOT_INVALID', message: expect.stringContaining('was altered') as string });
  await expect(readSnapshot(join(folder, 'nosuch.parquet'), 'f'.repeat(64))).rejects.toMatchObject({ code: 'SNAPSHOT_INVALID' });
  const cut = join(folder, 'cut.parquet');
  copyFileSync(path, cut);
  writeFileSync(cut, 'PAR1');
  await expect(readSnapshot(cut, snapshotHash(snapshot))).rejects.toMatchObject({ code: 'SNAPSHOT_INVALID' });
});
