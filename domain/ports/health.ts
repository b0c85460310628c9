/** What the health monitor says of the whole, as the emergency stop hears it. */
import type { RiskReadings } from '../emergency/triggers.ts';

export interface HealthMonitor {
  /** Never throws: a monitor that cannot be asked is `unreachable`, which counts as critical. */
  reading(portfolioId: string): Promise<RiskReadings['health']>;
}
