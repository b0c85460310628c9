/** Vitest's reporter for a judge: which tests turned red, and by which kind of error. */
import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** Names the file to write. */
export const REPORT_FILE = 'KEEL_MUTANTS_REPORT';

export interface ReportedError {
  readonly isAssertion: boolean;
  readonly message: string;
}

export interface RunReport {
  /** Of files that could not be loaded, hooks that failed, and what nobody caught. */
  readonly broken: readonly string[];
  readonly tests: readonly { readonly file: string; readonly name: string; readonly state: string; readonly errors: readonly ReportedError[] }[];
}

/** A property test tells of its assertion as the cause of its own error. */
function isAssertion(error: SerializedError): boolean {
  return error.name === 'AssertionError' || (error.cause !== undefined && error.cause !== null && isAssertion(error.cause as SerializedError));
}

function report(modules: readonly TestModule[], uncaught: readonly SerializedError[]): RunReport {
  return {
    broken: [
      ...uncaught.map((error) => error.message),
      ...modules.flatMap((module) => [...module.errors(), ...[...module.children.allSuites()].flatMap((suite) => suite.errors())].map((error) => `${module.moduleId}: ${error.message}`)),
    ],
    tests: modules.flatMap((module) => [...module.children.allTests()].map((test) => {
      const { state, errors = [] } = test.result();
      return { file: module.moduleId, name: test.fullName, state, errors: errors.map((error) => ({ isAssertion: isAssertion(error), message: error.message })) };
    })),
  };
}

export default class MutantReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], uncaught: readonly SerializedError[]): void {
    const file = process.env[REPORT_FILE];
    if (file === undefined) throw new Error(`${REPORT_FILE} names no file`);
    writeFileSync(file, JSON.stringify(report(modules, uncaught)));
  }
}
