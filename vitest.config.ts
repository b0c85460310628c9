import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    // Node itself runs the sources, as it does outside of tests: the same code, and coverage that lies where the source says.
    experimental: { viteModuleRunner: false },
    setupFiles: ['test/support/process-coverage.ts'],
    projects: [
      // Pure: files share their process, which loads each module once.
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'], isolate: false, maxWorkers: availableParallelism(), testTimeout: 30_000 } },
      { extends: true, test: { name: 'integration', include: ['test/integration/**/*.test.ts'], maxWorkers: availableParallelism(), testTimeout: 180_000, hookTimeout: 120_000 } },
      { extends: true, test: { name: 'scenario', include: ['test/scenario/**/*.test.ts'], globalSetup: ['test/support/global-setup.ts'], maxWorkers: Math.min(2, availableParallelism()), testTimeout: 300_000, hookTimeout: 120_000 } },
    ],
  },
});
