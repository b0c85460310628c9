import type { Artefact } from '../../domain/learning/artefact.ts';
import { arrayOf } from '../../domain/learning/artefact.ts';
import type { GraphWriter, Value } from './graph.ts';
import { ML_DOMAIN, tensorOf } from './graph.ts';

/** Modes of a split in the specification: a value below the threshold goes to the branch called true. */
const BRANCH_LT = 1;
/** Of `aggregate_function`. */
const SUM = 1;

/** Inner nodes and leaves have numberings of their own. A tree that is one leaf is a node with that leaf on both sides. */
class Columns {
  readonly roots: number[] = [];
  readonly features: number[] = [];
  readonly splits: number[] = [];
  readonly missingTrue: number[] = [];
  readonly trueIds: number[] = [];
  readonly falseIds: number[] = [];
  readonly trueLeafs: number[] = [];
  readonly falseLeafs: number[] = [];
  readonly targets: number[] = [];
  readonly weights: number[] = [];

  addNode(node: { readonly feature: number; readonly split: number; readonly missingTrue: number; readonly yes: Place; readonly no: Place }): void {
    this.features.push(node.feature); this.splits.push(node.split); this.missingTrue.push(node.missingTrue);
    this.trueIds.push(node.yes.id); this.trueLeafs.push(node.yes.isLeaf ? 1 : 0);
    this.falseIds.push(node.no.id); this.falseLeafs.push(node.no.isLeaf ? 1 : 0);
  }
}

interface Place {
  readonly isLeaf: boolean;
  readonly id: number;
}

/** Start margins and the trees' sums, float64 `[N, outputs]`. @param artefact of boosting, whole */
export function marginsOfTrees(writer: GraphWriter, artefact: Artefact, input: Value): Value {
  const [start, starts, feature, threshold] = [arrayOf(artefact, 'start', 'f64'), arrayOf(artefact, 'starts', 'i32'), arrayOf(artefact, 'feature', 'i32'), arrayOf(artefact, 'threshold', 'f32')];
  const [left, missingLeft, value] = [arrayOf(artefact, 'left', 'i32'), arrayOf(artefact, 'missingLeft', 'u8'), arrayOf(artefact, 'value', 'f32')];
  const columns = new Columns();
  for (let tree = 0; tree + 1 < starts.length; tree += 1) {
    const [root, end] = [starts[tree] as number, starts[tree + 1] as number];
    const places: Place[] = [];
    let nodes = columns.features.length;
    for (let node = root; node < end; node += 1) {
      const isLeaf = (feature[node] as number) < 0;
      places.push({ isLeaf, id: isLeaf ? columns.weights.length : nodes });
      if (!isLeaf) nodes += 1;
      else { columns.targets.push(tree % start.length); columns.weights.push(value[node] as number); }
    }
    const placeOf = (node: number): Place => places[node - root] as Place;
    columns.roots.push(columns.features.length);
    if (placeOf(root).isLeaf) columns.addNode({ feature: 0, split: 0, missingTrue: 1, yes: placeOf(root), no: placeOf(root) });
    for (let node = root; node < end; node += 1) {
      if (placeOf(node).isLeaf) continue;
      const child = left[node] as number;
      columns.addNode({ feature: feature[node] as number, split: threshold[node] as number, missingTrue: missingLeft[node] as number, yes: placeOf(child), no: placeOf(child + 1) });
    }
  }
  return columns.roots.length === 0 ? sameForAll(writer, start, input) : writer.node('Add', [sumOf(writer, columns, start.length, input), writer.constant(start)]);
}

function sumOf(writer: GraphWriter, columns: Columns, targets: number, input: Value): Value {
  const count = columns.features.length;
  return writer.node('TreeEnsemble', [input], {
    aggregate_function: SUM, n_targets: targets, tree_roots: columns.roots,
    nodes_featureids: columns.features, nodes_splits: tensorOf(Float64Array.from(columns.splits), [count]), nodes_modes: tensorOf(new Uint8Array(count).fill(BRANCH_LT), [count]),
    nodes_missing_value_tracks_true: columns.missingTrue,
    nodes_truenodeids: columns.trueIds, nodes_trueleafs: columns.trueLeafs, nodes_falsenodeids: columns.falseIds, nodes_falseleafs: columns.falseLeafs,
    leaf_targetids: columns.targets, leaf_weights: tensorOf(Float64Array.from(columns.weights), [columns.weights.length]),
  }, { domain: ML_DOMAIN });
}

/** A model that stopped before its first tree says the same of every row: the start, once a row. */
function sameForAll(writer: GraphWriter, start: Float64Array, input: Value): Value {
  const rows = writer.node('Gather', [writer.node('Shape', [input]), writer.constant([0n])]);
  return writer.node('Expand', [writer.constant(start), writer.node('Concat', [rows, writer.constant([BigInt(start.length)])], { axis: 0 })]);
}
