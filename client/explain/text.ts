import type { ExplainedOrder, ExplainedSymbol, Explanation } from './explain.ts';

/** An explanation for people: inputs, votes, each step, what followed. */
export function textOf(it: Explanation): string {
  const { account } = it;
  return [
    `${it.cycleId}`,
    `candle closed ${it.closeTime}, policy version ${it.policyVersion}`,
    `equity ${account.equity}, wallet ${account.walletBalance}, free margin ${account.availableMargin}, epoch ${account.fence.epoch}${account.fence.halted ? ', halted' : ''}`,
    ...it.symbols.flatMap((symbol) => ['', ...symbolLines(symbol)]),
    ...it.opens.flatMap((open) => ['', `opens ${open.positionId}`, `  ${open.entry.type} ${open.entry.side} ${open.entry.quantity} ${open.instrument.id} at ${open.entry.decisionPrice}, stop ${open.stopPrice}, target ${open.targetPrice ?? '-'}, risk ${open.riskPerUnit} per unit`]),
    ...it.instructions.flatMap((told) => ['', `tells ${told.positionId}: ${told.kind} (${told.reason})`]),
    ...(it.orders.length === 0 ? [] : ['', 'orders', ...it.orders.flatMap(orderLines)]),
    '', 'workflows', ...it.workflows.map((address) => `  ${address}`), '',
    it.recomputed.length === 0 ? 'recomputed: the same' : `recomputed: ${it.recomputed.length} differences\n${it.recomputed.map((line) => `  ${line}`).join('\n')}`,
  ].join('\n');
}

function symbolLines({ candle, regime, quality, features, votes, decision }: ExplainedSymbol): string[] {
  return [
    `${decision.instrumentId}: ${decision.outcome} (${decision.reason}), ${decision.action} with confidence ${decision.confidence.toFixed(4)}`,
    `  close ${candle.close}, regime ${regime.regime} ${regime.score.toFixed(2)}, data ${quality.score}`,
    `  features ${Object.entries(features).map(([name, value]) => `${name} ${value === null ? '-' : String(Number(value.toPrecision(6)))}`).join(', ')}`,
    ...votes.map((vote) => `  vote ${vote.voter} ${vote.version}: ${vote.action} ${vote.confidence.toFixed(2)}, ${vote.because}`),
    ...decision.steps.map((step) => `  ${step.step} ${step.verdict}${step.code === null ? '' : ` ${step.code}`}${step.value === null ? '' : `: ${step.value}`}${step.limit === null ? '' : `, limit ${step.limit}`}`),
  ];
}

function orderLines(order: ExplainedOrder): string[] {
  const trigger = order.triggerPrice === null ? '' : ` at ${order.triggerPrice}`;
  return [
    `  ${order.leg}/${order.revision} ${order.type} ${order.side} ${order.quantity}${trigger}: ${order.state}${order.reason === null ? '' : ` (${order.reason})`}, attempt ${order.attempt}, ${order.clientOrderId}, venue ${order.venueOrderId ?? '-'}`,
    ...order.fills.map((fill) => `    fill ${fill.tradeId}: ${fill.quantity} at ${fill.price}, fee ${fill.fee}, realised ${fill.realizedPnl}, ${new Date(fill.filledAt).toISOString()}`),
  ];
}
