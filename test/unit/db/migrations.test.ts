import { expect, it } from 'vitest';
import { knownMigrations } from '../../../db/migrate.ts';

it('each migration has a number of its own: the second one of a number would never be applied', async () => {
  const numbers = (await knownMigrations()).map((it) => it.number);
  expect(numbers).toEqual([...new Set(numbers)]);
});
