/** One run of `essRecovery` per emergency: from the trip to normal. Also the id of its workflow. @param emergency from 1 */
export function emergencyIdOf(portfolioId: string, emergency: number): string {
  return `ess/${portfolioId}/${emergency}`;
}

/** Of the event that tells of a trip, and of its alert. @param round from 1 */
export function tripEventIdOf(emergencyId: string, round: number): string {
  return `${emergencyId}/triggered/${round}`;
}
