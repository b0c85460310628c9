import { setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { PredictionReply } from '../domain/predictions/request.ts';
import type { PredictionInput } from './messages.ts';
import { predicting } from './proxies.ts';

/**
 * Foretells on demand, by the newest closed candle, and trades nothing. Its own id is the request's: the ledger keeps what
 * was foretold under it, so the same id gives the same predictions, also long after the engine has forgotten the first run.
 * `outcomeEvaluation` prices them with the others, each at its own horizon.
 */
export async function generatePredictions({ portfolioId, symbols }: PredictionInput): Promise<PredictionReply> {
  const reply = await predicting.predict({ requestId: workflowInfo().workflowId, portfolioId, symbols });
  setCurrentDetails(detailsOf(reply));
  return reply;
}

function detailsOf(reply: PredictionReply): string {
  if (reply.kind === 'refused') return `Refused: ${reply.unknown.join(', ')} is no symbol here; allowed: ${reply.allowed.join(', ')}`;
  const rows = reply.predictions.map((it) => `| ${it.instrumentId} | ${it.voter} | ${it.action} | ${it.confidence.toFixed(2)} | ${it.magnitudeBps.toFixed(1)} |`);
  return ['| symbol | voter | action | confidence | expected bps |', '|---|---|---|---|---|', ...rows].join('\n');
}
