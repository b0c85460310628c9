import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CrashAction } from '../../../activities/crash-hook.ts';
import { crashHook, crashPlanOf } from '../../../activities/crash-hook.ts';
import type { CrashPoint } from '../../../activities/effects.ts';

const POINT: CrashPoint = 'submitOrder/venue.submit/after';
const OTHER: CrashPoint = 'submitOrder/venue.submit/before';
const POINTS = [OTHER, POINT];

describe('crashPlanOf', () => {
  it('is null when no crash is asked for', () => {
    expect(crashPlanOf({}, POINTS)).toBeNull();
    expect(crashPlanOf({ KEEL_CRASH_AT: '' }, POINTS)).toBeNull();
  });

  it.each([
    ['the first pass and kill by default', { KEEL_CRASH_AT: POINT }, { point: POINT, pass: 1, action: 'kill', markerPath: '/m' }],
    ['a later pass', { KEEL_CRASH_AT: `${POINT}#3` }, { point: POINT, pass: 3, action: 'kill', markerPath: '/m' }],
    ['a pause', { KEEL_CRASH_AT: `${POINT}#1`, KEEL_CRASH_ACTION: 'pause' }, { point: POINT, pass: 1, action: 'pause', markerPath: '/m' }],
  ])('reads %s', (_name, env, expected) => {
    expect(crashPlanOf({ KEEL_CRASH_MARKER: '/m', ...env }, POINTS)).toEqual(expected);
  });

  it.each([
    ['an unknown point', { KEEL_CRASH_AT: 'submitOrder/venue.cancel/after', KEEL_CRASH_MARKER: '/m' }],
    ['pass zero', { KEEL_CRASH_AT: `${POINT}#0`, KEEL_CRASH_MARKER: '/m' }],
    ['a pass that is no number', { KEEL_CRASH_AT: `${POINT}#x`, KEEL_CRASH_MARKER: '/m' }],
    ['an unknown action', { KEEL_CRASH_AT: POINT, KEEL_CRASH_ACTION: 'explode', KEEL_CRASH_MARKER: '/m' }],
    ['no marker', { KEEL_CRASH_AT: POINT }],
  ])('refuses %s', (_name, env) => {
    expect(() => crashPlanOf(env, POINTS)).toThrow(expect.objectContaining({ code: 'SETTING_INVALID' }));
  });
});

describe('crashHook', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'keel-crash-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function hookWith(pass: number, action: CrashAction): { hook: (point: CrashPoint) => void; signals: string[]; markerPath: string } {
    const markerPath = path.join(folder, 'marker.json');
    const signals: string[] = [];
    const hook = crashHook({ point: POINT, pass, action, markerPath }, (signal) => {
      expect(existsSync(markerPath)).toBe(true); // written before the process goes
      signals.push(signal);
    });
    return { hook, signals, markerPath };
  }

  it('fires at the chosen pass of the chosen point only, after it wrote its marker', () => {
    const { hook, signals, markerPath } = hookWith(2, 'kill');
    for (const point of [POINT, OTHER, OTHER]) hook(point);
    expect(signals).toEqual([]);
    expect(existsSync(markerPath)).toBe(false);
    hook(POINT);
    hook(POINT);
    expect(signals).toEqual(['SIGKILL']);
    expect(JSON.parse(readFileSync(markerPath, 'utf8'))).toEqual({ point: POINT, pass: 2, action: 'kill', pid: process.pid });
  });

  it('counts passes from the moment on in which a marker that held it back is taken away', () => {
    const { hook, signals, markerPath } = hookWith(2, 'kill');
    writeFileSync(markerPath, '');
    for (const point of [POINT, POINT, POINT]) hook(point);
    rmSync(markerPath);
    hook(POINT);
    expect(signals).toEqual([]);
    hook(POINT);
    expect(signals).toEqual(['SIGKILL']);
  });

  it('is spent once its marker exists, so that a restarted process lives', () => {
    const first = hookWith(1, 'pause');
    first.hook(POINT);
    expect(first.signals).toEqual(['SIGSTOP']);
    const restarted = hookWith(1, 'pause');
    restarted.hook(POINT);
    expect(restarted.signals).toEqual([]);
  });
});
