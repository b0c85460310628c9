/** The layers of docs/architecture.md. Arrows point inward: nothing knows who wires it. */
const only = (from, allowed, options = {}) => ({
  name: `${from}-imports`,
  severity: 'error',
  comment: `${from} may import ${allowed.join(', ')} only`,
  from: { path: `^${from}/` },
  to: { path: '^(domain|strategies|models|venues|workflows|activities|db|workers|client|api|web|stack|backtest|config|bin|test|bench|scripts)/', pathNot: allowed.map((name) => (name.endsWith('.ts') ? `^${name}$` : `^${name}/`)), ...options },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', comment: 'a cycle has no inside', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'no-orphans', severity: 'error', comment: 'nobody uses it: delete it', from: { orphan: true, pathNot: ['\\.(config|d)\\.[cm]?[jt]s$', '^test/', '^bench/', '^scripts/', '^strategies/examples/', '^\\.dependency-cruiser', '^keel\\.config'] }, to: {} },
    only('domain', ['domain']),
    { name: 'domain-is-pure', severity: 'error', comment: 'no I/O, no engine in the domain', from: { path: '^domain/' }, to: { dependencyTypes: ['core', 'npm'], pathNot: 'node_modules/(decimal\\.js|@noble/hashes|trading-signals|zod)/' } },
    only('strategies', ['strategies', 'domain']),
    only('models', ['models', 'domain']),
    only('workflows', ['workflows', 'domain', 'activities/types.ts']),
    { name: 'workflows-types-of-activities', severity: 'error', comment: 'a workflow that imports a value from an activity is not replay-safe', from: { path: '^workflows/' }, to: { path: '^activities/', dependencyTypesNot: ['type-only'] } },
    only('activities', ['activities', 'domain', 'workflows', 'strategies']),
    only('db', ['db', 'domain']),
    only('venues', ['venues', 'domain', 'config']),
    only('config', ['config', 'domain', 'bin']),
    only('stack', ['stack', 'domain', 'config', 'venues', 'bin', 'db']),
    only('client', ['client', 'domain', 'db', 'models', 'workflows', 'venues', 'stack', 'config', 'bin', 'strategies']),
    { name: 'tests-stay-outside', severity: 'error', comment: 'the product does not import its tests', from: { pathNot: '^(test|bench|scripts)/' }, to: { path: '^test/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(\\.keel|coverage|node_modules/\\.cache)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.mjs', '.js', '.cjs', '.json'], exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
