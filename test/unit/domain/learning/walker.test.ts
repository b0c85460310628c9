import fc from 'fast-check';
import { expect, it } from 'vitest';
import { matrixOf } from '../../../../domain/learning/dataset.ts';
import type { Trees } from '../../../../domain/learning/trees.ts';
import { TreesBuilder } from '../../../../domain/learning/trees.ts';
import { Walker } from '../../../../domain/learning/walker.ts';

const FEATURES = 3;
const EDGES = [0, -0, 0.5, -0.5, 1e-45, -1e-45, Math.fround(0.1), 3.4e38, -3.4e38].map(Math.fround);

/** A tree as nested splits. */
type Shape = { readonly value: number } | { readonly feature: number; readonly threshold: number; readonly missingLeft: boolean; readonly left: Shape; readonly right: Shape };

const leaf = fc.record({ value: fc.float({ noNaN: true, noDefaultInfinity: true, min: -2, max: 2 }) });
const shape: fc.Arbitrary<Shape> = fc.letrec<{ node: Shape }>((tie) => ({
  node: fc.oneof({ maxDepth: 6, depthSize: 'large' }, leaf, fc.record({ feature: fc.nat({ max: FEATURES - 1 }), threshold: fc.constantFrom(...EDGES, Infinity, -Infinity), missingLeft: fc.boolean(), left: tie('node'), right: tie('node') })),
})).node;

function treesOf(shapes: readonly Shape[]): Trees {
  const builder = new TreesBuilder();
  for (const root of shapes) {
    const fill = (node: Shape, at: number): void => {
      if ('value' in node) return builder.setValue(at, node.value);
      const left = builder.addLeaf();
      builder.addLeaf();
      builder.split(at, { ...node, gain: 0, left });
      fill(node.left, left);
      fill(node.right, left + 1);
    };
    fill(root, builder.addLeaf());
    builder.endTree();
  }
  return builder.build();
}

function said(node: Shape, row: readonly number[]): number {
  if ('value' in node) return node.value;
  const value = row[node.feature] ?? NaN;
  return said((Number.isFinite(value) ? value < node.threshold : node.missingLeft) ? node.left : node.right, row);
}

it('says what a walk by hand says, to the last bit: any trees, any number of rows, on thresholds, beside them, and where values are missing', () => {
  const cell = fc.oneof(fc.constantFrom(...EDGES, NaN, Infinity, -Infinity), fc.float());
  fc.assert(fc.property(fc.array(shape, { maxLength: 7 }), fc.constantFrom(1, 3), fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 9 }), fc.integer({ min: 1, max: 150 }), (shapes, outputs, drawn, rows) => {
    const table = Array.from({ length: rows }, (_, row) => (drawn[row % drawn.length] as readonly number[]).map(Math.fround));
    const expected = Float64Array.from({ length: rows * outputs }, (_, place) => place / 7);
    table.forEach((row, at) => { shapes.forEach((node, tree) => { expected[at * outputs + (tree % outputs)] = (expected[at * outputs + (tree % outputs)] as number) + Math.fround(said(node, row)); }); });
    const margins = Float64Array.from({ length: rows * outputs }, (_, place) => place / 7);
    new Walker(treesOf(shapes)).add(matrixOf(['a', 'b', 'c'], [0, 1, 2].map((feature) => table.map((row) => row[feature] as number))), margins, outputs);
    expect(margins).toEqual(expected);
  }), { numRuns: 200 });
});
