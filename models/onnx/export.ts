import type { Artefact } from '../../domain/learning/artefact.ts';
import { arrayOf, artefactHash, readArtefact } from '../../domain/learning/artefact.ts';
import { BOOSTING } from '../../domain/learning/boosting.ts';
import type { Method } from '../../domain/learning/calibration.ts';
import { CALIBRATED } from '../../domain/learning/calibration.ts';
import type { Task } from '../../domain/learning/dataset.ts';
import { outputsOf } from '../../domain/learning/dataset.ts';
import { META } from '../../domain/learning/learner.ts';
import { LINEAR } from '../../domain/learning/linear.ts';
import { loadModel } from '../../domain/learning/load.ts';
import { KeelError } from '../../domain/errors.ts';
import { calibratedBy } from './export-calibration.ts';
import { marginsOfTrees } from './export-trees.ts';
import type { ValueInfoProto } from './format.ts';
import { ELEMENT, encodeModel } from './format.ts';
import type { Value } from './graph.ts';
import { GraphWriter, ML_DOMAIN } from './graph.ts';
import { INPUT, METADATA, outputNameOf } from './signature.ts';

/** Of IR 10: the oldest with the operator `TreeEnsemble`, which alone gives the sums of trees in float64. */
const IR_VERSION = 10;
const OPSETS = [{ domain: '', version: 17 }, { domain: ML_DOMAIN, version: 5 }];

/**
 * A model as an ONNX file that any ONNX Runtime since 1.20 runs: one input of float32 `[N, features]`, NaN where missing (as
 * is what is not finite); one output, `probabilities` of float32 or a regression's `value` of float64, `[N, outputs]`. Within it
 * all sums are float64 and the calibration is part of it, so that it says what the model says to 1e-6. The same artefact
 * gives the same bytes.
 * @param artefact the bytes that a model of ours saves to
 * @throws {KeelError} MODEL_INVALID, not retried: no artefact, or of a kind that has no such form.
 */
export function onnxOf(artefact: Uint8Array): Uint8Array {
  const { task, features } = loadModel(artefact); // refuses what does not fit together
  const writer = new GraphWriter();
  const last = outputsOfModel(writer, readArtefact(artefact), known(writer));
  const type = task.kind === 'regression' ? ELEMENT.double : ELEMENT.float;
  const output = writer.node('Cast', [last], { to: type }, { output: outputNameOf(task) });
  return encodeModel({
    irVersion: IR_VERSION, producerName: 'keel', opsetImport: OPSETS,
    graph: writer.graph({ name: 'model', input: [edge(INPUT, ELEMENT.float, features.length)], output: [edge(output, type, outputsOf(task))] }),
    metadataProps: [{ key: METADATA.features, value: JSON.stringify(features) }, { key: METADATA.task, value: JSON.stringify(task) }, { key: METADATA.artefact, value: artefactHash(artefact) }],
  });
}

/** Rows in any number. */
function edge(name: string, elemType: number, width: number): ValueInfoProto {
  return { name, type: { tensorType: { elemType, shape: { dim: [{ dimParam: 'rows' }, { dimValue: width }] } } } };
}

/** The input in float64, where whatever is not finite is missing. */
function known(writer: GraphWriter): Value {
  const isInfinite = writer.node('IsInf', [INPUT]);
  return writer.node('Cast', [writer.node('Where', [isInfinite, writer.constant(Float32Array.of(NaN), []), INPUT])], { to: ELEMENT.double });
}

function outputsOfModel(writer: GraphWriter, artefact: Artefact, input: Value): Value {
  const { task } = META.parse(artefact.meta);
  switch (artefact.kind) {
    case BOOSTING: return readable(writer, task, marginsOfTrees(writer, artefact, input));
    case LINEAR: return readable(writer, task, marginsOfLine(writer, artefact, input));
    case CALIBRATED: {
      const curves = Array.from({ length: outputsOf(task) }, (_, output) => ({ knots: arrayOf(artefact, `knots${output}`, 'f64'), values: arrayOf(artefact, `values${output}`, 'f64') }));
      return calibratedBy(writer, artefact.meta['method'] as Method, curves, outputsOfModel(writer, readArtefact(arrayOf(artefact, 'model', 'u8')), input));
    }
    default: throw new KeelError('MODEL_INVALID', `a model of kind ${JSON.stringify(artefact.kind)} has no form in ONNX; these have: ${[BOOSTING, LINEAR, CALIBRATED].join(', ')}`);
  }
}

/** Standardised features, what is missing at their mean, times the coefficients. */
function marginsOfLine(writer: GraphWriter, artefact: Artefact, input: Value): Value {
  const [mean, scale, coefficients] = [arrayOf(artefact, 'mean', 'f64'), arrayOf(artefact, 'scale', 'f64'), arrayOf(artefact, 'coefficients', 'f64')];
  const width = mean.length;
  const outputs = coefficients.length / (width + 1);
  const standard = writer.node('Div', [writer.node('Sub', [input, writer.constant(mean)]), writer.constant(scale)]);
  const filled = writer.node('Where', [writer.node('IsNaN', [standard]), writer.scalar(0), standard]);
  const slopes = Float64Array.from({ length: width * outputs }, (_, place) => coefficients[(place % outputs) * (width + 1) + Math.floor(place / outputs)] as number);
  const intercepts = Float64Array.from({ length: outputs }, (_, output) => coefficients[output * (width + 1) + width] as number);
  return writer.node('Add', [writer.node('MatMul', [filled, writer.constant(slopes, [width, outputs])]), writer.constant(intercepts)]);
}

/** Margins to probabilities, or the number itself. */
function readable(writer: GraphWriter, task: Task, margins: Value): Value {
  switch (task.kind) {
    case 'binary': return writer.node('Sigmoid', [margins]);
    case 'classes': return writer.node('Softmax', [margins], { axis: 1 });
    case 'regression': return margins;
  }
}
