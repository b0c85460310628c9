import { KeelError, messageOf } from '../domain/errors.ts';
import type { FeatureSet } from '../domain/features/feature-set.ts';
import { STANDARD_FEATURES } from '../domain/features/standard/index.ts';
import type { OwnLearner } from '../domain/learning/own.ts';
import type { LabelDefinition } from '../domain/predictions/label.ts';
import { addLabel, RULE_LABEL } from '../domain/predictions/label.ts';
import { BUILT_IN } from './built-in/index.ts';
import { defineFeatures } from './define-features.ts';
import { defineLabel } from './define-label.ts';
import { defineLearner } from './define-learner.ts';
import type { Strategy } from './define-strategy.ts';
import { defineStrategy } from './define-strategy.ts';
import { loadDefault } from './load-default.ts';

const isPath = (text: string): boolean => /[./\\]/.test(text);

/**
 * A strategy by its built-in name, or a user's own by the path of its file.
 * @throws {KeelError} STRATEGY_INVALID, not retried: names the file and what is wrong with it.
 */
export async function loadStrategy(nameOrPath: string): Promise<Strategy> {
  const builtIn = BUILT_IN.find((strategy) => strategy.name === nameOrPath);
  if (builtIn !== undefined) return builtIn;
  if (!isPath(nameOrPath)) throw new KeelError('STRATEGY_INVALID', `no strategy is called "${nameOrPath}" (built in: ${BUILT_IN.map((it) => it.name).join(', ')}; or give the path of a file)`);
  return loadDefault(nameOrPath, 'STRATEGY_INVALID', { noun: 'strategy', define: defineStrategy });
}

/**
 * The standard feature set by its name, or a user's own by the path of its file: checked, as `defineFeatures` does.
 * @throws {KeelError} FEATURES_INVALID, not retried: names the file and what is wrong with it.
 */
export async function loadFeatures(nameOrPath: string): Promise<FeatureSet> {
  if (nameOrPath === STANDARD_FEATURES.name) return STANDARD_FEATURES;
  if (!isPath(nameOrPath)) throw new KeelError('FEATURES_INVALID', `no feature set is called "${nameOrPath}" (built in: ${STANDARD_FEATURES.name}; or give the path of a file)`);
  return loadDefault(nameOrPath, 'FEATURES_INVALID', { noun: 'feature set', define: defineFeatures });
}

/**
 * The built-in label by its name, or a user's own by the path of its file: checked, and known in this process from then on.
 * @throws {KeelError} LABEL_INVALID, not retried: names the file and what is wrong with it.
 */
export async function loadLabel(nameOrPath: string): Promise<LabelDefinition> {
  if (nameOrPath === RULE_LABEL.version) return RULE_LABEL;
  if (!isPath(nameOrPath)) throw new KeelError('LABEL_INVALID', `no label is called "${nameOrPath}" (built in: ${RULE_LABEL.version}; or give the path of a file)`);
  const label = await loadDefault(nameOrPath, 'LABEL_INVALID', { noun: 'label', define: defineLabel });
  try {
    addLabel(label);
  } catch (error) {
    throw new KeelError('LABEL_INVALID', `${nameOrPath}: ${messageOf(error)}`, { cause: error });
  }
  return label;
}

/**
 * A user's own learner by the path of its file, checked.
 * @throws {KeelError} LEARNER_INVALID, not retried: names the file and what is wrong with it.
 */
export async function loadLearner(path: string): Promise<OwnLearner> {
  return await loadDefault(path, 'LEARNER_INVALID', { noun: 'learner', define: defineLearner });
}
