import { weightIn } from '../../domain/signals/combine.ts';
import type { ExplainedOrder, ExplainedSymbol, Explanation } from './explain.ts';

/** An explanation for people: inputs, votes, each step, what followed. */
export function textOf(it: Explanation): string {
  const { account } = it;
  return [
    `${it.cycleId}`,
    `candle closed ${it.closeTime}, policy version ${it.policyVersion}${policyNote(it)}`,
    `equity ${account.equity}, wallet ${account.walletBalance}, free margin ${account.availableMargin}, epoch ${account.fence.epoch}${account.fence.halted ? ', halted' : ''}`,
    portfolioLine(it.portfolio),
    ...modelLines(it.models),
    ...sizingLines(it.sizing),
    ...it.symbols.flatMap((symbol) => ['', ...symbolLines(symbol)]),
    ...it.opens.flatMap((open) => ['', `opens ${open.positionId}`, `  ${open.entry.type} ${open.entry.side} ${open.entry.quantity} ${open.instrument.id} at ${open.entry.decisionPrice}, stop ${open.stopPrice}, target ${open.targetPrice ?? '-'}, risk ${open.riskPerUnit} per unit`]),
    ...it.instructions.flatMap((told) => ['', `tells ${told.positionId}: ${told.kind} (${told.reason})`]),
    ...(it.orders.length === 0 ? [] : ['', 'orders', ...it.orders.flatMap(orderLines)]),
    '', 'workflows', ...it.workflows.map((address) => `  ${address}`), '',
    it.recomputed.length === 0 ? 'recomputed: the same' : `recomputed: ${it.recomputed.length} differences\n${it.recomputed.map((line) => `  ${line}`).join('\n')}`,
  ].join('\n');
}

/** Said when the policy was not read from the store. */
function policyNote({ policyRead }: Explanation): string {
  if (policyRead === null || policyRead.problem === null) return '';
  return ` (${policyRead.source === 'lastGood' ? 'the last good copy' : 'the stricter of the built-in one and what was known'}: the policy could not be read, ${policyRead.problem})`;
}

function portfolioLine({ dailyLossBps, drawdownBps, grossLoss24h, lossesInARow, recentSides, venueProblem, owners, posture }: Explanation['portfolio']): string {
  const overlaid = Object.entries(owners).filter(([, owner]) => owner !== 'policy').map(([key, owner]) => `${key} by ${owner}`);
  const bps = (value: number | null): string => (value === null ? 'unknown' : `${value.toFixed(1)} bps`);
  const sides = `${recentSides.filter((it) => it === 'buy').length} buys of the last ${recentSides.length} signals`;
  return `daily loss ${bps(dailyLossBps)}, drawdown ${bps(drawdownBps)}, losses of 24 h ${grossLoss24h}, ${lossesInARow} losses in a row, ${sides}${posture === null ? '' : `; posture ${posture.name}: ${posture.why}`}${overlaid.length === 0 ? '' : `; ${overlaid.join(', ')}`}${venueProblem === null ? '' : `; the venue said nothing: ${venueProblem}`}`;
}

