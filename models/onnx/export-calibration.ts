import type { Curve, Method } from '../../domain/learning/calibration.ts';
import { ELEMENT } from './format.ts';
import type { GraphWriter, Value } from './graph.ts';

/** As `logOdds` in domain/learning/calibration.ts: probabilities stay so far off 0 and 1. */
const LEAST = 1e-12;

/** Scores to probabilities, both float64 `[N, outputs]`; of several classes the sum is brought back to 1. */
export function calibratedBy(writer: GraphWriter, method: Method, curves: readonly Curve[], scores: Value): Value {
  const on = method === 'platt' ? onSigmoids(writer, curves, scores) : onKnots(writer, curves, scores);
  if (curves.length === 1) return on;
  const sum = writer.node('ReduceSum', [on, writer.constant([1n])], { keepdims: 1 });
  return writer.node('Where', [writer.node('Greater', [sum, writer.scalar(0)]), writer.node('Div', [on, sum]), writer.scalar(1 / curves.length)]);
}

function onSigmoids(writer: GraphWriter, curves: readonly Curve[], scores: Value): Value {
  const within = writer.node('Clip', [scores, writer.scalar(LEAST), writer.scalar(1 - LEAST)]);
  const odds = writer.node('Log', [writer.node('Div', [within, writer.node('Sub', [writer.scalar(1), within])])]);
  const [slopes, offsets] = [0, 1].map((place) => writer.constant(Float64Array.from(curves, ({ knots }) => knots[place] as number))) as [Value, Value];
  return writer.node('Sigmoid', [writer.node('Add', [writer.node('Mul', [odds, slopes]), offsets])]);
}

function onKnots(writer: GraphWriter, curves: readonly Curve[], scores: Value): Value {
  const each = curves.map((curve, output) => onLine(writer, curve, writer.node('Gather', [scores, writer.constant([BigInt(output)])], { axis: 1 })));
  return each.length === 1 ? each[0] as Value : writer.node('Concat', each, { axis: 1 });
}

/** The straight line between the two knots around each score, found by counting the knots at or below it. @param score `[N, 1]` */
function onLine(writer: GraphWriter, { knots, values }: Curve, score: Value): Value {
  const isFlat = knots.length === 1;
  const [at, height] = isFlat ? [Float64Array.of(knots[0] as number, (knots[0] as number) + 1), Float64Array.of(values[0] as number, values[0] as number)] : [knots, values];
  const [from, to] = [0, at.length - 1];
  const isReached = writer.node('Cast', [writer.node('GreaterOrEqual', [score, writer.constant(at, [1, at.length])])], { to: ELEMENT.int64 });
  const reached = writer.node('ReduceSum', [isReached, writer.constant([1n])], { keepdims: 1 });
  const line = writer.node('Clip', [writer.node('Sub', [reached, writer.constant([1n])]), writer.constant([BigInt(from)], []), writer.constant([BigInt(to - 1)], [])]);
  const gather = (numbers: Float64Array): Value => writer.node('Gather', [writer.constant(numbers), line]);
  const steps = (numbers: Float64Array): Float64Array => numbers.slice(1).map((number, index) => number - (numbers[index] as number));
  const part = writer.node('Div', [writer.node('Sub', [score, gather(at.slice(0, to))]), gather(steps(at))]);
  const within = writer.node('Clip', [part, writer.scalar(0), writer.scalar(1)]);
  return writer.node('Add', [gather(height.slice(0, to)), writer.node('Mul', [within, gather(steps(height))])]);
}
