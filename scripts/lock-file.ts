/** What is read of a package in package-lock.json (version 3). */
export interface LockEntry {
  version?: string;
  optional?: boolean;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

export interface LockFile {
  packages: Record<string, LockEntry>;
}

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const PROCESSORS = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x'];

/** Optional dependencies that some package names and the lock file does not hold, as entries to add. */
export function missingOptionals(lock: LockFile): { path: string; entry: LockEntry }[] {
  const missing = new Map<string, LockEntry>();
  for (const [path, parent] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      if (!holds(lock, path, name)) missing.set(`node_modules/${name}`, entryOf(name, version, parent));
    }
  }
  return [...missing].map(([path, entry]) => ({ path, entry }));
}

/** Looks where Node would: in the package's own node_modules, then outward. */
function holds(lock: LockFile, path: string, name: string): boolean {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    if (lock.packages[at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`] !== undefined) return true;
    if (at === '') return false;
  }
}

function entryOf(name: string, version: string, parent: LockEntry): LockEntry {
  if (!/^\d+\.\d+\.\d+/.test(version)) throw new Error(`${name} is wanted as "${version}": only an exact version can be added`);
  const os = SYSTEMS.filter((system) => name.includes(`-${system}`));
  const cpu = PROCESSORS.filter((processor) => name.split('-').some((part) => part === processor || part === alias(processor)));
  if (os.length !== 1 || cpu.length !== 1) throw new Error(`The platform of ${name} cannot be read from its name`);
  const libc = os[0] === 'linux' ? { libc: [name.includes('musl') ? 'musl' : 'glibc'] } : {};
  return { version, cpu, ...(parent.dev === true ? { dev: true } : {}), ...libc, optional: true, os };
}

function alias(processor: string): string {
  return processor === 'ia32' ? 'i686' : processor;
}