function modelLines(models: Explanation['models']): string[] {
  const lines = (models?.read ?? []).map(({ modelId, role, state, why, canary }) => `model ${modelId.slice(0, 12)}, ${role === 'champion' ? 'champion' : 'on trial'}: ${state}${why === null ? '' : `, ${why}`}${canary === undefined ? '' : `, votes in the champion's stead on ${canary.join(', ')}`}`);
  return models?.hadChampion === true && models.read.every((it) => it.role !== 'champion') ? ['no model is champion any more: the rules act', ...lines] : lines;
}

function sizingLines(sizing: Explanation['sizing']): string[] {
  if (sizing === null) return [];
  const { mode, acts, missing, modelId, symbols } = sizing;
  return [
    `learned sizing: ${acts}${acts === mode ? '' : ` instead of ${mode}`}, ${modelId === null ? 'untrained' : `model ${modelId.slice(0, 12)}`}${missing === null ? '' : `; ${missing}`}`,
    ...Object.entries(symbols).map(([id, { multiplier, gainBps, boundBps, state }]) => {
      const known = (value: number | null): string => (value === null ? '-' : String(value));
      const why = gainBps === null || boundBps === null ? 'nothing sure' : `gains ${gainBps.toFixed(2)} bps, at least ${boundBps.toFixed(2)}`;
      return `  ${id}: × ${multiplier}, ${why} (${state.direction} in ${state.regime}, volatility ${known(state.volatility.percentile)}${state.volatility.isHigh ? ', high' : ''}, confidence ${state.confidence}, exposure ${known(state.exposure)}, win rate ${known(state.winRate)}, equity ${known(state.slopeBps)} bps a day)`;
    }),
  ];
}

function venueLine({ volume24h, spreadBps, depth, funding, leverageMax }: NonNullable<ExplainedSymbol['conditions']>): string {
  const paid = funding === null ? '-' : `${funding.rateBps} bps per 8 h, next ${new Date(funding.nextAt).toISOString()}`;
  return `  venue: volume ${volume24h ?? '-'}, spread ${spreadBps ?? '-'} bps, depth ${depth ?? '-'}, funding ${paid}, leverage up to ${leverageMax ?? '-'}`;
}

function recordLine({ trades, wins, lossesInARow, averageWinR, averageLossR }: NonNullable<ExplainedSymbol['record']>): string {
  return `  trades: ${wins} of ${trades} won, on average ${averageWinR.toFixed(2)} R against ${averageLossR.toFixed(2)} R, ${lossesInARow} losses in a row`;
}

function symbolLines({ candle, regime, quality, features, votes, weights, shadows, conditions, record, memory, decision, notReached }: ExplainedSymbol): string[] {
  const { percentile, toMedian } = regime.volatility;
  return [
    `${decision.instrumentId}: ${decision.outcome} (${decision.reason}), ${decision.action} with confidence ${decision.confidence.toFixed(4)}`,
    `  close ${candle.close}, data ${quality.score}`,
    `  regime ${regime.regime} ${regime.score.toFixed(2)} since ${new Date(regime.since).toISOString()}, stable ${regime.stability.toFixed(2)}; volatility ${regime.volatility.class}, percentile ${percentile?.toFixed(0) ?? '-'}, ${toMedian?.toFixed(2) ?? '-'} × usual`,
    `  features ${Object.entries(features).map(([name, value]) => `${name} ${value === null ? '-' : String(Number(value.toPrecision(6)))}`).join(', ')}`,
    ...votes.map((vote) => `  vote ${saidBy(vote)}${weights === undefined ? '' : `, weighs ${weightIn(weights, vote).toFixed(2)}`}`),
    ...shadows.map((vote) => `  on trial, without a say: ${saidBy(vote)}`),
    ...(conditions === null ? [] : [venueLine(conditions)]),
    ...(record === null ? [] : [recordLine(record)]),
    ...(memory?.disabled === null || memory?.disabled === undefined ? [] : [`  disabled since ${new Date(memory.disabled.at).toISOString()}, ${memory.disabled.paperWins} paper wins in a row`]),
    ...decision.steps.map((step) => `  ${step.step} ${step.verdict}${step.code === null ? '' : ` ${step.code}`}${step.value === null ? '' : `: ${step.value}`}${step.limit === null ? '' : `, limit ${step.limit}`}`),
    ...(notReached.length === 0 ? [] : [`  not reached: ${notReached.join(', ')}, since the chain ends at its first refusal`]),
  ];
}

function saidBy({ voter, version, action, confidence, because }: ExplainedSymbol['votes'][number]): string {
  return `${voter} ${version}: ${action} ${confidence.toFixed(2)}, ${because}`;
}

function orderLines(order: ExplainedOrder): string[] {
  const trigger = order.triggerPrice === null ? '' : ` at ${order.triggerPrice}`;
  return [
    `  ${order.leg}/${order.revision} ${order.type} ${order.side} ${order.quantity}${trigger}: ${order.state}${order.reason === null ? '' : ` (${order.reason}${order.detail === null ? '' : `: ${order.detail}`})`}, attempt ${order.attempt}, ${order.clientOrderId}, venue ${order.venueOrderId ?? '-'}`,
    ...order.fills.map((fill) => `    fill ${fill.tradeId}: ${fill.quantity} at ${fill.price}, fee ${fill.fee}, realised ${fill.realizedPnl}, ${new Date(fill.filledAt).toISOString()}`),
  ];
}
