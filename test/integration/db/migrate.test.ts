import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { knownMigrations } from '../../../db/migrate.ts';

it('of two migrations with one number neither is taken', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keel-migrations-'));
  onTestFinished(() => { rmSync(folder, { recursive: true, force: true }); });
  for (const name of ['0001_a.sql', '0002_b.sql', '0002_c.sql']) writeFileSync(join(folder, name), 'SELECT 1');
  await expect(knownMigrations(folder)).rejects.toMatchObject({ code: 'MIGRATION_CONFLICT', message: expect.stringContaining('0002_b.sql') as string });
});
