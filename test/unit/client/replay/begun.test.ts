import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loadSettings } from '../../../../config/settings.ts';
import { noteBegun, noteOver, readBegun } from '../../../../client/replay/begun.ts';

function home(): string {
  const folder = mkdtempSync(join(tmpdir(), 'keel-begun-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

const usage = (message: string) => expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(message) as string }) as Error;

const SETTINGS = loadSettings({ KEEL_STRATEGIES: 'strategies/mine.ts', KEEL_TIMEFRAME: '4h', KEEL_SYMBOLS: 'BTC,ETH', KEEL_LOG_LEVEL: 'debug' });

it('says what was asked for until it is over', () => {
  const at = home();
  noteBegun(join(at, 'replay-1'), { data: 'candles', from: '2023-01-01', retrain: 'weekly' }, SETTINGS);
  noteBegun(join(at, 'replay-12'), { data: '/candles', symbols: 'BTC', to: '2023-01-02', seed: '7', preset: 'defensive' }, SETTINGS);
  expect(readBegun(at, 'replay-1')).toEqual({
    asked: { data: resolve('candles'), from: '2023-01-01', retrain: 'weekly' },
    env: { KEEL_STRATEGIES: 'strategies/mine.ts', KEEL_TIMEFRAME: '4h', KEEL_SYMBOLS: 'BTC,ETH', KEEL_HISTORY_CANDLES: '500', KEEL_FEATURES: 'standard', KEEL_LABEL: 'horizon4/1', KEEL_RETRAIN_AT: '00:20' },
  });
  expect(readBegun(at, 'replay-12').asked).toEqual({ data: '/candles', symbols: 'BTC', to: '2023-01-02', seed: '7', preset: 'defensive' });
  noteOver(join(at, 'replay-1'));
  noteOver(join(at, 'replay-1'));
  expect(() => readBegun(at, 'replay-1')).toThrow(usage('there are: replay-12'));
});

it.each(['replay-3', '../replay-1', 'main', ''])('knows no interrupted replay %j', (name) => {
  const at = home();
  noteBegun(join(at, 'main'), { data: '/candles' }, SETTINGS);
  expect(() => readBegun(at, name)).toThrow(usage('there are: none'));
  expect(() => readBegun(join(at, 'elsewhere'), name)).toThrow(usage('there are: none'));
});

it.each(['', '{"data"', '[]', '{}', '{"asked":{"data":"/candles","days":3},"env":{}}', '{"asked":{"data":1},"env":{}}', '{"asked":{"data":"/candles"}}', '{"asked":{"data":"/candles"},"env":{"KEEL_SYMBOLS":1}}'])('refuses a note that says %j', (text) => {
  const at = home();
  noteBegun(join(at, 'replay-1'), { data: '/candles' }, SETTINGS);
  writeFileSync(join(at, 'replay-1', 'replay.json'), text);
  expect(() => readBegun(at, 'replay-1')).toThrow(usage(join(at, 'replay-1', 'replay.json')));
});
