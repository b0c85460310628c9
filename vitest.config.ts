import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      { extends: true, test: { name: 'integration', include: ['test/integration/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 } },
      { extends: true, test: { name: 'scenario', include: ['test/scenario/**/*.test.ts'], globalSetup: ['test/support/global-setup.ts'], fileParallelism: false, testTimeout: 300_000, hookTimeout: 120_000 } },
    ],
    coverage: {
      provider: 'v8',
      include: ['domain/**', 'strategies/**', 'venues/**', 'workflows/**', 'activities/**', 'db/**', 'config/**', 'client/**', 'stack/**'],
      reporter: ['text-summary'],
    },
  },
});
