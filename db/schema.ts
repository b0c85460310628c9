/** The ledger's tables as types. The migrations in `db/migrations/` make them; a test holds both together. */
export * from './schema/control.ts';
export * from './schema/events.ts';
export * from './schema/health.ts';
export * from './schema/market.ts';
export * from './schema/models.ts';
export * from './schema/sizing.ts';
export * from './schema/teaching.ts';
export * from './schema/trading.ts';
