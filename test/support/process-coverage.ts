/** Setup of every test file: what it ran and compiled is written down before vitest ends the process by a signal, which writes nothing. */
import { flushCompileCache } from 'node:module';
import { takeCoverage } from 'node:v8';
import { afterAll } from 'vitest';
import { isMeasured } from './measuring.ts';

afterAll(() => {
  if (isMeasured()) takeCoverage();
  flushCompileCache();
});
