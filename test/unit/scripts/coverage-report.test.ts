import type { FileCoverageData } from '@vitest/istanbul-lib-coverage';
import { createCoverageMap } from '@vitest/istanbul-lib-coverage';
import { expect, it } from 'vitest';
import { areasOf, coverageText } from '../../../scripts/measure/report.ts';
import { addBundled } from '../../../scripts/measure/statements.ts';
import { isWholeSuite } from '../../../scripts/measure/whole-suite.ts';

const at = (line: number, column = 0) => ({ start: { line, column }, end: { line, column: column + 5 } });

/** A file of so many statements, one a line, of which the first ones ran. */
function file(path: string, { statements, ran }: { statements: number; ran: number }): FileCoverageData {
  const ids = Array.from({ length: statements }, (_one, i) => i);
  return { path, statementMap: Object.fromEntries(ids.map((i) => [i, at(i + 1)])), s: Object.fromEntries(ids.map((i) => [i, i < ran ? 1 : 0])), fnMap: {}, f: {}, branchMap: {}, b: {} };
}
const mapOf = (...files: readonly FileCoverageData[]) => createCoverageMap(Object.fromEntries(files.map((it) => [it.path, it])));

it.each([
  ['each area at its minimum', { domain: 90, workflows: 90, db: 60 }, []], // 240 of 300 are 80 %
  ['the domain just below', { domain: 89, workflows: 100, db: 60 }, ['domain']],
  ['the workflows just below', { domain: 100, workflows: 89, db: 60 }, ['workflows']],
  ['all together just below', { domain: 90, workflows: 90, db: 59 }, ['overall']],
])('%s', (_name, { domain, workflows, db }, missed) => {
  const map = mapOf(file('/k/domain/a.ts', { statements: 100, ran: domain }), file('/k/workflows/b.ts', { statements: 100, ran: workflows }), file('/k/db/c.ts', { statements: 100, ran: db }));
  const areas = areasOf(map, '/k');
  expect(areas.filter((area) => area.missed.length > 0).map(({ name }) => name)).toEqual(missed);
  expect(coverageText(areas, map, '/k').includes('most is missing in:')).toBe(missed.length > 0);
});

it('tells each area in one line, and where to begin when something is missed', () => {
  const map = mapOf(file('/k/domain/good.ts', { statements: 10, ran: 10 }), file('/k/domain/bad.ts', { statements: 30, ran: 10 }));
  const lines = coverageText(areasOf(map, '/k'), map, '/k').split('\n');
  expect(lines[0]).toMatch(/^coverage +files +statements +branches +functions +lines +at least$/);
  expect(lines[1]).toMatch(/^domain +2 +50\.0 % ! +100\.0 % +100\.0 % +50\.0 % ! +90 %$/);
  expect(lines).toContain('domain: statements are covered to 50.0 %, at least 90 % are asked for');
  expect(lines.at(-1)).toBe('  domain/bad.ts: 20 statements, lines 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, …');
});

it('what the bundle ran is added where it begins at the same place; the smaller of two counts, none where nothing begins', () => {
  const source: FileCoverageData = {
    path: '/k/workflows/a.ts', statementMap: { 0: at(1), 1: at(2), 2: at(3) }, s: { 0: 1, 1: 0, 2: 0 },
    fnMap: { 0: { name: 'a', decl: at(1, 9), loc: at(1), line: 1 } }, f: { 0: 0 },
    branchMap: { 0: { type: 'if', loc: at(2), locations: [at(2, 4), at(2)], line: 2 } }, b: { 0: [0, 1] },
  };
  const bundled: FileCoverageData = {
    ...source, statementMap: { 7: at(2), 8: at(2), 9: at(1) }, s: { 7: 5, 8: 3, 9: 2 }, f: { 0: 4 },
    branchMap: { 3: { type: 'if', loc: at(2), locations: [at(2, 4), at(2)], line: 2 } }, b: { 3: [6, 0] },
  };
  const { s, f, b } = addBundled(source, bundled);
  expect({ s, f, b }).toEqual({ s: { 0: 3, 1: 3, 2: 0 }, f: { 0: 4 }, b: { 0: [6, 1] } });
});

it.each([
  ['nothing given', [], {}, true],
  ['how it is told', [], { reporter: ['dot', 'json'], outputFile: { json: 'x' }, silent: true }, true],
  ['a file', ['test/unit/x.test.ts'], {}, false],
  ['a project', [], { project: ['unit'] }, false],
  ['a name', [], { testNamePattern: 'fence' }, false],
  ['a share', [], { shard: '1/2' }, false],
  ['what changed', [], { changed: true }, false],
  ['not what changed', [], { changed: false }, true],
])('the whole suite? %s', (_name, filter, options, expected) => {
  expect(isWholeSuite(filter, options)).toBe(expected);
});
