import { stopCoverage } from 'node:v8';

const FOLDER = 'NODE_V8_COVERAGE';

/** Does this process write down what it runs? */
export function isMeasured(): boolean {
  return process.env[FOLDER] !== undefined;
}

/** From here on this process, and what it starts, count nothing. */
export function stopMeasuring(): void {
  if (!isMeasured()) return;
  stopCoverage();
  Reflect.deleteProperty(process.env, FOLDER);
}
