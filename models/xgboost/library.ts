import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';
import { KeelError, messageOf } from '../../domain/errors.ts';
import { VARIABLE, placesOf } from './places.ts';

/** Older ones lack part of the interface, or save models that newer ones read otherwise. */
const MAJOR_MIN = 2;
const HELP = `install it (pip install xgboost-cpu, conda install libxgboost, brew install xgboost) and set ${VARIABLE} to its path, .../xgboost/lib/libxgboost.so of a Python package`;

/** What points into the library's memory. */
export type Pointer = bigint;
type Out<T> = [T];

/** XGBoost's C interface, the part of it that is used; each function returns 0, or -1 and leaves its reason in `lastError`. @source xgboost/c_api.h */
export interface XgboostFunctions {
  createMatrix(data: string, config: string, out: Out<Pointer | null>): number;
  setInfo(matrix: Pointer, field: string, data: string): number;
  freeMatrix(matrix: Pointer): number;
  createBooster(matrices: readonly Pointer[], length: number, out: Out<Pointer | null>): number;
  freeBooster(booster: Pointer): number;
  setParameter(booster: Pointer, name: string, value: string): number;
  updateOnce(booster: Pointer, round: number, matrix: Pointer): number;
  predictMatrix(booster: Pointer, matrix: Pointer, config: string, shape: Out<Pointer | null>, dimensions: Out<number>, result: Out<Pointer | null>): number;
  predictDense(booster: Pointer, values: string, config: string, proxy: null, shape: Out<Pointer | null>, dimensions: Out<number>, result: Out<Pointer | null>): number;
  slice(booster: Pointer, begin: number, end: number, step: number, out: Out<Pointer | null>): number;
  save(booster: Pointer, config: string, length: Out<number>, out: Out<Pointer | null>): number;
  load(booster: Pointer, bytes: Uint8Array, length: number): number;
  featureCount(booster: Pointer, out: Out<number>): number;
  rounds(booster: Pointer, out: Out<number>): number;
  scores(booster: Pointer, config: string, count: Out<number>, names: Out<Pointer | null>, dimensions: Out<number>, shape: Out<Pointer | null>, scores: Out<Pointer | null>): number;
  lastError(): string;
}

const DECLARATIONS: Readonly<Record<keyof XgboostFunctions, string>> = {
  createMatrix: 'int XGDMatrixCreateFromDense(const char *data, const char *config, _Out_ void **out)',
  setInfo: 'int XGDMatrixSetInfoFromInterface(void *matrix, const char *field, const char *data)',
  freeMatrix: 'int XGDMatrixFree(void *matrix)',
  createBooster: 'int XGBoosterCreate(void **matrices, uint64_t length, _Out_ void **out)',
  freeBooster: 'int XGBoosterFree(void *booster)',
  setParameter: 'int XGBoosterSetParam(void *booster, const char *name, const char *value)',
  updateOnce: 'int XGBoosterUpdateOneIter(void *booster, int round, void *matrix)',
  predictMatrix: 'int XGBoosterPredictFromDMatrix(void *booster, void *matrix, const char *config, _Out_ void **shape, _Out_ uint64_t *dimensions, _Out_ void **result)',
  predictDense: 'int XGBoosterPredictFromDense(void *booster, const char *values, const char *config, void *proxy, _Out_ void **shape, _Out_ uint64_t *dimensions, _Out_ void **result)',
  slice: 'int XGBoosterSlice(void *booster, int begin, int end, int step, _Out_ void **out)',
  save: 'int XGBoosterSaveModelToBuffer(void *booster, const char *config, _Out_ uint64_t *length, _Out_ void **out)',
  load: 'int XGBoosterLoadModelFromBuffer(void *booster, const void *bytes, uint64_t length)',
  featureCount: 'int XGBoosterGetNumFeature(void *booster, _Out_ uint64_t *out)',
  rounds: 'int XGBoosterBoostedRounds(void *booster, _Out_ int *out)',
  scores: 'int XGBoosterFeatureScore(void *booster, const char *config, _Out_ uint64_t *count, _Out_ void **names, _Out_ uint64_t *dimensions, _Out_ void **shape, _Out_ void **scores)',
  lastError: 'const char *XGBGetLastError()',
};

export interface XgboostLibrary {
  readonly path: string;
  readonly version: string;
  readonly functions: XgboostFunctions;
  /** The numbers at a place of the library's memory, copied. */
  floats(at: Pointer, length: number): Float32Array;
  bytes(at: Pointer, length: number): Uint8Array;
  /** The texts that a list of pointers points at. */
  texts(at: Pointer, length: number): readonly string[];
  /** The place of numbers in memory. They must be held until the library has read them. */
  addressOf(numbers: Float32Array): number;
}

let found: XgboostLibrary | undefined;

/**
 * XGBoost's library, found and loaded when it is first asked for, by this process and thread.
 * @throws {KeelError} LEARNER_UNAVAILABLE, not retried: not found, too old, or it cannot be loaded; says what to do.
 */
export function xgboostLibrary(env: Readonly<Record<string, string | undefined>> = process.env): XgboostLibrary {
  found ??= open(env);
  return found;
}

function open(env: Readonly<Record<string, string | undefined>>): XgboostLibrary {
  const places = placesOf(env);
  const path = places.find((place) => existsSync(place));
  if (path === undefined) throw unavailable(`its library is in none of ${places.join(', ') || 'the usual places'}; ${HELP}`);
  try {
    return bind(createRequire(import.meta.url)('koffi') as typeof Koffi, path);
  } catch (error) {
    throw error instanceof KeelError ? error : unavailable(`${path} cannot be loaded (${messageOf(error)}); ${HELP}`, error);
  }
}

function bind(koffi: typeof Koffi, path: string): XgboostLibrary {
  const library = koffi.load(path);
  const [major, minor, patch]: [Out<number>, Out<number>, Out<number>] = [[0], [0], [0]];
  library.func('void XGBoostVersion(_Out_ int *major, _Out_ int *minor, _Out_ int *patch)')(major, minor, patch);
  const version = `${major[0]}.${minor[0]}.${patch[0]}`;
  if (major[0] < MAJOR_MIN) throw unavailable(`${path} is version ${version}, allowed is ${MAJOR_MIN}.0 or newer; ${HELP}`);
  const functions = Object.fromEntries(Object.entries(DECLARATIONS).map(([name, declaration]) => [name, library.func(declaration)])) as unknown as XgboostFunctions;
  return {
    path, version, functions,
    floats: (at, length) => new Float32Array(koffi.view(at, 4 * length)).slice(),
    bytes: (at, length) => new Uint8Array(koffi.view(at, length)).slice(),
    texts: (at, length) => koffi.decode(at, koffi.array('char *', length)) as readonly string[],
    addressOf: (numbers) => Number(koffi.address(numbers)),
  };
}

const unavailable = (why: string, cause?: unknown): KeelError => new KeelError('LEARNER_UNAVAILABLE', `xgboost is not available: ${why}`, { cause });
