import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** As many as there are cores: files of whole systems share two servers, and one more made waits of others come out late. */
const SYSTEMS_MAX = Math.min(availableParallelism(), 4);

export default defineConfig({
  test: {
    pool: 'forks',
    // Node itself runs the sources, as it does outside of tests: the same code, and coverage that lies where the source says.
    experimental: { viteModuleRunner: false },
    setupFiles: ['test/support/process-coverage.ts'],
    projects: [
      // Pure: files share their process, which loads each module once.
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'], isolate: false, sequence: { groupOrder: 0 }, maxWorkers: availableParallelism(), testTimeout: 30_000 } },
      { extends: true, test: { name: 'integration', include: ['test/integration/**/*.test.ts'], sequence: { groupOrder: 1 }, maxWorkers: SYSTEMS_MAX, testTimeout: 180_000, hookTimeout: 120_000 } },
      { extends: true, test: { name: 'scenario', include: ['test/scenario/**/*.test.ts'], globalSetup: ['test/support/global-setup.ts'], sequence: { groupOrder: 1 }, maxWorkers: SYSTEMS_MAX, testTimeout: 300_000, hookTimeout: 120_000 } },
    ],
  },
});
