import { z } from 'zod';
import type { Artefact } from '../../domain/learning/artefact.ts';
import { arrayOf, refuse, writeArtefact } from '../../domain/learning/artefact.ts';
import type { Matrix, Task } from '../../domain/learning/dataset.ts';
import { outputsOf } from '../../domain/learning/dataset.ts';
import { META, assertColumns } from '../../domain/learning/learner.ts';
import type { Predictor } from '../../domain/ports/predictor.ts';
import type { SideCar } from '../side-car.ts';
import { assertKnown } from '../side-car.ts';
import { OnnxSession } from './runtime.ts';
import { refuseOnnx, signatureOf } from './signature.ts';

export const ONNX = 'onnx';

/** So far the classes' probabilities may be off a sum of 1, and one of them off 0..1: float32 and a long sum. */
const TOLERANCE = 1e-4;

const ONNX_META = META.extend({ input: z.string(), output: z.string(), producer: z.string() });

/**
 * A foreign model as an artefact of ours, tried out once: it runs on two rows and says probabilities, or numbers.
 * @param sideCar what the file itself does not say
 * @param known names of the features that there are; undefined: any
 * @throws {KeelError} MODEL_INVALID, not retried: corrupt, foreign or of another signature; says what was found, and what is allowed.
 */
export async function importOnnx(bytes: Uint8Array, sideCar: SideCar = {}, known?: readonly string[]): Promise<Uint8Array> {
  const signature = signatureOf(bytes, sideCar);
  if (known !== undefined) assertKnown(signature.features, known, refuseOnnx);
  const session = await OnnxSession.open(bytes, signature);
  try {
    const { task, features } = signature;
    assertSaid(task, await session.run({ names: features, columns: features.map(() => Float32Array.of(0, 1)), rows: 2 }));
  } finally {
    await session.close();
  }
  const { task, features, input, output, producer } = signature;
  return writeArtefact({ kind: ONNX, meta: { task, features: [...features], seed: '', input, output, producer }, arrays: { onnx: bytes } });
}

/** @throws {KeelError} MODEL_INVALID, not retried: what does not fit together, or does not run. */
export async function onnxPredictor(artefact: Artefact): Promise<Predictor> {
  const meta = ONNX_META.safeParse(artefact.meta);
  if (!meta.success) throw refuse(z.prettifyError(meta.error));
  const { task, features, seed, input, output, producer } = meta.data;
  const session = await OnnxSession.open(arrayOf(artefact, 'onnx', 'u8'), { task, features, input, output, producer });
  return {
    task, features,
    async predict(matrix: Matrix) {
      assertColumns(features, matrix);
      if (matrix.rows === 0) return new Float64Array(0);
      const said = await session.run(matrix);
      assertSaid(task, said);
      return said;
    },
    describe: () => ({ kind: ONNX, task, features, seed, parameters: {}, result: { producer, input, output } }),
    close: () => session.close(),
  };
}

/** @throws {KeelError} MODEL_INVALID, not retried: names the row. */
function assertSaid(task: Task, said: Float64Array): void {
  const outputs = outputsOf(task);
  const isProbability = (value: number): boolean => value >= -TOLERANCE && value <= 1 + TOLERANCE;
  for (let from = 0; from < said.length; from += outputs) {
    const row = said.subarray(from, from + outputs);
    const sum = row.reduce((a, b) => a + b, 0);
    const isAllowed = task.kind === 'regression' ? Number.isFinite(sum) : row.every(isProbability) && (outputs === 1 || Math.abs(sum - 1) <= TOLERANCE);
    if (!isAllowed) throw refuseOnnx(`of row ${from / outputs} it says ${[...row].join(', ')}; allowed: ${task.kind === 'regression' ? 'a finite number' : outputs === 1 ? 'a probability, 0 to 1' : 'probabilities of 0 to 1 that sum to 1'}`);
  }
}
