export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string;
export function expandHome(path: string): string;
