/** The Temporal CLI, server and UI included, that Keel is built against. */
export const ENGINE_VERSION = '1.8.2';
/** Any CLI of major 1 from this minor on serves: `server start-dev` with server 1.31, priorities and worker versioning. */
const MINOR_MIN = 8;

/** Where the official archives lie; KEEL_TEMPORAL_ARCHIVE_URL names a mirror with the same file names. */
export const ARCHIVE_BASE_URL = `https://github.com/temporalio/cli/releases/download/v${ENGINE_VERSION}`;

/** Archive per platform and its sha256. @source checksums.txt of release v1.8.2 of temporalio/cli */
const ARCHIVES: Readonly<Record<string, { file: string; sha256: string }>> = {
  'linux-x64': archive('linux_amd64', 'd8421bda989e6514b4bdb4d63a9012a8a05a806892e881a5aad8510496349a94'),
  'linux-arm64': archive('linux_arm64', '83600a8fac6e3da54093e5da6918d399f501532b9f1172235603f9606f4ac6e4'),
  'darwin-x64': archive('darwin_amd64', '489d7f5420cae02b559774ac23df035141954c33a51dba96f5759a0ddccdf1b6'),
  'darwin-arm64': archive('darwin_arm64', 'dacdc3587682c04cf27e67c8878ca2d755230b6ad63c0c6ebddd7348ae90ed94'),
};

/** @param platform as `process.platform-process.arch` */
export function archiveOf(platform: string): { file: string; sha256: string } | null {
  return ARCHIVES[platform] ?? null;
}

/**
 * The version in what `temporal --version` prints: `temporal version 1.8.2 (Server 1.31.2, UI 2.50.1)`.
 * @returns null when it is something else
 */
export function versionOf(output: string): string | null {
  return /^temporal version (\d+\.\d+\.\d+\S*)/.exec(output)?.[1] ?? null;
}

/** Does a CLI of this version serve? The same major, at least the minor that Keel was built against. */
export function versionServes(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major === 1 && minor >= MINOR_MIN;
}

function archive(platform: string, sha256: string): { file: string; sha256: string } {
  return { file: `temporal_cli_${ENGINE_VERSION}_${platform}.tar.gz`, sha256 };
}
