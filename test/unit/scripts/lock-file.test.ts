import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { LockFile } from '../../../scripts/lock-file.ts';
import { missingOptionals } from '../../../scripts/lock-file.ts';

describe('package-lock.json', () => {
  it('names the optional parts of every platform (else: node scripts/complete-lock.ts)', () => {
    const lock = JSON.parse(readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8')) as LockFile;
    expect(missingOptionals(lock).map(({ path }) => path)).toEqual([]);
  });

  it('holds the content of every package, but for parts of platforms that were not at hand', () => {
    const lock = JSON.parse(readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8')) as { packages: Record<string, { integrity?: string; optional?: boolean }> };
    expect(Object.entries(lock.packages).filter(([path, entry]) => path !== '' && entry.integrity === undefined && entry.optional !== true)).toEqual([]);
  });

  it.each([
    ['@x/core-linux-x64-gnu', { os: ['linux'], cpu: ['x64'], libc: ['glibc'] }],
    ['@x/core-linux-arm64-musl', { os: ['linux'], cpu: ['arm64'], libc: ['musl'] }],
    ['@x/core-darwin-arm64', { os: ['darwin'], cpu: ['arm64'] }],
    ['@x/core-win32-ia32-msvc', { os: ['win32'], cpu: ['ia32'] }],
    ['@x/core-linux-arm-gnueabihf', { os: ['linux'], cpu: ['arm'], libc: ['glibc'] }],
  ])('adds %s', (name, expected) => {
    const lock: LockFile = { packages: { 'node_modules/p': { dev: true, optionalDependencies: { [name]: '1.2.3' } } } };
    expect(missingOptionals(lock)).toEqual([{ path: `node_modules/${name}`, entry: { version: '1.2.3', optional: true, dev: true, ...expected } }]);
  });

  it('finds a part nested beside its parent', () => {
    const lock: LockFile = { packages: { 'node_modules/p': { optionalDependencies: { o: '1.0.0' } }, 'node_modules/p/node_modules/o': { version: '1.0.0' } } };
    expect(missingOptionals(lock)).toEqual([]);
  });
});
