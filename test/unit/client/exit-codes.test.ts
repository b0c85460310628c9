import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXIT_CODES, EXIT_CODES_HELP, exitCodeOf } from '../../../client/exit-codes.ts';
import { ERRORS } from '../../../domain/errors.ts';
import type { ErrorCode } from '../../../domain/errors.ts';

describe('exit codes', () => {
  it('are distinct, listed in the help, and never 0 for an error', () => {
    const codes = Object.values(EXIT_CODES);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) expect(EXIT_CODES_HELP).toMatch(new RegExp(`(^|\\s)${code}  `, 'm'));
    for (const code of Object.keys(ERRORS) as ErrorCode[]) expect(exitCodeOf(code)).toBeGreaterThan(0);
  });

  it('agree with the set-up', () => {
    expect(readFileSync(new URL('../../../bin/report.mjs', import.meta.url), 'utf8')).toContain(`SETUP_FAILED = ${EXIT_CODES.setup};`);
  });
});
