import type { Instrument } from '../market/instrument.ts';
import type { EngineConfig, LeverageBracket } from './types.ts';

/** Tiers as Binance publishes them for its large perpetuals, shortened. */
export const DEFAULT_BRACKETS: readonly LeverageBracket[] = [
  { notionalCap: '50000', maxLeverage: 125, maintenanceRate: '0.004' },
  { notionalCap: '600000', maxLeverage: 100, maintenanceRate: '0.005' },
  { notionalCap: '3000000', maxLeverage: 75, maintenanceRate: '0.0065' },
  { notionalCap: '12000000', maxLeverage: 50, maintenanceRate: '0.01' },
  { notionalCap: '70000000', maxLeverage: 25, maintenanceRate: '0.02' },
  { notionalCap: '100000000', maxLeverage: 20, maintenanceRate: '0.025' },
  { notionalCap: '230000000', maxLeverage: 10, maintenanceRate: '0.05' },
  { notionalCap: '480000000', maxLeverage: 5, maintenanceRate: '0.1' },
  { notionalCap: '600000000', maxLeverage: 4, maintenanceRate: '0.125' },
  { notionalCap: '800000000', maxLeverage: 3, maintenanceRate: '0.15' },
  { notionalCap: '1200000000', maxLeverage: 2, maintenanceRate: '0.25' },
  { notionalCap: '1800000000', maxLeverage: 1, maintenanceRate: '0.5' },
];

/** The simulated venue's defaults; every field may be replaced. */
export function defaultEngineConfig(instruments: readonly Instrument[]): EngineConfig {
  return {
    symbols: instruments.map((instrument) => ({ instrument, brackets: DEFAULT_BRACKETS, liquidationFeeRate: '0.0125' })),
    spreadPerAtr: 0.01,
    depthShare: 0.05,
    depthBps: 10,
    depthMinNotional: 1_000,
    defaultLeverage: 20,
    maxAlgoOrders: 200,
    maxOpenOrders: 200,
  };
}
